"""Integrates the number of journeys in progress over time, to compare it with the sum of their durations.

Little's law in its exact form: if no journey is in progress at the start, the area under the number in progress equals the
sum of all durations. This module adds up the area event by event; the durations come from the samples. If the two differ,
samples were lost or counted twice, or a clock was wrong.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(slots=True)
class ConcurrencyIntegral:
    """The area under the number of journeys in progress, up to the last event at ``until``; in seconds.

    ``present`` journeys are in progress now, and ``since`` is the sum of the moments at which they began.
    """

    area: float = 0.0
    present: int = 0
    since: float = 0.0
    until: float = 0.0

    def enter(self, now: float) -> None:
        """Count a journey that begins."""
        self.advance(now)
        self.present += 1
        self.since += now

    def leave(self, now: float, entered: float) -> None:
        """Count a journey that ends and began at ``entered``."""
        self.advance(now)
        self.present -= 1
        self.since -= entered

    def advance(self, now: float) -> None:
        """Extend the area up to ``now``; a moment before the last event counts as that event."""
        if now > self.until:
            if self.present:
                self.area += self.present * (now - self.until)
            self.until = now

    @property
    def unfinished(self) -> float:
        """The time that the journeys in progress have taken so far, added up."""
        return self.present * self.until - self.since if self.present else 0.0

    @property
    def finished(self) -> float:
        """The part of the area that belongs to finished journeys: the sum of their durations, if no count is wrong."""
        return self.area - self.unfinished

    def to_json(self) -> dict[str, Any]:
        """The integral as JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, d: Mapping[str, Any]) -> ConcurrencyIntegral:
        """Read back what ``to_json`` wrote."""
        return cls(**d)


def relative_difference(area: float, stays: float) -> float:
    """The difference of two sums as a share of the larger one; 0 if there is nothing to compare."""
    larger = max(abs(area), abs(stays))
    return abs(area - stays) / larger if larger > 0 and math.isfinite(larger) else 0.0
