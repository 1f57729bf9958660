"""Objectives and runs are judged by their samples, and missing data never passes.

Longer than 300 lines: it has a table for each kind of objective, all on the same small runs.
"""

import itertools
import math
import random

import pytest

from harness.exits import Exit
from harness.measurement.bucket_layout import Bounds
from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.objectives.counting import count_samples
from harness.objectives.evaluate import evaluate_objective, evaluate_run
from harness.objectives.parser import parse
from harness.objectives.verdict import Finding, Severity, Verdict
from harness.validity.checks import TIMING_CHECKS

LENGTH = 100.0


def recorder():
    return Recorder(Window(0.0, 10.0, 10.0 + LENGTH))


def pages(into, times, *, page="P", payment="gpay", outcome="ok", blame="nobody", start=10.0, length=LENGTH):
    """Pages spread evenly over the steady part, each taking the next of the times."""
    times = list(times)
    for index, time in enumerate(times):
        due = start + length * (index + 0.5) / len(times)
        into.page(PageSample(page, payment, outcome, blame, due, due, due + time))
    return into


def journeys(into, number, *, time=1.0, outcome="ok", blame="nobody", start=10.0, length=LENGTH, **labels):
    labels = {"journey": "guest", "payment_option": "gpay", "ordered": outcome == "ok"} | labels
    for index in range(number):
        due = start + length * (index + 0.5) / number
        into.journey(JourneySample(outcome=outcome, blame=blame, due=due, started=due, done=due + time, **labels))
    return into


def decide(into, text):
    return evaluate_objective(into, parse(text))


# -- percentiles ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("under", "over", "verdict", "why"),
    [
        (59, 0, Verdict.PASSED, "59 clean samples are just enough for a p95"),
        (58, 0, Verdict.INCONCLUSIVE, "58 are not, however clean"),
        (980, 20, Verdict.PASSED, "2 % over where 5 % may be"),
        (955, 45, Verdict.INCONCLUSIVE, "4.5 % over might be luck"),
        (945, 55, Verdict.INCONCLUSIVE, "5.5 % over might be bad luck"),
        (920, 80, Verdict.FAILED, "8 % over is no luck"),
        (0, 1, Verdict.INCONCLUSIVE, "a lone sample is no evidence"),
        (0, 2, Verdict.FAILED, "two of two are: 1 in 400 by chance"),
        (19, 1, Verdict.INCONCLUSIVE, "exactly at the bound, few"),
    ],
)
def test_a_percentile_is_decided_by_the_samples_over_its_bound(under, over, verdict, why):
    mixed = [0.1] * under + [0.5] * over
    random.Random(1).shuffle(mixed)
    result = decide(pages(recorder(), mixed), "page.P response_time p95 < 300ms")
    assert result.verdict is verdict, why
    assert (result.samples, result.over) == (under + over, over)


@pytest.mark.parametrize(("took", "verdict"), [(0.2995, Verdict.PASSED), (0.302, Verdict.FAILED)])
def test_half_a_millisecond_from_the_bound_decides(took, verdict):
    exact = Recorder(Window(0.0, 10.0, 10.0 + LENGTH), bounds=Bounds([0.3]))
    mixed = [0.1] * 9300 + [took] * 700
    random.Random(1).shuffle(mixed)
    result = decide(pages(exact, mixed), "page.P response_time p95 < 300ms")
    assert result.verdict is verdict
    assert result.over == (0 if verdict is Verdict.PASSED else 700)
    assert (result.measured > 0.3) is (verdict is Verdict.FAILED)
    tallied = count_samples(exact, parse("page.P response_time p95 < 300ms"))
    assert sum(over for _, over in tallied.slices) == result.over


def swinging(middle, number=2_000):
    """Times that rise and fall together four times in a run, between 0.5 and 1.5 times the middle."""
    return [middle * (1 + 0.5 * math.sin(8 * math.pi * place / number)) for place in range(number)]


