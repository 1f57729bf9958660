"""Counts how long things took, finely enough that a percentile read from it is within one per cent.

The buckets are linear inside each octave: 64 of them, on whole microseconds (below 128 µs every microsecond
has a bucket of its own). The value reported for a bucket is its harmonic midpoint, which is at most 0.78 % away
from anything in it, for every time of 100 µs or more. Merging adds integers and nothing else, so it is exact and
its order does not matter.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

from harness.measurement import native_histogram

_OCTAVE_BITS = 6
_SUB_BUCKETS = 1 << _OCTAVE_BITS
_NANOSECONDS = 1_000_000_000


def _bucket(nanoseconds: int) -> int:
    """The bucket that holds this time; written out again where each measurement passes."""
    index = nanoseconds // 1000
    if index >= _SUB_BUCKETS:
        octave = index.bit_length() - 7
        index = (octave << _OCTAVE_BITS) + (index >> octave)
    return index


def bucket_of(seconds: float) -> int:
    """The number of the bucket that holds a time in seconds."""
    return _bucket(int(seconds * 1e9 + 0.5))


def _bounds(index: int) -> tuple[float, float]:
    """The times in seconds that a bucket holds: from the first, up to but without the second."""
    if index < 2 * _SUB_BUCKETS:
        return index / 1e6, (index + 1) / 1e6
    octave = (index >> _OCTAVE_BITS) - 1
    place = index - (octave << _OCTAVE_BITS)
    return (place << octave) / 1e6, ((place + 1) << octave) / 1e6


def _between(low: float, high: float) -> float:
    """The harmonic midpoint: as far from either end, as a part of it."""
    return 2 * low * high / (low + high)


def _midpoint(index: int) -> float:
    return _between(*_bounds(index))


class Bounds:
    """Bounds in seconds that times are counted against to the nanosecond, and the buckets that they run through."""

    __slots__ = ("by_bucket", "lowest")

    def __init__(self, bounds: Iterable[float] = ()) -> None:
        self.by_bucket: dict[int, tuple[float, ...]] = {}
        for bound in sorted({bound for bound in bounds if 0 < bound < math.inf}):
            index = bucket_of(bound)
            self.by_bucket[index] = (*self.by_bucket.get(index, ()), bound)
        self.lowest = _bounds(min(self.by_bucket))[0] if self.by_bucket else math.inf


NO_BOUNDS = Bounds()


_places: dict[tuple[float, ...], dict[int, int]] = {}
"""By the bounds of a metric: where each bucket met so far falls among them."""
_fine_places: dict[int, int] = {}
"""The same among the buckets of a native histogram."""


VISIBLE_GAP = 1.2
"""From which ratio on a reader should be told that response and service time part."""
VISIBLE_TIME = 0.010
"""Seconds; a smaller gap is nobody's concern, whatever its ratio."""


def differ_visibly(response: float, service: float) -> bool:
    """Whether a response time and the service time beside it (seconds) differ so much that a reader should be told."""
    return math.isfinite(service) and response > service * VISIBLE_GAP and response - service > VISIBLE_TIME


