"""A backlog that grows in the steady part fails the shop, or shows that there were too few virtual users."""

import math
import random

import pytest
from checked_runs import conditions_of

from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, Window
from harness.objectives.parser import parse
from harness.objectives.verdict import Severity
from harness.validity.backlog import backlog_cleared, backlog_growth, journey_flow
from harness.validity.evidence import Evidence

START = 5000.0


def load(seconds, capacity, *, rate=20.0, warm_up=10, base=0.5, users=math.inf, dropped=0.0, seed=1):
    """A shop with a capacity in journeys per second (a number, or a function of time); each takes at least ``base`` seconds."""
    chance = random.Random(seed)
    recorder = Recorder(Window(START, START + warm_up, START + seconds))
    free, moment = 0.0, 0.0
    pace = capacity if callable(capacity) else lambda _moment: capacity
    ends = []
    while (moment := moment + chance.expovariate(rate)) < seconds:
        due = START + moment
        recorder.offered(due)
        if chance.random() < dropped:
            recorder.dropped(due)
            recorder.journey(JourneySample("guest", "card", "dropped", "shop", due, math.inf, math.inf))
            continue
        free = max(free, moment) + 1 / pace(moment)
        done = free + base
        started = moment if len(ends) < users else max(moment, ends[-int(users)])
        ends.append(done)
        recorder.started(due, 0.0, started - moment)
        recorder.journey(JourneySample("guest", "card", "ok", "nobody", due, START + started, START + done))
    return recorder


def look(recorder, *, seconds=60, objectives=(), check=backlog_growth, **conditions):
    facts = {"constant_rate": True, "expected_offered": 1200, "load_duration": float(seconds), "users": 50} | conditions
    parsed = tuple(parse(text) for text in objectives)
    return list(check(Evidence(recorder, conditions_of(**facts), parsed)))


def test_a_shop_that_keeps_up_has_no_backlog():
    (finding,) = look(load(60, 30.0))
    assert finding.level is Severity.OK


def test_a_growing_backlog_fails_the_shop_whatever_the_objectives():
    (finding,) = look(load(60, 15.0))
    assert finding.level is Severity.FAILED
    assert "the load is above the shop's capacity: in the last 50 s of the load" in finding.message
    assert "the shop finishes 15.1 of the 20.1 journeys/s that arrive" in finding.remedy
    assert look(load(60, 15.0), objectives=["journey response_time p95 < 1h"])[0].level is Severity.FAILED


def test_arrivals_ends_and_growth_add_up():
    recorder = load(60, 15.0)
    seen = journey_flow(Evidence(recorder, conditions_of(constant_rate=True, expected_offered=1, load_duration=60.0)))
    assert (seen.since, seen.until) == (10.0, 60.0)
    assert seen.rate(seen.ended) == pytest.approx(15.0, rel=0.03)
    assert seen.came - seen.ended == seen.growth
    due = sum(n for cell in recorder.journeys.values() for n in [cell.response.total])
    assert 0 < seen.came < due


def test_journeys_that_fill_an_empty_shop_are_no_backlog():
    # Each journey takes 8 s, and there is no warm-up: in the first 8 s no journey ends.
    recorder = load(60, 1000.0, warm_up=0, base=8.0)
    assert look(recorder)[0].level is Severity.OK
    assert (
        journey_flow(
            Evidence(recorder, conditions_of(constant_rate=True, expected_offered=1, load_duration=60.0))
        ).since
        == 30.0
    )
    # Journeys longer than half of the run: the run is too short.
    assert look(load(60, 1000.0, warm_up=0, base=40.0)) == []


def test_a_backlog_for_want_of_users_is_invalid():
    recorder = load(60, 15.0, users=20)
    (finding,) = look(recorder, objectives=["journey response_time p95 < 6s"])
    assert finding.level is Severity.INVALID
    assert "too few virtual users" in finding.message
    assert "raise arrivals.users" in finding.remedy
    # If the replies themselves are too slow, the shop keeps the users busy.
    assert look(recorder, objectives=["journey response_time p95 < 1s"])[0].level is Severity.FAILED


def test_dropped_arrivals_count_unless_an_objective_is_about_them():
    recorder = load(60, 1000.0, dropped=0.2)
    assert look(recorder)[0].level in (Severity.FAILED, Severity.INVALID)
    assert look(recorder, objectives=["dropped < 50%"]) == []  # those that were served say nothing about the others


def test_growth_that_may_be_chance_is_inconclusive():
    found = {look(load(60, 18.0, seed=seed))[0].level for seed in range(12)}
    assert Severity.INCONCLUSIVE in found
    assert found <= {Severity.INCONCLUSIVE, Severity.FAILED, Severity.OK}


@pytest.mark.parametrize(
    "conditions",
    [{"constant_rate": False}, {"constant_rate": None}, {"expected_offered": None}, {"interrupted": "Ctrl-C"}],
)
def test_only_a_constant_load_that_came_to_its_end_is_checked(conditions):
    assert look(load(60, 15.0), **conditions) == []


def test_a_queue_left_after_a_peak_is_a_warning():
    recorder = load(60, lambda moment: 1000.0 if moment < 30 else 15.0)
    (finding,) = look(recorder, check=backlog_cleared, constant_rate=False)
    assert finding.level is Severity.WARNING
    assert "still had a queue at the end" in finding.message
    assert look(load(60, 1000.0), check=backlog_cleared, constant_rate=False) == []
    assert look(load(60, lambda moment: 15.0 if 20 < moment < 25 else 100.0), check=backlog_cleared) == []
    assert look(recorder, check=backlog_cleared, expected_offered=None) == []