@pytest.mark.parametrize(
    ("middle", "verdict", "why"),
    [
        (0.19, Verdict.INCONCLUSIVE, "all under the bound, but four waves are no proof of the next"),
        (0.02, Verdict.PASSED, "far from the bound four are enough"),
    ],
)
def test_a_run_whose_times_vary_together_passes_only_far_from_its_bound(middle, verdict, why):
    run = pages(recorder(), swinging(middle))
    result = decide(run, "page.P response_time p95 < 300ms")
    assert (result.verdict, result.over) == (verdict, 0), why
    if verdict is Verdict.INCONCLUSIVE:
        assert "samples of one moment are alike" in result.sentence
        assert result.more_needed > 0
    # A search bears its levels out by each other.
    assert (
        evaluate_objective(run, parse("page.P response_time p95 < 300ms"), with_middle=False).verdict is Verdict.PASSED
    )


def test_failures_of_the_shop_are_over_every_quantile():
    run = pages(recorder(), [0.1] * 60)
    pages(run, [0.1] * 60, outcome="http_5xx", blame="shop")
    counted = count_samples(run, parse("page.P response_time p95 < 300ms"), with_middle=True)
    assert {over for _, over in counted.over_fractions} == {60, 120}
    assert [sum(n for n, _ in level) for level in counted.middle_slices] == [120]
    assert [sum(x for _, x in level) for level in counted.middle_slices] == [60]


def test_the_sentence_of_a_pass():
    result = decide(pages(recorder(), [0.2] * 1204), "page.P response_time p95 < 300ms")
    assert result.sentence == "the p95 of P answers was 200 ms (bound 300 ms; 1,204 samples)"
    assert result.measured == pytest.approx(0.2)
    assert (result.bound, result.unit, result.more_needed) == (0.3, "s", None)


def test_the_sentence_of_a_failure_says_how_far_off_it_was():
    result = decide(pages(recorder(), [0.1, 0.5] * 100), "page.P response_time p95 < 300ms")
    assert (
        result.sentence
        == "the p95 of P answers was 500 ms (bound 300 ms; 200 samples); 50 % took longer than 300 ms, at most 5 % may"
    )


def test_too_few_samples_say_how_many_more_are_needed():
    result = decide(pages(recorder(), [0.1] * 20), "page.P response_time p95 < 300ms")
    assert result.more_needed == 39
    assert "too few samples to be 95 % sure, about 39 more are needed" in result.sentence


def test_the_announced_number_of_samples_decides():
    times = [0.5 if index % 33 == 16 else 0.1 for index in range(198)]  # 3 % over
    first = decide(pages(recorder(), times), "page.P response_time p95 < 300ms")
    assert first.verdict is Verdict.INCONCLUSIVE
    enough = itertools.islice(itertools.cycle(times), 198 + first.more_needed)
    assert decide(pages(recorder(), enough), "page.P response_time p95 < 300ms").verdict is Verdict.PASSED


def test_at_the_bound_a_longer_run_is_not_recommended():
    times = [0.5 if index % 20 == 10 else 0.1 for index in range(200)]
    result = decide(pages(recorder(), times), "page.P response_time p95 < 300ms")
    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.more_needed is None
    assert "a longer run would not change that" in result.sentence


def test_more_confidence_needs_more_samples():
    clean = pages(recorder(), [0.1] * 89)
    assert decide(clean, "page.P response_time p95 < 300ms").verdict is Verdict.PASSED
    assert decide(clean, "page.P response_time p95 < 300ms confidence 99%").verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("text", ["page.P response_time p95 < 300ms", "orders rate > 1/s", "journey failures < 1%"])
def test_without_a_sample_no_objective_passes(text):
    result = decide(recorder(), text)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.measured is None
    assert result.sentence.startswith("the steady part has no sample of")


@pytest.mark.parametrize(
    "text",
    [
        "page.Q response_time p95 < 300ms",
        "page[payment=masterpass] response_time max < 300ms",
        "page[outcome=declined] response_time mean < 300ms",
        "journey failures <= 0%",
        "orders count >= 1",
        "dropped < 1%",
    ],
)
def test_samples_of_other_subjects_do_not_count(text):
    assert decide(pages(recorder(), [0.1] * 500), text).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("start", "length"), [(0.0, 10.0), (110.0, 50.0)])
def test_only_the_steady_part_is_judged(start, length):
    slow = pages(recorder(), [9.0] * 500, start=start, length=length)
    assert decide(slow, "page.P response_time p95 < 300ms").samples == 0
    pages(slow, [0.1] * 500)
    assert decide(slow, "page.P response_time p95 < 300ms").verdict is Verdict.PASSED


