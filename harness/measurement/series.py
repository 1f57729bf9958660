"""The boxes that measurements are counted in: one per kind of page or journey, and one for the arrivals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.measurement.histogram import Histogram

REPEATED = "repeated"
"""Under what the requests that repeat a failed one are counted, beside the statuses of a page."""


class SampleSeries:
    """What was measured under one key: times from the due moment, times from sending, bytes or money, and slices.

    ``response.total`` is how many there were. ``service`` lacks the arrivals that nobody served. ``received`` is in
    bytes (pages), ``amount`` in hundredths of the shop's currency (journeys). ``noted`` counts by what else is known: pages by
    their HTTP status (``"0"``: no reply) and, under ``REPEATED``, how many of them repeated a failed request, journeys by the furthest step that they reached. ``slices`` holds the response times
    again, by the slice of time that the due moment falls into.
    """

    __slots__ = ("amount", "counts", "received", "response", "service", "slices")

    def __init__(self) -> None:
        self.response = Histogram()
        self.service = Histogram()
        self.received = 0
        self.amount = 0
        self.counts: dict[str, int] = {}
        self.slices: dict[int, Histogram] = {}

    def slice(self, place: int) -> Histogram:
        """The response times of the slice at this place; what was due before the first belongs to the first."""
        place = max(place, 0)
        histogram = self.slices.get(place)
        if histogram is None:
            histogram = self.slices[place] = Histogram()
        return histogram

    def add(self, other: SampleSeries) -> None:
        """Count everything that the other has counted; both must have slices of the same length."""
        self.response.add(other.response)
        self.service.add(other.service)
        self.received += other.received
        self.amount += other.amount
        for what, n in list(other.counts.items()):
            self.counts[what] = self.counts.get(what, 0) + n
        for index, histogram in list(other.slices.items()):
            self.slices.setdefault(index, Histogram()).add(histogram)

    def merge_slices(self) -> None:
        """Merge neighbouring slices in pairs."""
        merged: dict[int, Histogram] = {}
        for index, histogram in self.slices.items():
            merged.setdefault(index // 2, Histogram()).add(histogram)
        self.slices = merged

    def to_json(self) -> dict[str, Any]:
        """The cell as JSON."""
        return {
            "response": self.response.to_json(),
            "service": self.service.to_json(),
            "received": self.received,
            "amount": self.amount,
            "noted": dict(sorted(self.counts.items())),
            "slices": {str(index): self.slices[index].to_json() for index in sorted(self.slices)},
        }

    @classmethod
    def from_json(cls, d: Mapping[str, Any]) -> SampleSeries:
        """Read back what ``to_json`` wrote."""
        cell = cls()
        cell.response = Histogram.from_json(d["response"])
        cell.service = Histogram.from_json(d["service"])
        cell.received = d["received"]
        cell.amount = d["amount"]
        cell.counts = dict(d.get("noted", {}))
        cell.slices = {int(index): Histogram.from_json(histogram) for index, histogram in d["slices"].items()}
        return cell


@dataclass(slots=True)
class ArrivalCounts:
    """How many shoppers were due, taken by a free user, and given up on; and how late they were taken.

    ``lateness`` is our own lag, ``waits`` the time that an arrival waited because no user was free; seconds. Arrivals that one and
    the same stall of ours made late are one in ``stalls``, which has the longest lateness of each.
    """

    offered: int = 0
    started: int = 0
    dropped: int = 0
    lateness: Histogram = field(default_factory=Histogram)
    waits: Histogram = field(default_factory=Histogram)
    stalls: Histogram = field(default_factory=Histogram)

    @property
    def waiting(self) -> int:
        """How many are due and neither taken nor given up on."""
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
        # Results of earlier versions tell of no stalls.
        histograms = {name: Histogram.from_json(d[name]) for name in ("lateness", "waits", "stalls") if name in d}
        return cls(d["offered"], d["started"], d["dropped"], **histograms)
