"""Estimates a ratio from pairs of runs, with an interval that stays right however much the runs of one shop differ.

The difference between runs is a part of the error: the state of a machine on one day does not vary within that day.
How large it is, comes from an assumption and from the pairs together. The assumption counts as a few pairs (an inverse
chi-square prior), so each further pair shifts the weight from the assumption to the data.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean
from typing import Protocol

from scipy.special import stdtr, stdtrit

from harness.regression.percentiles import Estimate
from harness.regression.tolerance import LARGEST_RUN_EFFECT, MAX_PAIRS, RunEffect

POWER = 0.8
"""The chance with which a comparison should have seen the smallest change that it names."""
_NORMAL = NormalDist()


class Difference(Protocol):
    """A difference of two logarithms with its error: ``PooledDifference``, or ``SignedRanks`` over slices."""

    @property
    def mean(self) -> float:
        """The estimate."""

    def p_over(self, bound: float) -> float:
        """The p-value of "the true difference is at most ``bound``"."""

    def low(self, alpha: float) -> float:
        """The true difference is below this with probability ``alpha`` at most."""

    def high(self, alpha: float) -> float:
        """The true difference is above this with probability ``alpha`` at most."""

    def reach(self, alpha: float) -> float:
        """How far the estimate may lie from the true difference, to one side."""


@dataclass(frozen=True, slots=True)
class PooledDifference:
    """The mean of the pairs' differences (logarithms), its standard error and its degrees of freedom.

    ``cap`` is the standard error if runs differed by the largest run effect that is assumed; infinite if the pairs
    themselves show a larger one.
    """

    mean: float
    error: float
    degrees: float
    cap: float

    def p_over(self, bound: float) -> float:
        """The p-value of "the true difference is at most ``bound``"."""
        return min(self._tail(self.mean - bound), 1.0)

    def low(self, alpha: float) -> float:
        """The true difference is below this with probability ``alpha`` at most."""
        return self.mean - self.reach(alpha)

    def high(self, alpha: float) -> float:
        """The true difference is above this with probability ``alpha`` at most."""
        return self.mean + self.reach(alpha)

    def reach(self, alpha: float) -> float:
        """How far the mean may lie from the true difference, to one side."""
        student = float(stdtrit(self.degrees, 1 - alpha)) * self.error
        return min(student, -_NORMAL.inv_cdf(alpha) * self.cap) if self.cap < math.inf else student

    def _tail(self, distance: float) -> float:
        student = float(stdtr(self.degrees, -distance / self.error))
        return min(student, _NORMAL.cdf(-distance / self.cap)) if self.cap < math.inf and distance > 0 else student


def pool(pairs: Sequence[tuple[Estimate, Estimate]], run_effect: RunEffect) -> PooledDifference:
    """The pooled difference, candidate minus baseline, of these pairs (baseline, candidate)."""
    differences = [candidate.logarithm - baseline.logarithm for baseline, candidate in pairs]
    within = fmean(baseline.variance + candidate.variance for baseline, candidate in pairs)
    number, mean = len(differences), fmean(differences)
    squares = math.fsum((each - mean) ** 2 for each in differences)
    degrees = run_effect.weight + number - 1
    variance = max((run_effect.weight * (2 * run_effect.size**2 + within) + squares) / degrees, within, 1e-12)
    most = 2 * LARGEST_RUN_EFFECT**2 + within
    cap = math.sqrt(most / number) if variance <= most else math.inf
    return PooledDifference(mean, math.sqrt(variance / number), degrees, cap)


def pool_sides(before: Sequence[Estimate], after: Sequence[Estimate], run_effect: RunEffect) -> PooledDifference:
    """The difference of two groups of runs that are no pairs, ``after`` minus ``before``.

    How much runs differ comes from the assumption and from ``before``.
    """
    means = [fmean(one.logarithm for one in runs) for runs in (before, after)]
    within = fmean(one.variance for one in (*before, *after))
    squares = math.fsum((one.logarithm - means[0]) ** 2 for one in before)
    degrees = run_effect.weight + len(before) - 1
    variance = max((run_effect.weight * (run_effect.size**2 + within) + squares) / degrees, within, 1e-12)
    most = LARGEST_RUN_EFFECT**2 + within
    number = 1 / (1 / len(before) + 1 / len(after))
    cap = math.sqrt(most / number) if variance <= most else math.inf
    return PooledDifference(means[1] - means[0], math.sqrt(variance / number), degrees, cap)


def smallest_seen(difference: Difference, harmless: float, alpha: float) -> float:
    """The smallest change (a share) that this comparison would have called a regression with a chance of 80 %."""
    return math.expm1(math.log1p(harmless) + difference.reach(alpha) + difference.reach(1 - POWER))


def pairs_needed(
    difference: PooledDifference, number: int, bounds: tuple[float, float], alphas: tuple[float, float]
) -> int | None:
    """How many pairs would decide if they are like these; None if the difference lies where neither verdict is right.

    ``bounds`` are the logarithms of the largest harmless and the smallest harmful ratio; ``alphas`` those of a failure
    and of a pass.
    """
    for more in range(number + 1, MAX_PAIRS + 1):
        shrink = math.sqrt(number / more)
        later = PooledDifference(
            difference.mean, difference.error * shrink, difference.degrees + more - number, difference.cap * shrink
        )
        if later.low(alphas[0]) > bounds[0] or later.high(alphas[1]) < bounds[1]:
            return more
    return None
