"""An objective of the shop, such as ``page.BinNumberPage response_time p95 < 300ms``.

``harness/objectives/parser.py`` reads its text, ``harness/objectives/evaluate.py`` decides whether the shop kept it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from harness.units import did_you_mean

DEFAULT_CONFIDENCE = 0.95
"""The confidence of a verdict unless the objective sets another."""


class ObjectiveError(ValueError):
    """A text that is not an objective: what is wrong, and what to write instead."""

    def __init__(self, text: str, problem: str, remedy: str) -> None:
        super().__init__(f'"{text}": {problem}; {remedy}')
        self.text = text
        self.problem = problem
        self.remedy = remedy


class Subject(StrEnum):
    """What an objective is about."""

    PAGE = "page"
    JOURNEY = "journey"
    ORDERS = "orders"
    ARRIVALS = "dropped"  # written as its only metric


class Metric(StrEnum):
    """What is measured of the subject."""

    RESPONSE_TIME = "response_time"  # from the due moment: what a shopper experiences
    SERVICE_TIME = "service_time"  # from sending: the part that the shop alone causes
    FAILURES = "failures"  # the share that the shop failed; for journeys it includes dropped arrivals
    DROPPED = "dropped"  # the share of arrivals that no user served
    RATE = "rate"  # successful ends per second
    COUNT = "count"  # successful ends

    @property
    def timed(self) -> bool:
        """Whether the metric is a time, which needs a statistic: a percentile, the mean or the maximum."""
        return self in (Metric.RESPONSE_TIME, Metric.SERVICE_TIME)


class Statistic(StrEnum):
    """How many times become one number."""

    PERCENTILE = "percentile"
    MEAN = "mean"
    MAX = "max"


class Operator(StrEnum):
    """How the measured number must compare with the bound."""

    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="

    @property
    def upward(self) -> bool:
        """Whether a higher number is better."""
        return self in (Operator.MORE, Operator.AT_LEAST)

    def holds(self, measured: float, bound: float) -> bool:
        """Whether the measured number compares with the bound as it must."""
        match self:
            case Operator.LESS:
                return measured < bound
            case Operator.AT_MOST:
                return measured <= bound
            case Operator.MORE:
                return measured > bound
            case Operator.AT_LEAST:
                return measured >= bound


METRICS: Mapping[Subject, tuple[Metric, ...]] = {
    Subject.PAGE: (Metric.RESPONSE_TIME, Metric.SERVICE_TIME, Metric.FAILURES, Metric.RATE, Metric.COUNT),
    Subject.JOURNEY: (Metric.RESPONSE_TIME, Metric.SERVICE_TIME, Metric.FAILURES, Metric.RATE, Metric.COUNT),
    Subject.ORDERS: (Metric.RATE, Metric.COUNT),
    Subject.ARRIVALS: (Metric.DROPPED,),
}
"""The metrics of each subject."""

LABELS: Mapping[Subject, tuple[str, ...]] = {
    Subject.PAGE: ("payment", "outcome"),
    Subject.JOURNEY: ("payment", "verification", "outcome"),
    Subject.ORDERS: ("payment", "verification"),
    Subject.ARRIVALS: (),
}
"""The labels that select a part of each subject, in the order in which they are written."""


@dataclass(frozen=True, slots=True)
class Objective:
    """One objective, parsed and checked.

    ``name`` is a page or a journey (``""``: all). ``bound`` is in seconds, a fraction, per second or a number, depending on the
    metric. ``limit`` is the bound as written (``"300ms"``). ``percentile`` is a fraction (0.95), or 0 for another statistic.
    ``confidence`` is how sure a verdict must be.
    """

    subject: Subject
    metric: Metric
    operator: Operator
    bound: float
    limit: str
    name: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    statistic: Statistic | None = None
    percentile: float = 0.0
    confidence: float = DEFAULT_CONFIDENCE

    @property
    def text(self) -> str:
        """The objective in its normal form; parsing it gives the same objective."""
        selected = f"[{','.join(f'{label}={value}' for label, value in self.labels)}]" if self.labels else ""
        words = [f"{self.subject}{'.' if self.name else ''}{self.name}{selected}"]
        if self.metric is not Metric.DROPPED:
            words.append(self.metric)
        if self.statistic is Statistic.PERCENTILE:
            words.append(f"p{self.percentile * 100:.10g}")
        elif self.statistic is not None:
            words.append(self.statistic)
        words += [self.operator, self.limit]
        if self.confidence != DEFAULT_CONFIDENCE:
            words.append(f"confidence {self.confidence * 100:.10g}%")
        return " ".join(words)

    @property
    def unit(self) -> str:
        """The unit of ``bound`` and of the measured number: ``s``, ``share``, ``per_s`` or ``count``."""
        if self.metric.timed:
            return "s"
        return {Metric.RATE: "per_s", Metric.COUNT: "count"}.get(self.metric, "share")

    @property
    def allowed(self) -> float:
        """The share of samples that may be over the bound: 0.05 for a p95, the bound itself for failures; else 0."""
        if self.statistic is Statistic.PERCENTILE:
            return 1.0 - self.percentile
        return self.bound if self.metric in (Metric.FAILURES, Metric.DROPPED) else 0.0

    def label(self, name: str) -> str:
        """The value that a label must have; ``""`` means any."""
        return dict(self.labels).get(name, "")


def unknown_names(
    objective: Objective,
    *,
    pages: Collection[str],
    journeys: Collection[str],
    payments: Collection[str],
    outcomes: Collection[str],
    verifications: Collection[str] = (),
) -> list[ObjectiveError]:
    """An error for each name in an objective that does not exist, with a similar name as the remedy.

    Names of ``verifications`` are checked only if some are given.
    """
    names = {"page": pages} if objective.subject is Subject.PAGE else {"journey": journeys}
    known = {**names, "payment": payments, "outcome": outcomes, "verification": verifications}
    used = [(kind, objective.name) for kind in names if objective.name] + list(objective.labels)
    return [
        ObjectiveError(objective.text, f"there is no {kind} {name}", did_you_mean(name, known[kind]))
        for kind, name in used
        if name not in known[kind] and not (kind == "verification" and not verifications)
    ]
