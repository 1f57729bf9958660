"""The difference of pairs of runs: what is assumed about runs gives way to what the pairs show."""

import itertools
import math
import random

import pytest

from harness.regression.percentiles import Estimate
from harness.regression.pooled import pairs_needed, pool, smallest_seen
from harness.regression.tolerance import STATED_WEIGHT, RunEffect

BOUNDS = math.log1p(0.03), math.log1p(0.10)
ALPHAS = 0.001, 0.003


def pooled(*differences, effect=None, variance=0.0001):
    pairs = [(Estimate(0.0, variance), Estimate(one, variance)) for one in differences]
    return pool(pairs, effect or RunEffect())


def test_one_pair_shows_only_a_large_difference():
    assert pooled(0.0).high(0.003) > BOUNDS[1]
    assert pooled(math.log(1.4)).low(0.001) < BOUNDS[0]
    assert pooled(math.log(4)).low(0.001) > BOUNDS[0]


def test_a_stated_run_effect_counts_for_more_than_the_assumed_one():
    known = RunEffect(0.01, STATED_WEIGHT)
    assert pooled(0.0, effect=known).high(0.003) < BOUNDS[1]
    assert pooled(0.0, effect=RunEffect(0.01)).high(0.003) > pooled(0.0, effect=known).high(0.003)


@pytest.mark.parametrize("apart", [0.0, 0.05, 0.2])
def test_the_interval_shrinks_with_each_pair(apart):
    widths = [pooled(*([apart, -apart] * number)[:number]).reach(0.001) for number in range(1, 25)]
    assert all(later < earlier * 1.02 for earlier, later in itertools.pairwise(widths))
    assert widths[-1] < widths[3] / 2


def test_pairs_that_differ_more_than_assumed_widen_the_interval():
    calm, wild = pooled(0.01, -0.01, 0.01, -0.01), pooled(0.4, -0.4, 0.4, -0.4)
    assert wild.error > 5 * calm.error
    assert wild.cap == math.inf


def test_the_p_value_agrees_with_the_bound():
    one = pooled(0.2, 0.18, 0.22, 0.2, 0.19)
    for alpha in (0.05, 0.001):
        assert one.p_over(one.low(alpha)) == pytest.approx(alpha, rel=1e-6)


def test_a_difference_within_a_run_is_never_forgotten():
    assert pooled(*[0.0] * 24, variance=0.01).error == pytest.approx(math.sqrt(0.02 / 24))


def test_the_number_of_pairs_needed_is_about_right():
    one = pooled(0.0)
    needed = pairs_needed(one, 1, BOUNDS, ALPHAS)
    chance = random.Random(1)
    passed = sum(
        pooled(*(chance.gauss(0.0, 0.06 * math.sqrt(2)) for _ in range(needed))).high(ALPHAS[1]) < BOUNDS[1]
        for _ in range(100)
    )
    assert 3 <= needed <= 16
    assert passed >= 30
    assert pairs_needed(pooled(math.log(1.06)), 1, BOUNDS, ALPHAS) is None


def test_the_smallest_change_that_would_be_seen_is_seen():
    chance, effect = random.Random(2), RunEffect(0.06, STATED_WEIGHT)

    def draws(shift):
        return pooled(*(shift + chance.gauss(0.0, 0.06 * math.sqrt(2)) for _ in range(6)), effect=effect)

    change = smallest_seen(draws(0.0), 0.03, 0.001)
    seen = sum(draws(math.log1p(change)).low(0.001) > BOUNDS[0] for _ in range(400))
    assert 0.65 <= seen / 400 <= 0.95
