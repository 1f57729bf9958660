"""The report on the console and the summary of a CI step.

Longer than 300 lines: both are compared on the same runs.
"""

import copy
import math
import re
from dataclasses import replace
from itertools import takewhile
from types import SimpleNamespace

import pytest

from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.measurement.totals import RunTotals
from harness.objectives.verdict import Finding, Severity, Verdict
from harness.reporting.cause import what_to_do
from harness.reporting.console import MOST_PAGES, console, wants_colour
from harness.reporting.report import summary
from harness.reporting.tables import NO_VALUE
from harness.reporting.text import run_setup
from harness.units import format_duration
from harness.validity.ledger import LedgerComparison, LedgerDifference, compare_with_ledger


def flat(text):
    return " ".join(text.split())


def table(text, title):
    """The rows of a table on the console, split into cells."""
    lines = text.split(f"\n{title}")[1].split("\n\n")[0].splitlines()[3:]
    rows = []
    for line in lines:
        cells = re.split(r"\s{2,}", line.strip())
        if line.startswith(" "):
            rows[-1][1] += f" {cells[0]}"  # an objective goes on in the next line
        else:
            rows.append(cells)
    return rows


READINGS = {
    "passed": "PASSED: The objective was kept, and there are enough samples to be sure.",
    "failed": "FAILED: The objective was broken: ",
    "invalid": ("INVALID (no verdict on the shop): The embedded shop ended in the middle of the run."),
    "inconclusive": "INCONCLUSIVE (not enough evidence to decide): The objective was left undecided: ",
}


@pytest.mark.parametrize("name", READINGS)
def test_the_report_begins_and_ends_with_the_verdict(request, name):
    text = console(request.getfixturevalue(name))
    first, *others = text.split("\n\n")
    assert flat(first).startswith(READINGS[name])
    opening = "\n\n".join([first, *takewhile(lambda part: part.startswith(("Causes", "What to do")), others)])
    assert text.startswith(opening)
    assert text.rstrip().endswith(opening)


def test_each_objective_has_its_bound_and_verdict(rich):
    rows = {row[1]: row for row in table(console(rich), "Objectives")}
    assert rows["journey response_time p95 < 100ms"][0] == "failed"
    assert rows["journey response_time p95 < 100ms"][3] == "100 ms"
    assert rows["page.IndexPage response_time p95 < 5s"][0] == "passed"
    assert rows["orders rate > 5/s"][3] == "5/s"
    assert rows["journey[payment=masterpass] failures < 1%"] == [
        "inconclusive",
        "journey[payment=masterpass] failures < 1%",
        NO_VALUE,
        "1 %",
        "0",
    ]
    assert rows["journey response_time max < 1min"][2] == "never"


def test_objectives_not_met_are_sentences(rich):
    said = flat(console(rich)).split("Objectives not met")[1]
    assert "journey response_time p95 < 100ms: failed." in said
    assert "journey[payment=masterpass] failures < 1%: inconclusive." in said
    assert "orders rate" not in said.split("About the measurement")[0]


def test_an_invalid_run_judges_no_objective(invalid):
    text = console(invalid)
    assert {row[0] for row in table(text, "Objectives")} == {"not judged"}
    assert "Objectives not met" not in text
    assert "Ended early: the embedded shop ended" in text


def test_findings_have_remedies_and_the_worst_comes_first(invalid):
    said = flat(console(invalid)).split("About the measurement")[1]
    assert "What to do: read the log of the shop for the reason." in said
    assert said.index("invalid: The embedded shop") < said.index("warning: checkload used 75 % of a core.")


def test_without_findings_the_section_is_left_out(passed):
    assert "About the measurement" not in console(passed)


def test_unused_payment_options_have_a_row(rich):
    rows = {row[0]: row for row in table(console(rich), "Payment options")}
    assert list(rows) == ["credit_card", "gpay", "funds_transfer", "masterpass", "all journeys"]
    assert rows["masterpass"] == ["masterpass", "0", "0", "0", NO_VALUE, NO_VALUE, NO_VALUE]
    journeys, orders, failed = (
        sum(int(row[n]) for name, row in rows.items() if name != "all journeys") for n in (1, 2, 3)
    )
    assert rows["all journeys"][1:4] == [str(journeys), str(orders), str(failed)]


