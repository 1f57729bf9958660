"""A run is invalid when the instrument failed, and only then."""

import math

import pytest

from harness.measurement.histogram import Histogram
from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.monitoring.process import ProcessFacts
from harness.objectives.parser import parse
from harness.objectives.verdict import Severity
from harness.validity.checks import CHECKS, Conditions, check
from harness.validity.evidence import Evidence
from harness.validity.generator import arrival_lateness

DEMANDS = [parse("journey response_time p95 < 4s"), parse("page.P response_time p95 < 1s")]


def run_of(
    number=200,
    *,
    time=1.0,
    lateness=0.001,
    wait=0.0,
    dropped=0,
    outcome="ok",
    blame="nobody",
    page_outcome="ok",
    steady_from=0.0,
):
    """A run of one hundred seconds in which all is well, unless told otherwise."""
    recorder = Recorder(Window(0.0, steady_from, 100.0))
    recorder.offered(50.0, number + dropped)
    for index in range(number):
        due = 100 * index / number
        begin = due + lateness + wait
        recorder.started(due, lateness, wait)
        recorder.journey(
            JourneySample("guest", "gpay", outcome, blame, due, begin, begin + time, ordered=outcome == "ok")
        )
        recorder.page(PageSample("P", "gpay", page_outcome, "nobody", begin, begin, begin + time / 5))
    for _ in range(dropped):
        recorder.dropped(50.0)
        recorder.journey(JourneySample("guest", "gpay", "dropped", "shop", 50.0, math.inf, math.inf))
    return recorder


def conditions(**changed):
    facts = {
        "requests_sent": 200,
        "planned_duration": 100.0,
        "load_duration": 100.0,
        "users": 20,
        "expected_offered": 200,
        "cpu_ratio": 0.2,
    }
    return Conditions(**(facts | changed))


def worst(recorder=None, facts=None, demands=DEMANDS):
    """The findings that are not well, by check."""
    found = check(recorder or run_of(), facts or conditions(), demands)
    return {finding.check: finding for finding in found if finding.level is not Severity.OK}


def lag(*seconds):
    histogram = Histogram()
    for value, number in seconds:
        histogram.record(value, number)
    return histogram


def test_a_good_run_has_no_complaint_and_says_what_was_looked_at():
    found = check(run_of(), conditions(loop_lag=lag((0.001, 1000))), DEMANDS)
    assert {finding.level for finding in found} == {Severity.OK}
    assert {finding.check for finding in found} == {"requests", "end", "lateness", "loop", "cpu", "accounting"}
    assert all(finding.message and not finding.remedy for finding in found)


def test_nothing_known_is_not_a_valid_run():
    found = check(Recorder(Window(0, 0, 10)), Conditions())
    assert [finding.check for finding in found if finding.level is Severity.INVALID] == ["requests"]


