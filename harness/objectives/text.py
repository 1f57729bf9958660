"""The verdict in words that a shopkeeper understands."""

from __future__ import annotations

import math

from harness.objectives.counting import SampleCounts
from harness.objectives.model import Metric, Objective, Statistic, Subject
from harness.units import RATES, format_duration, format_number, format_percent, quantity

VISIBLE_GAP = 1.2
"""The least ratio of response to service time at which a reader is told about the difference."""
VISIBLE_TIME = 0.010
"""The least difference in seconds at which a reader is told about it, whatever the ratio."""


def differ_visibly(response: float, service: float) -> bool:
    """Whether a response time is so far over the service time (seconds) that a reader is told about it."""
    return math.isfinite(service) and response > service * VISIBLE_GAP and response - service > VISIBLE_TIME


def subject_text(objective: Objective) -> str:
    """What the objective speaks of: ``BinNumberPage answers``, ``guest journeys with payment gpay``."""
    match objective.subject:
        case Subject.PAGE:
            noun = f"{objective.name} answers" if objective.name else "answers of all pages"
        case Subject.JOURNEY:
            noun = f"{objective.name} journeys" if objective.name else "journeys"
        case Subject.ORDERS:
            noun = f"orders of {objective.name} journeys" if objective.name else "orders"
        case Subject.ARRIVALS:
            noun = "arrivals"
    labels = [
        f"{label} {value}"
        for label, value in objective.labels
        if not (label == "outcome" and objective.metric is Metric.FAILURES)
    ]
    return f"{noun} with {' and '.join(labels)}" if labels else noun


def sentence(objective: Objective, measured: float | None, counted: SampleCounts) -> str:
    """What was measured, beside the bound and the number of samples; without a full stop."""
    noun, bound = subject_text(objective), _bound(objective)
    samples = f"{counted.total:,} sample{'s' * (counted.total != 1)}"
    if measured is None:
        return f"{noun}: {samples}"
    if objective.metric.timed:
        return _time(objective, measured, counted, f"({bound}; {samples})")
    match objective.metric:
        case Metric.FAILURES:
            outcome = objective.label("outcome")
            did = f"ended as {outcome}" if outcome else "failed"
            return f"{counted.over:,} of {counted.total:,} {noun} {did}, {format_percent(measured)} ({bound})"
        case Metric.DROPPED:
            return f"{counted.over:,} of {counted.total:,} {noun} found no free user in time, {format_percent(measured)} ({bound})"
        case Metric.RATE:
            return f"{_rate(measured, objective)} {noun} were finished ({bound})"
        case _:
            return f"{format_number(measured)} {noun} were finished ({bound})"


def share_exceeded(objective: Objective, counted: SampleCounts) -> str:
    """Why a demand on a share was broken."""
    return f"{format_percent(counted.over / counted.total)} were over, {format_percent(objective.allowed)} may be"


def too_few_samples(confidence: float, more: int | None, effective_sample_size: float = math.inf) -> str:
    """Why nothing can be said, and how many more samples would change that.

    ``worth`` is for how many independent samples those there are may stand, if that is notably fewer.
    """
    if effective_sample_size < math.inf:
        alike = f"since what one moment brings is alike, they stand for about {max(1, round(effective_sample_size)):,} independent ones; "
        return alike + too_few_samples(confidence, more)
    if more is None:
        return f"too close to the bound to be {format_percent(confidence)} sure, and a longer run would not change that"
    return f"too few to be {format_percent(confidence)} sure: about {_rounded(more):,} more would tell if they turn out the same"


def from_service_time(objective: Objective, service: float) -> str:
    """What remains of a response time when the waiting before the start is left out, where the two part."""
    return f"counted from their start, {objective.percentile * 100:.6g} % took {format_duration(service)}"


def cut_short(unknown: int) -> str:
    """Why nothing can be said although what is known looks well."""
    return f"{unknown:,} {'was' if unknown == 1 else 'were'} cut short by the end of the run, and nobody knows how they end"


def _time(objective: Objective, measured: float, counted: SampleCounts, beside: str) -> str:
    noun = subject_text(objective)
    came = "came" if objective.subject is Subject.PAGE else "ended"
    service = " of sending" if objective.metric is Metric.SERVICE_TIME else ""
    match objective.statistic:
        case Statistic.MAX:
            if math.isinf(measured):
                return f"some of the {noun} never {came} {beside}"
            return f"the slowest of the {noun} took {format_duration(measured)} {beside}"
        case Statistic.MEAN:
            if math.isinf(measured):
                return f"some of the {noun} never {came}, so there is no mean {beside}"
            return f"the {noun} took {format_duration(measured)} on average {beside}"
        case _:
            percent = f"{objective.percentile * 100:.6g} %"
            if math.isinf(measured):
                failed = format_percent(counted.over / counted.total)
                return f"{failed} of the {noun} failed, came too late or never, so there is no {percent} that {came} {beside}"
            return f"{percent} of {noun} {came} within {format_duration(measured)}{service} {beside}"


def _bound(objective: Objective) -> str:
    if objective.metric.timed:
        return f"bound {format_duration(objective.bound)}"
    if objective.metric is Metric.RATE:
        return f"demanded: {objective.operator} {objective.limit}"
    if objective.metric is Metric.COUNT:
        return f"demanded: {objective.operator} {format_number(objective.bound)}"
    return f"allowed: {format_percent(objective.bound)}"


def _rate(per_second: float, objective: Objective) -> str:
    """The rate in the unit in which it was demanded."""
    written = quantity(objective.limit)
    unit = written[1] if written and written[1] in RATES else "/s"
    return f"{format_number(per_second * RATES[unit])}{unit}"


def _rounded(number: int) -> int:
    """To two digits, upwards: more would pretend to know."""
    step = int(10 ** max(0, len(str(number)) - 2))
    return -(-number // step) * step