def test_sms_codes_have_a_table_if_any_was_requested(rich):
    rows = [row[0] for row in table(console(rich), "SMS codes")]
    assert rows == ["no code requested", "right", "wrong then right"]


def test_without_codes_there_is_no_sms_table(passed):
    recorder = Recorder(Window(0.0, 0.0, 10.0))
    recorder.journey(JourneySample("guest", "gpay", "ok", "nobody", 1.0, 1.0, 2.0, ordered=True))
    assert "SMS" not in console(replace(passed, recorder=recorder))


def test_outcomes_say_who_caused_them_with_the_shop_first(passed):
    recorder = Recorder(Window(0.0, 0.0, 10.0))
    for outcome, blame in [
        ("ok", "nobody"),
        ("declined", "shopper"),
        ("aborted", "harness"),
        ("timeout", "shop"),
    ]:
        recorder.page(PageSample("P", "gpay", outcome, blame, 1.0, 1.0, 1.1))
    for _ in range(2):
        recorder.journey(JourneySample("guest", "gpay", "dropped", "shop", 1.0, math.inf, math.inf))
    assert table(console(replace(passed, recorder=recorder)), "Outcomes") == [
        ["dropped", "no free virtual user (a failure)", "0", "2"],
        ["timeout", "the shop (a failure)", "1", "0"],
        ["aborted", "checkload itself", "1", "0"],
        ["declined", "the shopper (no failure)", "1", "0"],
        ["ok", "nothing went wrong", "1", "0"],
    ]


def pages(n, blame="nobody", took=0.1):
    recorder = Recorder(Window(0.0, 0.0, 10_000.0))
    for number in range(n):
        recorder.page(PageSample("P", "gpay", "ok", blame, number, number, number + took))
    return recorder


@pytest.mark.parametrize(
    ("n", "p95", "p99"),
    [
        (1, NO_VALUE, NO_VALUE),
        (19, NO_VALUE, NO_VALUE),
        (20, "100 ms", NO_VALUE),
        (367, "100 ms", NO_VALUE),
        (368, "100 ms", "100 ms"),
    ],
)
def test_a_percentile_needs_enough_samples(passed, n, p95, p99):
    (row,) = table(console(replace(passed, recorder=pages(n))), "Pages")
    assert row == ["P", str(n), "0", "100 ms", p95, p99, p95]


def test_a_fast_failure_of_the_shop_counts_as_never_answered(passed):
    recorder = pages(90)
    recorder.add(pages(10, blame="shop", took=0.001))
    (row,) = table(console(replace(passed, recorder=recorder)), "Pages")
    assert row == ["P", "100", "10", "100 ms", "never", NO_VALUE, "never"]


def test_repeated_requests_are_counted_apart(passed):
    recorder = pages(100)
    for number in range(25):
        recorder.page(PageSample("P", "gpay", "ok", "nobody", number, number, number + 0.1, 0, 200, 1 + number % 3))
    reported = flat(console(replace(passed, recorder=recorder)))
    assert "25 requests repeated a failed one" in reported
    assert "25 % more requests because of that" in reported
    assert "repeated a failed one" not in flat(console(passed))


def test_arrivals_are_accounted_for(rich):
    arrivals = list(rich.recorder.arrivals.values())
    offered, started, dropped = (sum(getattr(a, n) for a in arrivals) for n in ("offered", "started", "dropped"))
    assert dropped
    assert f"Arrivals: {offered} due, {started} served, {dropped} dropped (0.67 %)." in flat(console(rich))


def test_a_closed_load_is_named(passed):
    text = flat(console(replace(passed, asked=replace(passed.asked, model="closed"))))
    assert "Closed load: 60 users began 900 journeys" in text
    assert "its times look better than real shoppers find them" in text
    assert "Arrivals:" not in text


def test_a_gap_between_response_and_service_time_is_explained(rich, passed):
    text = flat(console(rich))
    assert "Response time and service time differ: at the 95th percentile, a journey took" in text
    assert "Shoppers waited for a free virtual user" in text
    assert "Response time and service time differ" not in console(passed)


