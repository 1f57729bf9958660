"""What the shop is known to carry while keeping every objective, and how well that is known."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

from harness.planning.load_levels import LoadLevel

RUN_EFFECT = 0.03
"""By how much the capacity of one shop differs from one run to the next: the standard deviation of its logarithm. An assumption;
a forecast may say another."""


class EvidenceGrade(StrEnum):
    """How something is known."""

    CONFIRMED = "confirmed"
    """A capacity search found it, and a run of its own confirmed it."""
    BRACKETED = "bracketed"
    """A run at the lower end kept every objective, a run at the upper end did not."""
    AT_LEAST = "at least"
    """A run at this rate kept every objective; nothing was tried above."""
    BELOW = "below"
    """No run kept every objective; the lowest that was tried did not."""
    MODEL = "model"
    """Computed from what was measured elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedCapacity:
    """The journeys a second that keep every objective, at the mix that was measured: ``low <= likely <= high``.

    The range is a 95 % interval (CONFIRMED, MODEL) or what two runs leave open (BRACKETED); ``high`` is ``inf`` for AT_LEAST.
    ``limit`` is the rate at which a search saw a demand give way, in the middle of its interval; 0 where none did. ``why`` says why
    a search ended before it knew more.
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
        """One value it might be: normal on the logarithm within the interval, even between two runs.

        Of what is only known to be at least so much, that much.
        """
        if self.grade is EvidenceGrade.BRACKETED:
            return chance.uniform(self.low, self.high)
        if not (0 < self.low < self.high < math.inf):
            return self.likely
        z = NormalDist().inv_cdf(0.975)
        side = chance.gauss(0.0, 1.0)
        reach = math.log(self.high / self.likely) if side > 0 else math.log(self.likely / self.low)
        return self.likely * math.exp(side * reach / z)


def draw_with_run_effect(carries: CarriedCapacity, chance: random.Random, run_effect: float) -> float:
    """One value of what the shop may carry on the day that is planned for, where its capacity differs as it does between runs.

    What was confirmed is a rate that held once. The limit, where one was found, says how far above it the shop goes.
    """
    day = math.exp(chance.gauss(0.0, run_effect))
    if carries.limit and 0 < carries.low < carries.high < math.inf:
        spread = math.log(carries.high / carries.low) / 2 / NormalDist().inv_cdf(0.975)
        return carries.limit * math.exp(chance.gauss(0.0, spread)) * day
    return carries.draw(chance) * day


def capacity_from_levels(levels: Sequence[LoadLevel]) -> CarriedCapacity | None:
    """What runs at several rates show: the highest that kept everything below the lowest that did not; None without a judged run.

    Never more than a rate which itself held: what lies between that and the next one is left open.
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
