"""The buckets of Prometheus' native histograms: sixteen to an octave, so that a percentile is read within a few per cent.

Bucket *i* holds the times over ``2 ** ((i - 1) / 16)`` seconds, up to and with ``2 ** (i / 16)``; what took no time is counted apart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

SCHEMA = 4
"""The power of two that is the number of buckets to an octave."""
ZERO_THRESHOLD = 1e-6
"""Seconds up to which a time counts as none: the store knows whole microseconds."""
ZERO_BUCKET = -(1 << 20)
"""Stands for the bucket of what took no time; lower than any other."""
INFINITY_BUCKET = (1024 << SCHEMA) + 1
"""The bucket over all finite numbers, for what was never answered: Prometheus reads ``+Inf`` from it."""


def bucket_index(seconds: float) -> int:
    """The bucket of a time."""
    return ZERO_BUCKET if seconds <= ZERO_THRESHOLD else math.ceil(math.log2(seconds) * (1 << SCHEMA))


class BucketSpans(NamedTuple):
    """Counts as Prometheus wants them.

    ``spans`` are (gap since the end of the one before, length) of buckets without a gap, the first gap counted from bucket 0;
    ``deltas`` are the counts, each but the first less the one before it; ``zero`` is what took no time.
    """

    zero: int
    encode_spans: list[tuple[int, int]]
    deltas: list[int]


def encode_spans(counts: Mapping[int, int]) -> BucketSpans:
    """Put counts by bucket in order."""
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