class Histogram:
    """Many times in seconds, kept as counts per bucket; what was never answered is kept as infinite.

    ``total`` counts everything recorded, ``infinite`` the part of it that was never answered. ``smallest`` and
    ``largest`` are exact and of the finite times; without any they are ``inf`` and ``-inf``.

    A bucket that one of the ``Bounds`` runs through is counted in parts: what was recorded with these bounds is on the right
    side of each of them, however close.
    """

    __slots__ = ("_counts", "_nanoseconds", "_over", "infinite", "largest", "smallest", "total")
    __hash__ = None  # type: ignore[assignment]  # it changes while it is filled

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._nanoseconds = 0  # an integer, because adding floats depends on their order
        self._over: dict[float, int] = {}  # by bound: how many in its own bucket are over it
        self.total = 0
        self.infinite = 0
        self.smallest = math.inf
        self.largest = -math.inf

    def record(
        self, seconds: float, n: int = 1, *, beside: Histogram | None = None, bounds: Bounds = NO_BOUNDS
    ) -> None:
        """Count a time ``n`` times; ``inf`` is a thing never answered, a negative time counts as 0, NaN is refused.

        What is counted here is counted in ``beside``, too: where it belongs has to be worked out only once.
        """
        if not seconds > 0.0:
            if seconds != seconds:  # noqa: PLR0124  the quickest test for NaN, on the hot path
                raise ValueError("NaN is no time: a measurement without a start or an end was recorded")
            seconds = 0.0
        elif seconds == math.inf:
            self.total += n
            self.infinite += n
            if beside is not None:
                beside.record(seconds, n)
            return
        nanoseconds = int(seconds * 1e9 + 0.5)
        index = nanoseconds // 1000
        if index >= _SUB_BUCKETS:
            octave = index.bit_length() - 7
            index = (octave << _OCTAVE_BITS) + (index >> octave)
        if index in bounds.by_bucket:
            for one in (self,) if beside is None else (self, beside):
                one.count_over_bounds(index, (seconds,), bounds, n)
        self.count(index, nanoseconds, seconds, n)
        if beside is not None:
            beside.count(index, nanoseconds, seconds, n)

    def record_all(
        self, times: Sequence[float], *, beside: Histogram | None = None, bounds: Bounds = NO_BOUNDS
    ) -> None:
        """Count each of these times, in ``beside``, too: as ``record`` does one by one, in half the time."""
        smallest, largest = min(times, default=0.0), max(times, default=math.inf)
        if not (smallest > 0.0 and largest < math.inf):
            for seconds in times:
                self.record(seconds, beside=beside, bounds=bounds)
            return
        nanoseconds = [int(seconds * 1e9 + 0.5) for seconds in times]
        indexes = []
        for duration in nanoseconds:
            index = duration // 1000
            if index >= _SUB_BUCKETS:
                octave = index.bit_length() - 7
                index = (octave << _OCTAVE_BITS) + (index >> octave)
            indexes.append(index)
        if largest >= bounds.lowest and not bounds.by_bucket.keys().isdisjoint(indexes):
            for met in bounds.by_bucket.keys() & indexes:
                close = [seconds for index, seconds in zip(indexes, times, strict=True) if index == met]
                for one in (self,) if beside is None else (self, beside):
                    one.count_over_bounds(met, close, bounds)
        total = sum(nanoseconds)
        self.count_each(indexes, total, smallest, largest)
        if beside is not None:
            beside.count_each(indexes, total, smallest, largest)

    def count_each(self, indexes: Sequence[int], nanoseconds: int, smallest: float, largest: float) -> None:
        """Count finite times whose buckets are known, with their sum and their ends."""
        counts = self._counts
        for index in indexes:
            counts[index] = counts.get(index, 0) + 1
        self.total += len(indexes)
        self._nanoseconds += nanoseconds
        self.smallest = min(self.smallest, smallest)
        self.largest = max(self.largest, largest)

    def count(self, index: int, nanoseconds: int, seconds: float, n: int) -> None:
        """Count a finite time whose bucket is known."""
        counts = self._counts
        counts[index] = counts.get(index, 0) + n
        self.total += n
        self._nanoseconds += nanoseconds * n
        if seconds < self.smallest:  # noqa: PLR1730  min() and max() would take half as long again
            self.smallest = seconds
        if seconds > self.largest:  # noqa: PLR1730
            self.largest = seconds

    def count_over_bounds(self, index: int, times: Sequence[float], bounds: Bounds, n: int = 1) -> None:
        """Note on which side of the bounds these times of one bucket lie, before each is counted in it ``n`` times."""
        for bound in bounds.by_bucket[index]:
            self._over[bound] = self._over_bound(bound) + n * sum(seconds > bound for seconds in times)

    def _over_bound(self, bound: float) -> int:
        """How many in the bucket of a bound are over it; where that was not noted, all of them go by the reported value."""
        noted = self._over.get(bound)
        if noted is not None:
            return noted
        index = bucket_of(bound)
        surely = self.smallest > bound or (self.largest > bound and _midpoint(index) > bound)
        return self._counts.get(index, 0) if surely else 0

    def add(self, other: Histogram) -> None:
        """Count everything that the other has counted as well."""
        if self._over or other._over:
            self._over = {
                bound: self._over_bound(bound) + other._over_bound(bound) for bound in {*self._over, *other._over}
            }
        counts = self._counts
        for index, count in list(other._counts.items()):
            counts[index] = counts.get(index, 0) + count
        self.total += other.total
        self.infinite += other.infinite
        self._nanoseconds += other._nanoseconds
        self.smallest = min(self.smallest, other.smallest)
        self.largest = max(self.largest, other.largest)

    def copy(self) -> Histogram:
        """Another histogram with the same counts."""
        twin = Histogram()
        twin.add(self)
        return twin

    @property
    def sum(self) -> float:
        """The finite times added up, in seconds."""
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
        """Each time in seconds as it is reported, in rising order, with its count; the infinite come last.

        The first and the last finite one are exact.
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
        """The reported value and count of each bucket, or of these, in rising order; where bounds run through it, of each part."""
        split: dict[int, list[float]] = {}
        for bound in sorted(self._over):
            split.setdefault(bucket_of(bound), []).append(bound)
        for index in sorted(self._counts if of is None else self._counts.keys() & of):
            if index not in split:
                yield _midpoint(index), self._counts[index]
                continue
            low, high = _bounds(index)
            left = self._counts[index]
            for bound in split[index]:
                if count := left - self._over[bound]:
                    yield _between(low, bound) if low < bound else bound, count
                low, left = bound, self._over[bound]
            if left:
                yield _between(low, high), left

    def quantile(self, q: float) -> float:
        """The time in seconds within which a share ``q`` was done, by nearest rank; NaN when empty.

        ``inf`` where the rank falls among what was never answered. ``0 <= q <= 1``, anything else is a ValueError.
        """
        if not 0.0 <= q <= 1.0:
            raise ValueError(f"a quantile lies between 0 and 1, not at {q}")
        if not self.total:
            return math.nan
        # 0.07 * 100 is 7.000000000000001, and its ceiling is not the seventh.
        rank = max(1, math.ceil(round(q * self.total, 6)))
        seen = 0
        for value, count in self.values():
            seen += count
            if seen >= rank:
                return value
        raise AssertionError("the counts of a histogram do not add up to its total")

    def count_over(self, bound: float) -> int:
        """How many took strictly longer than ``bound`` seconds, those never answered included.

        Exact for one of the ``Bounds`` of what was recorded. For any other, a bucket that it runs through counts by its
        reported value, and the bound is kept to within 0.78 %. Never contradicts ``quantile``.
        """
        if self.largest <= bound:
            return self.infinite
        if bound < self.smallest:
            return self.total
        if bound in self._over:
            index = bucket_of(bound)
            above = sum(count for place, count in list(self._counts.items()) if place > index)
            return above + self._over[bound] + self.infinite
        return sum(count for value, count in self.values() if value > bound)

    def counts_above(self, buckets: Sequence[int]) -> list[int]:
        """For each of these rising numbers of buckets, how many times fell into later ones."""
        fell = [0] * (len(buckets) + 1)
        for index, count in list(self._counts.items()):
            fell[bisect_left(buckets, index)] += count
        fell[-1] += self.infinite
        return [sum(fell[place:]) for place in range(1, len(fell))]

    def count_into(self, bounds: tuple[float, ...], into: list[int]) -> None:
        """Add to ``into`` how many fell between each two of these rising bounds (seconds), a bound itself included.

        ``into`` has one place more than there are bounds, for what lies over the last. What was spread once never
        moves to another place, as a metric must not; a bound is kept to within 0.78 %.
        """
        places = _places.setdefault(bounds, {})
        counts = self._counts
        if self._over:
            # Each part of such a bucket stays where it is, too.
            split = {bucket_of(bound) for bound in self._over}
            counts = {index: count for index, count in counts.items() if index not in split}
            for value, count in self._parts(split):
                into[bisect_left(bounds, value)] += count
        for index, count in list(counts.items()):
            place = places.get(index)
            if place is None:
                place = places[index] = bisect_left(bounds, _midpoint(index))
            into[place] += count
        into[-1] += self.infinite

    def count_into_native(self, into: dict[int, int]) -> None:
        """Add to ``into`` how many fell into each bucket of a native histogram (``harness/native_histogram.py``)."""
        for index, count in list(self._counts.items()):
            place = _fine_places.get(index)
            if place is None:
                place = _fine_places[index] = native_histogram.bucket_index(_midpoint(index))
            into[place] = into.get(place, 0) + count
        if self.infinite:
            into[native_histogram.INFINITY_BUCKET] = into.get(native_histogram.INFINITY_BUCKET, 0) + self.infinite

    def difference(self, earlier: Histogram) -> Histogram:
        """What was recorded after this one was like the ``earlier`` one."""
        later = Histogram()
        for index, count in list(self._counts.items()):
            if (left := count - earlier._counts.get(index, 0)) > 0:
                later._counts[index] = left
        later._over = {
            bound: self._over[bound] - earlier._over_bound(bound)
            for bound in self._over
            if bucket_of(bound) in later._counts
        }
        later.infinite = self.infinite - earlier.infinite
        later.total = sum(later._counts.values()) + later.infinite
        later._nanoseconds = self._nanoseconds - earlier._nanoseconds
        if later._counts:
            parts = list(later._parts())
            later.smallest, later.largest = parts[0][0], parts[-1][0]
        return later

    def delta(self, sent: dict[int, int]) -> list[Any]:
        """What somebody who was ``told`` these counts of buckets must ``learn``, as JSON; ``told`` is brought up to date.

        Whoever has missed something learns the rest all the same: no count is a difference.
        """
        counts = self._counts
        new = {index: count for index, count in counts.items() if sent.get(index) != count}
        sent.update(new)
        ends = [self.smallest, self.largest] if counts else [None, None]
        parts = [list(self._over), list(self._over.values())]
        return [self.infinite, self._nanoseconds, *ends, list(new), list(new.values()), *parts]

    def apply_delta(self, delta: list[Any], *totals: Histogram) -> None:
        """Take over what ``changes`` told of another one that this is a copy of; count what is new in ``totals``, too."""
        infinite, nanoseconds, smallest, largest, indexes, counts, bounds, over = delta
        mine = self._counts
        new = [count - mine.get(index, 0) for index, count in zip(indexes, counts, strict=True)]
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
        """Count many times whose buckets are known; ``ends`` are the smallest and the largest of them.

        ``over`` says of bounds how many in their own buckets are over them.
        """
        for bound, n in over.items():
            self._over[bound] = self._over_bound(bound) + n
        mine = self._counts
        for index, n in zip(indexes, counts, strict=True):
            mine[index] = mine.get(index, 0) + n
        self.total += sum(counts) + infinite
        self.infinite += infinite
        self._nanoseconds += nanoseconds
        self.smallest = min(self.smallest, ends[0])
        self.largest = max(self.largest, ends[1])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Histogram):
            return NotImplemented
        return all(getattr(self, slot) == getattr(other, slot) for slot in self.__slots__)

    def __repr__(self) -> str:
        return f"<Histogram of {self.total}, {self.infinite} never answered, mean {self.mean:.6g} s>"

    def to_json(self) -> dict[str, Any]:
        """The counts as JSON: bucket numbers as steps from the one before, and their counts beside them."""
        keys = sorted(self._counts)
        finite = bool(keys)
        return {
            "total": self.total,
            "infinite": self.infinite,
            "nanoseconds": self._nanoseconds,
            "smallest": self.smallest if finite else None,
            "largest": self.largest if finite else None,
            "steps": [b - a for a, b in pairwise([0, *keys])],
            "counts": [self._counts[key] for key in keys],
            "parted": [[bound, self._over[bound]] for bound in sorted(self._over)],
        }

    @classmethod
    def from_json(cls, d: Mapping[str, Any]) -> Histogram:
        """Read back what ``to_json`` wrote; counts that do not add up are a ValueError."""
        histogram = cls()
        histogram._counts = dict(zip(accumulate(d["steps"]), d["counts"], strict=True))
        histogram.total = d["total"]
        histogram.infinite = d["infinite"]
        histogram._nanoseconds = d["nanoseconds"]
        histogram._over = {float(bound): n for bound, n in d.get("parted", ())}
        if histogram._counts:
            histogram.smallest = float(d["smallest"])
            histogram.largest = float(d["largest"])
        if sum(histogram._counts.values()) + histogram.infinite != histogram.total:
            raise ValueError("the counts of a histogram do not add up to its total")
        return histogram
