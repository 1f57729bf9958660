"""The search finds the limit of a simulated shop and reports only confirmed rates.

Longer than 300 lines: all tests use two small simulated shops.
"""

import math
import random
from dataclasses import replace

import pytest

from harness.capacity.estimate import ObjectiveCounts
from harness.capacity.model import (
    FINEST,
    LevelOutcome,
    Purpose,
    SearchLevel,
    SearchPlan,
    SearchResult,
    broken,
    worst_objective,
)
from harness.capacity.search import search
from harness.objectives.verdict import Verdict

ALLOWED = 0.05


def _counted(rate, limit, total=2000):
    """A shop whose share over the bound grows with the eighth power of the rate and is the allowed share at its limit."""
    return ObjectiveCounts(
        "journey response_time p95 < 4s", total, min(total, round(total * ALLOWED * (rate / limit) ** 8)), ALLOWED
    )


def outcome_of(level, counts, *, spent, **more):
    """What a level showed, with the counts of one objective."""
    start = spent - level.seconds
    return LevelOutcome(level, level.rate, start, start, spent, (counts,), spent=spent, **more)


def run_search(plan, limit, *, generator=math.inf, confirms=None):
    """All levels that the search asks for, and its result; the clock is the sum of the levels."""
    asked, spent, asking = [], 0.0, search(plan)
    level = next(asking)
    while True:
        asked.append(level)
        spent += level.seconds + (plan.after if level.purpose is Purpose.CONFIRM else 0.0)
        counted = _counted(level.rate, limit)
        trouble = "the load generator was late; add a worker" if level.rate > generator else ""
        verdict = None
        if level.purpose is Purpose.CONFIRM:
            verdict = (confirms or _gate)(level, counted)
        try:
            level = asking.send(
                outcome_of(level, counted, under_way=level.rate, spent=spent, trouble=trouble, verdict=verdict)
            )
        except StopIteration as end:
            return asked, end.value


def _gate(_level, counted):
    return Verdict.PASSED if counted.excess < 0.8 else Verdict.FAILED if counted.excess > 1.2 else Verdict.INCONCLUSIVE


@pytest.mark.parametrize("limit", [12.0, 37.0, 140.0])
def test_the_search_finds_the_limit_and_confirms_a_rate_just_below(limit):
    asked, found = run_search(SearchPlan(start=5, most=500, budget=600), limit)
    assert found.boundary.rate == pytest.approx(limit, rel=0.03)
    assert found.boundary.low < limit < found.boundary.high
    assert 0.88 * limit < found.confirmed < limit
    assert (found.at_least, found.why) == (False, "")
    assert asked[-1] == SearchLevel(Purpose.CONFIRM, found.confirmed, 60.0, asked[-1].joins_previous)


def test_the_search_widens_until_an_objective_breaks_then_drains_and_tracks():
    asked, _ = run_search(SearchPlan(start=10, most=500, budget=600, grow=2.0), 30.0)
    purposes = [level.purpose for level in asked]
    assert [(level.purpose, level.rate) for level in asked[:4]] == [
        (Purpose.WIDEN, 10.0),
        (Purpose.WIDEN, 20.0),
        (Purpose.WIDEN, 40.0),
        (Purpose.DRAIN, 10.0),
    ]
    assert purposes[-1] is Purpose.CONFIRM
    assert purposes.count(Purpose.TRACK) >= 10
    assert sorted(set(purposes), key=purposes.index) == list(Purpose)


def test_a_rate_that_broke_an_objective_by_chance_is_tried_again(monkeypatch):
    exact, seen = _counted, []

    def struck_once(rate, limit, total=2000):
        seen.append(rate)
        return exact(1e9 if seen == [10.0, 20.0] else rate, limit, total)

    monkeypatch.setitem(globals(), "_counted", struck_once)
    asked, found = run_search(SearchPlan(start=10, most=500, budget=600, grow=2.0), 100.0)
    widening = [level.rate for level in asked if level.purpose is Purpose.WIDEN]
    assert widening == [10.0, 20.0, 20.0, 40.0, 80.0, 160.0, 160.0]
    assert next(level.rate for level in asked if level.purpose is Purpose.TRACK) > 50.0
    assert found.boundary.rate == pytest.approx(100.0, rel=0.03)


