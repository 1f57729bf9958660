"""Encodes what a worker has counted into numbered messages, and adds them up in the master.

A message holds the current counts of everything that has changed since the previous message, never differences. So the next
message about the same buckets repairs a lost one, and a message that arrives twice changes nothing. If a message is missing at
the end, the worker sends everything again. Moments count from the start of the run, as two processes have different clocks.
Only the slices that have changed are sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.measurement.histogram import Histogram
from harness.measurement.recorder import JourneyKey, PageKey, Recorder
from harness.measurement.sample import Phase
from harness.measurement.series import ArrivalCounts, SampleSeries

Key = PageKey | JourneyKey
MOST_PACKED = 8
"""How many workers' copies a master packs: less memory for a long run of a few workers; with many it would cost too much processor time."""


class DeltaEncoder:
    """A worker's side: makes the messages, and remembers what the master has been sent."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._number = 0
        self._slice_length = recorder.slice_length
        self._sent: dict[Key, _SentCell] = {}
        self._arrivals: dict[Phase, _SentArrivals] = {}

    def encode(self, *, whole: bool = False) -> dict[str, Any]:
        """The counts that changed since the last message; ``whole``: all counts, for a master that missed a message."""
        recorder = self._recorder
        if whole:
            self._sent.clear()
            self._arrivals.clear()
        while self._slice_length < recorder.slice_length:
            self._slice_length *= 2
            for sent in self._sent.values():
                sent.merge_slices()
        self._number += 1
        return {
            "number": self._number,
            "whole": whole,
            "slice_length": recorder.slice_length,
            "arrivals": [
                [phase.value, *delta]
                for phase, arrivals in recorder.arrivals.items()
                if (delta := self._arrivals.setdefault(phase, _SentArrivals()).delta(arrivals))
            ],
            "pages": self._changed(recorder.pages),
            "journeys": self._changed(recorder.journeys),
        }

    def _changed(self, cells: Mapping[Any, SampleSeries]) -> list[Any]:
        rows = []
        for key, cell in cells.items():
            sent = self._sent.get(key)
            if sent is None:
                sent = self._sent[key] = _SentCell()
            if sent.differs_from(cell):
                rows.append([list(key), *sent.delta(cell)])
        return rows


class _SentCell:
    """What was sent of one cell: totals of its slices, and counts of the buckets that may still change."""

    __slots__ = ("parts", "response", "service", "slices", "total")

    def __init__(self) -> None:
        self.total = 0
        self.slices: dict[int, int] = {}
        self.response = Histogram()
        self.service = Histogram()
        self.parts: dict[int, Histogram] = {}

    def differs_from(self, cell: SampleSeries) -> bool:
        """Whether the cell has changed; its slices may hold samples of other cells, too."""
        return self.total != cell.response.total or any(
            self.slices.get(index) != one.total for index, one in cell.slices.items()
        )

    def delta(self, cell: SampleSeries) -> list[Any]:
        parts, slices = {}, []
        for index, one in cell.slices.items():
            if self.slices.get(index) != one.total:
                # A slice that was in the last message is likely still filling; any other slice is sent as a whole.
                parts[index] = self.parts.get(index) or Histogram()
                slices.append([index, one.delta(parts[index])])
                self.slices[index] = one.total
        self.parts = parts
        self.total = cell.response.total
        times = cell.response.delta(self.response), cell.service.delta(self.service)
        return [*times, cell.received, cell.amount, slices, dict(cell.counts)]

    def merge_slices(self) -> None:
        """Follow a merge of the cell's slices in pairs; the master does the same with its copy."""
        merged: dict[int, int] = {}
        for index, total in self.slices.items():
            merged[index // 2] = merged.get(index // 2, 0) + total
        self.slices, self.parts = merged, {}


class _SentArrivals:
    """What was sent of the arrivals of one phase."""

    __slots__ = ("counts", "lateness", "stalls", "waits")

    def __init__(self) -> None:
        self.counts = [0, 0, 0]
        self.lateness = Histogram()
        self.waits = Histogram()
        self.stalls = Histogram()

    def delta(self, arrivals: ArrivalCounts) -> list[Any]:
        """The counts that changed; empty: none."""
        counts = [arrivals.offered, arrivals.started, arrivals.dropped]
        if counts == self.counts:
            return []
        self.counts = counts
        kept = ((arrivals.lateness, self.lateness), (arrivals.waits, self.waits), (arrivals.stalls, self.stalls))
        return [counts, *(histogram.delta(sent) for histogram, sent in kept)]


class DeltaDecoder:
    """The master's side: the counts of one worker, as far as received; adds everything new to ``total``, too.

    ``last_number`` is the number of the last message, ``messages_taken`` how many arrived: the others were lost. ``complete``
    says whether the counts hold everything that the worker had counted by then.
    """

    def __init__(self, total: Recorder) -> None:
        self._total = total
        self._own = Recorder(total.window, most_slices=total.most_slices)
        total.mirrors.append(self._own)
        self._packs = len(total.mirrors) <= MOST_PACKED
        self.last_number = 0
        self.messages_taken = 0
        self.complete = True

    def apply(self, message: Mapping[str, Any]) -> bool:
        """Add a message to the counts, unless it is older than the last one; returns whether it was added."""
        if message["number"] <= self.last_number:
            return False
        self.complete = message["whole"] or (self.complete and message["number"] == self.last_number + 1)
        self.last_number = message["number"]
        self.messages_taken += 1
        own, total, packs = self._own, self._total, self._packs
        own.coarsen_slices(message["slice_length"])
        coarser = total.coarsen_slices(own.slice_length)
        for phase, *delta in message["arrivals"]:
            _apply_arrivals_delta(own.arrivals[Phase(phase)], total.arrivals[Phase(phase)], delta)
        for key, *delta in message["pages"]:
            page = PageKey(*key)
            _apply_delta(_get_or_add(own.pages, page), _get_or_add(total.pages, page), coarser, delta, packs=packs)
        for key, *delta in message["journeys"]:
            journey = JourneyKey(*key)
            copy, every = _get_or_add(own.journeys, journey), _get_or_add(total.journeys, journey)
            _apply_delta(copy, every, coarser, delta, packs=packs)
        return True


def _get_or_add(cells: dict[Any, SampleSeries], key: Key) -> SampleSeries:
    cell = cells.get(key)
    if cell is None:
        cell = cells[key] = SampleSeries()
    return cell


def _apply_delta(own: SampleSeries, total: SampleSeries, coarser: int, delta: list[Any], *, packs: bool) -> None:
    response, service, received, amount, slices, counts = delta
    _apply(response, own.response, total.response, packs=packs)
    _apply(service, own.service, total.service, packs=packs)
    total.received += received - own.received
    total.amount += amount - own.amount
    own.received, own.amount = received, amount
    for what, n in counts.items():
        total.counts[what] = total.counts.get(what, 0) + n - own.counts.get(what, 0)
    own.counts = counts
    for index, times in slices:
        _apply(times, own.slice(index), total.slice(index >> coarser), packs=packs)


def _apply(delta: list[Any], own: Histogram, total: Histogram, *, packs: bool) -> None:
    own.apply_delta(delta, total)
    if packs:
        own.pack()


def _apply_arrivals_delta(own: ArrivalCounts, total: ArrivalCounts, delta: list[Any]) -> None:
    counts, lateness, waits, stalls = delta
    offered, started, dropped = counts
    total.offered += offered - own.offered
    total.started += started - own.started
    total.dropped += dropped - own.dropped
    own.offered, own.started, own.dropped = counts
    own.lateness.apply_delta(lateness, total.lateness)
    own.waits.apply_delta(waits, total.waits)
    own.stalls.apply_delta(stalls, total.stalls)
