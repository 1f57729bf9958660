"""What a plan says, part by part."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.objectives.verdict import Verdict
from harness.planning.carried_capacity import CarriedCapacity
from harness.planning.forecast import Forecast, Need, WhatIf
from harness.planning.scaling import Scaling
from harness.planning.shop_measurements import ShopMeasurements
from harness.planning.usl import Fit
from harness.planning.what_if import DelayImpact


@dataclass(frozen=True, slots=True)
class FitProbability:
    """The probability that the peak fits; a range where the capacity is only known to lie between two runs."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Overload:
    """What ``times`` the capacity does: seconds until an objective breaks, and from the end of the surge until the queue is gone."""

    times: float
    breaks: float
    recovers: float


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceOption:
    """What so many instances carry, and the odds that the peak fits, all of them up and with some lost."""

    instances: int
    carries: CarriedCapacity
    fits: FitProbability
    fits_lost: FitProbability | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfOutcome:
    """A what-if and what comes of it: journeys a second needed in measured ones, the odds, and what slow neighbours do."""

    what_if: WhatIf
    work: float
    fits: FitProbability
    in_flight: float
    slower: DelayImpact | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityPlan:
    """Everything that the page shows. Rates are per second; ``per_journey`` turns journeys as measured into forecast orders."""

    forecast: Forecast
    measured: ShopMeasurements
    verdict: Verdict
    reason: str
    need: Need
    per_journey: float
    now: int
    carries: CarriedCapacity | None = None
    fits: FitProbability | None = None
    carries_lost: CarriedCapacity | None = None
    fits_lost: FitProbability | None = None
    scale: Scaling | None = None
    steps: tuple[InstanceOption, ...] = ()
    needed: int | None = None
    curve: Fit | None = None
    curve_missing: str = ""
    headroom: float = math.nan
    weeks: float = math.nan
    patience: tuple[str, float] | None = None
    saturation: float = math.nan
    overloads: tuple[Overload, ...] = ()
    wait: tuple[float, float] | None = None
    others: tuple[WhatIfOutcome, ...] = ()

    def orders(self, journeys: float) -> float:
        """Orders a minute of the forecast kind, from journeys a second as they were measured."""
        return journeys * self.per_journey * 60
