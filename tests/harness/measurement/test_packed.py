"""A packed histogram says the same as before, and still counts; slices of the past are packed."""

import random

import pytest

from harness.measurement.bucket_layout import Bounds
from harness.measurement.histogram import Histogram
from harness.measurement.series import SampleSeries

BOUNDS = Bounds([0.05, 0.3])


@pytest.fixture
def pair():
    """The same counts, packed and not."""
    plain, packed = Histogram(), Histogram()
    chance = random.Random(3)
    times = [chance.lognormvariate(-3, 1) for _ in range(500)]
    for one in (plain, packed):
        one.record_all(times, bounds=BOUNDS)
        one.record(float("inf"))
        one.record(0.02, 1 << 33)
    packed.pack()
    return plain, packed


def test_a_packed_histogram_reads_the_same(pair):
    plain, packed = pair
    assert len(packed._counts) <= 1 + 10 * len(plain._counts)
    assert packed == plain
    assert packed.to_json() == plain.to_json()
    assert [packed.quantile(q) for q in (0.0, 0.5, 0.99, 1.0)] == [plain.quantile(q) for q in (0.0, 0.5, 0.99, 1.0)]
    assert [packed.count_over(bound) for bound in (0.01, 0.05, 0.3)] == [plain.count_over(b) for b in (0.01, 0.05, 0.3)]
    assert packed.difference(Histogram()) == plain.difference(Histogram())
    assert Histogram.merged([packed, packed]) == Histogram.merged([plain, plain])
    packed.pack()
    assert packed == plain


@pytest.mark.parametrize(
    "count",
    [
        lambda one: one.record(0.05, bounds=BOUNDS),
        lambda one: one.record_all([0.01, 0.05, 4.0], bounds=BOUNDS),
        lambda one: one.add(one.copy()),
        lambda one: one.apply_delta(Histogram.merged([one, one]).delta({})),
    ],
)
def test_a_packed_histogram_still_counts(pair, count):
    plain, packed = pair
    for one in pair:
        count(one)
    assert packed == plain
    assert packed.total > 500


def test_slices_of_the_past_are_packed():
    series = SampleSeries()
    for place in (0, 1, 2, 5):
        series.slice(place).record(0.1)
    assert [isinstance(series.slices[place]._counts, dict) for place in (0, 1, 2, 5)] == [False, False, False, True]
    series.slice(0).record(0.2)  # a journey that ends late
    assert series.slices[0].total == 2
