"""Results of objectives in plain sentences."""

from __future__ import annotations

import math
import re

from harness.objectives.counting import SampleCounts
from harness.objectives.model import Metric, Objective, Statistic, Subject
from harness.units import RATES, format_duration, format_number, format_percent, quantity

FEWEST_ALIKE = 3
"""So many objectives that differ only in a label are shown as one, where none of them needs attention."""
VISIBLE_GAP = 1.2
"""The least ratio of response to service time that a report mentions."""
VISIBLE_TIME = 0.010
"""The least difference in seconds that a report mentions, whatever the ratio."""


_LABEL_VALUE = re.compile(r"=([^,\]<>=]+)(?=[,\]])")


def without_label_values(text: str) -> str:
    """The text of an objective without the values of its labels: ``orders[payment=…] count >= 1``."""
    return _LABEL_VALUE.sub("=…", text)


def differ_visibly(response: float, service: float) -> bool:
    """Whether a response time is so far over the service time (seconds) that a report mentions it."""
    return math.isfinite(service) and response > service * VISIBLE_GAP and response - service > VISIBLE_TIME


def subject_text(objective: Objective) -> str:
    """What an objective is about: ``BinNumberPage answers``, ``guest journeys with payment gpay``."""
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
    """The measured number with the bound and the number of samples, without a full stop."""
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
            return f"{counted.over:,} of {counted.total:,} {noun} were dropped, {format_percent(measured)} ({bound})"
        case Metric.RATE:
            return f"{_rate(measured, objective)} {noun} finished ({bound})"
        case _:
            return f"{format_number(measured)} {noun} finished ({bound})"


def share_exceeded(objective: Objective, measured: float, counted: SampleCounts) -> str:
    """Why an objective on a share was broken; empty where the sentence has both shares already."""
    if not objective.metric.timed or math.isinf(measured):
        return ""
    return (
        f"{format_percent(counted.over / counted.total)} took longer than {format_duration(objective.bound)}, "
        f"at most {format_percent(objective.allowed)} may"
    )


def too_few_samples(confidence: float, more: int | None, effective_sample_size: float = math.inf) -> str:
    """Why the verdict is inconclusive, and how many more samples would decide.

    ``effective_sample_size`` is the number of independent samples that these count for, if it is notably lower.
    """
    if effective_sample_size < math.inf:
        number = max(1, round(effective_sample_size))
        effective = f"samples of one moment are alike, so these prove no more than about {number:,} independent ones; "
        return effective + too_few_samples(confidence, more)
    if more is None:
        return f"too close to the bound to be {format_percent(confidence)} sure, and a longer run would not change that"
    return f"too few samples to be {format_percent(confidence)} sure, about {_rounded(more):,} more are needed"


def from_service_time(objective: Objective, service: float) -> str:
    """The service time beside a response time that is visibly longer."""
    return f"counted from sending, the {_percentile(objective)} was {format_duration(service)}"


def cut_short(unknown: int) -> str:
    """Why the verdict is inconclusive although all known samples are good enough."""
    return f"{unknown:,} {'was' if unknown == 1 else 'were'} cut short by the end of the run, so it is not known how they would end"


def _time(objective: Objective, measured: float, counted: SampleCounts, beside: str) -> str:
    noun = subject_text(objective)
    came = "came" if objective.subject is Subject.PAGE else "ended"
    service = ", counted from sending," if objective.metric is Metric.SERVICE_TIME else ""
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
            if math.isinf(measured):
                failed = format_percent(counted.over / counted.total)
                return (
                    f"{failed} of the {noun} failed or took too long, {format_percent(objective.allowed)} may {beside}"
                )
            return f"the {_percentile(objective)} of {noun}{service} was {format_duration(measured)} {beside}"


def _percentile(objective: Objective) -> str:
    return f"p{objective.percentile * 100:.6g}"


def _bound(objective: Objective) -> str:
    if objective.metric.timed:
        return f"bound {format_duration(objective.bound)}"
    if objective.metric is Metric.RATE:
        return f"objective: {objective.operator} {objective.limit}"
    if objective.metric is Metric.COUNT:
        return f"objective: {objective.operator} {format_number(objective.bound)}"
    return f"allowed: {format_percent(objective.bound)}"


def _rate(per_second: float, objective: Objective) -> str:
    """The rate in the unit of the objective."""
    written = quantity(objective.limit)
    unit = written[1] if written and written[1] in RATES else "/s"
    return f"{format_number(per_second * RATES[unit])}{unit}"


def _rounded(number: int) -> int:
    """Round up to two digits, because the number is an estimate."""
    step = int(10 ** max(0, len(str(number)) - 2))
    return -(-number // step) * step
