"""Levels along a boundary give its rate, an interval that contains it, and a rate below it that can be proved."""

import math
import random

import pytest

from harness.capacity.estimate import BoundaryEstimate, ObjectiveCounts, estimate_boundary, safe_rate
from harness.objectives.statistics import proves_kept

LIMIT, STEEP, ALLOWED = 50.0, 8.0, 0.05


def _tracked(seed, levels=30, total=600, steep=STEEP):
    chance, found, log = random.Random(seed), [], math.log(LIMIT) - 0.1
    for turn in range(levels):
        rate = math.exp(log)
        share = min(1.0, ALLOWED * (rate / LIMIT) ** steep)
        over = sum(chance.random() < share for _ in range(total))
        found.append((rate, ObjectiveCounts("x", total, over, ALLOWED)))
        log += 0.06 * 4 / (turn / 2 + 4) * max(-4.0, 1 - over / total / ALLOWED)
    return found


def test_the_estimate_is_near_the_boundary_and_the_interval_contains_it():
    found = [estimate_boundary(_tracked(seed)) for seed in range(40)]
    assert sum(abs(one.rate / LIMIT - 1) < 0.03 for one in found) >= 38
    assert sum(one.low <= LIMIT <= one.high for one in found) >= 36


def test_a_steep_shop_has_a_higher_steepness():
    assert (
        estimate_boundary(_tracked(1, steep=20.0)).steepness > estimate_boundary(_tracked(1, steep=4.0)).steepness + 3
    )


def test_a_few_levels_give_no_estimate():
    assert estimate_boundary(_tracked(1)[:3]) is None
    assert estimate_boundary([]) is None


def test_levels_without_a_sample_over_the_bound_still_give_a_rate():
    levels = [(rate, ObjectiveCounts("x", 500, 0, ALLOWED)) for rate in (40.0, 41.0, 42.0, 43.0, 44.0)]
    assert 40.0 <= estimate_boundary(levels).rate <= 44.0


def test_a_longer_confirmation_allows_a_rate_nearer_to_the_boundary():
    edge = BoundaryEstimate(LIMIT, 48.0, 52.0, STEEP, ALLOWED, effect=2.0)
    short, long = safe_rate(edge, 20.0), safe_rate(edge, 2000.0)
    assert short < long < LIMIT
    share = ALLOWED * (long / LIMIT) ** STEEP
    assert proves_kept(long * 2000 / 2, share * long * 2000 / 2, ALLOWED, 0.05)


@pytest.mark.parametrize(
    ("over", "allowed", "excess"), [(10, 0.05, 2.0), (0, 0.05, 0.0), (0, 0.0, 0.0), (1, 0.0, math.inf)]
)
def test_the_excess_is_a_multiple_of_the_allowed_share(over, allowed, excess):
    assert ObjectiveCounts("x", 100, over, allowed).excess == excess


def test_without_samples_the_excess_is_zero():
    assert ObjectiveCounts("x", 0, 0, 0.05).excess == 0.0
