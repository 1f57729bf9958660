"""Writes arrivals as a trace that ``[arrivals] trace`` replays: no dates, no addresses, nobody's name."""

from __future__ import annotations

from typing import IO

from scenarios.calibration.arrival_statistics import Arrival

HEADER = "time,payment_option,journey"


class TraceFile:
    """A CSV file of arrivals, in seconds after the first of them."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._first: float | None = None
        file.write(f"{HEADER}\n")

    def add(self, arrival: Arrival) -> None:
        """One more arrival; they come in order."""
        if self._first is None:
            self._first = arrival.moment
        self._file.write(f"{arrival.moment - self._first:.3f},{arrival.option},{arrival.journey}\n")
