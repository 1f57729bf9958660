"""The statistics behind a verdict: binomial tests, design effects and confidence intervals.

Counts may be fractions here, because correlated samples count for less than their number. The incomplete beta function, which
gives the binomial tails, accepts fractions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

from harness.special_functions import betainc, chndtr, stdtrit

Z_95 = 1.96
"""The standard errors to each side of a 95 % interval."""

BATCHES = (8, 12, 20)
"""The numbers of batches into which a run is cut to find clusters; the highest design effect counts."""

MEAN_BATCHES = (5, 6, 8, 10, 12, 16)
"""The numbers of batches whose mean counts: few long batches show slow variation, many short ones estimate it precisely."""

DESIGN_EFFECT_MARGIN = 1.5
"""The factor for a design effect minus 1, because it is an estimate: Student's t over the normal quantile, squared, and a margin."""

VARIATION_MARGIN = 1.7
"""The same for a design effect that comes from other quantiles; with it ``tests/calibration/percentile_claims.py`` passes."""

MOST_SAMPLES = 10_000_000
"""A verdict that needs more samples than this is out of reach of a longer run."""

LEAST_EVIDENCE = 2
"""The least number of samples over the bound that can prove an objective broken; a single one may be an accident."""


_NO_DEGREES = 1e-9  # of freedom: a sum of exponential clusters is a noncentral chi-square with none (Siegel 1979)


def proves_kept(total: float, over: float, allowed: float, alpha: float) -> bool:
    """Whether so few of ``total`` are over the bound that a true share over ``allowed`` is improbable.

    ``P(Binomial(total, allowed) <= over) <= alpha``, the early-stopping criterion of MLPerf LoadGen. ``allowed`` is a share over 0
    and below 1, ``alpha`` is 1 minus the confidence.
    """
    return over < total and betainc(total - over, over + 1, 1 - allowed) <= alpha


def proves_broken(total: float, over: float, allowed: float, alpha: float) -> bool:
    """Whether so many of ``total`` are over the bound that a true share of at most ``allowed`` is improbable.

    ``P(Binomial(total, allowed) >= over) <= alpha``.
    """
    return over > 0 and betainc(over, total - over + 1, allowed) <= alpha


@lru_cache(maxsize=256)  # a page asks again and again while a run is on
def fewest_samples(allowed: float, confidence: float, over: int = 0) -> int:
    """How many samples prove an objective kept when ``over`` of them are over the bound.

    A 99th percentile at 99 % needs 459 samples with none over, and 662 with one over.
    """
    alpha = 1 - confidence
    found = _smallest_that(over + 1, lambda n: proves_kept(n, over, allowed, alpha))
    return MOST_SAMPLES if found is None else found


def samples_for_verdict(total: int, over: int, allowed: float, confidence: float, effect: float = 1.0) -> int | None:
    """How many samples in all would decide if the share over the bound stays as it is; None if no number would.

    ``effect`` is the design effect. One spare sample allows for a share that is not a whole number of samples. None also if
    more than ten million would be needed.
    """
    alpha, share = 1 - confidence, over / total
    if share < allowed:
        # With none over the bound, no spare is needed: 0 is a whole number.
        spare = 1 if over else 0
        return _smallest_that(total, lambda n: proves_kept(n / effect, (share * n + spare) / effect, allowed, alpha))
    # The same holds with all over the bound.
    spare = 1 if over < total else 0
    return _smallest_that(
        total,
        lambda n: (
            share * n - spare >= LEAST_EVIDENCE
            and proves_broken(n / effect, (share * n - spare) / effect, allowed, alpha)
        ),
    )


def design_effect(slices: Sequence[tuple[int, int]]) -> float:
    """How many samples of this run count as much as one independent sample; at least 1.

    ``slices`` are consecutive slices of equal length, each with its number of samples and how many of them are over the bound.
    Near saturation slow answers come in clusters, so that a thousand answers of three bad seconds are far from independent. The
    effect is the variance between batches over the variance of independent samples, at its highest over several numbers of
    batches.
    """
    return max([1.0, *_effects(slices, BATCHES)])


def common_variation(middle_slices: Sequence[Sequence[tuple[int, int]]]) -> float:
    """How strongly all times of a run rise and fall together, from its middle quantiles; 0 for independent times.

    ``middle_slices`` are slices as in ``design_effect``, of how many samples were over the run's own median and quantiles near it.
    Few samples are over the bound of an objective, so the bound hardly shows that a run was lucky. The median shows every
    variation. Near saturation each queue is a reflected Brownian motion, and the design effects at all quantiles are one number
    times ``_steepness``. This is that number, by least squares.
    """
    weighted = squares = 0.0
    for slices in middle_slices:
        total, over = sum(n for n, _ in slices), sum(x for _, x in slices)
        effects = _effects(slices, MEAN_BATCHES)
        if effects:
            steepness = _steepness(over / total)
            weighted += steepness * (math.fsum(effects) / len(effects) - 1)
            squares += steepness**2
    return max(0.0, weighted / squares) if squares else 0.0


