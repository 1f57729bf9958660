"""Counts of a slice of time in fewer buckets, for the file of a long run."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping
from itertools import groupby

COARSE_FROM = 16.0
"""The length of a slice in seconds from which a file has half as many slices, in coarse buckets: that of a run of 17 minutes."""
_SHIFT = 2  # four buckets become one, which is at most 3 % off
_FEW = 10  # with fewer times in a bucket on average, chance moves a percentile by as much as such a bucket is wide


def coarse_counts(counts: Mapping[int, int], divided: Collection[int]) -> dict[int, int]:
    """The same counts in a quarter of the buckets, or in an eighth if the buckets would still hold only a few times each.

    The buckets in ``divided`` hold a bound of an objective. Each stays as it is, and no time moves to the other side of it.
    """
    coarse = _merged(counts, divided, _SHIFT)
    return coarse if sum(coarse.values()) >= _FEW * len(coarse) else _merged(counts, divided, _SHIFT + 1)


def _merged(counts: Mapping[int, int], divided: Collection[int], shift: int) -> dict[int, int]:
    edges = sorted(divided)

    def group(bucket: int) -> tuple[int, int, bool]:
        return bucket >> shift, bisect_left(edges, bucket), bucket in divided

    coarse: dict[int, int] = {}
    for _, buckets in groupby(sorted(counts), group):
        together = list(buckets)
        total = sum(counts[bucket] for bucket in together)
        coarse[_median(counts, together, total)] = total
    return coarse


def _median(counts: Mapping[int, int], buckets: Collection[int], total: int) -> int:
    """The bucket that holds the middle one of these times."""
    seen = 0
    for bucket in buckets:
        seen += counts[bucket]
        if 2 * seen >= total:
            return bucket
    raise AssertionError("the counts of some buckets do not add up to their total")
