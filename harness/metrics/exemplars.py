"""Keeps the latest traced page for each bucket of the page histograms, as a link into the shop's own tracing."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import NamedTuple

from harness.metrics.buckets import PAGE
from harness.results.result import FAILURE, SlowTrace


class Exemplar(NamedTuple):
    """One traced page: its trace, its time in seconds, and its end in seconds since 1970."""

    trace_id: str
    seconds: float
    at: float

    def to_openmetrics(self) -> str:
        """The exemplar as OpenMetrics writes it after a bucket."""
        return f' # {{trace_id="{self.trace_id}"}} {self.seconds!r} {self.at:.3f}'


class Exemplars:
    """The latest exemplars by page, result and kind of time: at most one for each bucket."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], dict[str, dict[int, Exemplar]]] = {}

    def record(self, page: str, result: str, times: Mapping[str, float], trace_id: str, at: float) -> None:
        """Keep a traced page; ``times`` are its ``service`` and ``response`` time in seconds."""
        kept = self._kept.setdefault((page, result), {})
        for kind, seconds in times.items():
            kept.setdefault(kind, {})[bisect_left(PAGE, seconds)] = Exemplar(trace_id, seconds, at)

    def for_bounds(self, page: str, result: str, kind: str, bounds: tuple[float, ...]) -> dict[int, Exemplar]:
        """The exemplars of a histogram with these bounds, by the place of their bucket."""
        found: dict[int, Exemplar] = {}
        for one in list(self._kept.get((page, result), {}).get(kind, {}).values()):
            found[bisect_left(bounds, one.seconds)] = one
        return found

    def to_json(self) -> list[list[object]]:
        """All exemplars, as a worker sends them."""
        return [
            [page, result, kind, *one]
            for (page, result), kinds in self._kept.items()
            for kind, places in kinds.items()
            for one in places.values()
        ]

    def slowest(self, most: int) -> list[SlowTrace]:
        """The traced pages with the longest response times, one of each trace: the failed one, else the slowest.

        The failed ones come first, and take at most half of the places if there are others.
        """
        rows = [
            SlowTrace(page=page, result=result, trace_id=one.trace_id, seconds=one.seconds, at=one.at)
            for (page, result), kinds in self._kept.items()
            for one in kinds.get("response", {}).values()
            if isfinite(one.seconds)
        ]
        found: dict[str, SlowTrace] = {}
        for one in sorted(rows, key=lambda row: (row.result != FAILURE, -row.seconds, row.trace_id, row.page)):
            found.setdefault(one.trace_id, one)
        failed = [one for one in found.values() if one.result == FAILURE]
        others = [one for one in found.values() if one.result != FAILURE]
        kept = max((most + 1) // 2, most - len(others))
        return [*failed[:kept], *others][:most]

    def merge(self, rows: Iterable[Iterable[object]]) -> None:
        """Add the exemplars that a worker sent."""
        for page, result, kind, trace_id, seconds, at in rows:
            self.record(str(page), str(result), {str(kind): float(str(seconds))}, str(trace_id), float(str(at)))
