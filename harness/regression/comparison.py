"""Compares two versions of a shop over pairs of runs: every figure, and the verdict."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.objectives.verdict import Verdict
from harness.regression.failures import SliceCounts, failure_shares
from harness.regression.figures import GATED, Figure, Kind, Plan
from harness.regression.measures import JOURNEYS, PAGES, RunMeasures
from harness.regression.percentiles import TOO_FEW, Estimate
from harness.regression.pooled import pool
from harness.regression.ratios import Pairs, TimeSubject, compare_throughput, compare_times
from harness.regression.spread import spread_change

GATED_FIGURES = 5


@dataclass(frozen=True, slots=True)
class Comparison:
    """The figures of a comparison over this number of pairs, and the verdict; ``disturbed`` counts runs that prove no pass."""

    pairs: int
    figures: tuple[Figure, ...]
    verdict: Verdict
    disturbed: int = 0

    @property
    def moved(self) -> list[Figure]:
        """The figures that are certainly worse: first the gated ones, each kind with the most certain first."""
        failed = [one for one in self.figures if one.verdict is Verdict.FAILED]
        return sorted(failed, key=lambda one: (one.kind not in GATED, one.p_value, -(one.change or 0.0)))


def compare(pairs: Pairs, plan: Plan, disturbed: int = 0) -> Comparison:
    """Compare over these pairs (baseline, candidate); without a pair nothing is decided.

    With ``disturbed`` runs among them, a regression is found all the same, but nothing passes.
    """
    if not pairs:
        return Comparison(0, (), Verdict.INCONCLUSIVE)
    figures = (
        *holm(list(_gated(pairs, plan)), plan.alphas.fail),
        *holm(list(_details(pairs, plan)), plan.alphas.fail_detail),
    )
    verdicts = {one.verdict for one in figures if one.kind in GATED or one.verdict is Verdict.FAILED}
    verdict = Verdict.worst(verdicts)
    if disturbed and verdict is Verdict.PASSED:
        verdict = Verdict.INCONCLUSIVE
    return Comparison(len(pairs), figures, verdict, disturbed)


def holm(figures: Sequence[Figure], alpha: float) -> Iterator[Figure]:
    """The figures, with those failed that Holm's procedure rejects: any is wrong with probability ``alpha`` at most."""
    order = sorted(range(len(figures)), key=lambda place: figures[place].p_value)
    failed: set[int] = set()
    for rank, place in enumerate(order):
        if figures[place].p_value > alpha / (len(figures) - rank):
            break
        failed.add(place)
    for place, one in enumerate(figures):
        yield replace(one, verdict=Verdict.FAILED, pairs_needed=None) if place in failed else one


def _gated(pairs: Pairs, plan: Plan) -> Iterator[Figure]:
    alpha = plan.alphas.fail / GATED_FIGURES
    for name in (JOURNEYS, PAGES):
        yield compare_times(pairs, TimeSubject(Kind.TIME, name, lambda one: one.times), plan, alpha)
    yield compare_failures([a.failures for a, _ in pairs], [b.failures for _, b in pairs], plan, alpha)
    yield compare_throughput(pairs, plan, alpha)
    yield compare_spread(pairs, plan)


def _details(pairs: Pairs, plan: Plan) -> Iterator[Figure]:
    """The figures of the single pages and payment options that every run has."""
    where: tuple[tuple[Kind, Callable[[RunMeasures], Mapping[str, Estimate]]], ...] = (
        (Kind.PAGE, lambda one: one.pages),
        (Kind.OPTION, lambda one: one.options),
    )
    subjects = [
        TimeSubject(kind, name, estimates)
        for kind, estimates in where
        for name in sorted({name for pair in pairs for one in pair for name in estimates(one)})
    ]
    known = [subject for subject in subjects if subject.of(pairs)]
    for subject in known:
        yield compare_times(pairs, subject, plan, plan.alphas.fail_detail / len(known))


def compare_failures(
    baseline: Sequence[SliceCounts], candidate: Sequence[SliceCounts], plan: Plan, alpha: float
) -> Figure:
    """Compare the shares of failed journeys over all runs of both sides."""
    shares = failure_shares(baseline, candidate)
    high = shares.high(plan.alphas.passed)
    return Figure(
        kind=Kind.FAILURES,
        name="failed journeys",
        verdict=Verdict.PASSED if high < plan.tolerance.harmful_failures else Verdict.INCONCLUSIVE,
        baseline=shares.shares[0],
        candidate=shares.shares[1],
        change=shares.rise,
        low=shares.low(alpha),
        high=high,
        p_value=shares.p_rise(plan.tolerance.harmless_failures),
    )


def compare_spread(pairs: Pairs, plan: Plan) -> Figure:
    """The figure of the spread. It is compared only at equal medians, and only a wider one is worse."""
    figure = Figure(kind=Kind.SPREAD, name="spread of all pages", verdict=Verdict.INCONCLUSIVE)
    medians = [(a.median, b.median) for a, b in pairs if a.median is not None and b.median is not None]
    change = spread_change([(a.shape, b.shape) for a, b in pairs])
    if (
        change is None
        or len(medians) < len(pairs)
        or any(math.isinf(each.logarithm) for pair in medians for each in pair)
    ):
        return replace(figure, note=TOO_FEW)
    if abs(pool(medians, plan.run_effect).mean) >= math.log1p(plan.tolerance.harmful):
        return replace(figure, verdict=Verdict.PASSED, note="not compared: the medians differ")
    return replace(
        figure,
        verdict=Verdict.PASSED,
        change=change.distance,
        p_value=change.p_value if change.wider else 1.0,
        note="wider" if change.wider else "narrower",
    )
