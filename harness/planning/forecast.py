"""The forecast load of a shop, with its uncertainty.

Rates are orders a second. The peak, the share of shoppers who buy, and the mix of payment options are drawn at random, so that the
answer is a probability.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import NormalDist, fmean, stdev

from harness.planning.carried_capacity import RUN_EFFECT
from harness.planning.load_levels import PaymentMix

PRIOR = 0.5
"""The number that is added to each count (Jeffreys' prior), because a count of zero does not mean that it never happens."""
FEWEST_PEAKS = 5
"""The least number of past days that show how much days differ."""
UNCERTAINTY_COVERAGE = 0.9
"""An uncertainty of 10 % means that the true value is within 10 % with this probability."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """The busiest minute of the planned day, in orders a second.

    It is either ``rate`` (of the busiest hour) times ``factor`` (the busiest minute over that hour), each with its uncertainty; or
    it comes from ``past``, the busiest minutes of similar days.
    """

    rate: float = 0.0
    rate_uncertainty: float = 0.0
    factor: float = 1.0
    factor_uncertainty: float = 0.0
    past: tuple[float, ...] = ()

    @property
    def usual(self) -> float:
        """Orders a second in the busiest hour; half the rate of the busiest minutes if only these are known."""
        return fmean(self.past) / 2 if self.past else self.rate

    def draw(self, chance: random.Random) -> float:
        """Draw one possible peak; a future day differs from the mean of past days as they do, and the mean is uncertain, too."""
        if self.past:
            logs = [math.log(one) for one in self.past]
            freedom = len(logs) - 1
            spread = stdev(logs) * math.sqrt(1 + 1 / len(logs))
            student = chance.gauss(0.0, 1.0) / math.sqrt(chance.gammavariate(freedom / 2, 2.0) / freedom)
            return math.exp(fmean(logs) + spread * student)
        return (
            self.rate
            * self.factor
            * _uncertainty_factor(self.rate_uncertainty, chance)
            * _uncertainty_factor(self.factor_uncertainty, chance)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """A change to try: another mix of payments, a slower bank, slower SMS. Delays are in seconds."""

    name: str
    payments: Mapping[str, float] = field(default_factory=dict)
    bank_delay: float = 0.0
    sms_delay: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The forecast that a plan is made for.

    ``growth`` is per week, for ``weeks``. ``retries`` is the share of journeys that start again. ``bought`` of ``begun`` checkouts
    end in an order (None: as in the results). ``payments`` are counts by option (empty: as in the results). ``surge`` is how long
    the overload lasts in seconds, ``afterwards`` the orders a second after it (None: those of the busiest hour). ``run_effect`` is
    the standard deviation of the logarithm of the capacity between runs.
    """

    peak: Peak
    confidence: float = 0.9
    seed: int = 1
    draws: int = 2000
    growth: float = 0.0
    weeks: float = 0.0
    retries: float = 0.0
    bought: int | None = None
    begun: int | None = None
    payments: Mapping[str, float] = field(default_factory=dict)
    instances: int | None = None
    lost: int = 1
    run_effect: float = RUN_EFFECT
    surge: float = 60.0
    afterwards: float | None = None
    what_ifs: tuple[WhatIf, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Random draws of the load at the peak: ``orders`` a second, and the equivalent measured ``journeys`` a second."""

    orders: tuple[float, ...]
    journeys: tuple[float, ...]
    conversion: float
    work: float


def needs(forecast: Forecast, measured: PaymentMix) -> Need:
    """Draw the load at the peak; the same seed gives the same draws.

    Orders become journeys by the share of journeys that buy (Beta). Journeys of another mix (Dirichlet) become the number of
    measured journeys with the same number of requests: ``work`` is the ratio of requests per journey.
    """
    chance = random.Random(forecast.seed)
    grown = (1 + forecast.growth) ** forecast.weeks
    bought, begun = (
        (forecast.bought, forecast.begun)
        if forecast.bought is not None and forecast.begun is not None
        else (measured.orders, measured.journeys)
    )
    orders, journeys = [], []
    for _ in range(forecast.draws):
        peak = forecast.peak.draw(chance) * grown
        buys = chance.betavariate(bought + PRIOR, begun - bought + PRIOR)
        mixed = _dirichlet(forecast.payments, chance) if forecast.payments else {}
        orders.append(peak)
        journeys.append(peak / max(buys, 1e-9) * (1 + forecast.retries) * work(mixed, measured))
    return Need(
        orders=tuple(orders),
        journeys=tuple(journeys),
        conversion=(bought + PRIOR) / (begun + 2 * PRIOR),
        work=work(forecast.payments, measured),
    )


def work(payments: Mapping[str, float], measured: PaymentMix) -> float:
    """The requests of a journey with this mix, relative to a measured journey; 1 if the mix or the requests are unknown.

    Options without a measured journey count as the mean of all.
    """
    pages = measured.pages_per_journey
    journeys = sum(measured.journeys_by_option.values())
    if not payments or not pages or not journeys:
        return 1.0
    usual = math.fsum(pages[option] * n for option, n in measured.journeys_by_option.items() if n) / journeys
    total = math.fsum(payments.values())
    if usual <= 0 or total <= 0:
        return 1.0
    return math.fsum(pages.get(option, usual) * share for option, share in payments.items()) / total / usual


def quantile(values: Iterable[float], q: float, weights: Iterable[float] = ()) -> float:
    """The value that a share ``q`` of the values does not exceed, or of their ``weights``; NaN without any."""
    ranked = sorted(zip(values, weights, strict=True) if weights else ((value, 1.0) for value in values))
    enough = q * math.fsum(weight for _, weight in ranked) * (1 - 1e-12)  # q * n may be rounded up
    seen = 0.0
    for value, weight in ranked:
        seen += weight
        if seen >= enough:
            return value
    return math.nan


def _dirichlet(counts: Mapping[str, float], chance: random.Random) -> dict[str, float]:
    return {name: chance.gammavariate(count + PRIOR, 1.0) for name, count in counts.items()}


def _uncertainty_factor(uncertainty: float, chance: random.Random) -> float:
    z = NormalDist().inv_cdf((1 + UNCERTAINTY_COVERAGE) / 2)
    return math.exp(chance.gauss(0.0, 1.0) * math.log1p(uncertainty) / z)
