"""The capacity of a shop that keeps every objective, and how good the evidence is."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

from harness.planning.load_levels import LoadLevel

RUN_EFFECT = 0.03
"""The assumed standard deviation of the logarithm of one shop's capacity between runs; a forecast may set another."""


class EvidenceGrade(StrEnum):
    """The kind of evidence for a capacity."""

    CONFIRMED = "confirmed"
    """A capacity search found and confirmed it."""
    BRACKETED = "bracketed"
    """A run at the lower end kept every objective, a run at the upper end broke one."""
    AT_LEAST = "at least"
    """A run at this rate kept every objective; no higher rate was tried."""
    BELOW = "below"
    """Every run broke an objective, also the one with the lowest rate."""
    MODEL = "model"
    """It is computed from measurements of other numbers of instances."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedCapacity:
    """The journeys a second that keep every objective, with the measured mix: ``low <= likely <= high``.

    The range is a 95 % interval (CONFIRMED, MODEL) or the gap between two runs (BRACKETED). ``high`` is ``inf`` for AT_LEAST.
    ``limit`` is the rate at which an objective breaks, as a search estimates it; 0 without an estimate. ``why`` says why a search
    ended early.
    """

    likely: float
    low: float
    high: float
    grade: EvidenceGrade
    source: str
    instances: int | None = None
    limit: float = 0.0
    why: str = ""

    def draw(self, chance: random.Random) -> float:
        """Draw one possible value: normal on the logarithm within an interval, uniform between two runs, else ``likely``."""
        if self.grade is EvidenceGrade.BRACKETED:
            return chance.uniform(self.low, self.high)
        if not (0 < self.low < self.high < math.inf):
            return self.likely
        z = NormalDist().inv_cdf(0.975)
        side = chance.gauss(0.0, 1.0)
        reach = math.log(self.high / self.likely) if side > 0 else math.log(self.likely / self.low)
        return self.likely * math.exp(side * reach / z)


def draw_with_run_effect(carries: CarriedCapacity, chance: random.Random, run_effect: float) -> float:
    """Draw one possible capacity on the planned day, which differs from the measured one as it does between runs.

    A confirmed rate held once. The limit, if a search found one, says how far above it the capacity is.
    """
    day = math.exp(chance.gauss(0.0, run_effect))
    if carries.limit and 0 < carries.low < carries.high < math.inf:
        spread = math.log(carries.high / carries.low) / 2 / NormalDist().inv_cdf(0.975)
        return carries.limit * math.exp(chance.gauss(0.0, spread)) * day
    return carries.draw(chance) * day


def capacity_from_levels(levels: Sequence[LoadLevel]) -> CarriedCapacity | None:
    """The capacity from runs at several rates: the highest rate that held below the lowest that broke; None without a judged run.

    It is never more than a rate that held. The gap up to the next rate stays open.
    """
    judged = sorted((level for level in levels if level.kept is not None), key=lambda level: level.rate)
    if not judged:
        return None
    failed = [level for level in judged if not level.kept]
    ceiling = failed[0].rate if failed else math.inf
    passed = [level for level in judged if level.kept and level.rate < ceiling]
    instances = judged[0].instances
    if not passed:
        return CarriedCapacity(
            likely=0.0, low=0.0, high=ceiling, grade=EvidenceGrade.BELOW, source=failed[0].source, instances=instances
        )
    best = passed[-1]
    grade = EvidenceGrade.BRACKETED if failed else EvidenceGrade.AT_LEAST
    return CarriedCapacity(
        likely=best.rate, low=best.rate, high=ceiling, grade=grade, source=best.source, instances=instances
    )
