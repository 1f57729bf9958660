"""Compares what has a ratio: response times and throughput."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.objectives.verdict import Verdict
from harness.regression.failures import failure_shares
from harness.regression.figures import Figure, Kind, Plan
from harness.regression.measures import RunMeasures
from harness.regression.percentiles import TOO_FEW, TOO_MUCH_FAILED, Estimate
from harness.regression.pooled import Difference, pairs_needed, pool, smallest_seen
from harness.regression.tolerance import OPEN_LOAD_EFFECT, RunEffect

Pairs = Sequence[tuple[RunMeasures, RunMeasures]]
Rates = tuple[Sequence[Estimate], Sequence[Estimate]]
_LARGEST_EXPONENT = 700.0


@dataclass(frozen=True, slots=True)
class TimeSubject:
    """Whose times are compared, and where a run has its estimates."""

    kind: Kind
    name: str
    estimates: Callable[[RunMeasures], Mapping[str, Estimate]]

    def of(self, pairs: Pairs) -> list[tuple[Estimate, Estimate]]:
        """The estimates of all pairs (baseline, candidate); empty if one run has too few samples."""
        found = [tuple(self.estimates(one).get(self.name) for one in pair) for pair in pairs]
        known = [(a, b) for a, b in found if a is not None and b is not None]
        return known if len(known) == len(pairs) else []


def compare_times(pairs: Pairs, subject: TimeSubject, plan: Plan, alpha: float) -> Figure:
    """Compare the times of one subject; ``alpha`` is that of the bound that shows a regression."""
    figure = Figure(kind=subject.kind, name=subject.name, verdict=Verdict.INCONCLUSIVE)
    known = subject.of(pairs)
    if not known:
        return replace(figure, note=TOO_FEW)
    if any(math.isinf(each.logarithm) for pair in known for each in pair):
        return _never_answered(figure, pairs, known, plan)
    return _with_ratio(figure, known, plan.run_effect, plan, alpha)


def throughput(baseline: Sequence[RunMeasures], candidate: Sequence[RunMeasures], plan: Plan) -> tuple[Figure, Rates]:
    """The figure of the throughput, not yet compared, and the rates of all runs of both sides.

    Orders are compared if any run has one. If some run has too few of them for a rate, there are no rates, and the figure
    compares the shares of journeys without an order.
    """
    per = "per arrival" if plan.open_load else "a second"
    by_orders = any(one.places_orders for one in (*baseline, *candidate))
    figure = Figure(
        kind=Kind.THROUGHPUT, name=f"{'orders' if by_orders else 'served journeys'} {per}", verdict=Verdict.INCONCLUSIVE
    )
    found = [[one.orders if by_orders else one.served for one in side] for side in (baseline, candidate)]
    rates = [[one for one in side if one is not None] for side in found]
    if [*map(len, rates)] == [*map(len, found)]:
        return figure, (rates[0], rates[1])
    figure = replace(figure, note=f"too few {'orders' if by_orders else 'journeys'}")
    shares = failure_shares([one.without_order for one in baseline], [one.without_order for one in candidate])
    if not by_orders or not min(shares.totals) > 0:
        return figure, ([], [])
    return replace(
        figure,
        baseline=1 - shares.shares[0],
        candidate=1 - shares.shares[1],
        p_value=shares.p_rise(plan.tolerance.harmless),
    ), ([], [])


def compare_throughput(pairs: Pairs, plan: Plan, alpha: float) -> Figure:
    """Compare the rates of orders. Fewer are worse, so the change is how much lower the candidate's rate is."""
    figure, rates = throughput([a for a, _ in pairs], [b for _, b in pairs], plan)
    known = [(candidate, baseline) for baseline, candidate in zip(*rates, strict=True)]
    if not known:
        return figure
    ratio = as_lower(_with_ratio(figure, known, run_effect(plan, rates=True), plan, alpha))
    return replace(ratio, baseline=ratio.candidate, candidate=ratio.baseline)


def run_effect(plan: Plan, *, rates: bool) -> RunEffect:
    """How much times differ between runs of one shop, or rates, which differ less under an open load."""
    effect = plan.run_effect
    return RunEffect(min(effect.size, OPEN_LOAD_EFFECT), effect.weight) if rates and plan.open_load else effect


def as_lower(figure: Figure) -> Figure:
    """The figure of a rate, whose changes say by how much the baseline is higher, with how much lower the candidate is."""

    def lower(higher: float | None) -> float | None:
        if higher is None or higher <= -1:  # a bound so wide that its ratio rounds to 0
            return higher if higher is None else -math.inf
        return 1.0 if math.isinf(higher) else higher / (1 + higher)

    return replace(
        figure,
        change=lower(figure.change),
        low=lower(figure.low),
        high=lower(figure.high),
        smallest_seen=lower(figure.smallest_seen),
    )


def _with_ratio(
    figure: Figure, known: Sequence[tuple[Estimate, Estimate]], effect: RunEffect, plan: Plan, alpha: float
) -> Figure:
    difference = pool(known, effect)
    means = [math.fsum(pair[side].logarithm for pair in known) / len(known) for side in (0, 1)]
    found = with_difference(
        replace(figure, baseline=math.exp(means[0]), candidate=math.exp(means[1])), difference, plan, alpha
    )
    if found.verdict is Verdict.PASSED:
        return found
    bounds = math.log1p(plan.tolerance.harmless), math.log1p(plan.tolerance.harmful)
    return replace(found, pairs_needed=pairs_needed(difference, len(known), bounds, (alpha, plan.alphas.passed)))


def with_difference(figure: Figure, difference: Difference, plan: Plan, alpha: float) -> Figure:
    """The figure with the change that this difference shows, its bounds, and a verdict that is not yet a failure."""
    high = difference.high(plan.alphas.passed)
    return replace(
        figure,
        verdict=Verdict.PASSED if high < math.log1p(plan.tolerance.harmful) else Verdict.INCONCLUSIVE,
        change=_expm1(difference.mean),
        low=_expm1(difference.low(alpha)),
        high=_expm1(high),
        smallest_seen=smallest_seen(difference, plan.tolerance.harmless, alpha),
        p_value=difference.p_over(math.log1p(plan.tolerance.harmless)),
    )


def _never_answered(figure: Figure, pairs: Pairs, known: Sequence[tuple[Estimate, Estimate]], plan: Plan) -> Figure:
    """The figure where too many failed for a percentile: worse if the candidate certainly fails more journeys."""
    shares = failure_shares([a.failures for a, _ in pairs], [b.failures for _, b in pairs])
    baseline, candidate = (sum(math.isinf(pair[side].logarithm) for pair in known) for side in (0, 1))
    return replace(
        figure,
        baseline=math.exp(max(a.logarithm for a, _ in known)),
        candidate=math.exp(max(b.logarithm for _, b in known)),
        p_value=shares.p_rise(plan.tolerance.harmless_failures) if candidate > baseline else 1.0,
        note=TOO_MUCH_FAILED,
    )


def _expm1(value: float) -> float:
    return math.expm1(value) if value < _LARGEST_EXPONENT else math.inf