def test_a_failure_of_the_shop_counts_as_never_answered_however_quick():
    broken = pages(pages(recorder(), [0.1] * 400), [0.01] * 100, outcome="http_5xx", blame="shop")
    result = decide(broken, "page.P response_time p95 < 300ms")
    assert result.verdict is Verdict.FAILED
    assert result.measured == math.inf
    assert result.sentence.startswith("20 % of the P answers failed or took too long, 5 % may (bound 300 ms")
    assert decide(broken, "page[outcome=ok] response_time p95 < 300ms").verdict is Verdict.PASSED


def test_the_reason_names_failures_before_times_that_they_made_infinite():
    broken = journeys(journeys(recorder(), 400), 100, outcome="http_5xx", blame="shop")
    objectives = [parse("journey response_time p95 < 4s"), parse("journey failures < 1%")]
    judgement = evaluate_run(broken, objectives, [])
    assert judgement.reason == "2 of 2 objectives were broken: 100 of 500 journeys failed, 20 % (allowed: 1 %)."


def test_an_outcome_of_the_shopper_counts_as_answered():
    declined = pages(recorder(), [0.1] * 100, outcome="declined", blame="shopper")
    assert decide(declined, "page.P response_time p95 < 300ms").verdict is Verdict.PASSED
    assert decide(declined, "page.P failures < 5%").verdict is Verdict.PASSED


def test_dropped_arrivals_count_as_over_the_bound_and_as_failed():
    crowded = journeys(recorder(), 950)
    journeys(crowded, 50, time=math.inf, outcome="dropped", blame="shop")
    assert decide(crowded, "journey response_time p99 < 4s").verdict is Verdict.FAILED
    assert decide(crowded, "journey failures < 1%").verdict is Verdict.FAILED
    assert decide(crowded, "journey response_time max < 4s").measured == math.inf
    assert decide(crowded, "journey response_time mean < 4s").verdict is Verdict.FAILED


def test_waiting_is_part_of_the_response_time_only():
    late = recorder()
    for index in range(100):
        late.page(PageSample("P", "gpay", "ok", "nobody", 10.0 + index, 10.4 + index, 10.5 + index))
    assert decide(late, "page.P response_time p95 < 300ms").verdict is Verdict.FAILED
    service = decide(late, "page.P service_time p95 < 300ms")
    assert service.verdict is Verdict.PASSED
    assert ", counted from sending, was 100 ms" in service.sentence


def test_clusters_of_slow_samples_are_judged_with_caution():
    spread = [0.5 if index % 14 == 7 else 0.1 for index in range(1400)]
    burst = [0.5 if 700 <= index < 800 else 0.1 for index in range(1400)]
    text = "page.P response_time p95 < 300ms"
    assert decide(pages(recorder(), spread), text).verdict is Verdict.FAILED
    clustered = decide(pages(recorder(), burst), text)
    assert clustered.verdict is Verdict.INCONCLUSIVE
    assert clustered.over == 100
    assert clustered.design_effect > 20
    assert "prove no more than about" in clustered.sentence


def test_samples_cut_short_prove_neither_a_pass_nor_a_failure():
    text = "journey response_time p95 < 4s"
    cut_short = journeys(journeys(recorder(), 950), 50, outcome="aborted", blame="harness")
    result = decide(cut_short, text)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "50 were cut short by the end of the run" in result.sentence
    assert decide(cut_short, "journey failures < 3%").verdict is Verdict.INCONCLUSIVE
    few = journeys(journeys(recorder(), 990), 10, outcome="aborted", blame="harness")
    assert decide(few, text).verdict is Verdict.PASSED


def test_a_sample_cut_short_over_its_bound_is_over_it():
    stuck = journeys(journeys(recorder(), 800), 200, time=30.0, outcome="aborted", blame="harness")
    assert decide(stuck, "journey response_time p95 < 4s").verdict is Verdict.FAILED


