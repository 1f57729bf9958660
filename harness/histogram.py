"""Counts how long things took, finely enough that a percentile read from it is within one per cent.

The buckets are linear inside each octave: 64 of them, on whole microseconds (below 128 µs every microsecond
has a bucket of its own). The value reported for a bucket is its harmonic midpoint, which is at most 0.78 % away
from anything in it, for every time of 100 µs or more. Merging adds integers and nothing else, so it is exact and
its order does not matter.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

from harness import native

_OCTAVE_BITS = 6
_SUB_BUCKETS = 1 << _OCTAVE_BITS
_NANOSECONDS = 1_000_000_000


def _bounds(index: int) -> tuple[float, float]:
    """The times in seconds that a bucket holds: from the first, up to but without the second."""
    if index < 2 * _SUB_BUCKETS:
        return index / 1e6, (index + 1) / 1e6
    octave = (index >> _OCTAVE_BITS) - 1
    place = index - (octave << _OCTAVE_BITS)
    return (place << octave) / 1e6, ((place + 1) << octave) / 1e6


def _midpoint(index: int) -> float:
    low, high = _bounds(index)
    return 2 * low * high / (low + high)


_places: dict[tuple[float, ...], dict[int, int]] = {}
"""By the bounds of a metric: where each bucket met so far falls among them."""
_fine_places: dict[int, int] = {}
"""The same among the buckets of a native histogram."""


VISIBLE_GAP = 1.2
"""From which ratio on a reader should be told that response and service time part."""
VISIBLE_TIME = 0.010
"""Seconds; a smaller gap is nobody's concern, whatever its ratio."""


def part(response: float, service: float) -> bool:
    """Whether a response time and the service time beside it (seconds) differ so much that a reader should be told."""
    return math.isfinite(service) and response > service * VISIBLE_GAP and response - service > VISIBLE_TIME


