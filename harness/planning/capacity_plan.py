"""The values of a capacity plan."""

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
    """The probability that the peak fits; a range if the capacity is only known to be between two runs."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Overload:
    """A load of ``times`` the capacity: seconds until an objective breaks, and from the end of the surge until the queue is empty."""

    times: float
    breaks: float
    recovers: float


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceOption:
    """What a number of instances carries, and the probability that the peak fits, with all of them and with some lost."""

    instances: int
    carries: CarriedCapacity
    fits: FitProbability
    fits_lost: FitProbability | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfOutcome:
    """A what-if and its effect: the work of a journey compared with a measured one, the probability, shoppers, and delays."""

    what_if: WhatIf
    work: float
    fits: FitProbability
    in_flight: float
    slower: DelayImpact | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityPlan:
    """Everything in a plan. Rates are per second; ``per_journey`` is the number of forecast orders per measured journey."""

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
        """Forecast orders a minute from measured journeys a second."""
        return journeys * self.per_journey * 60
