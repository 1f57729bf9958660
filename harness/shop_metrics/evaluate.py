"""Decides objectives on the shop's own metrics.

Every value of every series in the steady part must keep the bound. One value over it breaks the objective. Without data, with
values that are not a number, or with data for only a part of the time, the objective is inconclusive: missing data is never a pass.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from harness.objectives.verdict import ObjectiveResult, Verdict
from harness.shop_metrics.measurement import MetricMeasurement, MetricSeries, badness
from harness.shop_metrics.objective import UNIT, MetricObjective
from harness.units import format_count, format_duration, format_percent

LEAST_COVERAGE = 0.9
"""The least share of the moments for which there must be a value."""


class MetricMoment(NamedTuple):
    """One value: the labels of its series, its moment in seconds from the start of the load, and the value."""

    labels: str
    at: float
    value: float


def evaluate_metric(objective: MetricObjective, measured: MetricMeasurement, moments: int) -> ObjectiveResult:
    """Decide one objective by what Prometheus said; ``moments`` is the number of moments that were asked for."""
    if measured.problem:
        return _nothing(objective, f"Prometheus gave no answer: {measured.problem}")
    values = [value for one in measured.series for _, value in one.points]
    if not values:
        return _nothing(objective, "Prometheus has no data in the steady part")
    numbers = sum(not math.isnan(value) for value in values)
    if not numbers:
        return _nothing(objective, "each value in the steady part is NaN (not a number)")
    over = sum(breaks(objective, value) for value in values)
    covered = len({at for one in measured.series for at, value in one.points if not math.isnan(value)})
    verdict, why = Verdict.PASSED, ""
    if over:
        verdict, why = Verdict.FAILED, f"{over:,} of {format_count(len(values), 'value')} broke it"
    elif numbers < len(values):
        verdict = Verdict.INCONCLUSIVE
        why = f"{format_count(len(values) - numbers, 'value')} of {len(values):,} were NaN (not a number)"
    elif covered < LEAST_COVERAGE * moments:
        verdict = Verdict.INCONCLUSIVE
        why = f"there is data for only {format_percent(covered / moments)} of the steady part"
    worst = worst_moment(objective, measured)
    sentence = "; ".join(filter(None, (_said(objective, worst, len(measured.series)), why)))
    return _result(objective, verdict, sentence, worst.value, counts=(len(values), over))


def breaks(objective: MetricObjective, value: float) -> bool:
    """Whether a value breaks the bound; NaN does not, because it says nothing."""
    return not math.isnan(value) and not objective.operator.holds(value, objective.bound)


def worst_moment(objective: MetricObjective, measured: MetricMeasurement) -> MetricMoment:
    """The worst value of the worst series, the earliest if there are several."""
    every = list(_moments(measured.series))
    return max(every, key=lambda one: (badness(((one.at, one.value),), objective.operator), -one.at))


def first_break(objective: MetricObjective, measured: MetricMeasurement) -> MetricMoment | None:
    """The first value that breaks the bound; ``None`` if none does."""
    broken = (one for one in _moments(measured.series) if breaks(objective, one.value))
    return min(broken, key=lambda one: one.at, default=None)


def _moments(series: tuple[MetricSeries, ...]) -> Iterator[MetricMoment]:
    return (MetricMoment(one.labels, at, value) for one in series for at, value in one.points)


def format_value(value: float) -> str:
    """A value of a metric, with four digits."""
    return f"{value:.4g}"


def _said(objective: MetricObjective, worst: MetricMoment, series: int) -> str:
    what = "lowest" if objective.operator.upward else "highest"
    whose = f", of {worst.labels}" if worst.labels else ""
    among = f"; {format_count(series, 'series', 'series')}" if series > 1 else ""
    return (
        f"the {what} value of {objective.query} was {format_value(worst.value)}{whose}, {format_duration(worst.at)} after the start "
        f"(objective: {objective.operator} {objective.limit}{among})"
    )


def _nothing(objective: MetricObjective, why: str) -> ObjectiveResult:
    sentence = f"{objective.query}: {why}, so there is nothing to judge"
    return _result(objective, Verdict.INCONCLUSIVE, sentence)


def _result(
    objective: MetricObjective,
    verdict: Verdict,
    sentence: str,
    value: float | None = None,
    *,
    counts: tuple[int, int] = (0, 0),
) -> ObjectiveResult:
    samples, over = counts
    return ObjectiveResult(objective.text, verdict, value, objective.bound, UNIT, samples, over, sentence)