@pytest.mark.parametrize(
    ("changed", "name", "level", "words"),
    [
        ({"requests_sent": 0}, "requests", Severity.INVALID, "not one request was sent"),
        ({"crashed": "KeyError"}, "harness", Severity.INVALID, "the harness broke: KeyError"),
        (
            {"target_unreachable": "connection refused"},
            "target",
            Severity.INVALID,
            "could not be reached: connection refused",
        ),
        ({"shop_ended_early": True, "embedded": True}, "shop", Severity.INVALID, "ended in the middle of the run"),
        ({"interrupted": "Ctrl-C", "load_duration": 12.0}, "end", Severity.INVALID, "interrupted after 12 s by Ctrl-C"),
        ({"stop_rule": 'the stop rule "x" held'}, "end", Severity.FAILED, 'the stop rule "x" held'),
        ({"load_duration": 60.0}, "end", Severity.INVALID, "held for 60 s of 100 s"),
        ({"exceptions": 2}, "bugs", Severity.INVALID, "2 mistakes of its own"),
        ({"journeys_without_account": 7}, "accounts", Severity.INVALID, "7 journeys found no free account"),
        ({"cpu_ratio": 0.75}, "cpu", Severity.WARNING, "75 % of a core"),
        ({"cpu_ratio": 0.93}, "cpu", Severity.INVALID, "93 % of a core, over 90 %"),
        ({"loop_lag": lag((0.001, 95), (0.03, 5))}, "loop", Severity.WARNING, "30 ms late"),
        ({"loop_lag": lag((0.001, 95), (0.08, 5))}, "loop", Severity.INVALID, "80 ms late; 50 ms is allowed"),
        ({"loop_lag": lag((0.001, 9999), (1.5, 1))}, "loop", Severity.INVALID, "stood still for 1.5 s"),
        ({"expected_offered": 201}, "accounting", Severity.INVALID, "201 arrivals were planned and 200 were offered"),
        ({"truncated_journeys": 1}, "accounting", Severity.INVALID, "200 journeys were begun and 201 ended"),
        ({"ledger": ["gpay: 9 sold, 8 measured"]}, "ledger", Severity.INVALID, "gpay: 9 sold, 8 measured"),
        (
            {"ledger": ["gpay: 9 sold, 8 measured"], "ledger_explained": "resets were asked for"},
            "ledger",
            Severity.WARNING,
            "because resets were asked for",
        ),
        ({"planned_minimum": {"gpay": 200, "masterpass": 3}}, "minimum", Severity.INVALID, "masterpass 0 of 3"),
    ],
)
def test_each_way_to_fail_is_found_and_named(changed, name, level, words):
    found = worst(facts=conditions(**changed))
    assert found.keys() >= {name}
    assert found[name].level is level
    assert words in found[name].message
    assert found[name].remedy or level is Severity.WARNING
    others = {finding.check for finding in found.values() if finding.level is Severity.INVALID} - {name}
    # A journey without a sample is out of the books and cut short at once; nothing else accuses a second part.
    assert others == set()


def test_a_target_where_every_connection_failed_was_never_there():
    assert "every one of 200 connections failed" in worst(run_of(page_outcome="connection"))["target"].message
    some = run_of(page_outcome="connection")
    some.page(PageSample("P", "gpay", "http_5xx", "shop", 1.0, 1.0, 1.1))
    assert "target" not in worst(some)


@pytest.mark.parametrize(
    ("late", "level", "why"),
    [
        ([(0.001, 1000)], None, "as on an idle machine"),
        ([(0.001, 985), (0.015, 15)], Severity.WARNING, "a word is due over 10 ms"),
        ([(0.001, 985), (0.04, 15)], Severity.WARNING, "5 % of the tightest bound, 1 s, is 50 ms"),
        ([(0.001, 970), (0.06, 30)], Severity.INVALID, "over that"),
        ([(0.001, 985), (0.06, 15)], Severity.WARNING, "1.5 % are not yet more than 1 % beyond chance"),
        ([(0.001, 991), (0.06, 9)], None, "99 % were on time"),
        ([(0.001, 995), (0.3, 5)], Severity.INVALID, "0.5 % a quarter of a second late"),
        ([(0.001, 999), (5.0, 1)], None, "one accident"),
        ([(0.001, 3), (0.06, 1)], None, "one late arrival is an accident, however few there are"),
        ([(0.06, 2)], Severity.INVALID, "both are late"),
    ],
)
def test_our_own_lateness(late, level, why):
    recorder = run_of(0)
    recorder.offered(1.0, sum(number for _, number in late))
    for value, number in late:
        for place in range(number):
            recorder.started(100 * place / number, value, 0.0)
    found = worst(recorder).get("lateness")
    assert (found.level if found else None) is level, why


@pytest.mark.parametrize(
    ("stalls", "level", "why"),
    [
        ([0.3], None, "one stall of 300 ms in 40 s touches few"),
        ([0.3] * 2, Severity.WARNING, "two may be chance"),
        ([0.3] * 8, Severity.INVALID, "eight are not"),
        ([3.0], Severity.INVALID, "one that touches 7 % of all is enough"),
    ],
)
def test_late_arrivals_are_counted_by_stalls(stalls, level, why):
    recorder = Recorder(Window(0.0, 5.0, 45.0))
    begins = [5.0 + 40.0 * (place + 0.5) / len(stalls) for place in range(len(stalls))]
    for number in range(1350):
        due = number / 30
        ends = [begin + length for begin, length in zip(begins, stalls, strict=True) if begin <= due < begin + length]
        recorder.offered(due)
        recorder.started(due, ends[0] - due if ends else 0.001, 0.0)
    found = [each for each in arrival_lateness(Evidence(recorder, conditions(), ())) if each.level is not Severity.OK]
    assert [each.level for each in found] == ([level] if level else []), why


