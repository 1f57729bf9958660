"""Percentiles and rates of one run, with their variance within the run."""

import math
import random

import pytest

from harness.measurement.histogram import Histogram
from harness.regression.percentiles import FEWEST_SAMPLES, percentile_estimate, rate_estimate


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


def test_a_batch_of_failures_does_not_hide_the_percentile_of_the_run():
    parts = slices(20, 50, lambda: 0.1)
    for index in (4, 5):
        parts[index].record(math.inf, 5)
    assert percentile_estimate(parts, 0.95).logarithm == pytest.approx(math.log(0.1), abs=0.01)


def test_a_rate_has_the_variance_of_its_batches():
    steady = rate_estimate([(20, 1.0)] * 60)
    assert (math.exp(steady.logarithm), steady.variance) == (pytest.approx(20), 0)
    chance = random.Random(3)
    found = [
        rate_estimate([(sum(chance.random() < 0.8 for _ in range(20)), 20.0) for _ in range(60)]) for _ in range(200)
    ]
    true = sum((one.logarithm - math.log(0.8)) ** 2 for one in found) / len(found)
    assert sum(one.variance for one in found) / len(found) == pytest.approx(true, rel=0.25)


def test_a_rate_of_few_events_is_unknown():
    assert rate_estimate([(1, 1.0)] * 20) is None
    assert rate_estimate([(50, 1.0)] * 3) is None
    assert rate_estimate([]) is None
