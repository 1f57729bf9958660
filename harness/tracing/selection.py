"""Chooses the journeys whose trace is sent: each failed one, each of the slowest, and a sample of the others."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable

from harness.measurement.outcomes import Blame
from harness.measurement.sample import JourneySample
from harness.tracing.journey_trace import TracedPage

SLOWEST = 5
"""The slowest so many journeys, and the slowest so many requests for each page, are always chosen."""
_JOURNEY = ""


class TraceSelection:
    """Chooses journeys as they end.

    It cannot know how slow the rest of the run will be. So it takes each journey that is among the slowest so far: those of the
    whole run are among them, and the number of the others grows only with the logarithm of the length of the run.
    """

    def __init__(self) -> None:
        self._slowest: dict[str, list[float]] = {}

    def chooses(self, journey: JourneySample, pages: Iterable[TracedPage], *, sampled: bool) -> bool:
        """Whether the trace of this journey is sent; call it once for each journey."""
        slow = self._is_slow(_JOURNEY, journey.done - journey.due)
        failed = journey.blame == Blame.SHOP
        for page, _ in pages:
            # Each page counts, also after one that was slow.
            slow |= self._is_slow(page.page, page.done - page.due)
            failed |= page.blame == Blame.SHOP
        return sampled or slow or failed

    def _is_slow(self, name: str, seconds: float) -> bool:
        if not math.isfinite(seconds):
            return False
        slowest = self._slowest.setdefault(name, [])
        if len(slowest) < SLOWEST:
            heapq.heappush(slowest, seconds)
            return True
        return seconds > heapq.heappushpop(slowest, seconds)