# -- failures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ok", "failed", "text", "verdict", "why"),
    [
        (2000, 0, "journey failures < 0.5%", Verdict.PASSED, "clean and many"),
        (200, 0, "journey failures < 0.5%", Verdict.INCONCLUSIVE, "clean and few"),
        (1950, 50, "journey failures < 0.5%", Verdict.FAILED, "2.5 %"),
        (16, 0, "journey failures <= 0%", Verdict.PASSED, "none allowed, none seen: exact, without statistics"),
        (15, 1, "journey failures <= 0%", Verdict.FAILED, "none allowed, one seen"),
        (2000, 0, "journey[payment=gpay] failures < 0.5%", Verdict.PASSED, "of this payment option"),
        (2000, 0, "journey.guest failures < 0.5%", Verdict.PASSED, "of this journey"),
    ],
)
def test_failures_count_only_what_the_shop_is_to_blame_for(ok, failed, text, verdict, why):
    run = journeys(journeys(recorder(), ok), failed, outcome="http_5xx", blame="shop")
    assert decide(run, text).verdict is verdict, why


def test_the_sentence_of_failures():
    run = journeys(journeys(recorder(), 1950), 50, outcome="http_5xx", blame="shop")
    result = decide(run, "journey.guest[payment=gpay] failures < 0.5%")
    assert result.sentence == ("50 of 2,000 guest journeys with payment gpay failed, 2.5 % (allowed: 0.5 %)")
    assert (result.measured, result.unit) == (0.025, "share")


def test_failures_of_one_outcome_are_a_share_of_all():
    run = journeys(journeys(recorder(), 900), 100, outcome="declined", blame="shopper")
    assert decide(run, "journey failures < 5%").verdict is Verdict.PASSED
    declined = decide(run, "journey[outcome=declined] failures < 5%")
    assert declined.verdict is Verdict.FAILED
    assert declined.sentence.startswith("100 of 1,000 journeys ended as declined, 10 %")


@pytest.mark.parametrize(
    ("offered", "dropped", "verdict"),
    [(5000, 0, Verdict.PASSED), (500, 0, Verdict.INCONCLUSIVE), (5000, 50, Verdict.FAILED)],
)
def test_dropped_arrivals_are_a_share_of_all_arrivals(offered, dropped, verdict):
    run = recorder()
    run.offered(50.0, offered)
    for _ in range(dropped):
        run.dropped(50.0)
    result = decide(run, "dropped < 0.1%")
    assert result.verdict is verdict
    assert (result.samples, result.over) == (offered, dropped)


def test_arrivals_dropped_in_one_cluster_are_judged_with_caution():
    text = "dropped < 1%"
    spread, burst = journeys(recorder(), 4900), journeys(recorder(), 4900)
    journeys(spread, 100, time=math.inf, outcome="dropped", blame="shop")
    journeys(burst, 100, time=math.inf, outcome="dropped", blame="shop", start=50.0, length=2.0)
    for run in (spread, burst):
        run.offered(50.0, 5000)
        for _ in range(100):
            run.dropped(50.0)
    assert decide(spread, text).verdict is Verdict.FAILED
    assert decide(burst, text).verdict is Verdict.INCONCLUSIVE


def test_with_no_failure_allowed_an_unknown_end_does_not_pass():
    cut_short = journeys(journeys(recorder(), 15), 1, outcome="aborted", blame="harness")
    assert decide(cut_short, "journey failures <= 0%").verdict is Verdict.INCONCLUSIVE


# -- mean, maximum, counts, rates -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("times", "text", "verdict", "why"),
    [
        ([0.1] * 30, "page response_time mean < 200ms", Verdict.PASSED, "30 are enough"),
        ([0.1] * 29, "page response_time mean < 200ms", Verdict.INCONCLUSIVE, "29 are not"),
        ([0.3] * 29, "page response_time mean < 200ms", Verdict.INCONCLUSIVE, "not even to fail"),
        ([0.1, 0.5] * 15, "page response_time mean < 200ms", Verdict.FAILED, "300 ms on average"),
        ([0.1] * 30, "page response_time max < 200ms", Verdict.PASSED, "none of 30 is over"),
        ([0.1] * 29, "page response_time max < 200ms", Verdict.INCONCLUSIVE, "none of 29 tells little"),
        ([0.1, 0.5], "page response_time max < 200ms", Verdict.FAILED, "one is over, and one is enough"),
    ],
)
def test_mean_and_maximum_are_compared_with_the_bound(times, text, verdict, why):
    assert decide(pages(recorder(), times), text).verdict is verdict, why


