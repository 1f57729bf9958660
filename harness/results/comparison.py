"""Holds the times of two shops against each other: by which ratio the one is slower, between which bounds, and what follows.

Times of one run are not independent, and two runs of the same shop differ more than either of them shows: what a machine is like
on a day does not vary within the day. So a ratio is never surer than the difference between runs allows. That is assumed for up to
three pairs of runs, and seen from four on.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev

from scipy.special import stdtrit

from harness.measurement.histogram import Histogram
from harness.measurement.outcomes import Blame
from harness.measurement.recorder import Recorder
from harness.measurement.sample import Phase
from harness.objectives.verdict import Verdict

RUN_EFFECT = 0.06
"""How much two runs of the same shop differ, as a standard deviation: a shared machine."""
MIN_PAIRS_FOR_SPREAD = 4
"""Pairs of runs from which on their own differences say how much runs differ."""
BATCHES = 10
FEWEST_BATCHES = 4
FEWEST_SAMPLES = 40
"""In a batch, for a 95th percentile to mean something."""
ALPHA_FAIL, ALPHA_PASS = 0.01, 0.02
"""How seldom the truth may lie beyond the bound that decides."""
MAX_PAIRS = 64


@dataclass(frozen=True, slots=True)
class Tolerance:
    """A ratio up to ``harmless`` is no regression; one from ``harmful`` on must not pass. Both as shares: 0.03, 0.10."""

    harmless: float = 0.03
    harmful: float = 0.10


@dataclass(frozen=True, slots=True)
class PercentileEstimate:
    """One percentile of one run: its logarithm, and the variance of that within the run."""

    logarithm: float
    variance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """How much slower the candidate is: ``1.04`` is 4 %. ``low`` and ``high`` are the one-sided bounds that decide.

    ``pairs_needed``: as many pairs of runs would probably tell; None where they would not, or need not.
    """

    name: str
    verdict: Verdict
    ratio: float
    low: float
    high: float
    baseline: float
    candidate: float
    pairs_needed: int | None = None


def compare(
    name: str,
    pairs: Sequence[tuple[PercentileEstimate, PercentileEstimate]],
    *,
    tolerance: Tolerance,
    run_effect: float = RUN_EFFECT,
    among: int = 1,
) -> Ratio:
    """The ratio of candidate to baseline over these pairs (baseline, candidate), and the verdict on it.

    ``among`` is how many such comparisons are made, any of which might fail by chance: each has to be surer by that (Bonferroni).
    """
    alphas = (ALPHA_FAIL / among, ALPHA_PASS)
    lost = [math.isinf(candidate.logarithm) for _, candidate in pairs]
    if any(lost) or any(math.isinf(baseline.logarithm) for baseline, _ in pairs):
        return _unanswered(name, pairs, failed=sum(lost) > sum(math.isinf(baseline.logarithm) for baseline, _ in pairs))
    apart = [candidate.logarithm - baseline.logarithm for baseline, candidate in pairs]
    number, middle = len(apart), fmean(apart)
    within = fmean(baseline.variance + candidate.variance for baseline, candidate in pairs)
    if number >= MIN_PAIRS_FOR_SPREAD:
        error = math.sqrt(max(stdev(apart) ** 2, within) / number)
        below, above = (float(stdtrit(number - 1, 1 - alpha)) for alpha in alphas)
    else:
        error = math.sqrt((within + 2 * run_effect**2) / number)
        below, above = (NormalDist().inv_cdf(1 - alpha) for alpha in alphas)
    low, high = middle - below * error, middle + above * error
    verdict = Verdict.INCONCLUSIVE
    if low > math.log1p(tolerance.harmless):
        verdict = Verdict.FAILED
    elif high < math.log1p(tolerance.harmful):
        verdict = Verdict.PASSED
    undecided = verdict is Verdict.INCONCLUSIVE
    return Ratio(
        name=name,
        verdict=verdict,
        ratio=math.exp(middle),
        low=math.exp(low),
        high=math.exp(high),
        baseline=math.exp(fmean(baseline.logarithm for baseline, _ in pairs)),
        candidate=math.exp(fmean(candidate.logarithm for _, candidate in pairs)),
        pairs_needed=_needed(middle, error * math.sqrt(number), tolerance) if undecided else None,
    )


def overall_verdict(ratios: Sequence[Ratio], names: Sequence[str]) -> Verdict:
    """One regression fails it all; under these names, what is undecided is no pass, nor what could not be compared."""
    verdicts = {one.verdict for one in ratios if one.name in names or one.verdict is Verdict.FAILED}
    if set(names) - {one.name for one in ratios}:
        verdicts.add(Verdict.INCONCLUSIVE)
    if Verdict.FAILED in verdicts:
        return Verdict.FAILED
    return Verdict.PASSED if verdicts == {Verdict.PASSED} else Verdict.INCONCLUSIVE


def percentile_estimate(slices: Mapping[int, Histogram], q: float) -> PercentileEstimate | None:
    """A percentile of a run, and how much it varied from one stretch of it to the next; None where too little was seen.

    The variance is that of the mean of up to ten stretches, each long enough for what is alike within one to be alike only there.
    """
    whole = _added(slices[index] for index in sorted(slices))
    number = min(BATCHES, len(slices), whole.total // FEWEST_SAMPLES)
    value = whole.quantile(q)
    if number < FEWEST_BATCHES or not value > 0:
        return None
    if value == math.inf:
        return PercentileEstimate(math.inf, 0.0)
    order = sorted(slices)
    logarithms = []
    for batch in range(number):
        part = order[batch * len(order) // number : (batch + 1) * len(order) // number]
        stretch = _added(slices[index] for index in part).quantile(q)
        if not 0 < stretch < math.inf:
            return None
        logarithms.append(math.log(stretch))
    return PercentileEstimate(math.log(value), stdev(logarithms) ** 2 / number)


def journey_slices(recorder: Recorder) -> dict[int, Histogram]:
    """The response times of all journeys of the steady part, by slice; what the shop failed was never answered."""
    return _slices([(key.phase, key.blame, cell.slices) for key, cell in recorder.journeys.items()])


def page_slices(recorder: Recorder, pages: Collection[str]) -> dict[int, Histogram]:
    """Likewise of these pages."""
    return _slices([(key.phase, key.blame, cell.slices) for key, cell in recorder.pages.items() if key.page in pages])


def _slices(cells: Sequence[tuple[str, str, Mapping[int, Histogram]]]) -> dict[int, Histogram]:
    found: dict[int, Histogram] = {}
    for phase, blame, slices in cells:
        if phase != Phase.STEADY or blame == Blame.HARNESS:
            continue
        for index, histogram in slices.items():
            into = found.setdefault(index, Histogram())
            if blame == Blame.SHOP:
                into.record(math.inf, histogram.total)
            else:
                into.add(histogram)
    return found


def _added(histograms: Iterable[Histogram]) -> Histogram:
    whole = Histogram()
    for one in histograms:
        whole.add(one)
    return whole


def _unanswered(name: str, pairs: Sequence[tuple[PercentileEstimate, PercentileEstimate]], *, failed: bool) -> Ratio:
    """Where so much failed that there is no such percentile: a regression if the candidate does so and the baseline does not."""
    baseline, candidate = (math.exp(max(pair[side].logarithm for pair in pairs)) for side in (0, 1))
    verdict = Verdict.FAILED if failed else Verdict.INCONCLUSIVE
    edge = math.inf if failed else 0.0
    return Ratio(
        name=name, verdict=verdict, ratio=math.inf, low=edge, high=math.inf, baseline=baseline, candidate=candidate
    )


def _needed(middle: float, spread: float, tolerance: Tolerance) -> int | None:
    """How many pairs would decide if they turn out as these did; None if the truth lies where neither verdict is right."""
    harmless, harmful = math.log1p(tolerance.harmless), math.log1p(tolerance.harmful)
    for number in range(MIN_PAIRS_FOR_SPREAD, MAX_PAIRS + 1):
        error = spread / math.sqrt(number)
        below, above = (float(stdtrit(number - 1, 1 - alpha)) for alpha in (ALPHA_FAIL, ALPHA_PASS))
        if middle - below * error > harmless or middle + above * error < harmful:
            return number
    return None
