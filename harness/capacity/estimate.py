"""Estimates the boundary from the tracking levels: the rate at which an objective breaks, with an interval and the steepness.

Tracking settles at the boundary. The rate is the mean of the logarithms over all levels except the first fifth, which lead there
(Polyak and Juditsky's averaging). The interval combines the spread of five batches of levels (Student's t), the counting error with
the design effect of the levels, and the spread between searches. ``tests/calibration/capacity_claims.py`` measures the constants.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.objectives.statistics import Z_95, proves_kept
from harness.special_functions import bdtr, stdtrit

BATCHES = 5
USUAL_STEEPNESS = 8.0
MIN_STEEPNESS, MAX_STEEPNESS = 3.0, 30.0
MAX_DESIGN_EFFECT = 100.0
"""The highest design effect that the few levels of a search can show."""
APPROACH_PARTS = 5
"""The first of this many parts of the levels leads to the boundary and does not count."""
SEARCH_SPREAD, LONG_SEARCH = 0.04, 60
"""Half of the 95 % interval between searches of this many levels at the same shop, on the logarithm of the rate."""
CLOSE = 0.2
"""The distance from the boundary, on the logarithm of the rate, within which levels are counted together."""
NEAR = 0.35
"""The distance from the boundary, on the logarithm of the rate, within which levels show the steepness."""
APART = 0.02
"""The least distance between the two halves of the levels, on the logarithm of the rate, that shows a steepness."""
FEWEST = 4
"""The least number of levels for an estimate."""
POWER = 0.8
"""The probability with which the first rate to confirm should be confirmed."""
ASSUMED_DESIGN_EFFECT = 2.0
"""The least design effect of a search: near its limit a shop is slow in clusters."""
LOWEST_TRY, HIGHEST_TRY = 0.94, 0.99
"""The range of the first rate to confirm, as shares of the boundary."""


@dataclass(frozen=True, slots=True)
class ObjectiveCounts:
    """The counts of an objective on one level: ``over`` of ``total`` samples are over the bound, a share ``allowed`` may be.

    ``text`` is the objective. ``effect`` is the design effect by which both counts are divided.
    """

    text: str
    total: int
    over: int
    allowed: float
    effect: float = 1.0

    @property
    def excess(self) -> float:
        """The share over the bound as a multiple of the allowed share; 1 is at the boundary."""
        if not self.total:
            return 0.0
        share = self.over / self.total
        if self.allowed <= 0:
            return math.inf if share else 0.0
        return share / self.allowed


@dataclass(frozen=True, slots=True)
class BoundaryEstimate:
    """The rate at which exactly the allowed share is over the bound: journeys per second, with a 95 % interval.

    ``steepness`` is by how many per cent the share over the bound grows with one per cent of rate. ``allowed`` is the share at the
    boundary.
    """

    rate: float
    low: float
    high: float
    steepness: float
    allowed: float
    effect: float = ASSUMED_DESIGN_EFFECT

    @property
    def half_width(self) -> float:
        """Half of the interval, relative to the rate."""
        return (self.high - self.low) / 2 / self.rate


def estimate_boundary(tracked: Sequence[tuple[float, ObjectiveCounts]]) -> BoundaryEstimate | None:
    """The boundary from tracking levels (rate, and counts of its worst objective); ``None`` for fewer than four."""
    last = tracked[len(tracked) // APPROACH_PARTS :] if len(tracked) >= 2 * FEWEST else tracked
    if len(last) < FEWEST:
        return None
    logs = [math.log(rate) for rate, _ in last]
    middle = math.fsum(logs) / len(logs)
    steepness = _steepness(tracked, middle)
    near = [(math.log(rate), counted) for rate, counted in tracked if abs(math.log(rate) - middle) < CLOSE]
    allowed = max(counted.allowed for _, counted in last)
    total = max(1.0, math.fsum(counted.total for _, counted in near))
    share = math.fsum(counted.over for _, counted in near) / total
    at = math.fsum(counted.total * log for log, counted in near) / total
    effect = _effect(near, steepness, at, share)
    counting = Z_95 * math.sqrt(min(effect, MAX_DESIGN_EFFECT) / max(1.0, total * max(allowed, share))) / steepness
    half_width = math.hypot(_spread(logs), counting, SEARCH_SPREAD * math.sqrt(max(1.0, LONG_SEARCH / len(last))))
    rate = math.exp(middle)
    return BoundaryEstimate(rate, rate * math.exp(-half_width), rate * math.exp(half_width), steepness, allowed, effect)


def safe_rate(found: BoundaryEstimate, seconds: float) -> float:
    """A rate below the boundary that a level of this length will probably prove kept."""
    share = HIGHEST_TRY
    while share > LOWEST_TRY:
        rate = found.rate * share
        if _proved_with(rate * seconds / found.effect, found.allowed * share**found.steepness, found.allowed) >= POWER:
            break
        share -= 0.01
    return found.rate * share


def _proved_with(total: float, share: float, allowed: float) -> float:
    """The probability that this many independent samples, with this share over the bound, prove the allowed share kept."""
    count, most = int(total), -1
    while most < count and proves_kept(count, most + 1, allowed, 0.05):
        most += 1
    return bdtr(most, count, share) if most >= 0 else 0.0


def _steepness(tracked: Sequence[tuple[float, ObjectiveCounts]], middle: float) -> float:
    """How much more is over the bound in the faster half of the near levels than in the slower half, on logarithms.

    It compares halves and does not fit a line through single levels, because near its limit a shop is slow in bursts and most
    levels show nothing.
    """
    near = sorted(
        (log, counted.total, counted.over)
        for rate, counted in tracked
        if counted.total and abs((log := math.log(rate)) - middle) < NEAR
    )
    if len(near) < 2 * FEWEST:
        return USUAL_STEEPNESS
    (x0, y0), (x1, y1) = _pooled(near[: len(near) // 2]), _pooled(near[len(near) // 2 :])
    if x1 - x0 < APART:
        return USUAL_STEEPNESS
    return min(MAX_STEEPNESS, max(MIN_STEEPNESS, (y1 - y0) / (x1 - x0)))


def _pooled(part: Sequence[tuple[float, int, int]]) -> tuple[float, float]:
    total = sum(n for _, n, _ in part)
    return math.fsum(log * n for log, n, _ in part) / total, math.log((sum(x for *_, x in part) + 0.5) / total)


def _effect(near: Sequence[tuple[float, ObjectiveCounts]], steepness: float, at: float, share: float) -> float:
    """The design effect: the variance between levels over the variance of independent samples."""
    if len(near) < FEWEST or not 0 < share < 1:
        return ASSUMED_DESIGN_EFFECT
    squares = []
    for log, counted in near:
        expected = min(1.0, share * math.exp(steepness * (log - at)))
        if counted.total and 0 < expected < 1:
            squares.append((counted.over - counted.total * expected) ** 2 / (counted.total * expected * (1 - expected)))
    # A few levels may be similar by chance.
    return max(ASSUMED_DESIGN_EFFECT, math.fsum(squares) / max(1, len(squares) - 2))


def _spread(logs: Sequence[float]) -> float:
    """Half of the 95 % interval of the mean, from the means of five batches."""
    count = min(BATCHES, len(logs))
    means = []
    for batch in range(count):
        part = logs[batch * len(logs) // count : (batch + 1) * len(logs) // count]
        means.append(math.fsum(part) / len(part))
    mean = math.fsum(means) / count
    deviation = math.sqrt(math.fsum((each - mean) ** 2 for each in means) / (count - 1))
    return stdtrit(count - 1, 0.975) * deviation / math.sqrt(count)