@pytest.mark.parametrize(
    ("bound", "verdict"),
    [
        ("101ms", Verdict.INCONCLUSIVE),
        ("99ms", Verdict.INCONCLUSIVE),
        ("150ms", Verdict.PASSED),
        ("60ms", Verdict.FAILED),
    ],
)
def test_a_mean_is_decided_by_its_variation(bound, verdict):
    rng = random.Random(4)
    result = decide(
        pages(recorder(), [rng.expovariate(10.0) for _ in range(400)]), f"page response_time mean < {bound}"
    )
    assert result.verdict is verdict
    if verdict is Verdict.INCONCLUSIVE:
        assert "too few samples to be 95 % sure" in result.sentence or "too close to the bound" in result.sentence


def test_a_mean_of_times_that_vary_together_needs_more_room():
    calm, waves = pages(recorder(), [0.1] * 2_000), pages(recorder(), swinging(0.1))
    for bound, verdict in (("130ms", Verdict.INCONCLUSIVE), ("2s", Verdict.PASSED)):
        assert decide(calm, f"page response_time mean < {bound}").verdict is Verdict.PASSED
        assert decide(waves, f"page response_time mean < {bound}").verdict is verdict


def test_a_result_has_the_shortest_run_that_can_pass():
    # 118 samples in 100 s: the 59 that a p95 takes come in 50.
    assert decide(pages(recorder(), [0.1] * 118), "page response_time p95 < 300ms").shortest_run == pytest.approx(50.0)
    assert decide(pages(recorder(), [0.1] * 118), "page count >= 1").shortest_run is None


def test_a_mean_with_samples_cut_short_does_not_pass():
    cut_short = journeys(journeys(recorder(), 100), 1, outcome="aborted", blame="harness")
    assert decide(cut_short, "journey response_time mean < 4s").verdict is Verdict.INCONCLUSIVE
    assert decide(cut_short, "journey response_time max < 4s").verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("text", "verdict", "measured"),
    [
        ("orders count >= 5", Verdict.PASSED, 5),
        ("orders count > 5", Verdict.FAILED, 5),
        ("orders[payment=gpay] count <= 5", Verdict.PASSED, 5),
        ("journey count >= 8", Verdict.PASSED, 8),
        ("journey[outcome=declined] count < 3", Verdict.FAILED, 3),
    ],
)
def test_counts_are_compared_with_the_bound(text, verdict, measured):
    run = journeys(recorder(), 5)
    journeys(run, 3, outcome="declined", blame="shopper")
    journeys(run, 2, outcome="timeout", blame="shop")
    result = decide(run, text)
    assert (result.verdict, result.measured) == (verdict, measured)


def test_no_order_from_many_journeys_is_a_count_of_zero():
    run = journeys(recorder(), 50, outcome="timeout", blame="shop")
    assert decide(run, "orders count >= 1").verdict is Verdict.FAILED
    assert decide(run, "orders rate > 1/s").verdict is Verdict.FAILED


def test_an_even_rate_is_exact():
    run = journeys(recorder(), 2400, start=0.0, length=120.0)  # 20/s throughout, each one second long
    for text, verdict in (("orders rate > 19/s", Verdict.PASSED), ("orders rate > 21/s", Verdict.FAILED)):
        result = decide(run, text)
        assert result.verdict is verdict
        assert result.measured == pytest.approx(20)
    assert decide(run, "orders rate > 1140/min").sentence == "1,200/min orders finished (objective: > 1140/min)"


def test_a_varying_rate_is_inconclusive_near_the_bound():
    run, rng = recorder(), random.Random(2)
    due = 0.0
    while due < 115:
        due += rng.expovariate(5)
        run.journey(JourneySample("guest", "gpay", "ok", "nobody", due, due, due + 0.5, ordered=True))
    assert decide(run, "orders rate > 3/s").verdict is Verdict.PASSED
    assert decide(run, "orders rate > 8/s").verdict is Verdict.FAILED
    close = decide(run, "orders rate > 4.6/s")
    assert close.verdict is Verdict.INCONCLUSIVE
    assert close.more_needed > 0


