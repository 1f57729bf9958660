"""How a worker tells the master what it has counted: cumulative counts of whatever has changed, numbered.

Counts are never sent as differences: a message that is lost is made good by the next one about the same cells, and
one that arrives twice changes nothing. Moments are sent from the start of the run, since clocks of two processes
have nothing in common.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.cell import Arrivals, Cell
from harness.histogram import Histogram
from harness.recorder import JourneyKey, PageKey, Recorder
from harness.sample import Phase, Window

Key = PageKey | JourneyKey
KINDS = ("pages", "journeys")


class Teller:
    """A worker's side: makes the messages.

    ``told`` remembers how much of each cell the master has been told, so that a message holds only what is new.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._number = 0
        self._slice_length = recorder.slice_length
        self._told: dict[Key, tuple[int, dict[int, int]]] = {}

    def message(self, *, whole: bool = False) -> dict[str, Any]:
        """What has changed since the last message; ``whole``: everything, as the last word of a run must be."""
        recorder = self._recorder
        if whole or recorder.slice_length != self._slice_length:
            self._told.clear()
        self._number += 1
        body: dict[str, Any] = {
            "number": self._number,
            "anew": not self._told,
            "slice_length": recorder.slice_length,
            "arrivals": {phase.value: arrivals.to_json() for phase, arrivals in recorder.arrivals.items()},
            "pages": self._changed(recorder.pages),
            "journeys": self._changed(recorder.journeys),
        }
        # Taken last: a cell that is recorded into meanwhile may have made the slices longer.
        self._slice_length = recorder.slice_length
        return body

    def _changed(self, cells: Mapping[Any, Cell]) -> list[Any]:
        rows = []
        for key, cell in cells.items():
            total, slices = self._told.get(key, (0, {}))
            if cell.response.total == total:
                continue
            new = {index: one for index, one in cell.slices.items() if slices.get(index) != one.total}
            rows.append(
                [
                    list(key),
                    cell.response.to_json(),
                    cell.service.to_json(),
                    cell.received,
                    cell.amount,
                    {str(index): one.to_json() for index, one in new.items()},
                    dict(cell.noted),
                ]
            )
            self._told[key] = (cell.response.total, {index: one.total for index, one in cell.slices.items()})
        return rows


class Heard:
    """The master's side: what one worker has counted, as far as it has told.

    ``number`` is that of its last message, and ``taken`` how many have come in: the others were lost.
    """

    def __init__(self, window: Window, *, most_slices: int) -> None:
        self.recorder = Recorder(window, most_slices=most_slices)
        self.number = 0
        self.taken = 0

    def hear(self, message: Mapping[str, Any]) -> bool:
        """Take in a message; one that is older than the last is left alone. Says whether it was taken."""
        if message["number"] <= self.number:
            return False
        self.number = message["number"]
        self.taken += 1
        recorder = self.recorder
        if message["anew"]:
            recorder.pages.clear()
            recorder.journeys.clear()
        recorder.slice_length = message["slice_length"]
        for phase, arrivals in message["arrivals"].items():
            recorder.arrivals[Phase(phase)] = Arrivals.from_json(arrivals)
        for row in message["pages"]:
            _replace(recorder.pages, PageKey(*row[0]), row)
        for row in message["journeys"]:
            _replace(recorder.journeys, JourneyKey(*row[0]), row)
        return True


def _replace(cells: dict[Any, Cell], key: Any, row: list[Any]) -> None:
    _, response, service, received, amount, slices, noted = row
    cell = cells.setdefault(key, Cell())
    cell.response = Histogram.from_json(response)
    cell.service = Histogram.from_json(service)
    cell.received = received
    cell.amount = amount
    cell.noted = noted
    cell.slices.update({int(index): Histogram.from_json(one) for index, one in slices.items()})


def merged(heard: list[Heard], window: Window, *, most_slices: int) -> Recorder:
    """What all workers together have counted."""
    total = Recorder(window, most_slices=most_slices)
    for one in sorted(heard, key=lambda one: -one.recorder.slice_length):
        total.add(one.recorder)
    return total
