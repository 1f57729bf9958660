"""Two shops are compared: regressions are found, none is invented, and too few samples are never a pass."""

import math
import random

import pytest

from harness.measurement.histogram import Histogram
from harness.objectives.verdict import Verdict
from harness.results.comparison import (
    FEWEST_SAMPLES,
    PercentileEstimate,
    Tolerance,
    compare,
    overall_verdict,
    percentile_estimate,
)

TOLERANCE = Tolerance(0.03, 0.10)


def comparisons(*logarithms, variance=0.0001):
    return [(PercentileEstimate(0.0, variance), PercentileEstimate(one, variance)) for one in logarithms]


def verdict(*logarithms, **changes):
    return compare("x", comparisons(*logarithms), tolerance=TOLERANCE, **changes).verdict


def test_one_pair_on_a_shared_machine_shows_only_large_differences():
    assert verdict(0.0) is Verdict.INCONCLUSIVE
    assert verdict(math.log(1.15)) is Verdict.INCONCLUSIVE
    assert verdict(math.log(1.4)) is Verdict.FAILED
    assert verdict(math.log(0.8)) is Verdict.PASSED


def test_one_pair_on_a_dedicated_machine_shows_more():
    assert verdict(0.0, run_effect=0.01) is Verdict.PASSED
    assert verdict(math.log(1.12), run_effect=0.01) is Verdict.FAILED


def test_four_pairs_measure_how_much_runs_differ():
    assert verdict(0.01, -0.01, 0.0, 0.01, -0.01, 0.0) is Verdict.PASSED
    assert verdict(0.13, 0.11, 0.12, 0.12, 0.11, 0.13) is Verdict.FAILED
    assert verdict(0.13, -0.11, 0.12, -0.12, 0.11, -0.13) is Verdict.INCONCLUSIVE


def test_the_number_of_pairs_needed_is_right():
    one = compare("x", comparisons(0.0), tolerance=TOLERANCE)
    assert one.pairs_needed > 4
    chance = random.Random(1)
    passed = 0
    for _ in range(100):
        apart = [chance.gauss(0.0, 0.06 * math.sqrt(2)) for _ in range(2 * one.pairs_needed)]
        passed += verdict(*apart) is Verdict.PASSED
    assert passed > 75


def test_the_same_shop_is_rarely_called_slower():
    chance = random.Random(2)
    failed = sum(verdict(*(chance.gauss(0.0, 0.085) for _ in range(6))) is Verdict.FAILED for _ in range(500))
    assert failed <= 10


def test_an_unanswered_candidate_is_a_regression_and_an_unanswered_baseline_is_not():
    never, fine = PercentileEstimate(math.inf, 0.0), PercentileEstimate(0.0, 0.01)
    assert compare("x", [(fine, never)], tolerance=TOLERANCE).verdict is Verdict.FAILED
    assert compare("x", [(never, fine)], tolerance=TOLERANCE).verdict is Verdict.INCONCLUSIVE
    assert compare("x", [(never, never)], tolerance=TOLERANCE).verdict is Verdict.INCONCLUSIVE


def test_a_pass_needs_every_named_comparison():
    slower, same = (
        compare(name, comparisons(one), tolerance=TOLERANCE, run_effect=0.01) for name, one in (("a", 0.5), ("b", 0.0))
    )
    assert overall_verdict([slower, same], ("a", "b")) is Verdict.FAILED
    assert overall_verdict([same], ("b",)) is Verdict.PASSED
    assert overall_verdict([same], ("a", "b")) is Verdict.INCONCLUSIVE
    assert overall_verdict([], ("a",)) is Verdict.INCONCLUSIVE


def slices(number, samples, draw):
    made = {}
    for index in range(number):
        made[index] = Histogram()
        for _ in range(samples):
            made[index].record(draw())
    return made


def test_an_estimate_has_the_percentile_and_its_variance():
    chance = random.Random(1)
    calm = percentile_estimate(slices(20, 50, lambda: 0.1), 0.95)
    assert math.exp(calm.logarithm) == pytest.approx(0.1, rel=0.01)
    assert calm.variance == 0.0
    few, many = (percentile_estimate(slices(20, n, lambda: chance.lognormvariate(-2, 0.5)), 0.95) for n in (20, 500))
    assert 0 < many.variance < few.variance


def test_too_few_samples_give_no_estimate():
    assert percentile_estimate(slices(20, 1, lambda: 0.1), 0.95) is None
    assert percentile_estimate(slices(3, 500, lambda: 0.1), 0.95) is None
    assert percentile_estimate({}, 0.95) is None
    assert percentile_estimate(slices(4, FEWEST_SAMPLES, lambda: 0.1), 0.95) is not None


def test_a_percentile_of_unanswered_requests_is_infinite():
    assert percentile_estimate(slices(20, 50, lambda: math.inf), 0.95).logarithm == math.inf
