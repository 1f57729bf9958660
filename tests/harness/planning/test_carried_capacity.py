"""The capacity is never more than a rate that held."""

import math
import random

from harness.planning.carried_capacity import CarriedCapacity, EvidenceGrade, capacity_from_levels


def test_the_capacity_is_between_the_highest_rate_that_held_and_the_lowest_that_broke(level):
    found = capacity_from_levels([level(10), level(20), level(30, kept=False), level(40, kept=False)])
    assert (found.grade, found.likely, found.low, found.high) == (EvidenceGrade.BRACKETED, 20, 20, 30)
    assert found.source == "at 20"


def test_a_run_that_held_above_one_that_broke_does_not_count(level):
    found = capacity_from_levels([level(10), level(20, kept=False), level(30)])
    assert (found.low, found.high) == (10, 20)


def test_without_a_broken_run_the_capacity_has_no_upper_end(level):
    found = capacity_from_levels([level(10), level(20), level(50, kept=None)])
    assert (found.grade, found.low, found.high) == (EvidenceGrade.AT_LEAST, 20, math.inf)


def test_without_a_run_that_held_the_capacity_has_no_lower_end(level):
    found = capacity_from_levels([level(10, kept=False), level(5, kept=False)])
    assert (found.grade, found.likely, found.high) == (EvidenceGrade.BELOW, 0.0, 5)


def test_without_a_verdict_there_is_no_capacity(level):
    assert capacity_from_levels([level(10, kept=None)]) is None
    assert capacity_from_levels([]) is None


def test_draws_fill_the_interval():
    confirmed = CarriedCapacity(likely=100, low=90, high=105, grade=EvidenceGrade.CONFIRMED, source="x")
    chance = random.Random(1)
    drawn = sorted(confirmed.draw(chance) for _ in range(20_000))
    assert abs(drawn[500] - 90) < 1
    assert abs(drawn[10_000] - 100) < 0.5
    assert abs(drawn[-500] - 105) < 1


def test_draws_between_two_runs_are_uniform(level):
    open_ended = capacity_from_levels([level(10), level(20, kept=False)])
    chance = random.Random(1)
    drawn = [open_ended.draw(chance) for _ in range(2_000)]
    assert 10 <= min(drawn) < 11
    assert 19 < max(drawn) <= 20
    assert capacity_from_levels([level(10)]).draw(chance) == 10
