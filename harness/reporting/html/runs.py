"""One run as its report shows it: the result, the timeline, and the measurements by subject."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from harness.objectives.model import Metric, Objective, ObjectiveError, Statistic, Subject
from harness.objectives.parser import parse
from harness.objectives.verdict import ObjectiveResult, Severity, Verdict
from harness.reporting.html.chart import Bound, Span
from harness.reporting.html.measures import (
    JOURNEYS,
    PAGES,
    SubjectMeasures,
    last_slice,
    measures,
    option_subject,
    page_subject,
)
from harness.reporting.html.timeline import NO_TIMELINE, RunTimeline
from harness.results.result import Result

_STATES = {Verdict.PASSED: "good", Verdict.FAILED: "bad", Verdict.INCONCLUSIVE: "unsure", Verdict.INVALID: "plain"}

USERS_CHECK = "users"
"""The check of validity that compares the number of users with the load."""
LONGEST_LABEL = 24
"""Characters of a value in the label of a change."""


@dataclass(frozen=True)
class ReportRun:
    """A run in a report; ``name`` is its name in the legend if there are several."""

    result: Result
    timeline: RunTimeline = NO_TIMELINE
    name: str = ""

    @cached_property
    def measures(self) -> Mapping[str, SubjectMeasures]:
        """The measurements by the key of their subject."""
        return measures(self.result.recorder)

    @property
    def slice_length(self) -> float:
        """The length of a slice in seconds."""
        return self.result.recorder.slice_length

    @cached_property
    def last(self) -> int:
        """The last slice that has a sample."""
        return last_slice(self.measures)

    @property
    def steady(self) -> tuple[float, float]:
        """The beginning and the end of the steady part, in seconds from the start of the load."""
        window = self.result.recorder.window
        start, end = window.steady_from - window.start, window.steady_until - window.start
        return (start, end) if math.isfinite(end) else (self.length, self.length)

    @property
    def length(self) -> float:
        """The seconds from the start of the load to the end of the last slice."""
        return (self.last + 1) * self.slice_length

    @property
    def phases(self) -> list[Span]:
        """The phases of the run, those that it reached."""
        start, end = self.steady
        spans = (Span(start=0.0, end=start, name="warm-up"), Span(start=start, end=end, name="steady"))
        drain = Span(start=end, end=self.length, name="drain")
        return [
            Span(start=one.start, end=min(one.end, self.length), name=one.name)
            for one in (*spans, drain)
            if one.start < one.end and one.start < self.length
        ]

    def objectives(self) -> Iterator[tuple[ObjectiveResult, Objective, str]]:
        """Each objective with the key of its subject; ``""``: it is about a part that has no chart."""
        for one in self.result.judgement.objectives:
            try:
                objective = parse(one.text)
            except ObjectiveError:
                continue
            yield one, objective, _subject(objective)

    @property
    def short_of_users(self) -> bool:
        """Whether checkload had too few virtual users while the shop was fast: dropped arrivals are then its own fault."""
        return any(one.check == USERS_CHECK and one.level is not Severity.OK for one in self.result.judgement.findings)

    def state(self, one: ObjectiveResult) -> str:
        """How a bound is drawn: by the verdict on its objective, plain where it is not judged."""
        return "plain" if self.result.judgement.verdict is Verdict.INVALID else _STATES[one.verdict]

    def time_bounds(self, *, upright: bool) -> list[Bound]:
        """The bounds of the objectives on percentiles of times, across or upright."""
        found: list[Bound] = []
        rows: dict[str, int] = {}
        for one, objective, subject in self.objectives():
            if objective.metric.timed and objective.statistic is Statistic.PERCENTILE and subject:
                clock = "service " if objective.metric is Metric.SERVICE_TIME else ""
                label = f"{clock}p{objective.percentile * 100:.10g} {objective.operator} {objective.limit}"
                place = {"x": objective.bound} if upright else {"y": objective.bound}
                row = rows[subject] = rows.get(subject, -1) + 1
                found.append(Bound(label=label, state=self.state(one), subject=subject, row=row, **place))
        return found

    def bounds_of(self, metric: Metric) -> list[Bound]:
        """The bounds of the objectives on rates, or of those on failures."""
        return [
            Bound(
                label=f"{'failures' if metric is Metric.FAILURES else objective.subject} {objective.operator} {objective.limit}",
                state=self.state(one),
                subject=subject,
                y=objective.bound,
            )
            for one, objective, subject in self.objectives()
            if objective.metric is metric and subject
        ]

    def change_bounds(self) -> list[Bound]:
        """What a person changed while the run was on, each at its moment."""
        return [
            Bound(label=change_label(one.quantity, one.after), x=one.at, row=place % 5)
            for place, one in enumerate(self.result.changes)
        ]


def change_label(quantity: str, after: str) -> str:
    """A change in a few words, as a chart shows it."""
    short = after if len(after) <= LONGEST_LABEL else f"{after[: LONGEST_LABEL - 1]}…"
    return f"{quantity.replace('_', ' ')}: {short}"


def _subject(objective: Objective) -> str:
    labels = dict(objective.labels)
    if objective.metric is Metric.FAILURES:
        labels.pop("outcome", None)
    if objective.subject is Subject.PAGE:
        return "" if labels else page_subject(objective.name) if objective.name else PAGES
    if objective.name or objective.subject is Subject.ARRIVALS or labels.keys() - {"payment"}:
        return ""
    return option_subject(labels["payment"]) if labels else JOURNEYS


def tags(runs: Sequence[ReportRun], run: ReportRun, name: str) -> tuple[str, ...]:
    """The switches of a series: its name, and its run if there are several."""
    return (name,) if len(runs) == 1 else (name, run.name)


def colour(runs: Sequence[ReportRun], run: ReportRun, alone: str) -> str:
    """The colour of a series: its own in a report of one run, that of its run if there are several."""
    return alone if len(runs) == 1 else str(runs.index(run) + 1)
