"""Where a demand gives way, out of the levels that tracked it: the rate, how sure that is, and how steep the way there.

The tracking settles along the boundary: its rate is the mean of the logarithms over all levels but the first fifth, in which it came
there (Polyak and Juditsky's averaging). The interval joins the spread of five batches of them (Student's t), the error of counting under the design
effect that the levels show, and what walks over the same shop differ by. Shares and widths are from ``tests/calibration/capacity_claims.py``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import bdtr, stdtrit

from harness.objectives.statistics import proves_kept

BATCHES = 5
USUAL_STEEPNESS = 8.0
MIN_STEEPNESS, MAX_STEEPNESS = 3.0, 30.0
MAX_DESIGN_EFFECT = 100.0
"""The design effect beyond which the few levels of a search tell no more of how clustered slow answers are."""
APPROACH_PARTS = 5
"""One part in so many of the levels is the way to the boundary, and does not count."""
SEARCH_SPREAD, LONG_SEARCH = 0.04, 60
"""Half of the 95 % interval by which walks of so many levels differ that look alike in all else, of the logarithm of the rate."""
CLOSE = 0.2
"""Of the boundary: levels this near to it are counted together."""
NEAR = 0.35
"""Levels whose rate lies within this share of the boundary tell how steep it is."""
APART = 0.02
"""By how much the two halves of the levels must differ, on the logarithm of the rate, to tell a steepness."""
FEWEST = 4
"""Levels that it takes to speak of a boundary at all."""
POWER = 0.8
"""The probability with which a rate chosen for confirmation is to be confirmed."""
ASSUMED_DESIGN_EFFECT = 2.0
"""The design effect that is assumed in advance: near its limit a shop is slow in clusters."""
LOWEST_TRY, HIGHEST_TRY = 0.94, 0.99
"""Of the boundary: the range of what is tried first."""


@dataclass(frozen=True, slots=True)
class ObjectiveCounts:
    """How a demand fared on one level: ``over`` of ``total`` samples, where a share ``allowed`` may be.

    ``text`` is the demand; ``effect`` the design effect by which both counts are divided.
    """

    text: str
    total: int
    over: int
    allowed: float
    effect: float = 1.0

    @property
    def excess(self) -> float:
        """The share over the bound in proportion to what is allowed; 1: just at the boundary."""
        if not self.total:
            return 0.0
        share = self.over / self.total
        if self.allowed <= 0:
            return math.inf if share else 0.0
        return share / self.allowed


@dataclass(frozen=True, slots=True)
class BoundaryEstimate:
    """The rate at which as many samples are over the bound as may be: journeys per second, with a 95 % interval.

    ``steepness`` is how many per cent the share over the bound grows with one per cent of rate; ``allowed`` that share at
    the boundary.
    """

    rate: float
    low: float
    high: float
    steepness: float
    allowed: float
    effect: float = ASSUMED_DESIGN_EFFECT

    @property
    def half_width(self) -> float:
        """Half of the interval, in proportion to the rate."""
        return (self.high - self.low) / 2 / self.rate


def estimate_boundary(tracked: Sequence[tuple[float, ObjectiveCounts]]) -> BoundaryEstimate | None:
    """The boundary that these levels (rate, and its worst demand) went along; ``None`` of fewer than four."""
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
    counting = 1.96 * math.sqrt(min(effect, MAX_DESIGN_EFFECT) / max(1.0, total * max(allowed, share))) / steepness
    either_way = math.hypot(_spread(logs), counting, SEARCH_SPREAD * math.sqrt(max(1.0, LONG_SEARCH / len(last))))
    rate = math.exp(middle)
    return BoundaryEstimate(rate, rate * math.exp(-either_way), rate * math.exp(either_way), steepness, allowed, effect)


def safe_rate(found: BoundaryEstimate, seconds: float) -> float:
    """A rate below the boundary that a level of so many seconds will probably prove to be kept."""
    share = HIGHEST_TRY
    while share > LOWEST_TRY:
        rate = found.rate * share
        if _proved_with(rate * seconds / found.effect, found.allowed * share**found.steepness, found.allowed) >= POWER:
            break
        share -= 0.01
    return found.rate * share


def _proved_with(total: float, share: float, allowed: float) -> float:
    """How probably so many independent samples, of which this share is over, prove that no more than is allowed are."""
    count, most = int(total), -1
    while most < count and proves_kept(count, most + 1, allowed, 0.05):
        most += 1
    return float(bdtr(most, count, share)) if most >= 0 else 0.0


def _steepness(tracked: Sequence[tuple[float, ObjectiveCounts]], middle: float) -> float:
    """How much more is over the bound in the faster half of the levels near by than in the slower one, on logarithms.

    Halves, and not a line through single levels: near its limit a shop is slow in bursts, and most levels show nothing.
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
    """How many samples are worth an independent one: how much more the levels differ than chance would make them."""
    if len(near) < FEWEST or not 0 < share < 1:
        return ASSUMED_DESIGN_EFFECT
    squares = []
    for log, counted in near:
        expected = min(1.0, share * math.exp(steepness * (log - at)))
        if counted.total and 0 < expected < 1:
            squares.append((counted.over - counted.total * expected) ** 2 / (counted.total * expected * (1 - expected)))
    # The few that there are may be alike by luck.
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
    return float(stdtrit(count - 1, 0.975)) * deviation / math.sqrt(count)