def test_lateness_of_checkload_is_named_as_the_cause_of_a_gap(passed):
    recorder = Recorder(Window(0.0, 0.0, 100.0))
    for due in range(100):
        recorder.offered(due)
        recorder.started(due, lateness=0.5, wait=0.0)
        recorder.journey(JourneySample("guest", "gpay", "ok", "nobody", due, due + 0.5, due + 0.7, ordered=True))
    text = flat(console(replace(passed, recorder=recorder)))
    assert "a journey took 700 ms from its due time, and 200 ms from its start" in text
    assert "checkload itself was late" in text


def test_dropped_arrivals_count_as_never_answered(passed):
    recorder = Recorder(Window(0.0, 0.0, 100.0))
    for due in range(100):
        recorder.offered(due)
        if due % 5:
            recorder.started(due, 0.0, 0.0)
            recorder.journey(JourneySample("guest", "gpay", "ok", "nobody", due, due, due + 0.2, ordered=True))
        else:
            recorder.dropped(due)
            recorder.journey(JourneySample("guest", "gpay", "dropped", "shop", due, math.inf, math.inf))
    text = flat(console(replace(passed, recorder=recorder)))
    assert "a journey was dropped and never answered; without dropped ones it took 200 ms from its start" in text


def test_the_report_says_whether_the_ledger_agrees(passed):
    assert "The shop's ledger agrees: " in flat(console(passed))
    counts = passed.counts
    apart = compare_with_ledger(
        counts, {**counts.pages_by_page, "IndexPage": 901}, counts.orders_by_option, counts.amount - 1
    )
    text = flat(console(replace(passed, ledger=apart)))
    assert (
        "The shop's ledger disagrees: pages of IndexPage: checkload counted 900, the shop 901; revenue: checkload counted"
        in text
    )
    known = Finding("ledger", Severity.WARNING, "the shop's ledger differs because 1 request never reached it")
    judgement = replace(passed.judgement, findings=(*passed.judgement.findings, known))
    text = flat(console(replace(passed, ledger=apart, judgement=judgement)))
    assert "disagrees" not in text
    assert "The shop's ledger differs, for a known reason: pages of IndexPage" in text
    assert "ledger" not in console(replace(passed, ledger=None))


def test_skipped_objectives_are_named(passed):
    asked = replace(passed.asked, overrides={"set_aside": ["orders[payment=gpay] count >= 1"]})
    assert "Skipped objectives" in flat(console(replace(passed, asked=asked)))
    assert "orders[payment=gpay] count >= 1" in summary(replace(passed, asked=asked)).replace("\\", "")
    assert "Skipped objectives" not in console(passed)


def test_the_console_fits_80_columns(rich, failed, invalid):
    for result in (rich, failed, invalid):
        assert max(map(len, console(result, "results/a-run").splitlines())) <= 80


def test_the_cause_stands_beside_the_verdict(rich):
    second = console(rich).split("\n\n")[1]
    assert second.startswith("Causes\n  - 16 of 37 failed journeys ended as http_5xx on IndexPage.")
    assert "failed journeys ended as `http" in summary(rich).split("\n\n")[2]


def test_an_invalid_run_also_says_what_the_shop_failed(invalid, rich):
    recorder = rich.recorder
    assert "Also seen - 16 journeys ended as" in flat(console(replace(invalid, recorder=recorder)))
    assert "Also seen" not in console(invalid)


def test_an_invalid_run_does_not_blame_the_shop_for_what_lateness_can_cause(invalid, rich):
    assert "ended as dropped" in console(rich).split("\n\n")[1]
    assert "ended as dropped" not in console(replace(invalid, recorder=rich.recorder)).split("\n\n")[1]


def test_kept_objectives_that_differ_in_a_label_share_a_row(passed):
    (kept,) = passed.judgement.objectives
    alike = [replace(kept, text=f"orders[payment={name}] count >= 1") for name in ("gpay", "masterpass", "pay_later")]
    broken = replace(kept, text="orders[payment=credit_card] count >= 1", verdict=Verdict.FAILED)
    judgement = replace(passed.judgement, objectives=(kept, *alike, broken))
    rows = table(console(replace(passed, judgement=judgement)), "Objectives")
    assert [row[:2] for row in rows] == [
        ["failed", "orders[payment=credit_card] count >= 1"],
        ["passed", kept.text],
        ["passed", "orders[payment=…] count >= 1 (each of 3)"],
    ]


