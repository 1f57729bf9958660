"""Remembers, for each bucket of the page histograms, the latest page that can be found in the shop's own tracing."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from harness.metrics.buckets import PAGE


class Exemplar(NamedTuple):
    """One page that was traced: its trace, its time in seconds, and when it was done, in seconds since 1970."""

    trace_id: str
    seconds: float
    at: float

    def to_openmetrics(self) -> str:
        """As OpenMetrics has it behind a bucket."""
        return f' # {{trace_id="{self.trace_id}"}} {self.seconds!r} {self.at:.3f}'


class Exemplars:
    """The latest exemplars by page, result and time: as many as there are buckets, however long the run."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], dict[str, dict[int, Exemplar]]] = {}

    def record(self, page: str, result: str, times: Mapping[str, float], trace_id: str, at: float) -> None:
        """A traced page is done; ``times`` are ``service`` and ``response``, in seconds."""
        kept = self._kept.setdefault((page, result), {})
        for kind, seconds in times.items():
            kept.setdefault(kind, {})[bisect_left(PAGE, seconds)] = Exemplar(trace_id, seconds, at)

    def for_bounds(self, page: str, result: str, kind: str, bounds: tuple[float, ...]) -> dict[int, Exemplar]:
        """What to name beside which of the counts of a histogram with these bounds."""
        found: dict[int, Exemplar] = {}
        for one in list(self._kept.get((page, result), {}).get(kind, {}).values()):
            found[bisect_left(bounds, one.seconds)] = one
        return found

    def to_json(self) -> list[list[object]]:
        """Everything that is kept, as a worker sends it."""
        return [
            [page, result, kind, *one]
            for (page, result), kinds in self._kept.items()
            for kind, places in kinds.items()
            for one in places.values()
        ]

    def merge(self, rows: Iterable[Iterable[object]]) -> None:
        """Take in what a worker has sent."""
        for page, result, kind, trace_id, seconds, at in rows:
            self.record(str(page), str(result), {str(kind): float(str(seconds))}, str(trace_id), float(str(at)))