def test_without_a_bound_lateness_is_held_to_a_fixed_one():
    assert worst(run_of(lateness=0.03), demands=[])["lateness"].level is Severity.INVALID
    tight = [parse("page.P response_time p95 < 300ms")]
    message = worst(run_of(lateness=0.03), demands=tight)["lateness"].message
    assert message == "99 % of the arrivals were started within 30 ms of their moment, and 25 ms is allowed"


def test_the_remedy_knows_that_the_shop_is_on_the_same_machine():
    busy = {"cpu_ratio": 0.95}
    assert "another machine" in worst(facts=conditions(embedded=True, **busy))["cpu"].remedy
    assert "another machine" not in worst(facts=conditions(**busy))["cpu"].remedy


# -- users ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("run", "demands", "level", "why"),
    [
        ({}, DEMANDS, None, "nobody waited"),
        ({"dropped": 10}, DEMANDS, Severity.INVALID, "dropped while the shop was quick"),
        ({"dropped": 10, "time": 6.0}, DEMANDS, None, "dropped because the shop was slow: that is the shop's failure"),
        ({"dropped": 10, "time": 6.0}, [], Severity.INVALID, "dropped, and no demand tells by whose doing"),
        ({"wait": 1.0}, DEMANDS, Severity.WARNING, "waited, but the demands were kept in spite of it"),
        ({"wait": 3.5}, DEMANDS, Severity.INVALID, "waiting alone broke the demand"),
        ({"wait": 3.5, "time": 5.0}, DEMANDS, None, "the shop alone would have broken it"),
        ({"wait": 3.5}, [parse("journey response_time mean < 4s")], Severity.INVALID, "a mean broken by waiting alone"),
        ({"wait": 0.04}, DEMANDS, None, "5 % of the tightest bound is no matter"),
    ],
)
def test_too_few_users_are_our_doing_unless_the_shop_kept_them(run, demands, level, why):
    recorder = run_of(**run)
    found = worst(recorder, conditions(expected_offered=200 + run.get("dropped", 0)), demands)
    assert ("users" in found) is (level is not None), why
    if level:
        assert found["users"].level is level, why
    assert not [f for f in found.values() if f.level is Severity.INVALID and f.check != "users"]


def test_two_slow_journeys_among_the_few_that_were_served_do_not_make_the_shop_slow():
    """Four users for the load of seventy: whoever waits for a late SMS code takes 7 s, and the shop 15 ms."""
    recorder = run_of(9, dropped=250)
    for due in (20.0, 40.0):
        recorder.offered(due)
        recorder.started(due, 0.001, 0.0)
        recorder.journey(JourneySample("guest", "gpay", "ok", "nobody", due, due, due + 7.0, ordered=True))
    users = worst(recorder, conditions(expected_offered=261))["users"]
    assert users.level is Severity.INVALID
    assert "while the shop was quick" in users.message


@pytest.mark.parametrize(
    ("run", "end", "users"),
    [
        ({"number": 20, "dropped": 200}, Severity.WARNING, Severity.INVALID),
        ({"number": 200, "dropped": 0, "outcome": "http_5xx", "blame": "shop"}, Severity.FAILED, None),
        ({"number": 200, "dropped": 20, "outcome": "http_5xx", "blame": "shop"}, Severity.FAILED, None),
        ({"number": 20, "dropped": 200, "time": 9.0}, Severity.FAILED, None),
    ],
)
@pytest.mark.parametrize("steady_from", [0.0, 90.0])
def test_a_stop_rule_speaks_against_the_shop_unless_users_were_too_few(run, end, users, steady_from):
    recorder = run_of(**run, steady_from=steady_from)
    found = worst(recorder, conditions(stop_rule='the stop rule "failures > 50% for 10s" held for 10 s'))
    assert found["end"].level is end
    assert ("users" in found) is (users is not None)
    assert users is None or found["users"].level is users
    if end is Severity.WARNING:
        assert "no failure of the shop" in found["end"].message
        assert found["end"].remedy.startswith("raise the number of users")


def test_the_remedy_says_how_many_users_it_takes():
    recorder = run_of(1980, dropped=20, time=2.0)  # 20 a second for 2 s each: 40 busy, 26 for chance, 100 for a stall
    found = worst(recorder, conditions(users=41, expected_offered=2000))["users"]
    assert found.message == "20 of 2,000 arrivals were dropped for want of a free user, while the shop was quick"
    assert found.remedy == "raise the number of users from 41 to 166"


