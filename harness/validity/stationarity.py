"""Checks whether response times were steady: a run that is still warming up, or slowly overloaded, has no single response time.

Two tests look at the response times time slice by time slice. MSER-5 (White 1997) finds how much of the beginning to
leave out, so that the mean of the rest is known best. If that is half of the run or more, the run never settled. The
first and the second half must agree, too: MSER-5 alone misses a third of slow drifts. Each slice is measured relative to
what its pages usually take, so that a change of the mix is no change of the shop.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.measurement.histogram import Histogram
from harness.measurement.outcomes import Blame
from harness.measurement.recorder import Recorder
from harness.measurement.sample import Phase
from harness.objectives.verdict import Finding, Severity
from harness.special_functions import stdtr
from harness.units import format_duration, format_percent
from harness.validity.evidence import Evidence
from harness.validity.user_supply import too_few_users

BATCH = 5
"""Slices in a batch: the 5 in the name MSER-5."""
LEAST_SLICES = 20
"""The least number of slices for a test: two halves of ten, some of them dependent."""
LEAST_SAMPLES = 5.0
"""The least number of samples in a slice on average; with fewer, its mean is almost a single sample."""
ALPHA = 0.003
"""How often two halves of a steady run may differ by chance alone; in simulation 1 to 3 of 1,000 runs do."""
ALPHA_OF_CUT = 0.0003
"""The same for the beginning that MSER-5 leaves out: smaller, because MSER-5 searches for the largest difference."""
MAX_AUTOCORRELATION = 0.9
"""The largest autocorrelation assumed: a handful of values cannot tell more of it from a trend."""
LEAST_POWER = 1e-12
"""Values that vary less than this differ by rounding only."""
MIN_EFFECT = 0.10
"""The relative difference of two halves that matters: the same as between two runs."""
MIN_EFFECT_SECONDS = 0.010
"""Seconds: an idle machine has this much lag, so it may cause a smaller difference of the means."""
MIN_EFFECT_PART_OF_BOUND = 0.05
"""The part of the tightest bound that matters, if that is less: with a bound of 40 ms, 2 ms matter."""


@dataclass(frozen=True, slots=True)
class Drift:
    """The change from one stretch of a series to the next: the ``ratio`` of their means, and how likely by chance alone."""

    ratio: float
    p_value: float

    def is_significant(self, usual: float, least: float, alpha: float = ALPHA) -> bool:
        """Whether the change is more than chance, and large enough: at ``usual`` seconds, at least ``least`` seconds."""
        return self.p_value < alpha and not self.small and usual * abs(self.ratio - 1) >= least

    @property
    def small(self) -> bool:
        """Whether the change is too small to matter, by chance or not."""
        return abs(math.log(self.ratio)) <= math.log1p(MIN_EFFECT)


def stationary(evidence: Evidence) -> Iterator[Finding]:
    """Whether response times stayed the same while the load stayed the same."""
    conditions = evidence.conditions
    measured = (
        normalised_series(evidence.recorder) if conditions.delivery.constant_rate and not conditions.disturbed else None
    )
    if measured is None or too_few_users(evidence):
        return  # times with waiting for a user are not those of the shop
    series, usual = measured
    halves = compare_halves(series)
    if halves is None:
        return
    bound = evidence.tightest_bound
    least = min(MIN_EFFECT_SECONDS, MIN_EFFECT_PART_OF_BOUND * bound) if bound else MIN_EFFECT_SECONDS
    drifts = halves.is_significant(usual, least)
    cut = mser5_truncation(series)
    early = compare_stretches(series[:cut], series[cut:]) if cut else None
    rest = compare_halves(series[cut:]) if cut else None
    settles = rest is not None and rest.small
    if cut and early is not None and settles and (drifts or early.is_significant(usual, least, ALPHA_OF_CUT)):
        beginning = format_duration(cut * evidence.recorder.slice_length)
        yield Finding(
            "steady",
            Severity.WARNING,
            f"the warm-up was too short: after the first {beginning} of the steady part, response times were {_change_text(early)}",
            f"lengthen the warm-up by {beginning}",
        )
    elif drifts:
        yield Finding(
            "steady",
            Severity.INCONCLUSIVE,
            f"the shop never became steady: in the second half of the steady part, response times were {_change_text(halves)}",
            "lengthen the warm-up and the run, or lower the rate below the capacity of the shop",
        )
    else:
        yield Finding("steady", Severity.OK, "response times stayed the same throughout the steady part")


def _change_text(difference: Drift) -> str:
    return f"{format_percent(abs(difference.ratio - 1))} {'longer' if difference.ratio > 1 else 'shorter'}"


def normalised_series(recorder: Recorder) -> tuple[list[float], float] | None:
    """The response times of the steady part by slice, each relative to what its pages take on average, and their mean.

    The mean is in seconds. Slices that lie in the steady part only partly are left out. Without pages, journeys count.
    None: there are too few samples.
    """
    window, length = recorder.window, recorder.slice_length
    if not math.isfinite(window.steady_until):
        return None
    first = math.ceil(round((window.steady_from - window.start) / length, 6))
    last = math.floor(round((window.steady_until - window.start) / length, 6))
    if last - first < LEAST_SLICES:
        return None
    number, took, usual = ([0.0] * (last - first) for _ in range(3))
    for kinds in _by_name(recorder):
        slices = [(index, each) for cell in kinds for index, each in cell.items() if first <= index < last]
        total = sum(each.total - each.infinite for _, each in slices)
        if not total:
            continue
        one_takes = math.fsum(each.sum for _, each in slices) / total
        for index, each in slices:
            served = each.total - each.infinite
            number[index - first] += served
            took[index - first] += each.sum
            usual[index - first] += served * one_takes
    if sum(number) < LEAST_SAMPLES * len(number):
        return None
    mean = math.fsum(took) / math.fsum(number)
    return [there / then for there, then in zip(took, usual, strict=True) if then > 0], mean


def mser5_truncation(series: Sequence[float]) -> int | None:
    """How many values MSER-5 leaves out at the beginning; None if that is half of them or more."""
    means = [math.fsum(series[at : at + BATCH]) / BATCH for at in range(0, len(series) - BATCH + 1, BATCH)]
    if len(means) < 4:  # noqa: PLR2004  two to leave out and two to keep
        return None

    def uncertainty(cut: int) -> float:
        kept = means[cut:]
        mean = math.fsum(kept) / len(kept)
        return math.fsum((each - mean) ** 2 for each in kept) / len(kept) ** 2

    best = min(range(len(means) // 2 + 1), key=uncertainty)
    return None if best >= len(means) // 2 else best * BATCH


def compare_halves(series: Sequence[float]) -> Drift | None:
    """Compare the first half with the second, as ``compare_stretches``; None if there are too few values."""
    half = len(series) // 2
    return compare_stretches(series[:half], series[-half:]) if len(series) >= LEAST_SLICES else None


def compare_stretches(first: Sequence[float], second: Sequence[float]) -> Drift | None:
    """Compare two stretches by Welch's t test on the logarithms; None if there are too few values.

    Neighbouring slices resemble each other, so each stretch counts as fewer values than it has: its effective sample
    size, if the autocorrelation falls off geometrically. A straight line is removed from each stretch first. Otherwise a
    trend would look like autocorrelation and hide itself.
    """
    sizes = len(first), len(second)
    if min(sizes) < BATCH or min(*first, *second) <= 0:
        return None
    stretches = [[math.log(each) for each in stretch] for stretch in (first, second)]
    means = [math.fsum(stretch) / len(stretch) for stretch in stretches]
    rests = [_detrended(stretch) for stretch in stretches]
    power = [math.fsum(each * each for each in rest) for rest in rests]
    if min(power) < LEAST_POWER:
        return None
    autocorrelation = sum(math.fsum(a * b for a, b in pairwise(rest)) for rest in rests) / sum(power)
    # With a line taken out, the autocorrelation comes out too low, by about this much.
    autocorrelation = min(
        MAX_AUTOCORRELATION, max(0.0, autocorrelation + (4 + 8 * max(0.0, autocorrelation)) / sum(sizes))
    )
    effective_sample_sizes = [max(2.0, size * (1 - autocorrelation) / (1 + autocorrelation)) for size in sizes]
    errors = [total / (size - 2) / n for total, size, n in zip(power, sizes, effective_sample_sizes, strict=True)]
    freedom = sum(errors) ** 2 / math.fsum(
        error**2 / (n - 1) for error, n in zip(errors, effective_sample_sizes, strict=True)
    )
    difference_of_means = means[1] - means[0]
    return Drift(math.exp(difference_of_means), 2 * stdtr(freedom, -abs(difference_of_means) / math.sqrt(sum(errors))))


def _detrended(values: Sequence[float]) -> list[float]:
    """The residuals of the values around their straight line, by least squares."""
    mean, middle = math.fsum(values) / len(values), (len(values) - 1) / 2
    slope = math.fsum((place - middle) * value for place, value in enumerate(values))
    slope /= math.fsum((place - middle) ** 2 for place in range(len(values)))
    return [value - mean - slope * (place - middle) for place, value in enumerate(values)]


def _by_name(recorder: Recorder) -> list[list[Mapping[int, Histogram]]]:
    """The time slices of the steady pages (or journeys) by name, without those that checkload failed."""
    names: dict[tuple[str, ...], list[Mapping[int, Histogram]]] = {}
    for page, cell in recorder.pages.items():
        if page.phase == Phase.STEADY and page.blame != Blame.HARNESS:
            names.setdefault((page.page,), []).append(cell.slices)
    if not names:
        for journey, cell in recorder.journeys.items():
            if journey.phase == Phase.STEADY and journey.blame != Blame.HARNESS:
                names.setdefault((journey.journey, journey.verification, journey.outcome), []).append(cell.slices)
    return list(names.values())