def test_with_a_small_budget_a_broken_rate_is_not_tried_again():
    asked, _ = run_search(SearchPlan(start=10, most=500, budget=200, grow=2.0), 30.0)
    assert [level.rate for level in asked if level.purpose is Purpose.WIDEN] == [10.0, 20.0, 40.0]


def test_a_level_at_a_low_rate_is_long_enough_for_its_arrivals():
    assert SearchPlan(start=1, most=2, budget=1, level=10, arrivals=150).length(5.0) == 30.0
    assert SearchPlan(start=1, most=2, budget=1, level=10, arrivals=150).length(50.0) == 10.0


@pytest.mark.parametrize("generator", [math.inf, 55.0, 20.0])
@pytest.mark.parametrize("budget", [100.0, 110.0, 120.0, 150.0, 240.0, 600.0, 1800.0])
def test_the_search_keeps_its_budget(budget, generator):
    plan = SearchPlan(start=10, most=500, budget=budget, confirm=30.0, after=5.0, precision=0.0001)
    asked, _ = run_search(plan, 60.0, generator=generator)
    assert asked[-1].purpose is Purpose.CONFIRM
    spent = sum(level.seconds + (5.0 if level.purpose is Purpose.CONFIRM else 0.0) for level in asked)
    assert spent <= budget


def test_the_finest_precision_ends_a_search_before_its_budget(monkeypatch):
    chance, exact = random.Random(6), _counted

    def by_chance(rate, limit, total=2000):
        share = exact(rate, limit, total).over / total
        return replace(exact(rate, limit, total), over=sum(chance.random() < share for _ in range(total)))

    monkeypatch.setitem(globals(), "_counted", by_chance)
    asked, found = run_search(SearchPlan(start=5, most=500, budget=7200, precision=FINEST), 37.0)
    assert found.boundary.half_width <= FINEST
    assert sum(level.seconds for level in asked) < 1800


def test_a_load_generator_at_its_limit_is_tried_twice_and_the_answer_is_at_least():
    asked, found = run_search(SearchPlan(start=10, most=500, budget=600), 1000.0, generator=30.0)
    rates = [level.rate for level in asked if level.purpose is Purpose.WIDEN]
    assert rates == [10.0, 15.0, 22.5, 33.75, 33.75]
    assert found == SearchResult(22.5, at_least=True, why="the load generator was late; add a worker")


def test_without_time_to_track_the_confirmed_rate_is_well_below_the_kept_rate():
    asked, found = run_search(SearchPlan(start=10, most=500, budget=120, confirm=30, grow=2.0), 36.0)
    assert sum(level.purpose is Purpose.TRACK for level in asked) < 4
    assert found.confirmed < 20.0 * 1.45
    assert found.at_least
    assert "too short to find the rate at which an objective breaks" in found.why


def test_a_level_without_samples_passes_no_objective():
    asking = search(SearchPlan(start=10, most=500, budget=600))
    level, spent, asked = next(asking), 0.0, []
    with pytest.raises(StopIteration) as end:
        while True:
            asked.append(level)
            spent += level.seconds
            level = asking.send(outcome_of(level, ObjectiveCounts("x", 0, 0, ALLOWED), under_way=99.0, spent=spent))
    assert {one.rate for one in asked} == {10.0}
    assert [one.seconds for one in asked[:3]] == [15.0, 30.0, 60.0]
    assert end.value.value.confirmed is None
    assert "nothing ended" in end.value.value.why


def test_the_highest_allowed_rate_is_not_a_limit_of_the_shop():
    _, found = run_search(SearchPlan(start=10, most=40, budget=600), 1000.0)
    assert (found.confirmed, found.at_least) == (40.0, True)
    assert "at most 40 journeys a second" in found.why


def test_a_budget_that_ends_before_an_objective_breaks_is_not_a_limit_of_the_shop():
    _, found = run_search(SearchPlan(start=10, most=5000, budget=130, confirm=60), 1e6)
    assert found.at_least
    assert found.confirmed
    assert "the budget ended before an objective broke" in found.why