# -- books ------------------------------------------------------------------------------------------------------------


def test_every_arrival_is_accounted_for():
    lost = run_of()
    lost.offered(5.0)
    twice = run_of()
    twice.started(5.0, 0.0, 0.0)
    secret = run_of()
    secret.offered(5.0)
    secret.dropped(5.0)
    for recorder, offered, words in (
        (lost, 201, "of 201 arrivals 200 were served and 0 dropped, which is +1 out"),
        (twice, 200, "which is -1 out; 201 journeys were begun and 200 ended"),
        (secret, 201, "1 arrivals were dropped and 0 booked"),
    ):
        assert words in worst(recorder, conditions(expected_offered=offered))["accounting"].message


def test_a_closed_load_has_no_arrivals_to_account_for():
    closed = Recorder(Window(0, 0, 100))
    closed.journey(JourneySample("guest", "gpay", "ok", "nobody", 1, 1, 2, ordered=True))
    assert worst(closed, conditions(expected_offered=None)) == {}


def test_a_run_that_was_ended_early_need_not_reach_its_numbers():
    facts = conditions(
        stop_rule="the stop rule held", expected_offered=999, planned_minimum={"masterpass": 3}, load_duration=9.0
    )
    assert worst(facts=facts).keys() == {"end"}


@pytest.mark.parametrize("outcome", ["bug", "host_refused", "something_new"])
def test_what_is_our_own_fault_spoils_the_run(outcome):
    assert outcome in worst(run_of(outcome=outcome, blame="harness"))["bugs"].message


def test_what_was_cut_short_is_a_warning_and_no_bug():
    found = worst(run_of(outcome="aborted", blame="harness"))
    assert found.keys() == {"truncated"}
    assert found["truncated"].level is Severity.WARNING
    assert found["truncated"].message.startswith("200 journeys were still under way")


def test_json_that_was_served_as_another_type_is_a_warning_said_once():
    pages = [{"Basket": 1000, "Login": 7}, {}, {"Basket": 234, "Product": 6, "Checkout": 1}]
    found = worst(facts=conditions(processes=[ProcessFacts(name=str(n), mislabelled=m) for n, m in enumerate(pages)]))
    finding = found["content_type"]
    assert finding.level is Severity.WARNING
    assert finding.message == (
        "1,248 replies held JSON and were served as another type "
        "(Basket 1,234 times, Login 7 times, Product 6 times and 1 more pages)"
    )
    assert '[conduct] content_type = "fail"' in finding.remedy
    assert "content_type" not in worst(facts=conditions(processes=[ProcessFacts()]))


def test_journeys_without_an_account_are_counted_from_the_samples_too():
    found = worst(run_of(outcome="no_account", blame="harness"))
    assert found.keys() == {"accounts"}
    assert "200 journeys" in found["accounts"].message


def test_an_option_that_the_shop_does_not_offer_is_named_with_its_remedy_and_is_no_bug():
    found = worst(run_of(outcome="not_offered", blame="harness"))
    assert found.keys() == {"offered"}
    assert found["offered"].level is Severity.INVALID
    assert "gpay (200 journeys)" in found["offered"].message
    assert "[payments]" in found["offered"].remedy


def test_a_connection_that_could_not_be_opened_is_no_bug():
    assert "bugs" not in worst(run_of(outcome="no_socket", blame="harness"))


def test_dropped_journeys_do_not_fulfil_a_guarantee():
    recorder = run_of(10, dropped=5)
    facts = conditions(expected_offered=15, planned_minimum={"gpay": 12})
    assert "gpay 10 of 12" in worst(recorder, facts)["minimum"].message


def test_every_check_explains_itself():
    assert all(each.__doc__ and each.__doc__.startswith("Whether") for each in CHECKS)


def test_a_target_that_is_not_there_is_said_once():
    facts = conditions(target_unreachable="nobody answers", requests_sent=0, load_duration=0.0, expected_offered=0)
    found = [finding for finding in check(Recorder(Window(0, 0, 1)), facts) if finding.level is Severity.INVALID]
    assert [finding.check for finding in found] == ["target"]
