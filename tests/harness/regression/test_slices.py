"""Two versions that are loaded at the same time are compared slice by slice."""

import math
import random

import pytest

from harness.measurement.histogram import Histogram
from harness.regression.slices import SignedRanks, signed_ranks


def sliced(seed, factors, slower=1.0, samples=50):
    chance = random.Random(seed)
    slices = {}
    for index, factor in enumerate(factors):
        slices[index] = Histogram()
        for _ in range(samples):
            slices[index].record(0.1 * factor * slower * chance.lognormvariate(0, 0.3))
    return slices


WILD = [math.exp(random.Random(9).gauss(0, 0.4)) * (5 if number % 7 == 0 else 1) for number in range(60)]


def test_what_the_machine_does_to_both_is_not_in_the_ratio():
    found = signed_ranks([(sliced(1, WILD), sliced(2, WILD, slower=1.2))], 0.95, 1.0)
    assert found.mean == pytest.approx(math.log(1.2), abs=0.08)
    assert found.low(0.01) > 0
    same = signed_ranks([(sliced(1, WILD), sliced(2, WILD))], 0.95, 1.0)
    assert same.low(0.01) < 0 < same.high(0.01)


def test_short_slices_are_merged_until_they_have_enough_samples():
    assert len(signed_ranks([(sliced(1, WILD), sliced(2, WILD))], 0.95, 1.0).differences) == 12
    few = [1.0] * 120
    assert len(signed_ranks([(sliced(1, few, samples=5), sliced(2, few, samples=5))], 0.95, 1.0).differences) == 12
    assert signed_ranks([(sliced(1, few, samples=1), sliced(2, few, samples=1))], 0.95, 1.0) is None


def test_rounds_add_up_and_few_slices_say_nothing():
    short = [1.0] * 40
    one = (sliced(1, short), sliced(2, short))
    assert signed_ranks([one], 0.95, 1.0) is None
    assert len(signed_ranks([one, one], 0.95, 1.0).differences) == 16
    assert signed_ranks([], 0.95, 1.0) is None


def test_slices_that_only_one_version_has_are_left_out():
    baseline, candidate = sliced(1, [1.0] * 80), sliced(2, [1.0] * 60)
    assert len(signed_ranks([(baseline, candidate)], 0.95, 1.0).differences) == 12


def test_slices_without_a_percentile_are_no_evidence():
    candidate = sliced(2, [1.0] * 60)
    for index in range(30):
        candidate[index].record(math.inf, 50)
    assert signed_ranks([(sliced(1, [1.0] * 60), candidate)], 0.95, 1.0) is None


def test_bounds_and_p_values_agree():
    chance = random.Random(3)
    found = SignedRanks(tuple(0.1 + chance.gauss(0, 0.05) for _ in range(36)))
    for alpha in (0.05, 0.01):
        assert found.p_over(found.low(alpha)) == pytest.approx(alpha, rel=0.5)
    assert found.low(0.001) < found.low(0.05) < found.mean < found.high(0.05) < found.high(0.001)
    assert found.p_over(0.3) > 0.99


def test_equal_versions_are_seldom_called_different():
    chance = random.Random(4)
    alarms = sum(SignedRanks(tuple(chance.gauss(0, 0.1) for _ in range(12))).p_over(0.0) <= 0.01 for _ in range(1000))
    assert alarms <= 18