def test_a_shop_that_falls_behind_shows_its_own_rate():
    """At 30/s a shop that serves 20/s clears its queue after the steady part; its rate is not 30/s."""
    run = recorder()
    for index in range(110 * 30):
        due, done = index / 30, (index + 1) / 20
        run.journey(JourneySample("guest", "gpay", "ok", "nobody", due, due, done, ordered=True))
    result = decide(run, "orders rate > 25/s")
    assert result.verdict is Verdict.FAILED
    assert result.measured == pytest.approx(20, rel=0.03)


def test_one_slice_is_too_short_for_a_rate():
    run = Recorder(Window(0.0, 1.0, 2.0))
    journeys(run, 50, start=1.0, length=1.0, time=0.1)
    assert decide(run, "orders rate > 1/s").verdict is Verdict.INCONCLUSIVE


def test_a_window_without_an_end_has_no_rate():
    run = Recorder(Window(0.0, 0.0, math.inf))
    journeys(run, 50)
    assert decide(run, "orders rate > 0.1/s").verdict is Verdict.INCONCLUSIVE


# -- the verdict over the run -----------------------------------------------------------------------------------------

KEPT, BROKEN, OPEN = (f"page.{name} response_time p95 < 300ms" for name in ("Quick", "Slow", "Rare"))
FINE = Finding("cpu", Severity.OK, "the harness was idle")
WARNING = Finding("cpu", Severity.WARNING, "the harness was busy", "lower the rate")
STOPPED = Finding("end", Severity.FAILED, 'the stop rule "failures > 50% for 10s" held', "repair it")
INVALID = Finding("cpu", Severity.INVALID, "the harness was drowning", "lower the rate")
UNSETTLED = Finding("steady", Severity.INCONCLUSIVE, "the shop never became steady", "lengthen the run")


@pytest.mark.parametrize(
    ("objectives", "findings", "verdict", "code", "reason"),
    [
        ([KEPT], [FINE], Verdict.PASSED, Exit.PASSED, "The objective was kept, and"),
        ([KEPT, KEPT], [WARNING], Verdict.PASSED, Exit.PASSED, "All 2 objectives were kept"),
        (
            [KEPT, OPEN],
            [],
            Verdict.INCONCLUSIVE,
            Exit.INCONCLUSIVE,
            "1 of 2 objectives was left undecided: the p95 of Rare",
        ),
        ([OPEN, BROKEN, KEPT], [], Verdict.FAILED, Exit.FAILED, "1 of 3 objectives was broken: the p95 of Slow"),
        ([KEPT], [STOPPED], Verdict.FAILED, Exit.FAILED, 'The stop rule "failures > 50% for 10s" held.'),
        (
            [BROKEN, OPEN],
            [STOPPED, INVALID],
            Verdict.INVALID,
            Exit.INVALID,
            "The harness was drowning.",
        ),
        ([KEPT], [INVALID, INVALID], Verdict.INVALID, Exit.INVALID, "(and 1 more reason)"),
        ([], [FINE], Verdict.INCONCLUSIVE, Exit.INCONCLUSIVE, "There is no objective"),
        ([KEPT], [UNSETTLED], Verdict.INCONCLUSIVE, Exit.INCONCLUSIVE, "The shop never became steady."),
        ([KEPT, BROKEN], [UNSETTLED], Verdict.FAILED, Exit.FAILED, "1 of 2 objectives was broken"),
        ([KEPT], [UNSETTLED, STOPPED], Verdict.FAILED, Exit.FAILED, "The stop rule"),
        ([KEPT], [UNSETTLED, INVALID], Verdict.INVALID, Exit.INVALID, "drowning"),
    ],
)
def test_invalid_outranks_failed_outranks_inconclusive_outranks_passed(objectives, findings, verdict, code, reason):
    run = recorder()
    for page, time, number in (("Quick", 0.1, 100), ("Slow", 0.9, 100), ("Rare", 0.1, 10)):
        pages(run, [time] * number, page=page)
    judgement = evaluate_run(run, [parse(text) for text in objectives], findings)
    assert judgement.verdict is verdict
    assert judgement.verdict.exit is code
    assert reason in judgement.reason
    assert [result.text for result in judgement.objectives] == objectives
    assert judgement.findings == tuple(findings)


LATE = Finding(
    "lateness", Severity.INVALID, "99 % of the arrivals were started within 26 ms of their moment, and 25 ms is allowed"
)


