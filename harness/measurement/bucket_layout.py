"""The buckets in which a histogram counts times, and the bounds against which it counts exactly.

The buckets are linear within each octave, 64 of them, on whole microseconds; below 128 µs each microsecond has a bucket. A bucket
reports its harmonic midpoint. For every time of 100 µs or more, that is at most 0.78 % off.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

OCTAVE_BITS: Final = 6
SUB_BUCKETS: Final = 1 << OCTAVE_BITS


def bucket_of(seconds: float) -> int:
    """The number of the bucket that holds a time in seconds.

    ``Histogram.record`` and ``record_all`` repeat these lines, because a call for each measurement would cost too much.
    """
    index = int(seconds * 1e9 + 0.5) // 1000
    if index >= SUB_BUCKETS:
        octave = index.bit_length() - 7
        index = (octave << OCTAVE_BITS) + (index >> octave)
    return index


def bucket_bounds(index: int) -> tuple[float, float]:
    """The times in seconds that a bucket holds: from the first (included) to the second (excluded)."""
    if index < 2 * SUB_BUCKETS:
        return index / 1e6, (index + 1) / 1e6
    octave = (index >> OCTAVE_BITS) - 1
    place = index - (octave << OCTAVE_BITS)
    return (place << octave) / 1e6, ((place + 1) << octave) / 1e6


def harmonic_midpoint(low: float, high: float) -> float:
    """The value that has the same relative distance from both ends."""
    return 2 * low * high / (low + high)


def bucket_value(index: int) -> float:
    """The time in seconds that a bucket reports."""
    return harmonic_midpoint(*bucket_bounds(index))


class Bounds:
    """Bounds in seconds against which times are counted exactly, and the buckets that they divide."""

    __slots__ = ("by_bucket", "lowest")

    def __init__(self, bounds: Iterable[float] = ()) -> None:
        self.by_bucket: dict[int, tuple[float, ...]] = {}
        for bound in sorted({bound for bound in bounds if 0 < bound < math.inf}):
            index = bucket_of(bound)
            self.by_bucket[index] = (*self.by_bucket.get(index, ()), bound)
        self.lowest = bucket_bounds(min(self.by_bucket))[0] if self.by_bucket else math.inf


NO_BOUNDS = Bounds()
