"""Counts of the samples with one key, and counts of the arrivals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from harness.measurement.bucket_layout import Bounds
from harness.measurement.histogram import Histogram

Key = TypeVar("Key")

REPEATED: Final = "repeated"
"""The key in ``SampleSeries.counts`` for requests that repeat a failed one."""


class SampleSeries:
    """The samples with one key: response times, service times, bytes or money, and response times by slice.

    ``response.total`` is the number of samples. ``service`` does not have the dropped arrivals. ``received`` is in bytes (pages),
    ``amount`` in hundredths of the shop's currency (journeys). ``counts`` are numbers of samples: of pages by HTTP status (``"0"``: no
    reply), and under ``REPEATED`` those that repeated a failed request; of journeys by the furthest step that they reached.
    ``slices`` holds the response times by the slice of time in which they were due. If ``sliced_in`` is another series, that series
    has the slices of both.
    """

    __slots__ = ("_halves", "_slices", "amount", "counts", "received", "response", "service", "sliced_in")

    def __init__(self) -> None:
        self.response = Histogram()
        self.service = Histogram()
        self.received = 0
        self.amount = 0
        self.counts: dict[str, int] = {}
        self.sliced_in: SampleSeries | None = None
        self._slices: dict[int, Histogram] = {}
        self._halves: dict[int, Histogram] = {}  # slices of half the length, which are still to be merged

    @property
    def slices(self) -> dict[int, Histogram]:
        """The response times by slice."""
        self.settle()
        return self._slices

    @slices.setter
    def slices(self, slices: dict[int, Histogram]) -> None:
        self._slices, self._halves = slices, {}

    def slice(self, place: int) -> Histogram:
        """The response times of the slice at this place; a negative place means the first slice."""
        if self.sliced_in is not None:
            return self.sliced_in.slice(place)
        place = max(place, 0)
        histogram = self._slices.get(place)
        if histogram is None:
            for index, one in self._slices.items():
                if index < place - 1:
                    one.pack()  # it hardly changes any more
            histogram = self._merge_into(place)
        return histogram

    def settle(self) -> bool:
        """Merge the slices that are still to be merged; returns whether there were any."""
        unsettled = bool(self._halves)
        for place in {index // 2 for index in self._halves}:
            self._merge_into(place).pack()
        return unsettled

    def _merge_into(self, place: int) -> Histogram:
        """Make the slice at this place, with what was counted in its two halves."""
        whole = self._slices[place] = Histogram()
        for index in (2 * place, 2 * place + 1):
            if (half := self._halves.pop(index, None)) is not None:
                whole.add(half)
        return whole

    def add(self, other: SampleSeries) -> None:
        """Count everything that the other series has counted; both must have slices of the same length."""
        self.response.add(other.response)
        self.service.add(other.service)
        self.received += other.received
        self.amount += other.amount
        for what, n in list(other.counts.items()):
            self.counts[what] = self.counts.get(what, 0) + n
        for index, histogram in list(other.slices.items()):
            mine = self.slices.setdefault(index, Histogram())
            mine.add(histogram)
            mine.pack()

    def merge_slices(self) -> None:
        """Merge adjacent slices in pairs: at once those that are counted in or read, the others in ``settle``."""
        self._halves, self._slices = self.slices, {}

    def to_json(self, coarse: Bounds | None = None, *, judged: bool = True) -> dict[str, Any]:
        """The series as JSON; with ``coarse``, slices are merged in pairs and have fewer buckets, and these bounds stay exact.

        So do the totals, unless the series is ``judged``.
        """
        slices = self.slices if coarse is None else merged_in_pairs(self.slices)
        totals = None if judged else coarse
        return {
            "response": self.response.to_json(totals),
            "service": self.service.to_json(totals),
            "received": self.received,
            "amount": self.amount,
            "noted": dict(sorted(self.counts.items())),
            "slices": {str(index): slices[index].to_json(coarse) for index in sorted(slices)},
        }

    @classmethod
    def from_json(cls, d: Mapping[str, Any]) -> SampleSeries:
        """Read back what ``to_json`` wrote."""
        series = cls()
        series.response = Histogram.from_json(d["response"])
        series.service = Histogram.from_json(d["service"])
        series.received = d["received"]
        series.amount = d["amount"]
        series.counts = dict(d.get("noted", {}))
        series.slices = {int(index): Histogram.from_json(histogram) for index, histogram in d["slices"].items()}
        return series


@dataclass(slots=True)
class ArrivalCounts:
    """How many arrivals were due, started and dropped, and how late they started.

    ``lateness`` is the delay that the harness caused, ``waits`` the time without a free user; both in seconds. ``stalls`` counts
    each stall of the harness once, however many arrivals it made late, with the longest lateness.
    """

    offered: int = 0
    started: int = 0
    dropped: int = 0
    lateness: Histogram = field(default_factory=Histogram)
    waits: Histogram = field(default_factory=Histogram)
    stalls: Histogram = field(default_factory=Histogram)

    @property
    def settled(self) -> int:
        """How many arrivals were either started or dropped: all of them, once the run is over."""
        return self.started + self.dropped

    @property
    def waiting(self) -> int:
        """How many arrivals are due and neither started nor dropped."""
        return self.offered - self.started - self.dropped

    def add(self, other: ArrivalCounts) -> None:
        """Count everything that the other has counted."""
        self.offered += other.offered
        self.started += other.started
        self.dropped += other.dropped
        self.lateness.add(other.lateness)
        self.waits.add(other.waits)
        self.stalls.add(other.stalls)

    def to_json(self) -> dict[str, Any]:
        """The arrivals as JSON."""
        return {
            "offered": self.offered,
            "started": self.started,
            "dropped": self.dropped,
            "lateness": self.lateness.to_json(),
            "waits": self.waits.to_json(),
            "stalls": self.stalls.to_json(),
        }

    @classmethod
    def from_json(cls, d: Mapping[str, Any]) -> ArrivalCounts:
        """Read back what ``to_json`` wrote."""
        # Results of earlier versions have no stalls.
        histograms = {name: Histogram.from_json(d[name]) for name in ("lateness", "waits", "stalls") if name in d}
        return cls(d["offered"], d["started"], d["dropped"], **histograms)


def coarsened(all_series: Mapping[Key, SampleSeries], halvings: int) -> dict[Key, SampleSeries]:
    """Copies of the series with slices merged in pairs this many times."""
    copies: dict[Key, SampleSeries] = {}
    for key, series in list(all_series.items()):
        copies[key] = SampleSeries()
        copies[key].add(series)
        for _ in range(halvings):
            copies[key].merge_slices()
    return copies


def merged_in_pairs(slices: Mapping[int, Histogram]) -> dict[int, Histogram]:
    """The slices of twice the length; these slices do not change."""
    merged: dict[int, Histogram] = {}
    for index, histogram in slices.items():
        merged.setdefault(index // 2, Histogram()).add(histogram)
    return merged
