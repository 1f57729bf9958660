"""Compares the shares of journeys that fail."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import betainc, betaincinv

from harness.objectives.statistics import design_effect

SliceCounts = Sequence[tuple[int, int]]
"""Consecutive slices of equal length: the number of journeys in each, and how many of them the shop failed."""


@dataclass(frozen=True, slots=True)
class FailureShares:
    """The shares of failed journeys of both sides, and the effective numbers behind them.

    Failures come in clusters, so that each counts for less than one: ``totals`` and ``failed`` (baseline, candidate) are
    divided by the design effect.
    """

    totals: tuple[float, float]
    failed: tuple[float, float]

    @property
    def shares(self) -> tuple[float, float]:
        """The shares of baseline and candidate; 0 without a journey."""
        baseline, candidate = (x / n if n else 0.0 for x, n in zip(self.failed, self.totals, strict=True))
        return baseline, candidate

    @property
    def rise(self) -> float:
        """How much larger the share of the candidate is."""
        return self.shares[1] - self.shares[0]

    def p_rise(self, harmless: float) -> float:
        """The p-value of "the candidate fails no more often"; 1 if the rise is harmless anyway.

        Given all failures together, as many belong to the candidate as its part of the journeys says.
        """
        total = sum(self.totals)
        if self.rise <= harmless or not self.failed[1] > 0 or not total:
            return 1.0
        return float(betainc(self.failed[1], self.failed[0] + 1, self.totals[1] / total))

    def low(self, alpha: float) -> float:
        """The true rise is below this with probability ``alpha`` at most (Newcombe's bound on exact bounds)."""
        return self._bound(1, 0, alpha, sign=-1)

    def high(self, alpha: float) -> float:
        """The true rise is above this with probability ``alpha`` at most; 1 without a journey."""
        return self._bound(0, 1, alpha, sign=1) if min(self.totals) > 0 else 1.0

    def _bound(self, lowered: int, raised: int, alpha: float, *, sign: int) -> float:
        down = self.shares[lowered] - _lower(self.failed[lowered], self.totals[lowered], alpha)
        up = _upper(self.failed[raised], self.totals[raised], alpha) - self.shares[raised]
        return self.rise + sign * math.hypot(down, up)


def failure_shares(baseline: Sequence[SliceCounts], candidate: Sequence[SliceCounts]) -> FailureShares:
    """The shares of both sides; each side is a list of runs."""
    together = [[each for run in side for each in run] for side in (baseline, candidate)]
    effect = max(design_effect(side) for side in together)
    totals, failed = ([sum(each[place] for each in side) / effect for side in together] for place in (0, 1))
    return FailureShares((totals[0], totals[1]), (failed[0], failed[1]))


def _lower(failed: float, total: float, alpha: float) -> float:
    return float(betaincinv(failed, total - failed + 1, alpha)) if failed > 0 else 0.0


def _upper(failed: float, total: float, alpha: float) -> float:
    return float(betaincinv(failed + 1, total - failed, 1 - alpha)) if failed < total else 1.0