def test_colour_is_for_terminals_only(passed, monkeypatch):
    assert "\x1b" not in console(passed)
    assert console(passed, colour=True).startswith("\x1b[1;32mPASSED:\x1b[0m ")
    terminal = SimpleNamespace(isatty=lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert wants_colour(terminal)
    assert not wants_colour(SimpleNamespace(isatty=lambda: False))
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wants_colour(terminal)


def test_a_run_without_steady_samples_is_shown(inconclusive):
    recorder = Recorder(Window(3.0, math.inf, math.inf))
    recorder.page(PageSample("P", "gpay", "connection", "shop", 4.0, 4.0, 4.1))
    text = console(replace(inconclusive, recorder=recorder, ledger=None))
    assert "1 page (1 failed), 0 journeys" in flat(text)
    assert "\nPages" not in text
    assert summary(replace(inconclusive, recorder=recorder))


def test_the_report_has_the_throughput_and_says_if_no_ledger_was_compared(passed):
    said = console(passed)
    assert "Throughput in the steady part: 60 pages/s, 20 journeys/s, 1,200 orders/min." in said
    assert "The shop's ledger was not compared" not in said
    theirs = replace(passed, ledger=None, asked=replace(passed.asked, embedded=False))
    assert "The shop's ledger was not compared: checkload did not start this shop" in console(theirs)
    assert "The shop's ledger was not compared" not in console(replace(passed, ledger=None))


def test_a_run_that_ended_early_shows_its_judged_time(passed):
    recorder = copy.copy(passed.recorder)
    recorder.window = Window(0.0, 5.0, 17.0)
    assert "5 s of warm-up, then 12 s judged" in flat(console(replace(passed, recorder=recorder)))


def test_the_console_shows_the_worst_pages_only(passed):
    window = passed.recorder.window
    recorder = Recorder(window)
    for number in range(MOST_PAGES + 5):
        for _ in range(30):
            due = window.steady_from
            blame = "shop" if number == 0 else "nobody"
            outcome = "http_5xx" if number == 0 else "ok"
            recorder.page(PageSample(f"Page{number:02}", "gpay", outcome, blame, due, due, due + 0.01 * (number + 1)))
    result = replace(passed, recorder=recorder)
    text = console(result)
    assert f"the {MOST_PAGES} worst of {MOST_PAGES + 5}; summary.md has all of them" in text
    shown = [number for number in range(MOST_PAGES + 5) if f"Page{number:02}" in text]
    assert shown == [0, *range(6, MOST_PAGES + 5)]
    assert all(f"Page{number:02}" in summary(result) for number in range(MOST_PAGES + 5))


def test_the_last_line_names_the_results_folder(passed):
    assert console(passed, results="results/smoke-1").rstrip().endswith("Results: results/smoke-1")


def doubtful_times(result):
    lack = Finding("users", Severity.INVALID, "no virtual user was free", "raise the number of users from 20 to 354")
    judgement = replace(result.judgement, findings=(lack,))
    return replace(result, judgement=judgement)


def test_a_failed_run_with_doubtful_times_names_only_what_the_shop_did(rich):
    text = console(doubtful_times(rich))
    causes = text.split("\n\n")[1]
    assert "http_5xx" in causes
    assert "ended as dropped" not in causes
    assert "For times that can be trusted: raise the number of users from 20 to 354." in flat(text.split("\n\n")[2])


def test_the_remedy_stands_beside_the_verdict(invalid):
    remedy = "What to do: read the log of the shop for the reason."
    assert remedy in flat(console(invalid).rstrip().rsplit("\n\n", 1)[1])
    assert remedy in summary(invalid).splitlines()[2]


def test_an_undecided_run_says_how_long_it_must_be(inconclusive):
    (objective,) = inconclusive.judgement.objectives
    seconds = inconclusive.asked.steady
    undecided = replace(objective, samples=100, more_needed=400), replace(objective, samples=100, more_needed=50)
    judgement = replace(inconclusive.judgement, objectives=undecided)
    text = console(replace(inconclusive, judgement=judgement))
    assert f"let the judged part last about {format_duration(5 * seconds)}, or raise the rate." in flat(text)
    assert "Objectives left undecided" in text
    assert "Objectives not met" not in text
    hopeless = replace(judgement, objectives=(*undecided, replace(objective, more_needed=None)))
    assert "let the judged part last" not in flat(console(replace(inconclusive, judgement=hopeless)))


def test_a_time_that_was_never_reached_is_not_explained_by_slow_pages(failed):
    (objective,) = failed.judgement.objectives
    never = replace(objective, text="journey response_time p95 < 6s", measured=math.inf)
    judgement = replace(failed.judgement, objectives=(objective, never))
    assert "of the time that shoppers wait" not in console(replace(failed, judgement=judgement))


def test_many_differences_of_the_ledger_are_not_all_said(rich):
    counts = RunTotals.of(rich.recorder)
    comparison = compare_with_ledger(counts, {f"P{number}": 1 for number in range(9)}, {}, 0)
    more = len(comparison.differences) - 3
    assert f"and {more} more." in flat(console(replace(rich, ledger=comparison)))


def test_a_run_that_ended_early_says_how_much_of_the_plan_is_judged(passed):
    window = passed.recorder.window
    lasted = window.steady_until - window.steady_from
    early = replace(passed, stopped="interrupted by Ctrl-C", asked=replace(passed.asked, steady=2 * lasted))
    said = f"{format_duration(lasted)} of {format_duration(2 * lasted)} judged. Ended early: interrupted by Ctrl-C. "
    assert said in flat(console(early))
    assert " of " not in run_setup(passed).partition("warm-up, then")[2]


def test_a_page_that_is_slow_in_the_shop_itself_is_named(failed):
    (objective,) = failed.judgement.objectives
    recorder = Recorder(Window(0.0, 0.0, 10.0))
    for number in range(40):
        recorder.page(PageSample("P", "gpay", "ok", "nobody", number / 5, number / 5, number / 5 + 0.4))
    slow = replace(objective, text="page.P response_time p95 < 150ms", bound=0.15, measured=0.4)
    judgement = replace(failed.judgement, objectives=(slow,))
    said = "P is slow in the shop itself: its p95 is 400 ms, counted from the moment of sending. "
    remedy = "What to do: find out why P is slow in the shop."
    assert said + remedy in flat(console(replace(failed, recorder=recorder, judgement=judgement)))
    kept = replace(judgement, objectives=(replace(slow, bound=0.5),))  # the wait before sending broke it
    assert "slow in the shop itself" not in flat(console(replace(failed, recorder=recorder, judgement=kept)))


def test_orders_that_shoppers_never_saw_are_a_cause(failed):
    known = Finding("ledger", Severity.WARNING, "the shop's ledger differs because 3 orders were sold to shoppers")
    found = replace(failed.judgement, findings=(known,))
    differences = (LedgerDifference("orders", "gpay", 1, 4), LedgerDifference("revenue", "", 100, 400))
    comparison = LedgerComparison(9, 9, 1, 4, 100, 400, differences)
    said = "In the whole run, the shop sold 3 orders to shoppers who never saw their receipt."
    assert said in flat(console(replace(failed, judgement=found, ledger=comparison)))
    assert said not in flat(console(replace(failed, ledger=comparison)))  # its difference has another reason


def test_failures_that_broke_an_objective_lead_to_the_log_of_the_shop(failed, passed):
    assert what_to_do(failed) == "What to do: look for a status from 500 to 599 on IndexPage in the log of the shop."
    assert what_to_do(passed) == ""


def test_an_undecided_run_says_how_long_the_next_one_must_be(inconclusive):
    (first,) = inconclusive.judgement.objectives
    silent = replace(first, text="page.P response_time p95 < 1s", samples=0, more_needed=59)
    for objectives, how in (((first,), "about"), ((first, silent), "at least")):
        judgement = replace(inconclusive.judgement, objectives=objectives)
        said = what_to_do(replace(inconclusive, judgement=judgement))
        assert said.startswith(f"What to do: let the judged part last {how} ")
    close = replace(first, more_needed=None)  # a longer run would not help
    assert what_to_do(replace(inconclusive, judgement=replace(inconclusive.judgement, objectives=(close,)))) == ""
