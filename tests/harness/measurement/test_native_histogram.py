"""Native histograms: the bucket of each time, and the encoding for Prometheus."""

import math
import random

import pytest

from harness.measurement.histogram import Histogram
from harness.measurement.native_histogram import INFINITY_BUCKET, SCHEMA, ZERO_BUCKET, bucket_index, encode_spans


@pytest.mark.parametrize("seconds", [0.0015, 0.01, 0.3, 1.0, 1.1, 59.0])
def test_a_time_is_within_its_bucket(seconds):
    at = bucket_index(seconds)
    assert 2 ** ((at - 1) / 16) < seconds <= 2 ** (at / 16)


def test_a_bound_belongs_to_the_bucket_below_it():
    assert [bucket_index(2.0**octave) for octave in (-3, 0, 4)] == [-3 * 16, 0, 4 * 16]


def test_a_zero_time_has_its_own_bucket():
    assert bucket_index(0.0) == bucket_index(1e-6) == ZERO_BUCKET
    assert bucket_index(1.1e-6) > ZERO_BUCKET


def test_adjacent_buckets_are_encoded_as_spans_with_gaps():
    assert encode_spans({-3: 2, -2: 5, 1: 1, ZERO_BUCKET: 7}) == (7, [(-3, 2), (2, 1)], [2, 3, -4])
    assert encode_spans({}) == (0, [], [])


def test_every_time_is_counted_and_the_infinite_ones_are_in_the_last_bucket():
    chance = random.Random(1)
    histogram, into = Histogram(), {}
    times = [chance.lognormvariate(-2, 1) for _ in range(2_000)]
    for seconds in times:
        histogram.record(seconds)
    histogram.record(math.inf, 3)
    histogram.count_into_native(into)
    assert sum(into.values()) == histogram.total == 2_003
    assert into[INFINITY_BUCKET] == 3
    assert INFINITY_BUCKET == 1024 * 2**SCHEMA + 1
    rank = sorted(times)[1_899]
    upto = 0
    for at in sorted(into):
        upto += into[at]
        if upto >= 1_900:
            break
    assert 2 ** ((at - 1.2) / 16) < rank <= 2 ** ((at + 0.2) / 16)