class Histogram:
    """Many times in seconds, kept as counts per bucket; what was never answered is kept as infinite.

    ``total`` counts everything recorded, ``infinite`` the part of it that was never answered. ``smallest`` and
    ``largest`` are exact and of the finite times; without any they are ``inf`` and ``-inf``.
    """

    __slots__ = ("_counts", "_nanoseconds", "infinite", "largest", "smallest", "total")
    __hash__ = None  # type: ignore[assignment]  # it changes while it is filled

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._nanoseconds = 0  # an integer, because adding floats depends on their order
        self.total = 0
        self.infinite = 0
        self.smallest = math.inf
        self.largest = -math.inf

    def record(self, seconds: float, n: int = 1, *, beside: Histogram | None = None) -> None:
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
        self.count(index, nanoseconds, seconds, n)
        if beside is not None:
            beside.count(index, nanoseconds, seconds, n)

    def record_all(self, times: Sequence[float], *, beside: Histogram | None = None) -> None:
        """Count each of these times, in ``beside``, too: as ``record`` does one by one, in half the time."""
        smallest, largest = min(times, default=0.0), max(times, default=math.inf)
        if not (smallest > 0.0 and largest < math.inf):
            for seconds in times:
                self.record(seconds, beside=beside)
            return
        nanoseconds = [int(seconds * 1e9 + 0.5) for seconds in times]
        indexes = []
        for duration in nanoseconds:
            index = duration // 1000
            if index >= _SUB_BUCKETS:
                octave = index.bit_length() - 7
                index = (octave << _OCTAVE_BITS) + (index >> octave)
            indexes.append(index)
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

    def add(self, other: Histogram) -> None:
        """Count everything that the other has counted as well."""
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

    def values(self) -> Iterator[tuple[float, int]]:
        """Each time in seconds as it is reported, in rising order, with its count; the infinite come last.

        The first and the last finite one are exact.
        """
        keys = sorted(self._counts)
        counts = {key: self._counts[key] for key in keys}
        if keys:
            yield self.smallest, 1
            counts[keys[0]] -= 1
        for index in keys[:-1]:
            if counts[index]:
                yield max(_midpoint(index), self.smallest), counts[index]
        if keys and (left := counts[keys[-1]]):
            if left > 1:
                yield min(max(_midpoint(keys[-1]), self.smallest), self.largest), left - 1
            yield self.largest, 1
        if self.infinite:
            yield math.inf, self.infinite

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

        A bucket that the bound runs through counts by its reported value, as in ``quantile``: the two never
        contradict each other, and the bound is kept to within 0.78 %.
        """
        if self.largest <= bound:
            return self.infinite
        if bound < self.smallest:
            return self.total
        return sum(count for value, count in self.values() if value > bound)

    def spread(self, bounds: tuple[float, ...], into: list[int]) -> None:
        """Add to ``into`` how many fell between each two of these rising bounds (seconds), a bound itself included.

        ``into`` has one place more than there are bounds, for what lies over the last. What was spread once never
        moves to another place, as a metric must not; a bound is kept to within 0.78 %.
        """
        places = _places.setdefault(bounds, {})
        for index, count in list(self._counts.items()):
            place = places.get(index)
            if place is None:
                place = places[index] = bisect_left(bounds, _midpoint(index))
            into[place] += count
        into[-1] += self.infinite

    def spread_finely(self, into: dict[int, int]) -> None:
        """Add to ``into`` how many fell into each bucket of a native histogram (``harness/native.py``)."""
        for index, count in list(self._counts.items()):
            place = _fine_places.get(index)
            if place is None:
                place = _fine_places[index] = native.place(_midpoint(index))
            into[place] = into.get(place, 0) + count
        if self.infinite:
            into[native.NEVER] = into.get(native.NEVER, 0) + self.infinite

    def since(self, earlier: Histogram) -> Histogram:
        """What was recorded after this one was like the ``earlier`` one."""
        later = Histogram()
        for index, count in list(self._counts.items()):
            if (left := count - earlier._counts.get(index, 0)) > 0:
                later._counts[index] = left
        later.infinite = self.infinite - earlier.infinite
        later.total = sum(later._counts.values()) + later.infinite
        later._nanoseconds = self._nanoseconds - earlier._nanoseconds
        if later._counts:
            later.smallest, later.largest = _midpoint(min(later._counts)), _midpoint(max(later._counts))
        return later

    def changes(self, told: dict[int, int]) -> list[Any]:
        """What somebody who was ``told`` these counts of buckets must ``learn``, as JSON; ``told`` is brought up to date.

        Whoever has missed something learns the rest all the same: no count is a difference.
        """
        counts = self._counts
        new = {index: count for index, count in counts.items() if told.get(index) != count}
        told.update(new)
        ends = [self.smallest, self.largest] if counts else [None, None]
        return [self.infinite, self._nanoseconds, *ends, list(new), list(new.values())]

    def learn(self, changes: list[Any], *totals: Histogram) -> None:
        """Take over what ``changes`` told of another one that this is a copy of; count what is new in ``totals``, too."""
        infinite, nanoseconds, smallest, largest, indexes, counts = changes
        mine = self._counts
        new = [count - mine.get(index, 0) for index, count in zip(indexes, counts, strict=True)]
        ends = (math.inf, -math.inf) if smallest is None else (smallest, largest)
        endless, longer = infinite - self.infinite, nanoseconds - self._nanoseconds
        for one in (self, *totals):
            one.count_all(indexes, new, endless, longer, ends)

    def count_all(
        self,
        indexes: list[int],
        counts: list[int],
        infinite: int,
        nanoseconds: int,
        ends: tuple[float, float],
    ) -> None:
        """Count many times whose buckets are known; ``ends`` are the smallest and the largest of them."""
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
        }

    @classmethod
    def from_json(cls, d: Mapping[str, Any]) -> Histogram:
        """Read back what ``to_json`` wrote; counts that do not add up are a ValueError."""
        histogram = cls()
        histogram._counts = dict(zip(accumulate(d["steps"]), d["counts"], strict=True))
        histogram.total = d["total"]
        histogram.infinite = d["infinite"]
        histogram._nanoseconds = d["nanoseconds"]
        if histogram._counts:
            histogram.smallest = float(d["smallest"])
            histogram.largest = float(d["largest"])
        if sum(histogram._counts.values()) + histogram.infinite != histogram.total:
            raise ValueError("the counts of a histogram do not add up to its total")
        return histogram
