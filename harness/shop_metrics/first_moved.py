"""Says what broke its bound first when objectives were broken: a metric of the shop, or what shoppers experience."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from harness.measurement.recorder import Recorder
from harness.objectives.counting import counts_by_slice
from harness.objectives.model import Metric, Objective, ObjectiveError, Statistic
from harness.objectives.parser import parse
from harness.objectives.verdict import ObjectiveResult, Verdict
from harness.shop_metrics.evaluate import first_break
from harness.shop_metrics.measurement import MetricMeasurement
from harness.shop_metrics.objective import is_metric_objective, parse_metric_objective
from harness.units import format_duration

FEWEST = 20
"""The fewest samples that show whether an objective is over its bound at some moment."""


class Move(NamedTuple):
    """What broke its bound, between which moments (seconds from the start of the load)."""

    what: str
    since: float
    until: float


def first_moved(
    recorder: Recorder, objectives: Sequence[ObjectiveResult], measured: Sequence[MetricMeasurement]
) -> str:
    """A sentence that names what moved first; empty if no objective was broken, or none is about a metric of the shop."""
    broken = [one for one in objectives if one.verdict is Verdict.FAILED]
    if not measured or not broken:
        return ""
    metrics = sorted(_metric_moves(measured), key=lambda one: one.since)
    shoppers = sorted(_shopper_moves(recorder, broken), key=lambda one: one.since)
    if metrics and shoppers:
        return _order(metrics[0], shoppers[0])
    if metrics:
        beside = "No objective on response times or failures broke its bound."
        return f"{_went(metrics[0])}. {beside}"
    if shoppers:
        return f"{_went(shoppers[0])}. The shop's own metrics that Prometheus showed stayed within their bounds."
    return ""


def _order(metric: Move, shopper: Move) -> str:
    first, second = sorted((metric, shopper), key=lambda one: one.since)
    if first.until >= second.since:
        return f"{_went(first)}. {second.what} did so at about the same time, too close to say which came first."
    return f"{_went(first)}, first of all. {second.what} followed {format_duration(second.since - first.since)} later."


def _went(move: Move) -> str:
    return f"{move.what} broke its bound {format_duration(move.since)} after the start"


def _metric_moves(measured: Sequence[MetricMeasurement]) -> Iterator[Move]:
    for one in measured:
        objective = parse_metric_objective(one.text)
        found = first_break(objective, one)
        if found is not None:
            steps = sorted({at for series in one.series for at, _ in series.points})
            step = min((after - before for before, after in pairwise(steps)), default=0.0)
            yield Move(f"{objective.query}{f' of {found.labels}' if found.labels else ''}", found.at, found.at + step)


def _shopper_moves(recorder: Recorder, broken: Sequence[ObjectiveResult]) -> Iterator[Move]:
    for one in broken:
        if is_metric_objective(one.text):
            continue
        try:
            objective = parse(one.text)
        except ObjectiveError:
            continue
        share = objective.statistic is Statistic.PERCENTILE or objective.metric is Metric.FAILURES
        if share and (found := _first_over(recorder, objective)) is not None:
            yield Move(one.text, *found)


def _first_over(recorder: Recorder, objective: Objective) -> tuple[float, float] | None:
    """Beginning and end of the first stretch in which more samples than allowed are over the bound."""
    length = recorder.slice_length
    samples = over = 0
    start: int | None = None
    for index, (total, beyond) in sorted(counts_by_slice(recorder, objective).items()):
        start = index if start is None else start
        samples, over = samples + total, over + beyond
        if samples >= FEWEST:
            if over > objective.allowed * samples:
                return start * length, (index + 1) * length
            samples = over = 0
            start = None
    return None
