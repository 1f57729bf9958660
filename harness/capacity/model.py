"""The values of a capacity search: its plan, the levels it asks for, their outcomes, and its result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.capacity.estimate import BoundaryEstimate, ObjectiveCounts
from harness.objectives.statistics import LEAST_EVIDENCE, proves_broken
from harness.objectives.verdict import Verdict

FINEST = 0.05
"""The finest precision that a plan may ask for: two searches of the same shop differ by nearly as much."""
WIDEN_ALPHA = 0.01
"""The alpha with which a level counts as broken; it is stricter than a verdict, because a search tests many levels."""


class Purpose(StrEnum):
    """The purpose of a level."""

    WIDEN = "widen"
    DRAIN = "drain"
    TRACK = "track"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPlan:
    """The limits of a search: rates in journeys per second, times in seconds.

    ``level`` is the least length of a level, ``arrivals`` the least number of its arrivals. ``confirm`` is how long the confirming
    level lasts, ``after`` how long its rate is held afterwards until it can be judged. ``precision`` is the relative half-width of
    the interval at which tracking may stop.
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
        """How long it takes to confirm a rate, until the last shopper has had time to finish."""
        return self.confirm + self.after

    def shortest(self, journey: float) -> float:
        """The shortest search in seconds (whole minutes) for journeys of this length.

        Three times the shop needs a journey's length until it feels a rate: the first rate, the boundary, and the rate to confirm.
        """
        levels = 4 * self.length(self.start)
        return 60.0 * math.ceil((levels + 3 * journey + self.confirmation) / 60)

    def length(self, rate: float) -> float:
        """How long a level at this rate lasts."""
        return max(self.level, self.arrivals / rate)


@dataclass(frozen=True, slots=True)
class SearchLevel:
    """A rate to hold for some seconds and its purpose; ``joins_previous``: the level is judged together with the one before."""

    purpose: Purpose
    rate: float
    seconds: float
    joins_previous: bool = False


@dataclass(frozen=True, slots=True)
class LevelOutcome:
    """What a level showed; moments are seconds from the start of the load.

    ``arrival_rate`` is the rate of the arrivals, which may differ from the rate of the ``level`` while the shop lags behind. What
    was due between ``settled`` and ``end`` is judged. ``objective_counts`` are the counts of each objective, ``under_way`` the
    journeys under way at the end, ``spent`` the seconds of the budget spent so far. ``trouble`` says why the load generator was the
    limit (``""``: it was not). ``verdict`` is that over a confirming level. ``effective_rates`` are the rates that the shop felt, one
    for each objective; empty if the shop felt the rate of the level. ``journeys_incomplete``: too few journeys have ended to know
    the effective rates. ``longest_journey`` is in seconds, 0 while levels are much longer than journeys.
    """

    level: SearchLevel
    arrival_rate: float
    start: float
    settled: float
    end: float
    objective_counts: tuple[ObjectiveCounts, ...]
    under_way: float
    spent: float
    trouble: str = ""
    verdict: Verdict | None = None
    effective_rates: tuple[float, ...] = ()
    journeys_incomplete: bool = False
    longest_journey: float = 0.0

    @property
    def purpose(self) -> Purpose:
        """The purpose of the level."""
        return self.level.purpose

    @property
    def rate(self) -> float:
        """The rate that the level stands for, in journeys per second."""
        if self.purpose is Purpose.CONFIRM:
            return self.level.rate
        return self.effective_rate_for(worst_objective(self.objective_counts), self.arrival_rate)

    @property
    def broken(self) -> bool:
        """Whether an objective is broken for certain."""
        return broken(self.objective_counts)

    def effective_rate_for(self, objective: ObjectiveCounts | None, rate: float) -> float:
        """The rate that the shop felt for an objective (None: the lowest of all objectives); ``rate`` if it did not lag."""
        if not self.effective_rates:
            return rate
        if objective is None:
            return min(self.effective_rates)
        return next(
            felt for one, felt in zip(self.objective_counts, self.effective_rates, strict=True) if one is objective
        )


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The result of a search: rates in journeys per second, or ``None``.

    ``confirmed`` is the rate that a level of its own confirmed. ``at_least``: the shop may carry more, for the reason in ``why``.
    ``boundary`` is the rate at which an objective breaks, as tracking estimates it.
    """

    confirmed: float | None
    at_least: bool = False
    why: str = ""
    boundary: BoundaryEstimate | None = None


def worst_objective(objective_counts: Sequence[ObjectiveCounts]) -> ObjectiveCounts | None:
    """The objective with the highest share over its bound, in proportion to what it allows; ``None`` without a sample."""
    return max((each for each in objective_counts if each.total), key=lambda each: each.excess, default=None)


def broken(objective_counts: Sequence[ObjectiveCounts], alpha: float = WIDEN_ALPHA) -> bool:
    """Whether an objective is broken for certain."""
    return any(
        each.over >= LEAST_EVIDENCE
        and (each.allowed <= 0 or proves_broken(each.total / each.effect, each.over / each.effect, each.allowed, alpha))
        for each in objective_counts
    )
