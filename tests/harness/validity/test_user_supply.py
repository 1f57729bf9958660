"""Too few virtual users or accounts make a run invalid, unless the shop itself was slow."""

import pytest
from checked_runs import OBJECTIVES, conditions, problems, run_of

from harness.measurement.sample import JourneySample
from harness.objectives.parser import parse
from harness.objectives.verdict import Severity
from harness.validity.checks import check
from harness.validity.evidence import Evidence
from harness.validity.user_supply import user_supply


@pytest.mark.parametrize(
    ("run", "objectives", "level", "why"),
    [
        ({}, OBJECTIVES, None, "no arrival waited"),
        ({"dropped": 10}, OBJECTIVES, Severity.INVALID, "dropped the shop was fast"),
        (
            {"dropped": 10, "time": 6.0},
            OBJECTIVES,
            None,
            "dropped because the shop was slow: that is the shop's failure",
        ),
        (
            {"dropped": 10, "time": 6.0},
            [],
            Severity.INVALID,
            "dropped, and no objective shows whether the shop was slow",
        ),
        ({"wait": 1.0}, OBJECTIVES, Severity.WARNING, "waited, but the objectives were met all the same"),
        ({"wait": 3.5}, OBJECTIVES, Severity.INVALID, "waiting alone broke the objective"),
        ({"wait": 3.5, "time": 5.0}, OBJECTIVES, None, "the shop alone would have broken it"),
        ({"wait": 3.5}, [parse("journey response_time mean < 4s")], Severity.INVALID, "a mean broken by waiting alone"),
        ({"wait": 0.04}, OBJECTIVES, None, "5 % of the tightest bound is no matter"),
    ],
)
def test_too_few_users_make_the_run_invalid_unless_the_shop_was_slow(run, objectives, level, why):
    recorder = run_of(**run)
    found = problems(recorder, conditions(expected_offered=200 + run.get("dropped", 0)), objectives)
    assert ("users" in found) is (level is not None), why
    if level:
        assert found["users"].level is level, why
    assert not [f for f in found.values() if f.level is Severity.INVALID and f.check != "users"]


def test_two_slow_journeys_do_not_prove_a_slow_shop():
    """Four users for the load of seventy: a journey that waits for a late SMS code takes 7 s, and the shop takes 15 ms."""
    recorder = run_of(9, dropped=250)
    for due in (20.0, 40.0):
        recorder.offered(due)
        recorder.started(due, 0.001, 0.0)
        recorder.journey(JourneySample("guest", "gpay", "ok", "nobody", due, due, due + 7.0, ordered=True))
    users = problems(recorder, conditions(expected_offered=261))["users"]
    assert users.level is Severity.INVALID
    assert "the shop was fast" in users.message


def test_the_remedy_names_the_number_of_users_needed():
    recorder = run_of(1980, dropped=20, time=2.0)  # 20 a second for 2 s each: 40 busy, 26 for chance, 100 for a stall
    found = problems(recorder, conditions(users=41, expected_offered=2000))["users"]
    assert found.message == "20 of 2,000 arrivals were dropped, because no virtual user was free; the shop was fast"
    assert found.remedy == (
        "raise arrivals.users (option -u) from 41 to about 170 (20 journeys are due each second and last about 2 s; the rest is a reserve), "
        "or lower the arrival rate"
    )


def test_long_waits_are_left_out_beside_many_dropped_arrivals():
    found = problems(run_of(20, dropped=180, wait=5.0), conditions(expected_offered=200))["users"]
    assert found.message.startswith("180 of 200 arrivals were dropped, because no virtual user was free")
    few = problems(run_of(199, dropped=1, wait=5.0), conditions(expected_offered=200))["users"]
    assert few.message.startswith("1 of 200 arrivals were dropped and 1 % of the arrivals waited for 5 s or longer")


def test_arrivals_that_still_wait_do_not_make_the_share_of_dropped_ones_smaller():
    recorder = run_of(20, dropped=180)
    recorder.offered(50.0, 100)
    (found,) = user_supply(Evidence(recorder, conditions(), tuple(OBJECTIVES)))
    assert found.message.startswith("180 of 200 arrivals were dropped")


def test_without_enough_users_nothing_says_that_journeys_ended_as_fast_as_they_came():
    plan = conditions(constant_rate=True, expected_offered=3200)
    objectives = [*OBJECTIVES, parse("dropped < 1%")]  # so that dropped arrivals are no journeys in progress
    for recorder, judged in ((run_of(3200), True), (run_of(1600, dropped=1600), False)):
        assert ("balance" in {one.check for one in check(recorder, plan, objectives)}) is judged


def test_journeys_without_an_account_are_counted_from_samples_too():
    found = problems(run_of(outcome="no_account", blame="harness"))
    assert found.keys() == {"accounts"}
    assert "200 journeys" in found["accounts"].message
