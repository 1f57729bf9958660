"""Whether the steady part was steady: a run that was still warming up, or slowly drowning, has no one response time.

Two looks at the response times second by second. MSER-5 (White 1997) finds how much of the beginning to leave out such
that the mean of the rest is known best; if that is half of it, there was no end to the beginning. The first and the second
half must agree, too: alone, MSER-5 misses a third of slow drifts. Each second is measured in what its pages usually take, so
that a change of the mix is no change of the shop.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from scipy.special import stdtr

from harness.measurement.histogram import Histogram
from harness.measurement.outcomes import Blame
from harness.measurement.recorder import Recorder
from harness.measurement.sample import Phase
from harness.objectives.verdict import Finding, Severity
from harness.units import format_duration, format_percent
from harness.validity.evidence import Evidence

BATCH = 5
"""Slices in a batch of MSER-5, after which it is named."""
LEAST_SLICES = 20
"""Slices of time below which nothing is said: two halves of ten, of which a few are not independent."""
LEAST_SAMPLES = 5.0
"""Samples in a slice on average; with fewer, its mean is but one of them."""
ALPHA = 0.003
"""How seldom two halves of a steady run may differ so much by chance; in simulation 1 to 3 runs in a thousand do."""
ALPHA_OF_CUT = 0.0003
"""Likewise of the beginning that MSER-5 would leave out: rarer, because it was looked for."""
MAX_AUTOCORRELATION = 0.9
"""The largest autocorrelation assumed: a handful of values cannot tell more of it from a trend."""
LEAST_POWER = 1e-12
"""Values that vary less than floats do are all the same."""
MIN_EFFECT = 0.10
"""The difference of two halves that matters: what a comparison of two runs is asked to find."""
MIN_EFFECT_SECONDS = 0.010
"""Seconds: a smaller difference of the mean may be the machine's doing; that much lag an idle one has."""
MIN_EFFECT_PART_OF_BOUND = 0.05
"""Of the tightest bound, if that is less: whoever demands 40 ms cares for 2."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One stretch of a series against the one before: ``ratio`` of their means, and how likely by chance alone."""

    ratio: float
    p_value: float

    def is_significant(self, usual: float, least: float, doubt: float = ALPHA) -> bool:
        """Whether it is more than chance and large enough, given that ``usual`` seconds make less than ``least`` no matter."""
        return self.p_value < doubt and not self.small and usual * abs(self.ratio - 1) >= least

    @property
    def small(self) -> bool:
        """Whether it is too small to matter, chance or not."""
        return abs(math.log(self.ratio)) <= math.log1p(MIN_EFFECT)


def stationary(evidence: Evidence) -> Iterator[Finding]:
    """Whether response times stayed what they were, given that the load did."""
    conditions = evidence.conditions
    measured = normalised_series(evidence.recorder) if conditions.constant_rate and not conditions.disturbed else None
    if measured is None:
        return
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
            f"the warm-up reached into the steady part: after its first {beginning} response times were {_change_text(early)}",
            f"lengthen the warm-up by {beginning}",
        )
    elif drifts:
        yield Finding(
            "steady",
            Severity.INCONCLUSIVE,
            f"the shop never came to rest: in the second half of the steady part response times were {_change_text(halves)}",
            "lengthen the warm-up and the run, or lower the rate below what the shop can carry",
        )
    else:
        yield Finding("steady", Severity.OK, "response times stayed what they were throughout the steady part")


def _change_text(difference: Drift) -> str:
    return f"{format_percent(abs(difference.ratio - 1))} {'longer' if difference.ratio > 1 else 'shorter'}"


def normalised_series(recorder: Recorder) -> tuple[list[float], float] | None:
    """Response times of the steady part, slice by slice, each as a multiple of what its pages take on average.

    With them the mean of all times, in seconds. Slices that are steady only in part are left out. Without pages the journeys are looked at. None: too little to go by.
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
    """How many values MSER-5 leaves out at the beginning; None if that would be half of them or more."""
    means = [math.fsum(series[at : at + BATCH]) / BATCH for at in range(0, len(series) - BATCH + 1, BATCH)]
    if len(means) < 4:  # noqa: PLR2004  two to leave out and two to keep
        return None

    def doubt(cut: int) -> float:
        kept = means[cut:]
        mean = math.fsum(kept) / len(kept)
        return math.fsum((each - mean) ** 2 for each in kept) / len(kept) ** 2

    best = min(range(len(means) // 2 + 1), key=doubt)
    return None if best >= len(means) // 2 else best * BATCH


def compare_halves(series: Sequence[float]) -> Drift | None:
    """First half against second, as ``compare``; None if there are too few values."""
    half = len(series) // 2
    return compare_stretches(series[:half], series[-half:]) if len(series) >= LEAST_SLICES else None


def compare_stretches(first: Sequence[float], second: Sequence[float]) -> Drift | None:
    """The second stretch against the first, by Welch's t test on the logarithms; None if they hold too little.

    Neighbouring seconds resemble each other, so each stretch counts for fewer values than it has: as many as would be as
    uncertain if they were independent and the likeness of neighbours that is seen fell off geometrically. A straight
    line is taken out of each stretch first; else a trend would pass for likeness and excuse itself.
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
    return Drift(
        math.exp(difference_of_means), 2 * float(stdtr(freedom, -abs(difference_of_means) / math.sqrt(sum(errors))))
    )


def _detrended(values: Sequence[float]) -> list[float]:
    """What is left of the values when their straight line (by least squares) is taken out."""
    mean, middle = math.fsum(values) / len(values), (len(values) - 1) / 2
    slope = math.fsum((place - middle) * value for place, value in enumerate(values))
    slope /= math.fsum((place - middle) ** 2 for place in range(len(values)))
    return [value - mean - slope * (place - middle) for place, value in enumerate(values)]


def _by_name(recorder: Recorder) -> list[list[Mapping[int, Histogram]]]:
    """The slices of all pages (or journeys) of one name together, name by name; only what the shop answered for."""
    names: dict[tuple[str, ...], list[Mapping[int, Histogram]]] = {}
    for page, cell in recorder.pages.items():
        if page.phase == Phase.STEADY and page.blame != Blame.HARNESS:
            names.setdefault((page.page,), []).append(cell.slices)
    if not names:
        for journey, cell in recorder.journeys.items():
            if journey.phase == Phase.STEADY and journey.blame != Blame.HARNESS:
                names.setdefault((journey.journey, journey.verification, journey.outcome), []).append(cell.slices)
    return list(names.values())
