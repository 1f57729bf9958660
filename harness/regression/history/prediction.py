"""Compares one version with the stored runs of earlier versions: change points, and a prediction of the next run.

The stored runs show how much runs of one shop differ, so no pairs are needed. But what changed on the machine since the
last stored run looks like a change of the shop.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev

from harness.objectives.verdict import Verdict
from harness.regression.comparison import Comparison, compare_failures, holm
from harness.regression.figures import GATED, Figure, Kind, Plan
from harness.regression.history.change_points import ChangePoint, change_points
from harness.regression.measures import JOURNEYS, PAGES, RunMeasures
from harness.regression.percentiles import TOO_FEW, TOO_MUCH_FAILED, Estimate
from harness.regression.pooled import PooledDifference, pool_sides
from harness.regression.ratios import as_lower, run_effect, throughput, with_difference
from harness.regression.tolerance import RunEffect

BETWEEN_RELEASES = 0.10
"""How much runs of the same shop are assumed to differ, as ``RUN_EFFECT``: more, because days lie between stored runs."""
FEWEST_TO_PASS = 8
"""The least number of stored runs since the last change that can prove a pass. With fewer, a large slowdown still fails."""
GATED_FIGURES = 4


@dataclass(frozen=True, slots=True)
class Series:
    """A figure of each run."""

    kind: Kind
    name: str
    estimate: Callable[[RunMeasures], Estimate | None]


@dataclass(frozen=True, slots=True)
class HistoryAnswer:
    """The comparison with the runs since the last change, their number, and the change points of each series by its name."""

    comparison: Comparison
    stable: int
    changes: Mapping[str, Sequence[ChangePoint]]

    @property
    def missing(self) -> int:
        """How many stored runs are missing until a run can pass."""
        return max(0, FEWEST_TO_PASS - self.stable)


def compare_with_history(
    stored: Sequence[RunMeasures], candidates: Sequence[RunMeasures], plan: Plan, *, disturbed: int = 0
) -> HistoryAnswer:
    """Compare the runs of a candidate with the stored ones, which are in the order of their time.

    Only stored runs since the last change are compared. With fewer than eight of them nothing passes, and how much runs
    differ is in part assumed. ``disturbed`` counts candidates that can show a regression but prove no pass.
    """
    changes = {name: change_points(values) for name, values in _series(stored)}
    last = max((each.index for found in changes.values() for each in found), default=0)
    stable = stored[last:]
    if not stable or not candidates:
        return HistoryAnswer(Comparison(0, (), Verdict.INCONCLUSIVE), len(stable), changes)
    gated = holm(list(_gated(stable, candidates, plan)), plan.alphas.fail)
    details = holm(list(_details(stable, candidates, plan)), plan.alphas.fail_detail)
    figures = (*gated, *details)
    verdicts = {one.verdict for one in figures if one.kind in GATED or one.verdict is Verdict.FAILED}
    verdict = Verdict.worst(verdicts)
    if (disturbed or len(stable) < FEWEST_TO_PASS) and verdict is Verdict.PASSED:
        verdict = Verdict.INCONCLUSIVE
    return HistoryAnswer(Comparison(len(candidates), figures, verdict, disturbed), len(stable), changes)


def _series(stored: Sequence[RunMeasures]) -> Iterator[tuple[str, list[float]]]:
    for name in (JOURNEYS, PAGES):
        found = [one.times.get(name) for one in stored]
        values = [each.logarithm for each in found if each is not None and math.isfinite(each.logarithm)]
        if len(values) == len(stored):
            yield name, values


def _gated(stored: Sequence[RunMeasures], candidates: Sequence[RunMeasures], plan: Plan) -> Iterator[Figure]:
    alpha = plan.alphas.fail / GATED_FIGURES
    for series in (
        Series(Kind.TIME, JOURNEYS, lambda one: one.times.get(JOURNEYS)),
        Series(Kind.TIME, PAGES, lambda one: one.times.get(PAGES)),
    ):
        yield _predicted(series, stored, candidates, plan, alpha)
    yield _throughput(stored, candidates, plan, alpha)
    yield compare_failures([one.failures for one in stored], [one.failures for one in candidates], plan, alpha)


def _details(stored: Sequence[RunMeasures], candidates: Sequence[RunMeasures], plan: Plan) -> Iterator[Figure]:
    """The figures of the single pages and payment options that every run has."""
    runs = (*stored, *candidates)
    pages = set.intersection(*(set(one.pages) for one in runs))
    options = set.intersection(*(set(one.options) for one in runs))
    every = [
        *(Series(Kind.PAGE, name, lambda one, name=name: one.pages[name]) for name in sorted(pages)),  # type: ignore[misc]
        *(Series(Kind.OPTION, name, lambda one, name=name: one.options[name]) for name in sorted(options)),  # type: ignore[misc]
    ]
    for series in every:
        yield _predicted(series, stored, candidates, plan, plan.alphas.fail_detail / len(every))


def _predicted(
    series: Series, stored: Sequence[RunMeasures], candidates: Sequence[RunMeasures], plan: Plan, alpha: float
) -> Figure:
    """The figure of one series: how far the candidate is from what the stored runs predict."""
    figure = Figure(kind=series.kind, name=series.name, verdict=Verdict.INCONCLUSIVE)
    found = [[series.estimate(one) for one in runs] for runs in (stored, candidates)]
    known = [[one for one in runs if one is not None] for runs in found]
    if [*map(len, known)] != [*map(len, found)]:
        return replace(figure, note=TOO_FEW)
    if any(math.isinf(one.logarithm) for runs in known for one in runs):
        return replace(figure, note=TOO_MUCH_FAILED)
    return _with_prediction(figure, known[0], known[1], plan, alpha)


def _throughput(stored: Sequence[RunMeasures], candidates: Sequence[RunMeasures], plan: Plan, alpha: float) -> Figure:
    figure, (before, after) = throughput(stored, candidates, plan)
    return as_lower(_with_prediction(figure, before, after, plan, alpha)) if before else figure


def _with_prediction(
    figure: Figure, before: Sequence[Estimate], after: Sequence[Estimate], plan: Plan, alpha: float
) -> Figure:
    few = len(before) < FEWEST_TO_PASS
    rates = figure.kind is Kind.THROUGHPUT
    effect = run_effect(replace(plan, run_effect=RunEffect(BETWEEN_RELEASES)), rates=rates)
    difference = pool_sides(before, after, effect) if few else _predict(before, after)
    if rates:
        difference = replace(difference, mean=0 - difference.mean)  # not -0
    found = with_difference(figure, difference, plan, alpha)
    means = [math.exp(fmean(one.logarithm for one in runs)) for runs in (before, after)]
    verdict = Verdict.INCONCLUSIVE if few else found.verdict
    return replace(found, baseline=means[0], candidate=means[1], verdict=verdict)


def _predict(before: Sequence[Estimate], after: Sequence[Estimate]) -> PooledDifference:
    """The difference, with an error that comes from the stored runs alone."""
    means = [fmean(one.logarithm for one in runs) for runs in (before, after)]
    within = fmean(one.variance for one in (*before, *after))
    spread = max(stdev(one.logarithm for one in before), math.sqrt(within), 1e-6)
    error = spread * math.sqrt(1 / len(before) + 1 / len(after))
    return PooledDifference(means[1] - means[0], error, len(before) - 1, math.inf)
