"""Compares the times of two shops: how much slower the candidate is, how sure that is, and the verdict.

Times within one run are not independent, and two runs of the same shop differ more than either run shows: the state of a
machine on one day does not vary within that day. So the ratio is never more exact than the difference between runs. For up
to three pairs of runs this difference is assumed; from four pairs on it is measured.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev

from scipy.special import stdtrit

from harness.measurement.histogram import Histogram
from harness.measurement.outcomes import Blame
from harness.measurement.recorder import Recorder
from harness.measurement.sample import Phase
from harness.objectives.verdict import Verdict

RUN_EFFECT = 0.06
"""How much two runs of the same shop differ on a shared machine, as a standard deviation of the logarithm."""
MIN_PAIRS_FOR_SPREAD = 4
"""The least number of pairs whose own differences show how much runs differ."""
BATCHES = 10
FEWEST_BATCHES = 4
FEWEST_SAMPLES = 40
"""The least number of samples in a batch for a 95th percentile."""
ALPHA_FAIL, ALPHA_PASS = 0.01, 0.02
"""How often the true ratio may lie beyond the bound that decides."""
MAX_PAIRS = 64


@dataclass(frozen=True, slots=True)
class Tolerance:
    """A slowdown up to ``harmless`` is no regression; one from ``harmful`` on must not pass. Both are shares: 0.03, 0.10."""

    harmless: float = 0.03
    harmful: float = 0.10


@dataclass(frozen=True, slots=True)
class PercentileEstimate:
    """One percentile of one run: its logarithm, and the variance of the logarithm within the run."""

    logarithm: float
    variance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """How much slower the candidate is: ``1.04`` is 4 %. ``low`` and ``high`` are the one-sided bounds that decide.

    ``pairs_needed`` is the number of pairs of runs that would probably decide; None if none is needed, or none would help.
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

    ``among`` is the number of such comparisons. Any of them might fail by chance, so each gets a smaller alpha (Bonferroni).
    """
    alphas = (ALPHA_FAIL / among, ALPHA_PASS)
    unanswered = [math.isinf(candidate.logarithm) for _, candidate in pairs]
    if any(unanswered) or any(math.isinf(baseline.logarithm) for baseline, _ in pairs):
        return _unanswered(
            name, pairs, failed=sum(unanswered) > sum(math.isinf(baseline.logarithm) for baseline, _ in pairs)
        )
    differences = [candidate.logarithm - baseline.logarithm for baseline, candidate in pairs]
    number, middle = len(differences), fmean(differences)
    within = fmean(baseline.variance + candidate.variance for baseline, candidate in pairs)
    if number >= MIN_PAIRS_FOR_SPREAD:
        error = math.sqrt(max(stdev(differences) ** 2, within) / number)
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
    """The verdict over all ratios: one regression fails it, and each of the ``names`` must have passed for a pass."""
    verdicts = {one.verdict for one in ratios if one.name in names or one.verdict is Verdict.FAILED}
    if set(names) - {one.name for one in ratios}:
        verdicts.add(Verdict.INCONCLUSIVE)
    return Verdict.worst(verdicts) if verdicts else Verdict.INCONCLUSIVE


def percentile_estimate(slices: Mapping[int, Histogram], q: float) -> PercentileEstimate | None:
    """A percentile of a run, and how much it varied within the run; None if there are too few samples.

    The variance is that of the mean of up to ten stretches. Each is long enough to be independent of the others.
    """
    whole = Histogram.merged(slices[index] for index in sorted(slices))
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
        stretch = Histogram.merged(slices[index] for index in part).quantile(q)
        if not 0 < stretch < math.inf:
            return None
        logarithms.append(math.log(stretch))
    return PercentileEstimate(math.log(value), stdev(logarithms) ** 2 / number)


def journey_slices(recorder: Recorder) -> dict[int, Histogram]:
    """The response times of all steady journeys by time slice; those that the shop failed count as never answered."""
    return _slices([(key.phase, key.blame, cell.slices) for key, cell in recorder.journeys.items()])


def page_slices(recorder: Recorder, pages: Collection[str]) -> dict[int, Histogram]:
    """The response times of these pages in the same way."""
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


def _unanswered(name: str, pairs: Sequence[tuple[PercentileEstimate, PercentileEstimate]], *, failed: bool) -> Ratio:
    """The ratio where too many failed for a percentile: a regression if the candidate failed more often than the baseline."""
    baseline, candidate = (math.exp(max(pair[side].logarithm for pair in pairs)) for side in (0, 1))
    verdict = Verdict.FAILED if failed else Verdict.INCONCLUSIVE
    edge = math.inf if failed else 0.0
    return Ratio(
        name=name, verdict=verdict, ratio=math.inf, low=edge, high=math.inf, baseline=baseline, candidate=candidate
    )


def _needed(middle: float, spread: float, tolerance: Tolerance) -> int | None:
    """How many pairs would decide if they are like these; None if the ratio lies where neither verdict is right."""
    harmless, harmful = math.log1p(tolerance.harmless), math.log1p(tolerance.harmful)
    for number in range(MIN_PAIRS_FOR_SPREAD, MAX_PAIRS + 1):
        error = spread / math.sqrt(number)
        below, above = (float(stdtrit(number - 1, 1 - alpha)) for alpha in (ALPHA_FAIL, ALPHA_PASS))
        if middle - below * error > harmless or middle + above * error < harmful:
            return number
    return None
