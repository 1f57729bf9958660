"""Counts times in buckets so fine that each percentile is within one per cent.

Merging two histograms only adds integers. So it is exact, and its order does not matter. The buckets are in ``bucket_layout``.

Longer than 300 lines: it is one class whose methods share private counts, and a split would make these public.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from operator import add
from typing import Any, Final

from harness.measurement import native_histogram
from harness.measurement.bucket_layout import (
    NO_BOUNDS,
    OCTAVE_BITS,
    SUB_BUCKETS,
    Bounds,
    bucket_bounds,
    bucket_of,
    bucket_value,
    harmonic_midpoint,
)
from harness.measurement.coarse_counts import coarse_counts

_NANOSECONDS: Final = 1_000_000_000

_MOST_BUCKETS: Final = 1 << 16
"""More than any time has. A number from outside must not take all memory."""
_COUNT_BYTES: Final = 8
_places: dict[tuple[float, ...], dict[int, int]] = {}
"""A cache: for the bounds of a metric, the place of each bucket among them."""
_NONE_OVER: Final[Mapping[float, int]] = {}
_native_places: dict[int, int] = {}
"""A cache: for each bucket, its bucket of a native histogram."""


class Histogram:
    """Many times in seconds, as counts per bucket; a request that was never answered counts as infinite.

    ``total`` counts all times, ``infinite`` those that were never answered. ``smallest`` and ``largest`` are the exact ends of
    the finite times; without any they are ``inf`` and ``-inf``.

    A bucket that a bound of ``Bounds`` divides is counted in parts. So a time recorded with these bounds is on the right side of
    each of them, however close it is.
    """

    __slots__ = ("_counts", "_first", "_nanoseconds", "_over", "infinite", "largest", "smallest", "total")
    __hash__ = None  # type: ignore[assignment]  # a histogram is mutable

    def __init__(self) -> None:
        # One count for each bucket from ``_first`` on, in whole octaves: an hour takes as much memory as ten minutes.
        self._counts: array[int] | bytes = array("q")
        self._first = 0
        self._nanoseconds = 0  # an integer, because a sum of floats depends on their order
        self._over = _NONE_OVER  # for each bound, how many times in its bucket are over it
        self.total = 0
        self.infinite = 0
        self.smallest = math.inf
        self.largest = -math.inf

    def record(
        self, seconds: float, n: int = 1, *, beside: Histogram | None = None, bounds: Bounds = NO_BOUNDS
    ) -> None:
        """Count a time ``n`` times, here and in ``beside``.

        ``inf`` means never answered. A negative time counts as 0. NaN is a ValueError.
        """
        if not seconds > 0.0:
            if seconds != seconds:  # noqa: PLR0124  the quickest test for NaN, on the hot path
                raise ValueError("a time is NaN: a measurement without a start or an end was recorded")
            seconds = 0.0
        elif seconds == math.inf:
            self.total += n
            self.infinite += n
            if beside is not None:
                beside.record(seconds, n)
            return
        nanoseconds = int(seconds * 1e9 + 0.5)
        index = nanoseconds // 1000
        if index >= SUB_BUCKETS:
            octave = index.bit_length() - 7
            index = (octave << OCTAVE_BITS) + (index >> octave)
        if index in bounds.by_bucket:
            for one in (self,) if beside is None else (self, beside):
                one.count_over_bounds(index, (seconds,), bounds, n)
        self.count(index, nanoseconds, seconds, n)
        if beside is not None:
            beside.count(index, nanoseconds, seconds, n)

    def record_all(
        self, times: Sequence[float], *, beside: Histogram | None = None, bounds: Bounds = NO_BOUNDS
    ) -> None:
        """Count each of these times, here and in ``beside``, in half the time that ``record`` takes one by one."""
        smallest, largest = min(times, default=0.0), max(times, default=math.inf)
        if not (smallest > 0.0 and largest < math.inf):
            for seconds in times:
                self.record(seconds, beside=beside, bounds=bounds)
            return
        nanoseconds = [int(seconds * 1e9 + 0.5) for seconds in times]
        indexes = []
        for duration in nanoseconds:
            index = duration // 1000
            if index >= SUB_BUCKETS:
                octave = index.bit_length() - 7
                index = (octave << OCTAVE_BITS) + (index >> octave)
            indexes.append(index)
        if largest >= bounds.lowest and not bounds.by_bucket.keys().isdisjoint(indexes):
            for met in bounds.by_bucket.keys() & indexes:
                close = [seconds for index, seconds in zip(indexes, times, strict=True) if index == met]
                for one in (self,) if beside is None else (self, beside):
                    one.count_over_bounds(met, close, bounds)
        total, lowest, highest = sum(nanoseconds), min(indexes), max(indexes)
        for one in (self,) if beside is None else (self, beside):
            one.count_each(indexes, lowest, highest, total)
            one.smallest = min(one.smallest, smallest)
            one.largest = max(one.largest, largest)

    def count_each(self, indexes: Sequence[int], lowest: int, highest: int, nanoseconds: int) -> None:
        """Count finite times, given their buckets, the lowest and the highest of these, and the sum of the times."""
        counts, first = self._counts, self._first
        if isinstance(counts, bytes) or lowest < first or highest >= first + len(counts):
            counts = self._covering(lowest, highest)
            first = self._first
        for index in indexes:
            counts[index - first] += 1
        self.total += len(indexes)
        self._nanoseconds += nanoseconds

    def count(self, index: int, nanoseconds: int, seconds: float, n: int) -> None:
        """Count a finite time, given its bucket."""
        counts = self._counts
        place = index - self._first
        if isinstance(counts, bytes) or not 0 <= place < len(counts):
            counts = self._covering(index, index)
            place = index - self._first
        counts[place] += n
        self.total += n
        self._nanoseconds += nanoseconds * n
        if seconds < self.smallest:  # noqa: PLR1730  min() and max() would take half as long again
            self.smallest = seconds
        if seconds > self.largest:  # noqa: PLR1730
            self.largest = seconds

    def pack(self) -> None:
        """Keep the counts in a twentieth of the memory, until the next one."""
        if not isinstance(self._counts, bytes):
            counts = self._read()
            most = max(counts.values(), default=0)
            kind = next(kind for kind in "BHIQ" if most < 1 << 8 * array(kind).itemsize)
            self._counts = kind.encode() + array(kind, counts.values()).tobytes() + array("H", counts).tobytes()

    def _read(self) -> dict[int, int]:
        """The counts by bucket, in rising order of the buckets."""
        packed = self._counts
        if not isinstance(packed, bytes):
            return {index: count for index, count in enumerate(packed, self._first) if count}
        counts, buckets = array(packed[:1].decode()), array("H")
        end = 1 + (len(packed) - 1) * counts.itemsize // (counts.itemsize + buckets.itemsize)
        counts.frombytes(packed[1:end])
        buckets.frombytes(packed[end:])
        return dict(zip(buckets, counts, strict=True))

    def _put(self, counts: Mapping[int, int]) -> array[int]:
        """Replace all counts by these; a ValueError if the number of a bucket or a count is out of range."""
        self._counts = array("q")
        if counts:
            mine = self._covering(min(counts), max(counts))
            first = self._first
            try:
                for index, count in counts.items():
                    mine[index - first] = count
            except (OverflowError, TypeError) as error:
                raise ValueError(f"a count of a histogram is not a whole number in 64 bits: {error}") from None
        return self._whole()

    def _whole(self) -> array[int]:
        """The counts from ``_first`` on, to change them."""
        counts = self._counts
        return self._put(self._read()) if isinstance(counts, bytes) else counts

    def _dense(self) -> tuple[int, array[int]]:
        """The first bucket and the counts from it on; do not change them."""
        if not isinstance(self._counts, bytes):
            return self._first, self._counts
        copy = Histogram()
        copy._put(self._read())
        return copy._dense()

    def _covering(self, lowest: int, highest: int) -> array[int]:
        """The counts from ``_first`` on, to change them, with places for these buckets and all between them."""
        counts = self._whole()
        first, end = self._first, self._first + len(counts)
        if counts and first <= lowest and highest < end:
            return counts
        if not 0 <= lowest <= highest < _MOST_BUCKETS:
            raise ValueError(f"the buckets of a histogram are from 0 to {_MOST_BUCKETS - 1}, not {lowest} to {highest}")
        if not counts:
            first = end = lowest & -SUB_BUCKETS
        before = max(0, first - (lowest & -SUB_BUCKETS))
        after = max(0, (highest | (SUB_BUCKETS - 1)) + 1 - end)
        counts = array("q", bytes(_COUNT_BYTES * before)) + counts + array("q", bytes(_COUNT_BYTES * after))
        self._first, self._counts = first - before, counts
        return counts

    def count_over_bounds(self, index: int, times: Sequence[float], bounds: Bounds, n: int = 1) -> None:
        """Count how many of these times of one bucket are over each bound in it; call it before they are counted in the bucket."""
        for bound in bounds.by_bucket[index]:
            over = self._over_bound(bound) + n * sum(seconds > bound for seconds in times)
            self._over = {**self._over, bound: over}

    def _over_bound(self, bound: float) -> int:
        """How many times in the bucket of a bound are over it; without an exact count, the value of the bucket decides for all."""
        counted = self._over.get(bound)
        if counted is not None:
            return counted
        index = bucket_of(bound)
        all_over = self.smallest > bound or (self.largest > bound and bucket_value(index) > bound)
        return self._read().get(index, 0) if all_over else 0

    def add(self, other: Histogram) -> None:
        """Count everything that the other histogram has counted."""
        if self._over or other._over:
            self._over = {
                bound: self._over_bound(bound) + other._over_bound(bound) for bound in {*self._over, *other._over}
            }
        theirs = other._counts
        if not self._counts:
            self._first, self._counts = other._first, theirs if isinstance(theirs, bytes) else theirs[:]
        elif isinstance(theirs, bytes):
            packed = other._read()
            if packed:
                mine = self._covering(min(packed), max(packed))
                first = self._first
                for index, count in packed.items():  # a fraction of the buckets
                    mine[index - first] += count
        elif theirs:
            mine = self._covering(other._first, other._first + len(theirs) - 1)
            start = other._first - self._first
            end = start + len(theirs)
            mine[start:end] = array("q", map(add, mine[start:end], theirs))
        self.total += other.total
        self.infinite += other.infinite
        self._nanoseconds += other._nanoseconds
        self.smallest = min(self.smallest, other.smallest)
        self.largest = max(self.largest, other.largest)

    def copy(self) -> Histogram:
        """Another histogram with the same counts."""
        return Histogram.merged([self])

    @classmethod
    def merged(cls, histograms: Iterable[Histogram]) -> Histogram:
        """A new histogram with the counts of all of these."""
        whole = cls()
        for one in histograms:
            whole.add(one)
        return whole

    @property
    def sum(self) -> float:
        """The sum of the finite times in seconds."""
        return self._nanoseconds / _NANOSECONDS

    @property
    def mean(self) -> float:
        """The mean of the finite times in seconds; NaN without any."""
        finite = self.total - self.infinite
        return self._nanoseconds / finite / _NANOSECONDS if finite else math.nan

    @property
    def deviation(self) -> float:
        """The standard deviation of the finite times in seconds; NaN without any."""
        finite, mean = self.total - self.infinite, self.mean
        if not finite:
            return math.nan
        return math.sqrt(math.fsum(n * (value - mean) ** 2 for value, n in self.values() if value < math.inf) / finite)

    def values(self) -> Iterator[tuple[float, int]]:
        """Each reported time in seconds with its count, in rising order; the infinite times come last.

        The first and the last finite time are exact.
        """
        parts = list(self._parts())
        if parts:
            yield self.smallest, 1
            parts[0] = (parts[0][0], parts[0][1] - 1)
            last, left = parts.pop()
            for value, count in parts:
                if count:
                    yield max(value, self.smallest), count
            if left:
                if left > 1:
                    yield min(max(last, self.smallest), self.largest), left - 1
                yield self.largest, 1
        if self.infinite:
            yield math.inf, self.infinite

    def _parts(self, of: Collection[int] | None = None) -> Iterator[tuple[float, int]]:
        """Value and count of each bucket (or of the given ones), in rising order; a bucket that bounds divide comes in parts."""
        split: dict[int, list[float]] = {}
        for bound in sorted(self._over):
            split.setdefault(bucket_of(bound), []).append(bound)
        counts = self._read()
        for index in sorted(counts if of is None else counts.keys() & of):
            if index not in split:
                yield bucket_value(index), counts[index]
                continue
            low, high = bucket_bounds(index)
            left = counts[index]
            for bound in split[index]:
                if count := left - self._over[bound]:
                    yield harmonic_midpoint(low, bound) if low < bound else bound, count
                low, left = bound, self._over[bound]
            if left:
                yield harmonic_midpoint(low, high), left

    def quantile(self, q: float) -> float:
        """The time in seconds that a share ``q`` does not exceed, by nearest rank; NaN when empty.

        ``inf`` where the rank is among the requests that were never answered. A ``q`` not from 0 to 1 is a ValueError.
        """
        if not 0.0 <= q <= 1.0:
            raise ValueError(f"a quantile is from 0 to 1, not {q}")
        if not self.total:
            return math.nan
        # Without round(), 0.07 * 100 is 7.000000000000001, and its ceiling is 8.
        rank = max(1, math.ceil(round(q * self.total, 6)))
        seen = 0
        for value, count in self.values():
            seen += count
            if seen >= rank:
                return value
        raise AssertionError("the counts of a histogram do not add up to its total")

    def count_over(self, bound: float) -> int:
        """How many times are strictly over ``bound`` seconds, those never answered included.

        Exact for a bound of the ``Bounds`` that the times were recorded with. Any other bound is off by at most 0.78 %, because
        the value of a bucket decides for the whole bucket. Consistent with ``quantile``.
        """
        if self.largest <= bound:
            return self.infinite
        if bound < self.smallest:
            return self.total
        if bound in self._over:
            index = bucket_of(bound)
            above = sum(count for place, count in self._read().items() if place > index)
            return above + self._over[bound] + self.infinite
        return sum(count for value, count in self.values() if value > bound)

    def counts_above(self, buckets: Sequence[int]) -> list[int]:
        """For each of these bucket numbers, in rising order, how many times are in later buckets."""
        between = [0] * (len(buckets) + 1)
        for index, count in self._read().items():
            between[bisect_left(buckets, index)] += count
        between[-1] += self.infinite
        return [sum(between[place:]) for place in range(1, len(between))]

    def count_into(self, bounds: tuple[float, ...], into: list[int]) -> None:
        """Add to ``into`` how many times are up to and including each of these bounds (seconds), which are in rising order.

        ``into`` has one more place than there are bounds, for times over the last one. A counted time never moves to another
        place, because the counters of a metric must not fall. A bound is off by at most 0.78 %.
        """
        places = _places.setdefault(bounds, {})
        counts = self._read()
        if self._over:
            # The parts of a divided bucket never move either.
            split = {bucket_of(bound) for bound in self._over}
            counts = {index: count for index, count in counts.items() if index not in split}
            for value, count in self._parts(split):
                into[bisect_left(bounds, value)] += count
        for index, count in counts.items():
            place = places.get(index)
            if place is None:
                place = places[index] = bisect_left(bounds, bucket_value(index))
            into[place] += count
        into[-1] += self.infinite

    def count_into_native(self, into: dict[int, int]) -> None:
        """Add to ``into`` how many times are in each bucket of a native histogram (see ``native_histogram``)."""
        for index, count in self._read().items():
            place = _native_places.get(index)
            if place is None:
                place = _native_places[index] = native_histogram.bucket_index(bucket_value(index))
            into[place] = into.get(place, 0) + count
        if self.infinite:
            into[native_histogram.INFINITY_BUCKET] = into.get(native_histogram.INFINITY_BUCKET, 0) + self.infinite

    def difference(self, earlier: Histogram) -> Histogram:
        """What was recorded since the ``earlier`` state of this histogram."""
        later, before = Histogram(), earlier._read()
        new = {index: count - before.get(index, 0) for index, count in self._read().items()}
        counts = {index: left for index, left in new.items() if left > 0}
        later._put(counts)
        later._over = {
            bound: self._over[bound] - earlier._over_bound(bound) for bound in self._over if bucket_of(bound) in counts
        }
        later.infinite = self.infinite - earlier.infinite
        later.total = sum(counts.values()) + later.infinite
        later._nanoseconds = self._nanoseconds - earlier._nanoseconds
        if counts:
            parts = list(later._parts())
            later.smallest, later.largest = parts[0][0], parts[-1][0]
        return later

    def delta(self, sent: Histogram) -> list[Any]:
        """The counts that changed since they were ``sent``, as JSON for ``apply_delta``; updates the counts of ``sent``.

        Each count is a total, not a difference. So a receiver that misses one message is right again after the next.
        """
        first, counts = self._dense()
        before = sent._covering(first, first + len(counts) - 1) if counts else counts
        new: dict[int, int] = {}
        for place in range(0, len(counts), SUB_BUCKETS):
            now, then = counts[place : place + SUB_BUCKETS], before[place : place + SUB_BUCKETS]
            if now != then:  # most octaves are as they were
                pairs = enumerate(zip(now, then, strict=True), first + place)
                new.update((index, count) for index, (count, old) in pairs if count != old)
        before[:] = counts
        ends = [self.smallest, self.largest] if counts else [None, None]
        parts = [list(self._over), list(self._over.values())]
        return [self.infinite, self._nanoseconds, *ends, list(new), list(new.values()), *parts]

    def apply_delta(self, delta: list[Any], *totals: Histogram) -> None:
        """Update this copy of a histogram with its ``delta``; count what is new in ``totals``, too."""
        infinite, nanoseconds, smallest, largest, indexes, counts, bounds, over = delta
        mine = self._covering(min(indexes), max(indexes)) if indexes else array("q")
        first = self._first
        new = [count - mine[index - first] for index, count in zip(indexes, counts, strict=True)]
        ends = (math.inf, -math.inf) if smallest is None else (smallest, largest)
        endless, longer = infinite - self.infinite, nanoseconds - self._nanoseconds
        more = {bound: n - self._over.get(bound, 0) for bound, n in zip(bounds, over, strict=True)}
        for one in (self, *totals):
            one.count_all(indexes, new, endless, longer, ends, over=more)

    def count_all(
        self,
        indexes: list[int],
        counts: list[int],
        infinite: int,
        nanoseconds: int,
        ends: tuple[float, float],
        *,
        over: Mapping[float, int],
    ) -> None:
        """Count many times, given their buckets; ``ends`` are the smallest and the largest time.

        ``over`` has, for each bound, how many times in its bucket are over it.
        """
        for bound, n in over.items():
            self._over = {**self._over, bound: self._over_bound(bound) + n}
        mine = self._covering(min(indexes), max(indexes)) if indexes else array("q")
        first = self._first
        for index, n in zip(indexes, counts, strict=True):
            mine[index - first] += n
        self.total += sum(counts) + infinite
        self.infinite += infinite
        self._nanoseconds += nanoseconds
        self.smallest = min(self.smallest, ends[0])
        self.largest = max(self.largest, ends[1])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Histogram):
            return NotImplemented
        # Attribute by attribute: a compiled class has no ``__slots__`` to go through.
        return self._read() == other._read() and self._figures() == other._figures()

    def _figures(self) -> tuple[object, ...]:
        return self._nanoseconds, self._over, self.infinite, self.largest, self.smallest, self.total

    def __repr__(self) -> str:
        return f"<Histogram of {self.total}, {self.infinite} never answered, mean {self.mean:.6g} s>"

    def to_json(self, coarse: Bounds | None = None) -> dict[str, Any]:
        """The counts as JSON: each bucket number as its distance to the one before, and the counts in the same order.

        With ``coarse``, there are fewer buckets, and these bounds stay exact.
        """
        counts = self._read()
        if coarse is not None:
            counts = coarse_counts(counts, {*coarse.by_bucket, *map(bucket_of, self._over)})
        keys = sorted(counts)
        finite = bool(keys)
        return {
            "total": self.total,
            "infinite": self.infinite,
            "nanoseconds": self._nanoseconds,
            "smallest": self.smallest if finite else None,
            "largest": self.largest if finite else None,
            "steps": [b - a for a, b in pairwise([0, *keys])],
            "counts": [counts[key] for key in keys],
            **({"parted": [[bound, self._over[bound]] for bound in sorted(self._over)]} if self._over else {}),
        }

    @classmethod
    def from_json(cls, d: Mapping[str, Any]) -> Histogram:
        """Read back what ``to_json`` wrote; counts that do not add up are a ValueError."""
        histogram = cls()
        counts = dict(zip(accumulate(d["steps"]), d["counts"], strict=True))
        histogram._put(counts)
        histogram.total = d["total"]
        histogram.infinite = d["infinite"]
        histogram._nanoseconds = d["nanoseconds"]
        histogram._over = {float(bound): n for bound, n in d.get("parted", ())}
        if counts:
            histogram.smallest = float(d["smallest"])
            histogram.largest = float(d["largest"])
        if sum(counts.values()) + histogram.infinite != histogram.total:
            raise ValueError("the counts of a histogram do not add up to its total")
        return histogram