def test_an_unconfirmed_rate_is_not_reported():
    _, found = run_search(SearchPlan(start=5, most=500, budget=900), 60.0, confirms=lambda *_: Verdict.FAILED)
    assert found.confirmed is None
    assert found.why == "the budget ended before a rate was confirmed"
    assert found.boundary is not None


def test_a_failed_confirmation_is_tried_again_at_a_lower_rate():
    tried = []

    def refuse_twice(level, counted):
        tried.append(level.rate)
        return Verdict.FAILED if len(tried) < 3 else _gate(level, counted)

    _, found = run_search(SearchPlan(start=5, most=500, budget=900, level=40), 60.0, confirms=refuse_twice)
    assert tried == sorted(tried, reverse=True)
    assert found.confirmed == tried[-1] < tried[0]


def test_a_promising_confirmation_is_extended():
    answers = iter([Verdict.INCONCLUSIVE, Verdict.PASSED])
    asked, found = run_search(
        SearchPlan(start=5, most=500, budget=900, level=40),
        60.0,
        confirms=lambda _level, counted: next(answers) if counted.excess < 0.8 else Verdict.INCONCLUSIVE,
    )
    last = [level for level in asked if level.rate == found.confirmed and level.purpose is Purpose.CONFIRM]
    assert [level.joins_previous for level in last] == [False, True]


def test_the_last_confirmation_is_at_a_safe_rate():
    """Without a confirmed rate, the last try is well below the boundary and as long as the budget allows."""
    plan = SearchPlan(start=10, most=500, budget=600, confirm=60)
    asked, found = run_search(plan, 30.0, confirms=lambda *_: Verdict.INCONCLUSIVE)
    confirms = [level for level in asked if level.purpose is Purpose.CONFIRM]
    last = confirms[-1]
    assert found.confirmed is None
    assert all(level.rate > 0.85 * found.boundary.rate for level in confirms[:-1])
    assert last.rate <= 0.8 * found.boundary.rate
    assert not last.joins_previous
    assert last.seconds >= 60
    assert sum(level.seconds for level in asked) == pytest.approx(600, abs=1e-6)


def _clustered(seed):
    """One level of several has all samples over the bound; the mean is unchanged."""
    chance = random.Random(seed)

    def counted(rate, limit, total=2000):
        burst = 400 if chance.random() < ALLOWED * (rate / limit) ** 8 * total / 400 else 0
        return ObjectiveCounts("journey response_time p95 < 4s", total, burst, ALLOWED)

    return counted


def test_with_clusters_the_first_confirmation_is_not_above_the_interval(monkeypatch):
    monkeypatch.setitem(globals(), "_counted", _clustered(4))
    asked, found = run_search(SearchPlan(start=10, most=500, budget=450), 40.0, confirms=lambda *_: Verdict.PASSED)
    first = next(level.rate for level in asked if level.purpose is Purpose.CONFIRM)
    assert found.boundary.low < 0.94 * found.boundary.rate  # so unsure that the interval is what binds
    assert 0.85 * found.boundary.rate <= first <= max(found.boundary.low, 0.851 * found.boundary.rate)


def test_with_clusters_an_unconfirmed_search_advises_a_longer_one(monkeypatch):
    monkeypatch.setitem(globals(), "_counted", _clustered(4))
    _, found = run_search(SearchPlan(start=10, most=500, budget=450), 40.0, confirms=lambda *_: Verdict.INCONCLUSIVE)
    assert (found.confirmed, found.why) == (
        None,
        "the budget ended before a rate was confirmed: slow replies came in a few long bursts; find out what makes the shop stand still",
    )


def test_a_shop_that_breaks_at_the_first_rate_is_tried_at_lower_rates():
    asked, found = run_search(SearchPlan(start=40, most=500, budget=900), 25.0)
    assert asked[1].rate < asked[0].rate
    assert found.confirmed < 25.0


def test_a_shop_that_carries_no_rate_is_reported():
    _, found = run_search(SearchPlan(start=40, most=500, budget=3000), 0.01)
    assert found.confirmed is None
    assert "broke an objective" in found.why


