"""What a search for capacity is told, what it asks for, what it is sent, and what it finds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.capacity.estimate import BoundaryEstimate, ObjectiveCounts
from harness.objectives.verdict import Verdict

FINEST = 0.05
"""The finest precision that can be asked for: walks that are alike in all else differ by nearly as much."""


class Purpose(StrEnum):
    """What a level is for."""

    WIDEN = "widen"
    DRAIN = "drain"
    TRACK = "track"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPlan:
    """Where to search: rates in journeys per second, times in seconds.

    ``level`` and ``arrivals`` are how long a level lasts at least and how many arrivals it has at least; ``confirm`` how long the
    confirming run lasts, and ``after`` how long its rate is held on until it can be judged; ``precision`` the relative half-width of the interval at which tracking may stop.
    """

    start: float
    most: float
    budget: float
    level: float = 10.0
    arrivals: int = 150
    confirm: float = 60.0
    grow: float = 1.5
    precision: float = FINEST
    after: float = 0.0

    @property
    def confirmation(self) -> float:
        """How long it takes to confirm a rate, until the last shopper had the time to finish."""
        return self.confirm + self.after

    def shortest(self, journey: float) -> float:
        """How long a search takes at least where journeys take so many seconds: whole minutes.

        The shop must feel the first rate, be brought to where it gives way, and feel the rate that is to be confirmed.
        """
        levels = 4 * self.length(self.start)
        return 60.0 * math.ceil((levels + 3 * journey + self.confirmation) / 60)

    def length(self, rate: float) -> float:
        """How long a level at this rate lasts."""
        return max(self.level, self.arrivals / rate)


@dataclass(frozen=True, slots=True)
class SearchLevel:
    """A rate to hold for some seconds, and what for; ``joins_previous``: it is judged together with the level before it."""

    purpose: Purpose
    rate: float
    seconds: float
    joins_previous: bool = False


@dataclass(frozen=True, slots=True)
class LevelOutcome:
    """What came of a level: each demand's counts, journeys ``under_way`` at its end, seconds of the budget ``spent``.

    ``trouble`` says why the load generator cannot be trusted with this level (``""``: it can). ``verdict`` is that of the gate, given for a
    confirming level. ``effective_rates`` is the rate that the shop felt, for each demand; empty where it was the level's own. ``filling``: too few
    journeys have ended for that to be known. ``journey`` is how long the longest take, where that is longer than a level can ignore.
    """

    objective_counts: Sequence[ObjectiveCounts]
    under_way: float
    spent: float
    trouble: str = ""
    verdict: Verdict | None = None
    effective_rates: Sequence[float] = ()
    journeys_incomplete: bool = False
    journey: float = 0.0

    def effective_rate_for(self, demand: ObjectiveCounts | None, rate: float) -> float:
        """The rate that a demand was kept or broken at; without one, the least that was felt."""
        if not self.effective_rates:
            return rate
        if demand is None:
            return min(self.effective_rates)
        return next(
            felt for one, felt in zip(self.objective_counts, self.effective_rates, strict=True) if one is demand
        )


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The end of a search: rates in journeys per second, ``None`` where there is none.

    ``confirmed`` was held by a level of its own; ``at_least`` says that the shop may carry more, for the reason in ``why``.
    ``boundary`` is where tracking saw a demand give way.
    """

    confirmed: float | None
    at_least: bool = False
    why: str = ""
    boundary: BoundaryEstimate | None = None
