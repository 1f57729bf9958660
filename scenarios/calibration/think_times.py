"""Estimates think times: the lognormal distribution that the shoppers of a scenario draw from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from scenarios.calibration.estimates import Reservoir, Z, quantile, quantile_interval
from shop.contract import RETURN_PAGES, Page
from users.population.think import TRUNCATION_QUANTILE

FEWEST_THINK_TIMES = 50
"""The fewest think times to give a page its own distribution."""

SHORTEST_THINK_TIME = 0.02
"""A page with a smaller median, in seconds, is requested by the browser and not by the shopper."""

NO_THINK_PAGES = frozenset(
    {
        Page.CSRF_TOKEN,
        Page.CURRENT_USER,
        Page.BASKET,
        Page.ADDRESS_SELECTION,
        Page.ADDRESS_LIST,
        Page.THREE_D_REDIRECT,
        Page.REDIRECTION,
        Page.THANK_YOU,
        Page.COMPLETED_ORDER,
    }
)
"""Pages that a browser requests by itself. Shoppers of a scenario have no think time before them."""

FIRST_PAGES_AFTER_BANK = RETURN_PAGES - {Page.MASTERPASS_COMPLETE}
"""The first pages after a bank or provider. The time before them was spent there."""

_LOW, _HIGH = 0.16, 0.84
_SMALLEST = 1e-3
_LARGEST_SIGMA = 3.0
_SPREAD_ERROR = 0.963  # standard error of a spread from these two quantiles, in spreads over the root of n
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class LognormalFit:
    """A lognormal distribution, cut off as in ``users.population.think``: median and sigma, each with its 95 % interval.

    ``median`` is in seconds, 0 without think time; ``count`` is the number of samples.
    """

    count: int
    median: float
    median_interval: tuple[float, float]
    sigma: float
    sigma_interval: tuple[float, float]


def fit_lognormal(sample: Reservoir) -> LognormalFit:
    """Fit the distribution to the median and the middle two thirds of the sample, so that a few long breaks do not matter.

    The sample must not be empty.
    """
    ranked = [max(value, _SMALLEST) for value in sample.ranked()]
    n = len(ranked)
    if quantile(ranked, 0.5) <= SHORTEST_THINK_TIME:
        return LognormalFit(sample.count, 0.0, (0.0, SHORTEST_THINK_TIME), 0.0, (0.0, 0.0))
    low, high = math.log(quantile(ranked, _LOW)), math.log(quantile(ranked, _HIGH))
    sigma = min(max(0.0, (high - low) / (_normal(_HIGH) - _normal(_LOW))), _LARGEST_SIGMA)
    # Cut off at a percentile, the distribution's own median lies a little above that of what is drawn from it.
    uncut = math.exp(-sigma * _normal(0.5))
    bottom, top = quantile_interval(ranked, 0.5)
    half = Z * _SPREAD_ERROR * sigma / math.sqrt(n)
    return LognormalFit(
        sample.count,
        quantile(ranked, 0.5) * uncut,
        (bottom * uncut, top * uncut),
        sigma,
        (max(0.0, sigma - half), sigma + half),
    )


def _normal(q: float) -> float:
    """A quantile of the standard normal distribution, cut off at the top."""
    return _NORMAL.inv_cdf(q * TRUNCATION_QUANTILE)