def design_effect_at(allowed: float, common_variation: float) -> float:
    """The design effect at the quantile that this share of the samples is over, computed from the middle quantiles."""
    return 1 + VARIATION_MARGIN * common_variation * _steepness(allowed)


def _steepness(share: float) -> float:
    """The design effect, up to a factor, of a reflected Brownian motion at the value that it exceeds for this share of the time."""
    return 1 + share * math.log(share) / (1 - share)


def _effects(slices: Sequence[tuple[int, int]], batches: Sequence[int]) -> list[float]:
    """The variance between batches over that of independent samples, for each number of batches; empty if nothing varies."""
    total, over = sum(n for n, _ in slices), sum(x for _, x in slices)
    if not 0 < over < total or len(slices) < 2:  # noqa: PLR2004  one stretch cannot vary
        return []
    share = over / total
    effects = []
    for count in sorted({min(number, len(slices)) for number in batches}):
        batch = [[0, 0] for _ in range(count)]
        for index, (n, x) in enumerate(slices):
            place = batch[index * count // len(slices)]
            place[0] += n
            place[1] += x
        between = sum((x - n * share) ** 2 for n, x in batch) / (count - 1)
        effects.append(between / (total / count * share * (1 - share)))
    return effects


def proves_kept_in_clusters(total: float, over: float, allowed: float, alpha: float, effect: float) -> bool:
    """Like ``proves_kept``, for samples that are over the bound in clusters of random size.

    Clusters are independent. Their sizes are exponential, with the mean that gives this design effect. So with none over, the number
    of clusters counts, not of samples. This proves more than dividing both counts by the design effect.
    """
    size = (effect + 1) / 2
    clusters = total * allowed / size
    chance = chndtr(2 * over / size, _NO_DEGREES, 2 * clusters) if over else math.exp(-clusters)
    return over < total and (chance <= alpha or proves_kept(total / effect, over / effect, allowed, alpha))


def mean_confidence_interval(values: Sequence[float], confidence: float) -> tuple[float, float]:
    """Mean of at least two values, and how far the true mean may be below (or above) it: one side of Student's t interval."""
    n = len(values)
    mean = math.fsum(values) / n
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    return mean, stdtrit(n - 1, confidence) * spread / math.sqrt(n)


def mean_error_factor(
    slices: Sequence[tuple[int, float]], deviation: float, common_variation: float, confidence: float
) -> float:
    """The factor by which the true mean may be above or below the measured one; infinite if the run cannot tell.

    ``slices`` are the number and the sum of the times in each slice, ``deviation`` their standard deviation. The mean varies at
    least as it does between batches of time, by Student's t, and as in a queue with this ``common_variation``, whose times are about
    exponential. It is a factor, not a difference, because times are positive, and a quiet run has a low mean and a low variance.
    """
    total, whole = sum(n for n, _ in slices), math.fsum(one for _, one in slices)
    if len(slices) < 2 or not whole > 0:  # noqa: PLR2004  one stretch cannot vary
        return math.inf
    mean = whole / total
    errors = []
    for count in sorted({min(number, len(slices)) for number in MEAN_BATCHES}):
        batch = [0.0] * count
        for index, (n, one) in enumerate(slices):
            batch[index * count // len(slices)] += one - n * mean
        errors.append(math.fsum(each**2 for each in batch) / (count - 1) * count / whole**2)
    between = stdtrit(BATCHES[0] - 1, confidence) * math.sqrt(math.fsum(errors) / len(errors))
    effect = 1 + VARIATION_MARGIN * common_variation
    varied = deviation**2 + (effect - 1) * max(deviation, mean) ** 2
    degrees = max(2.0, total / effect / 8)  # fewer than independent samples, because the effect is an estimate
    return math.exp(max(between, stdtrit(degrees, confidence) * math.sqrt(varied / total) / mean))


def _smallest_that(start: int, decides: Callable[[int], bool]) -> int | None:
    """The smallest number from ``start`` on that decides; each larger number must decide, too."""
    low, high = start - 1, start
    while not decides(high):
        low, high = high, high * 2
        if high > MOST_SAMPLES:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        if decides(middle):
            high = middle
        else:
            low = middle
    return high
