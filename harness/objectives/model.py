"""A demand on the shop, such as ``page.BinNumberPage response_time p95 < 300ms``.

How it is written is read in ``harness/objectives/parser.py``; whether it held is decided in ``harness/objectives/evaluate.py``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from harness.units import did_you_mean

DEFAULT_CONFIDENCE = 0.95
"""How sure a verdict must be unless the objective says otherwise."""


class ObjectiveError(ValueError):
    """A text that is no demand: what is wrong with it, and what to write instead."""

    def __init__(self, text: str, problem: str, remedy: str) -> None:
        super().__init__(f'"{text}": {problem}; {remedy}')
        self.text = text
        self.problem = problem
        self.remedy = remedy


class Subject(StrEnum):
    """What a demand is made on."""

    PAGE = "page"
    JOURNEY = "journey"
    ORDERS = "orders"
    ARRIVALS = "dropped"  # written as its only metric


class Metric(StrEnum):
    """What of it is measured."""

    RESPONSE_TIME = "response_time"  # from the due moment: what a shopper feels
    SERVICE_TIME = "service_time"  # from sending: what the shop is to answer for alone
    FAILURES = "failures"  # the share that the shop failed, dropped arrivals among the journeys
    DROPPED = "dropped"  # the share of arrivals that no user served
    RATE = "rate"  # finished well, per second
    COUNT = "count"  # finished well, in all

    @property
    def timed(self) -> bool:
        """Whether it is a time, of which a percentile, the mean or the maximum is demanded."""
        return self in (Metric.RESPONSE_TIME, Metric.SERVICE_TIME)


class Statistic(StrEnum):
    """Which number is made of many times."""

    PERCENTILE = "percentile"
    MEAN = "mean"
    MAX = "max"


class Operator(StrEnum):
    """How the measured number must lie to the bound."""

    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="

    @property
    def upward(self) -> bool:
        """Whether more is better."""
        return self in (Operator.MORE, Operator.AT_LEAST)

    def holds(self, measured: float, bound: float) -> bool:
        """Whether the measured number lies as it must."""
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
"""What can be demanded of what."""

LABELS: Mapping[Subject, tuple[str, ...]] = {
    Subject.PAGE: ("payment", "outcome"),
    Subject.JOURNEY: ("payment", "verification", "outcome"),
    Subject.ORDERS: ("payment", "verification"),
    Subject.ARRIVALS: (),
}
"""By what it can be narrowed down, in the order in which it is written."""


@dataclass(frozen=True, slots=True)
class Objective:
    """One demand, read and checked.

    ``name`` is a page or a journey (``""``: all of them). ``bound`` is in seconds, a fraction, per second or a number, as
    the metric has it, and ``limit`` is how it was written (``"300ms"``). ``percentile`` is a fraction (0.95), 0 unless
    the statistic is one. ``confidence`` is how sure a verdict must be.
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
        """The demand as it is written when written neatly; reading it gives the same objective."""
        narrowed = f"[{','.join(f'{label}={value}' for label, value in self.labels)}]" if self.labels else ""
        words = [f"{self.subject}{'.' if self.name else ''}{self.name}{narrowed}"]
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
        """What ``bound`` and the measured number are counted in: ``s``, ``share``, ``per_s`` or ``count``."""
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
        """The value a label must have, ``""`` if any will do."""
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
    """The names in a demand that nothing will ever be measured under, each with what may be meant; empty: all known.

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
