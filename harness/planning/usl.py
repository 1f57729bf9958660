"""The Universal Scalability Law: how throughput grows with concurrency, and where it stops growing.

``X(N) = rate * N / (1 + sigma (N - 1) + kappa N (N - 1))`` (Gunther). ``sigma`` is contention for shared resources. ``kappa`` is
coherency, the cost of agreement, which makes throughput fall again. As ``N / X`` the law is linear in three numbers that are not
negative. So non-negative least squares on relative errors finds the best fit exactly, without start values or local optima.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from scipy.optimize import nnls

from harness.special_functions import stdtrit

FEWEST_POINTS = 6
"""The least number of points; with fewer, three numbers fit nearly anything."""
REWEIGHTINGS = 3
"""The number of repetitions with errors relative to the previous fit; then it no longer changes."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Usl:
    """The law with its three numbers; ``rate`` is the throughput at a concurrency of one."""

    rate: float
    sigma: float
    kappa: float

    def throughput(self, n: float) -> float:
        """The throughput at concurrency ``n``."""
        return self.rate * n / (1 + self.sigma * (n - 1) + self.kappa * n * (n - 1))

    @property
    def knee(self) -> float:
        """The concurrency with the highest throughput; ``inf`` if throughput never falls."""
        return math.sqrt((1 - self.sigma) / self.kappa) if self.kappa > 0 else math.inf

    @property
    def most(self) -> float:
        """The highest throughput; only approached if the knee is ``inf``; ``inf`` for a linear law."""
        if self.kappa > 0:
            return self.throughput(max(1.0, self.knee))
        return self.rate / self.sigma if self.sigma > 0 else math.inf


@dataclass(frozen=True, slots=True)
class Fit:
    """The best fit of the law to some points; ``residuals`` are relative, one for each point.

    ``others`` are fits to points redrawn from the residuals, with a seed.
    """

    law: Usl
    residuals: tuple[float, ...]
    others: tuple[Usl, ...]
    reach: float

    @property
    def error(self) -> float:
        """The typical relative distance of a point from the curve."""
        free = max(1, len(self.residuals) - 3)
        return math.sqrt(math.fsum(r * r for r in self.residuals) / free)

    def band(self, n: float, confidence: float = 0.95) -> tuple[float, float]:
        """The interval of the throughput at concurrency ``n``."""
        return interval([law.throughput(n) for law in self.others], confidence)

    def most(self, confidence: float = 0.95) -> tuple[float, float]:
        """The interval of the highest throughput."""
        return interval([law.most for law in self.others], confidence)

    def knee(self, confidence: float = 0.95) -> tuple[float, float]:
        """The interval of the knee."""
        return interval([law.knee for law in self.others], confidence)


def fit(points: Sequence[Point], *, seed: int, replicates: int = 400, fewest: int = FEWEST_POINTS) -> Fit:
    """The best fit of the law to these points of (concurrency, throughput), with redrawn fits.

    Fewer than ``fewest`` points, or points at nearly one load, are a ValueError. Residuals are redrawn with replacement. They are
    multiplied by ``sqrt(n / (n - 3))`` for the three fitted numbers, and by the ratio of Student's t to the normal quantile, because
    few points do not show their spread exactly.
    """
    usable = [(n, x) for n, x in points if n > 0 and x > 0]
    if len(usable) < max(3, fewest):
        raise ValueError(f"it has {len(usable)} point{'s' * (len(usable) != 1)} and needs {max(3, fewest)}")
    if max(n for n, _ in usable) < 1.5 * min(n for n, _ in usable):
        raise ValueError("all points are at nearly the same load")
    law = best_fit(usable)
    residuals = [x / law.throughput(n) - 1 for n, x in usable]
    free = max(1, len(usable) - 3)
    stretch = math.sqrt(len(usable) / free) * stdtrit(free, 0.975) / NormalDist().inv_cdf(0.975)
    centre = math.fsum(residuals) / len(residuals)
    chance = random.Random(seed)
    others = []
    for _ in range(replicates):
        drawn = [(n, law.throughput(n) * math.exp(stretch * (chance.choice(residuals) - centre))) for n, _ in usable]
        others.append(best_fit(drawn))
    return Fit(law, tuple(residuals), tuple(others), max(n for n, _ in usable))


def best_fit(points: Sequence[Point], weights: Sequence[float] | None = None) -> Usl:
    """The law with the least squares of relative errors; ``weights`` are the weights of the points."""
    trust = weights or [1.0] * len(points)
    per_one = [n / x for n, x in points]
    scale = list(per_one)
    alone = queue = talk = 0.0
    for _ in range(REWEIGHTINGS):
        rows = [[w / s, w * n / s, w * n * (n - 1) / s] for (n, _), w, s in zip(points, trust, scale, strict=True)]
        wanted = [w * y / s for y, w, s in zip(per_one, trust, scale, strict=True)]
        alone, queue, talk = map(float, nnls(rows, wanted)[0])
        scale = [alone + queue * n + talk * n * (n - 1) for n, _ in points]
    first = alone + queue
    if first <= 0:  # all cost is coherency: a concurrency of one takes no time
        first = max(talk, 1e-12) * 1e-9
    return Usl(1 / first, queue / first, talk / first)


def interval(values: Sequence[float], confidence: float) -> tuple[float, float]:
    """The interval of the middle share of these values; NaN without values."""
    if not values:
        return math.nan, math.nan
    ranked = sorted(values)
    last = len(ranked) - 1
    out = round((1 - confidence) / 2 * last, 9)
    return ranked[math.floor(out)], ranked[math.ceil(last - out)]
