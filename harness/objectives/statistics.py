"""How sure one can be: the sums behind the verdict, each with the textbook's name for it.

Counts may be fractions here, because correlated samples are worth fewer than they are: the binomial tails are the
incomplete beta function, which does not mind.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from scipy.special import betainc, chndtr, stdtrit

BATCHES = (8, 12, 20)
"""Into how many stretches of time a run is cut to see whether trouble comes in clusters; the worst counts."""

MEAN_BATCHES = (5, 6, 8, 10, 12, 16)
"""The same where the mean counts: few long stretches see slow swings, many short ones see them surely."""

DESIGN_EFFECT_MARGIN = 1.5
"""By how much a design effect is raised, less its 1, since it is an estimate: Student's t over the normal quantile, squared, and some."""

VARIATION_MARGIN = 1.7
"""The same for one that is carried over from other levels: at this size ``tests/calibration/percentile_claims.py`` holds."""

MOST_SAMPLES = 10_000_000
"""A verdict that would need more samples than this is not to be had by running longer."""

LEAST_EVIDENCE = 2
"""How many samples over the bound it takes at least to say that a demand was broken: a lone one may be anything."""


_NO_DEGREES = 1e-9  # of freedom: a sum of exponential clusters is a noncentral chi-square with none (Siegel 1979)


def proves_kept(total: float, over: float, allowed: float, alpha: float) -> bool:
    """Whether so few of ``total`` were over the bound that more than ``allowed`` can hardly be the truth.

    ``P(Binomial(total, allowed) <= over) <= doubt``, the early-stopping criterion of MLPerf LoadGen; ``allowed`` is a
    share over 0 and below 1, ``doubt`` 1 minus the confidence.
    """
    return over < total and float(betainc(total - over, over + 1, 1 - allowed)) <= alpha


def proves_broken(total: float, over: float, allowed: float, alpha: float) -> bool:
    """Whether so many of ``total`` were over the bound that ``allowed`` or fewer can hardly be the truth.

    ``P(Binomial(total, allowed) >= over) <= doubt``.
    """
    return over > 0 and float(betainc(over, total - over + 1, allowed)) <= alpha


def fewest_samples(allowed: float, confidence: float, over: int = 0) -> int:
    """How many samples it takes to prove a demand kept when ``over`` of them are over the bound.

    A 99th percentile at 99 % takes 459 clean samples, and 662 if one of them is over.
    """
    alpha = 1 - confidence
    found = _smallest_that(over + 1, lambda n: proves_kept(n, over, allowed, alpha))
    return MOST_SAMPLES if found is None else found


def samples_for_verdict(total: int, over: int, allowed: float, confidence: float, effect: float = 1.0) -> int | None:
    """How many samples in all would decide, were the share over the bound to stay as it is; None if none would.

    ``effect`` is the design effect. One sample is left for how the share falls on whole numbers, so that the promise
    holds. None too if it would take more than ten million.
    """
    alpha, share = 1 - confidence, over / total
    if share < allowed:
        # Without any over the bound there is nothing to fall unluckily: n clean samples are n clean samples.
        spare = 1 if over else 0
        return _smallest_that(total, lambda n: proves_kept(n / effect, (share * n + spare) / effect, allowed, alpha))
    # Where all are over the bound, likewise.
    spare = 1 if over < total else 0
    return _smallest_that(
        total,
        lambda n: (
            share * n - spare >= LEAST_EVIDENCE
            and proves_broken(n / effect, (share * n - spare) / effect, allowed, alpha)
        ),
    )


def design_effect(slices: Sequence[tuple[int, int]]) -> float:
    """How many samples of this run are worth one independent sample; at least 1.

    ``slices`` are stretches of time of equal length in order, each with its number of samples and how many of them
    were over the bound. Near saturation slow answers come in clusters, and a thousand answers out of three bad seconds are
    not a thousand witnesses. Variance between batches over the variance that independent samples would have; the
    worst of several numbers of batches; fewer slices than batches are batches themselves.
    """
    return max([1.0, *_effects(slices, BATCHES)])


def common_variation(middle_slices: Sequence[Sequence[tuple[int, int]]]) -> float:
    """How strongly all times of a run rise and fall together, from its own middle levels; 0 where each stands for itself.

    ``levels`` are slices as in ``design_effect``, of how many were over the run's own median and levels near it. At the
    bound of a demand hardly anything may be over, and that a run was lucky is seen there least; at its median every swing
    is seen. Near saturation a queue is a reflected Brownian motion, whatever the shop, and the design effects at all levels are one
    number times ``_steepness``: that number, by least squares.
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
    """The design effect at a level that this share of the samples is over, carried over from the run's own levels."""
    return 1 + VARIATION_MARGIN * common_variation * _steepness(allowed)


def _steepness(share: float) -> float:
    """The design effect of a reflected Brownian motion at the level that it spends this share of its time over, but for a factor."""
    return 1 + share * math.log(share) / (1 - share)


def _effects(slices: Sequence[tuple[int, int]], batches: Sequence[int]) -> list[float]:
    """The variance between batches over that of independent samples, for each number of batches; empty: nothing varies."""
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
    """The same as ``proves_kept`` for samples that come over the bound in clusters of random size.

    Clusters come one by one, and their sizes are exponential, of the mean that makes this design effect: with none over, the number of
    clusters counts and not that of samples. Divided by the effect, as independent samples would be, the same counts prove less.
    """
    size = (effect + 1) / 2
    clusters = total * allowed / size
    chance = float(chndtr(2 * over / size, _NO_DEGREES, 2 * clusters)) if over else math.exp(-clusters)
    return over < total and (chance <= alpha or proves_kept(total / effect, over / effect, allowed, alpha))


def mean_confidence_interval(values: Sequence[float], confidence: float) -> tuple[float, float]:
    """Mean of a few values, and how far below (or above) it the truth may lie: one side of Student's t interval.

    At least two values.
    """
    n = len(values)
    mean = math.fsum(values) / n
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    return mean, float(stdtrit(n - 1, confidence)) * spread / math.sqrt(n)


def mean_error_factor(
    slices: Sequence[tuple[int, float]], deviation: float, common_variation: float, confidence: float
) -> float:
    """The factor by which the true mean may be above the measured one, or below it; infinite where nothing can be told.

    ``slices`` are the number and the sum of the times in each stretch of the run, ``deviation`` their standard deviation. The mean varies
    at least as it does between batches of time, by Student's t, and as a queue would that swings so (see ``swing``), whose times are
    about exponential. A factor, not a difference: times are positive, and a lull is short of both mean and variance.
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
    between = float(stdtrit(BATCHES[0] - 1, confidence)) * math.sqrt(math.fsum(errors) / len(errors))
    effect = 1 + VARIATION_MARGIN * common_variation
    varied = deviation**2 + (effect - 1) * max(deviation, mean) ** 2
    looks = max(2.0, total / effect / 8)  # fewer than independent samples, since the effect is an estimate
    return math.exp(max(between, float(stdtrit(looks, confidence)) * math.sqrt(varied / total) / mean))


def _smallest_that(start: int, decides: Callable[[int], bool]) -> int | None:
    """The smallest number from ``start`` on that decides, given that larger ones do so too."""
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
