"""Compares two versions that were loaded at the same time, slice by slice.

What the machine does to both at one moment is in both slices of that moment, so it is not in their ratio. The ratio of the
whole is the Hodges-Lehmann estimate over the slices, with the bounds of Wilcoxon's signed-rank test: a burst in some slices
does not move it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.measurement.histogram import Histogram
from harness.regression.percentiles import FEWEST_SAMPLES, Slices

FEWEST_SLICES = 12
"""The least number of slices for the normal form of the signed-rank test."""
SLICE_SECONDS = 5.0
SIDE_EFFECT = 0.007
"""How much two deployments of the same version differ although nothing else does, as a standard deviation of the logarithm."""
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class SignedRanks:
    """The differences of many slices, candidate minus baseline (logarithms)."""

    differences: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The Hodges-Lehmann estimate: the median of the means of all pairs of differences."""
        return float(np.median(self._walsh()))

    def p_over(self, bound: float) -> float:
        """The p-value of "the true difference is at most ``bound``"."""
        shifted = np.asarray(self.differences) - bound
        order = np.abs(shifted).argsort().argsort() + 1
        number = len(shifted)
        positive = float(order[shifted > 0].sum())
        expected, variance = number * (number + 1) / 4, number * (number + 1) * (2 * number + 1) / 24
        score = (positive - expected - 0.5) / math.sqrt(variance)
        distance = self.mean - bound
        if score <= 0 or distance <= 0:
            return _NORMAL.cdf(-score)
        return _NORMAL.cdf(-distance / math.hypot(distance / score, SIDE_EFFECT))

    def low(self, alpha: float) -> float:
        """The true difference is below this with probability ``alpha`` at most."""
        return self.mean - self._reach(alpha, lower=True)

    def high(self, alpha: float) -> float:
        """The true difference is above this with probability ``alpha`` at most."""
        return self.mean + self._reach(alpha, lower=False)

    def reach(self, alpha: float) -> float:
        """How far the estimate may lie above the true difference."""
        return self._reach(alpha, lower=True) if alpha <= 0.5 else -self._reach(1 - alpha, lower=True)  # noqa: PLR2004

    def _reach(self, alpha: float, *, lower: bool) -> float:
        walsh, number = self._walsh(), len(self.differences)
        z = -_NORMAL.inv_cdf(alpha)
        rank = number * (number + 1) / 4 - z * math.sqrt(number * (number + 1) * (2 * number + 1) / 24)
        place = max(0, math.floor(rank))
        bound = walsh[place] if lower else walsh[len(walsh) - 1 - place]
        return math.hypot(abs(self.mean - float(bound)), z * SIDE_EFFECT)

    def _walsh(self) -> NDArray[Any]:
        values = np.asarray(self.differences)
        first, second = np.triu_indices(len(values))
        return np.sort((values[first] + values[second]) / 2)


def signed_ranks(rounds: Sequence[tuple[Slices, Slices]], q: float, seconds: float) -> SignedRanks | None:
    """The differences of a percentile over all rounds (baseline, candidate); None if there are too few samples.

    ``seconds`` is the length of a slice of the recorders. Slices are merged until they are long enough for a percentile.
    """
    least = max(1, math.ceil(SLICE_SECONDS / seconds))
    for merged in (least, 2 * least, 4 * least):
        pairs = [pair for baseline, candidate in rounds for pair in _aligned(baseline, candidate, merged)]
        if len(pairs) < FEWEST_SLICES:
            return None
        if median(min(a.total, b.total) for a, b in pairs) < FEWEST_SAMPLES:
            continue
        quantiles = [(a.quantile(q), b.quantile(q)) for a, b in pairs]
        finite = [(a, b) for a, b in quantiles if 0 < a < math.inf and 0 < b < math.inf]
        if len(finite) < max(FEWEST_SLICES, len(pairs) - 1):
            return None
        return SignedRanks(tuple(math.log(b / a) for a, b in finite))
    return None


def _aligned(baseline: Slices, candidate: Slices, merged: int) -> list[tuple[Histogram, Histogram]]:
    """The slices of the same moments, this many merged into one; the incomplete last one is left out."""
    both = sorted(baseline.keys() & candidate.keys())
    groups = [both[at : at + merged] for at in range(0, len(both) - merged + 1, merged)]
    return [
        (Histogram.merged(baseline[n] for n in group), Histogram.merged(candidate[n] for n in group))
        for group in groups
    ]