def with_failures(outcome, *, lateness=0.026, failed=20):
    """A run in which a tenth of the journeys ended with this outcome, and arrivals were a little late."""
    run = journeys(recorder(), 180)
    journeys(run, failed, outcome=outcome, blame="shop")
    pages(run, [0.9] * 100, page="Slow")
    for index in range(200):
        run.started(10 + index / 2, lateness if index % 20 == 0 else 0.001, 0.0)
    return run


@pytest.mark.parametrize(
    ("run", "findings", "verdict", "why"),
    [
        (with_failures("http_5xx"), [LATE], Verdict.FAILED, "an HTTP 5xx is wrong however late we were"),
        (with_failures("unexpected_page"), [LATE], Verdict.FAILED, "and so is a wrong page"),
        (with_failures("timeout"), [LATE], Verdict.INVALID, "a timeout may be our own lateness"),
        (with_failures("dropped"), [LATE], Verdict.INVALID, "so may an arrival that no virtual user served"),
        (with_failures("http_5xx", failed=1), [LATE], Verdict.INVALID, "one failure of 181 breaks nothing"),
        (with_failures("http_5xx"), [LATE, INVALID], Verdict.FAILED, "the processor is about times, too"),
        (
            with_failures("http_5xx", lateness=1.5),
            [LATE],
            Verdict.INVALID,
            "arrivals came in a clump, which may break a shop",
        ),
        (
            with_failures("http_5xx"),
            [LATE, Finding("ledger", Severity.INVALID, "the books differ")],
            Verdict.INVALID,
            "who lost requests knows nothing",
        ),
    ],
)
def test_a_hard_failure_decides_an_invalid_run(run, findings, verdict, why):
    objectives = ["journey failures < 5%", "page.Slow response_time p95 < 300ms", "journey response_time p95 < 6s"]
    judgement = evaluate_run(run, [parse(text) for text in objectives], findings, timing_checks=TIMING_CHECKS)
    assert judgement.verdict is verdict, why
    if verdict is Verdict.FAILED:
        assert judgement.reason.startswith("2 of 3 objectives were broken: 20 of 200 journeys failed")
        assert "Times are doubtful: 99 % of the arrivals were started within 26 ms" in judgement.reason
        assert [one.verdict for one in judgement.objectives[:2]] == [Verdict.FAILED, Verdict.INVALID]
        assert judgement.findings == tuple(findings)


def test_a_failure_in_an_invalid_run_is_told_without_what_checkload_can_have_caused():
    run = journeys(with_failures("http_5xx"), 300, time=math.inf, outcome="dropped", blame="shop")
    judgement = evaluate_run(run, [parse("journey failures < 1%")], [LATE], timing_checks=TIMING_CHECKS)
    assert judgement.reason.startswith(
        "The objective was broken: 20 of 500 journeys failed, 4 % (allowed: 1 %); failures that checkload itself can have"
    )
    (objective,) = judgement.objectives
    assert (objective.over, objective.measured) == (20, pytest.approx(0.04))


@pytest.mark.parametrize(("outcome", "verdict"), [("http_5xx", Verdict.FAILED), ("timeout", Verdict.INVALID)])
def test_in_an_invalid_run_only_hard_failures_of_the_named_outcome_count(outcome, verdict):
    run = journeys(with_failures("http_5xx"), 20, outcome="timeout", blame="shop")
    objective = parse(f"journey[outcome={outcome}] failures < 5%")
    assert evaluate_objective(run, objective).verdict is Verdict.FAILED
    assert evaluate_run(run, [objective], [LATE], timing_checks=TIMING_CHECKS).verdict is verdict


@pytest.mark.parametrize("seed", range(3))
def test_a_shop_at_twice_the_bound_seldom_passes_and_one_at_half_seldom_fails(seed):
    rng = random.Random(seed)
    objective = parse("page.P response_time p95 < 300ms")
    verdicts = {share: [] for share in (0.1, 0.025)}
    for share, found in verdicts.items():
        for _ in range(60):
            times = [0.5 if rng.random() < share else 0.1 for _ in range(200)]
            found.append(evaluate_objective(pages(recorder(), times), objective).verdict)
    assert verdicts[0.1].count(Verdict.PASSED) <= 3
    assert verdicts[0.025].count(Verdict.FAILED) <= 3
    assert verdicts[0.1].count(Verdict.FAILED) > 30
