"""How sure one can be: the sums behind the verdict, each with the textbook's name for it.

Counts may be fractions here, because correlated samples are worth fewer than they are: the binomial tails are the
incomplete beta function, which does not mind.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from scipy.special import betainc, stdtrit

BATCHES = (8, 12, 20)
"""Into how many stretches of time a run is cut to see whether trouble comes in clusters; the worst counts."""

MOST_SAMPLES = 10_000_000
"""A verdict that would need more samples than this is not to be had by running longer."""

LEAST_EVIDENCE = 2
"""How many samples over the bound it takes at least to say that a demand was broken: a lone one may be anything."""


def proves_kept(total: float, over: float, allowed: float, doubt: float) -> bool:
    """Whether so few of ``total`` were over the bound that more than ``allowed`` can hardly be the truth.

    ``P(Binomial(total, allowed) <= over) <= doubt``, the early-stopping criterion of MLPerf LoadGen; ``allowed`` is a
    share over 0 and below 1, ``doubt`` 1 minus the confidence.
    """
    return over < total and float(betainc(total - over, over + 1, 1 - allowed)) <= doubt


def proves_broken(total: float, over: float, allowed: float, doubt: float) -> bool:
    """Whether so many of ``total`` were over the bound that ``allowed`` or fewer can hardly be the truth.

    ``P(Binomial(total, allowed) >= over) <= doubt``.
    """
    return over > 0 and float(betainc(over, total - over + 1, allowed)) <= doubt


def fewest_samples(allowed: float, confidence: float, over: int = 0) -> int:
    """How many samples it takes to prove a demand kept when ``over`` of them are over the bound.

    A 99th percentile at 99 % takes 459 clean samples, and 662 if one of them is over.
    """
    doubt = 1 - confidence
    found = _first(over + 1, lambda n: proves_kept(n, over, allowed, doubt))
    return MOST_SAMPLES if found is None else found


def samples_for_verdict(total: int, over: int, allowed: float, confidence: float, effect: float = 1.0) -> int | None:
    """How many samples in all would decide, were the share over the bound to stay as it is; None if none would.

    ``effect`` is the design effect. One sample is left for how the share falls on whole numbers, so that the promise
    holds. None too if it would take more than ten million.
    """
    doubt, share = 1 - confidence, over / total
    if share < allowed:
        # Without any over the bound there is nothing to fall unluckily: n clean samples are n clean samples.
        spare = 1 if over else 0
        return _first(total, lambda n: proves_kept(n / effect, (share * n + spare) / effect, allowed, doubt))
    # Where all are over the bound, likewise.
    spare = 1 if over < total else 0
    return _first(
        total,
        lambda n: (
            share * n - spare >= LEAST_EVIDENCE
            and proves_broken(n / effect, (share * n - spare) / effect, allowed, doubt)
        ),
    )


def design_effect(slices: Sequence[tuple[int, int]]) -> float:
    """How many samples of this run are worth one independent sample; at least 1.

    ``slices`` are stretches of time of equal length in order, each with its number of samples and how many of them
    were over the bound. Near saturation slow answers come in clusters, and a thousand answers out of three bad seconds are
    not a thousand witnesses. Variance between batches over the variance that independent samples would have; the
    worst of several numbers of batches; fewer slices than batches are batches themselves.
    """
    total, over = sum(n for n, _ in slices), sum(x for _, x in slices)
    if not 0 < over < total or len(slices) < 2:  # noqa: PLR2004  one stretch cannot vary
        return 1.0
    share = over / total
    worst = 1.0
    for count in {min(batches, len(slices)) for batches in BATCHES}:
        batch = [[0, 0] for _ in range(count)]
        for index, (n, x) in enumerate(slices):
            place = batch[index * count // len(slices)]
            place[0] += n
            place[1] += x
        between = sum((x - n * share) ** 2 for n, x in batch) / (count - 1)
        worst = max(worst, between / (total / count * share * (1 - share)))
    return worst


def mean_within(values: Sequence[float], confidence: float) -> tuple[float, float]:
    """Mean of a few values, and how far below (or above) it the truth may lie: one side of Student's t interval.

    At least two values.
    """
    n = len(values)
    mean = math.fsum(values) / n
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    return mean, float(stdtrit(n - 1, confidence)) * spread / math.sqrt(n)


def _first(start: int, decides: Callable[[int], bool]) -> int | None:
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