def test_the_worst_objective_has_the_highest_excess():
    mild, hard = ObjectiveCounts("p95", 100, 6, 0.05), ObjectiveCounts("failures", 100, 4, 0.01)
    assert worst_objective([mild, hard]) is hard
    assert worst_objective([ObjectiveCounts("none", 0, 0, 0.05)]) is None


def test_one_slow_answer_breaks_nothing():
    assert not broken([ObjectiveCounts("p99", 5, 1, 0.01)])
    assert broken([ObjectiveCounts("p99", 100, 20, 0.01)])
    assert not broken([ObjectiveCounts("p99", 100, 20, 0.01, effect=20.0)])


class LaggingShop:
    """A shop that feels a third of each change of the rate in a level."""

    def __init__(self, journey, filled=6):
        self.journey, self.filled = journey, filled
        self.felt = 0.0
        self.spent = 0.0
        self.asked = []

    def search_with(self, plan, limit=60.0):
        asking = search(plan)
        level = next(asking)
        while True:
            self.asked.append(level)
            self.spent += level.seconds
            confirming = level.purpose is Purpose.CONFIRM
            if confirming:
                self.spent += self.journey + plan.after
                self.felt = level.rate
            self.felt += (level.rate - self.felt) * 0.3
            counted = _counted(self.felt, limit)
            journeys_incomplete = len(self.asked) < self.filled
            outcome = outcome_of(
                level,
                counted,
                under_way=1.0,
                spent=self.spent,
                verdict=_gate(level, counted) if confirming else None,
                journeys_incomplete=journeys_incomplete,
            )
            if not journeys_incomplete:
                outcome = replace(outcome, effective_rates=(self.felt,), longest_journey=self.journey)
            try:
                level = asking.send(outcome)
            except StopIteration as end:
                return end.value


def test_the_first_rate_is_held_until_journeys_end():
    shop = LaggingShop(100.0)
    shop.search_with(SearchPlan(start=30, most=90, budget=1800))
    assert {level.rate for level in shop.asked[:6]} == {30.0}
    assert 30.0 < shop.asked[6].rate < 45.0  # half as much again as it felt, which was not yet 30


def test_the_boundary_is_an_effective_rate_not_an_arrival_rate():
    shop = LaggingShop(100.0)
    found = shop.search_with(SearchPlan(start=30, most=90, budget=1800))
    assert found.boundary.rate == pytest.approx(60.0, rel=0.05)
    widened = [level.rate for level in shop.asked if level.purpose is Purpose.WIDEN]
    assert max(widened) > 75  # asked for, and far from felt
    assert found.confirmed < 60


def test_a_budget_too_short_for_the_journeys_ends_after_the_first_rate():
    shop = LaggingShop(200.0)
    found = shop.search_with(SearchPlan(start=30, most=90, budget=400))
    assert found == SearchResult(None, why=found.why)
    assert "the search takes at least 12 minutes" in found.why
    assert {level.rate for level in shop.asked} == {30.0}


def test_journeys_longer_than_the_budget_are_reported():
    shop = LaggingShop(200.0, filled=99)
    found = shop.search_with(SearchPlan(start=30, most=90, budget=300))
    assert found.confirmed is None
    assert "the budget is too short" in found.why


def test_the_reason_for_no_confirmation_is_a_budget_too_short_for_the_journeys(monkeypatch):
    monkeypatch.setitem(globals(), "_gate", lambda *_: Verdict.FAILED)
    found = LaggingShop(100.0).search_with(SearchPlan(start=30, most=90, budget=400, level=10))
    assert found.confirmed is None
    assert "the search takes at least 7 minutes" in found.why


def test_the_highest_rate_is_held_longer_before_it_counts_as_kept(monkeypatch):
    exact, seen = _counted, []

    def slow_to_show(rate, limit, total=2000):
        seen.append(rate)
        return exact(1.0 if rate == 40.0 and seen.count(rate) == 1 else rate, limit, total)

    monkeypatch.setitem(globals(), "_counted", slow_to_show)
    asked, found = run_search(SearchPlan(start=10, most=40, budget=900), 36.0)
    assert [level.seconds for level in asked if level.rate == 40.0 and level.purpose is Purpose.WIDEN] == [10.0, 60.0]
    assert found.boundary is not None
    assert found.confirmed < 36.0
