"""Keeps the slowest traced request of each page and payment option: the cells of the heat table link to them."""

from __future__ import annotations

import math
from collections.abc import Iterable

from harness.results.result import CellTrace

MOST_CELLS = 2000
"""The most cells that are kept: more than there are pages times payment options."""


class SlowestByCell:
    """The slowest traced request by page and payment option."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], tuple[float, str]] = {}
        self._changed: set[tuple[str, str]] = set()

    def record(self, page: str, payment_option: str, trace_id: str, seconds: float) -> None:
        """Keep a traced request if it is the slowest of its cell; ``seconds`` is its response time."""
        cell = page, payment_option
        known = self._kept.get(cell)
        if not math.isfinite(seconds) or (known is not None and known[0] >= seconds):
            return
        if known is not None or len(self._kept) < MOST_CELLS:
            self._kept[cell] = seconds, trace_id
            self._changed.add(cell)

    def changes(self, *, every: bool) -> list[list[object]]:
        """What has changed since the last call, or ``every`` cell, as a worker sends it."""
        cells, self._changed = (set(self._kept) if every else self._changed), set()
        return [[*cell, self._kept[cell][1], self._kept[cell][0]] for cell in cells]

    def merge(self, rows: Iterable[Iterable[object]]) -> None:
        """Add what a worker sent."""
        for page, payment_option, trace_id, seconds in rows:
            self.record(str(page), str(payment_option), str(trace_id), float(str(seconds)))

    def rows(self) -> tuple[CellTrace, ...]:
        """All cells, by page and payment option."""
        return tuple(
            CellTrace(page=page, payment_option=option, trace_id=trace_id, seconds=seconds)
            for (page, option), (seconds, trace_id) in sorted(self._kept.items())
        )
