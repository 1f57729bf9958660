"""The buckets of Prometheus' native histograms: sixteen in each octave, so that a percentile is within a few per cent.

Bucket *i* holds the times over ``2 ** ((i - 1) / 16)`` seconds, up to and including ``2 ** (i / 16)``. Times of zero have their own
bucket.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

SCHEMA = 4
"""An octave has ``2 ** SCHEMA`` buckets."""
ZERO_THRESHOLD = 1e-6
"""Seconds up to which a time counts as zero, because times are recorded in whole microseconds."""
ZERO_BUCKET = -(1 << 20)
"""Stands for the bucket of zero times; lower than any other."""
INFINITY_BUCKET = (1024 << SCHEMA) + 1
"""The bucket over all finite numbers, for requests that were never answered: Prometheus reads ``+Inf`` from it."""


def bucket_index(seconds: float) -> int:
    """The bucket of a time."""
    return ZERO_BUCKET if seconds <= ZERO_THRESHOLD else math.ceil(math.log2(seconds) * (1 << SCHEMA))


class BucketSpans(NamedTuple):
    """Counts in the encoding of Prometheus.

    ``spans`` are rows of adjacent buckets: the gap since the row before (at first, since bucket 0) and the length. ``deltas`` are
    the counts, each as the difference to the one before. ``zero`` is the count of zero times.
    """

    zero: int
    spans: list[tuple[int, int]]
    deltas: list[int]


def encode_spans(counts: Mapping[int, int]) -> BucketSpans:
    """Encode the counts of buckets."""
    found: list[tuple[int, int]] = []
    deltas: list[int] = []
    end = before = 0
    for at in sorted(counts):
        if at == ZERO_BUCKET:
            continue
        if found and at == end:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((at - end, 1))
        deltas.append(counts[at] - before)
        end, before = at + 1, counts[at]
    return BucketSpans(counts.get(ZERO_BUCKET, 0), found, deltas)
