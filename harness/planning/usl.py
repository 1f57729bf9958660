"""How throughput grows with what is in hand, and where it stops growing: the Universal Scalability Law.

``X(N) = rate * N / (1 + sigma (N - 1) + kappa N (N - 1))`` (Gunther): ``sigma`` is queueing for what is shared, ``kappa``
the cost of agreeing with each other, which makes throughput fall again. Written as ``N / X`` the law is linear in three numbers
that must not be negative, so the best fit is found exactly, by non-negative least squares on relative errors: there is no start
value to choose and no local optimum to fall into.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from scipy.optimize import nnls
from scipy.special import stdtrit

FEWEST_POINTS = 6
"""With fewer points three numbers fit nearly anything."""
REWEIGHTINGS = 3
"""How often the errors are taken relative to the fit instead of to what was measured; then it stands still."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Usl:
    """The law with its three numbers: ``rate`` is the throughput of one alone, in whatever a second."""

    rate: float
    sigma: float
    kappa: float

    def throughput(self, n: float) -> float:
        """What gets done with ``n`` in hand."""
        return self.rate * n / (1 + self.sigma * (n - 1) + self.kappa * n * (n - 1))

    @property
    def knee(self) -> float:
        """How many in hand give the most throughput; ``inf`` where it never falls again."""
        return math.sqrt((1 - self.sigma) / self.kappa) if self.kappa > 0 else math.inf

    @property
    def most(self) -> float:
        """The most throughput there is; approached, never reached, where the knee is ``inf``; ``inf`` if linear."""
        if self.kappa > 0:
            return self.throughput(max(1.0, self.knee))
        return self.rate / self.sigma if self.sigma > 0 else math.inf


@dataclass(frozen=True, slots=True)
class Fit:
    """The law as it fits some points best, and how well: ``residuals`` are relative, one for each point.

    ``others`` are fits to what might as well have been measured: drawn from the residuals, by a seed.
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
        """Between which throughputs the truth lies with ``n`` in hand."""
        return interval([law.throughput(n) for law in self.others], confidence)

    def most(self, confidence: float = 0.95) -> tuple[float, float]:
        """Between which values the most throughput lies."""
        return interval([law.most for law in self.others], confidence)

    def knee(self, confidence: float = 0.95) -> tuple[float, float]:
        """Between how many in hand the knee lies."""
        return interval([law.knee for law in self.others], confidence)


def fit(points: Sequence[Point], *, seed: int, replicates: int = 400, fewest: int = FEWEST_POINTS) -> Fit:
    """The law that fits these points of (in hand, throughput) best.

    ValueError with fewer than ``fewest`` points, or all at one place. Residuals are drawn anew, with replacement, and blown up by
    ``sqrt(n / (n - 3))`` for the three numbers that were fitted, and once more as Student's t is wider than the normal distribution: few
    points do not even know their own spread.
    """
    usable = [(n, x) for n, x in points if n > 0 and x > 0]
    if len(usable) < max(3, fewest):
        raise ValueError(f"{len(usable)} point{'s' * (len(usable) != 1)}, and it takes {max(3, fewest)}")
    if max(n for n, _ in usable) < 1.5 * min(n for n, _ in usable):
        raise ValueError("all points lie at nearly the same load")
    law = best_fit(usable)
    residuals = [x / law.throughput(n) - 1 for n, x in usable]
    free = max(1, len(usable) - 3)
    stretch = math.sqrt(len(usable) / free) * float(stdtrit(free, 0.975)) / NormalDist().inv_cdf(0.975)
    centre = math.fsum(residuals) / len(residuals)
    chance = random.Random(seed)
    others = []
    for _ in range(replicates):
        drawn = [(n, law.throughput(n) * math.exp(stretch * (chance.choice(residuals) - centre))) for n, _ in usable]
        others.append(best_fit(drawn))
    return Fit(law, tuple(residuals), tuple(others), max(n for n, _ in usable))


def best_fit(points: Sequence[Point], weights: Sequence[float] | None = None) -> Usl:
    """The law with the least squares of relative errors; ``weights`` say how much each point counts."""
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
    if first <= 0:  # all of it is the cost of agreeing: one alone takes no time
        first = max(talk, 1e-12) * 1e-9
    return Usl(1 / first, queue / first, talk / first)


def interval(values: Sequence[float], confidence: float) -> tuple[float, float]:
    """The middle share of the values, from the lowest to the highest of it; NaN without any."""
    if not values:
        return math.nan, math.nan
    ranked = sorted(values)
    last = len(ranked) - 1
    out = round((1 - confidence) / 2 * last, 9)
    return ranked[math.floor(out)], ranked[math.ceil(last - out)]
