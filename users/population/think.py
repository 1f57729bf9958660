"""Think time: how long a shopper looks at a page before the next request.

People who fill in forms take lognormally distributed times: mostly short, sometimes very long. The distribution is cut
off at its 99th percentile, so that one very long think time does not delay the end of a run.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import NormalDist

TRUNCATION_QUANTILE = 0.99
"""The quantile of the untruncated distribution that no think time exceeds."""

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class ThinkTimes:
    """Think times in seconds: median and spread, for all pages and for single ones.

    ``sigma`` is the standard deviation of the logarithm (0: always the median). ``scale`` multiplies all think times; 0
    means no think time, for a stress test.
    """

    median: float = 0.0
    sigma: float = 0.5
    scale: float = 1.0
    pages: Mapping[str, float] = field(default_factory=dict)
    sigmas: Mapping[str, float] = field(default_factory=dict)

    def draw(self, page: str, rng: random.Random) -> float:
        """Draw a think time on this page, in seconds; takes exactly one number from ``rng`` unless it is always 0."""
        median = self.scale * self.pages.get(page, self.median)
        if median <= 0:
            return 0.0
        # The inverse of the distribution function at a uniform number below the cut: truncated, not clipped.
        # random() may be 0; its inverse is minus infinity.
        uniform = max(rng.random(), 1e-12) * TRUNCATION_QUANTILE
        return median * math.exp(self.sigmas.get(page, self.sigma) * _NORMAL.inv_cdf(uniform))

    def mean(self, page: str = "") -> float:
        """The mean think time on this page, in seconds, of the truncated distribution."""
        median = self.scale * self.pages.get(page, self.median)
        if median <= 0:
            return 0.0
        # E[X; X < q] of a lognormal is exp(sigma²/2) * Phi(z - sigma) medians, q being its z-quantile.
        sigma = self.sigmas.get(page, self.sigma)
        below = _NORMAL.cdf(_NORMAL.inv_cdf(TRUNCATION_QUANTILE) - sigma)
        return median * math.exp(sigma**2 / 2) * below / TRUNCATION_QUANTILE

    @property
    def longest(self) -> float:
        """The longest think time that can be drawn on any page, in seconds."""
        highest = _NORMAL.inv_cdf(TRUNCATION_QUANTILE)
        return self.scale * max(
            self.pages.get(page, self.median) * math.exp(self.sigmas.get(page, self.sigma) * highest)
            for page in ("", *self.pages, *self.sigmas)
        )
