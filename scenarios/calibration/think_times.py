"""How long shoppers took over a page: the lognormal distribution that the shoppers of a scenario draw from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from scenarios.calibration.estimates import Reservoir, Z, quantile, quantile_interval
from shop.contract import RETURN_PAGES, Page
from users.population.think import TRUNCATION_QUANTILE

FEWEST_THINK_TIMES = 50
"""Pauses that it takes to say something of a page of its own."""

SHORTEST_THINK_TIME = 0.02
"""A page that is mostly asked for within so many seconds is asked for by the browser, not by the shopper."""

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
"""Pages that a browser asks for by itself: shoppers of a scenario do not think before them either."""

FIRST_PAGES_AFTER_BANK = RETURN_PAGES - {Page.MASTERPASS_COMPLETE}
"""Pages that are come back to from a bank or provider: what passed before them was spent there."""

_LOW, _HIGH = 0.16, 0.84
_SMALLEST = 1e-3
_LARGEST_SIGMA = 3.0
_SPREAD_ERROR = 0.963  # standard error of a spread from these two quantiles, in spreads over the root of n
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class LognormalFit:
    """A lognormal distribution, cut off as ``users.think`` cuts it: median and spread, each with its 95 % interval.

    ``median`` in seconds, 0 where nobody thinks; ``count`` is how many pauses it was made of.
    """

    count: int
    median: float
    median_interval: tuple[float, float]
    sigma: float
    sigma_interval: tuple[float, float]


def fit_lognormal(sample: Reservoir) -> LognormalFit:
    """The distribution that has the sample's median and its middle two thirds; robust against a few who left the desk.

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
    """The place of a quantile of the distribution cut off at the top, in standard deviations of the whole."""
    return _NORMAL.inv_cdf(q * TRUNCATION_QUANTILE)
