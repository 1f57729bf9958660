"""The Kolmogorov-Smirnov test over batches finds another spread, and only that."""

import random

from harness.measurement.histogram import Histogram
from harness.regression.spread import shape_of, spread_change


def run(seed, sigma=0.5, median=0.1, drift=0.0, samples=50):
    chance = random.Random(seed)
    slices = {}
    for index in range(20):
        slices[index] = Histogram()
        level = median * (1 + drift * index)
        for _ in range(samples):
            slices[index].record(level * chance.lognormvariate(0.0, sigma))
    return shape_of(slices)


def test_a_wider_spread_at_equal_medians_is_found():
    change = spread_change([(run(1), run(2, sigma=1.0))])
    assert change.p_value < 0.001
    assert change.wider
    assert not spread_change([(run(1, sigma=1.0), run(2))]).wider


def test_a_slower_or_drifting_run_has_the_same_spread():
    change = spread_change([(run(1), run(2, median=0.3, drift=0.1))])
    assert change.distance < 0.1
    assert change.p_value == 1.0


def test_one_wild_batch_is_no_change():
    calm, wild = run(1), run(2)
    wild = (*wild[:-1], tuple(0.3 for _ in wild[-1]))
    assert spread_change([(calm, wild)]).p_value > 0.01


def test_too_few_samples_have_no_shape():
    assert run(1, samples=2) == ()
    assert spread_change([(run(1), ())]) is None
    assert spread_change([]) is None
    assert shape_of({}) == ()


def test_runs_in_which_everything_failed_have_no_shape():
    failed = {}
    for index in range(20):
        failed[index] = Histogram()
        failed[index].record(float("inf"), 50)
    assert shape_of(failed) == ()
