"""Counts the same time twice: how many journeys were under way at each moment, and how long each of them took.

Little's law in its exact form: over a time that begins with nobody there, the area under the number present is the sum of
all stays. The area is added up here by its own clock, event by event; the stays come out of the samples. Where the two
differ, samples were lost or counted twice, or a clock went wrong.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(slots=True)
class ConcurrencyIntegral:
    """The area under the number of those present, up to the last event; seconds.

    ``present`` are there now, since moments that add up to ``since``. Adding up two processes' presences gives that of
    both, if ``until`` the same moment.
    """

    area: float = 0.0
    present: int = 0
    since: float = 0.0
    until: float = 0.0

    def enter(self, now: float) -> None:
        """Somebody comes."""
        self.advance(now)
        self.present += 1
        self.since += now

    def leave(self, now: float, entered: float) -> None:
        """Somebody goes who came at ``entered``."""
        self.advance(now)
        self.present -= 1
        self.since -= entered

    def advance(self, now: float) -> None:
        """Nothing happens, up to now; a moment before the last event is taken as that one."""
        if now > self.until:
            if self.present:
                self.area += self.present * (now - self.until)
            self.until = now

    @property
    def unfinished(self) -> float:
        """How long those who are still there have been there, all together."""
        return self.present * self.until - self.since if self.present else 0.0

    @property
    def finished(self) -> float:
        """The part of the area that belongs to those who have gone: the sum of their stays, if all is well."""
        return self.area - self.unfinished

    def to_json(self) -> dict[str, Any]:
        """The presence as JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, d: Mapping[str, Any]) -> ConcurrencyIntegral:
        """Read back what ``to_json`` wrote."""
        return cls(**d)


def relative_difference(area: float, stays: float) -> float:
    """By which share of the larger one the two sums differ; 0 if there is nothing to compare."""
    larger = max(abs(area), abs(stays))
    return abs(area - stays) / larger if larger > 0 and math.isfinite(larger) else 0.0
