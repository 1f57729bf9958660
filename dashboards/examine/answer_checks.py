"""Checks a dashboard against a Prometheus that has a run: queries must work and have an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import isnan
from typing import Any

from dashboards.examine.panels import QueryAnswer, answers, panels
from dashboards.examine.prometheus import Prometheus, QueryRefused
from dashboards.examine.variables import TimeRange, VariableValues

MOST_LINES = 40
"""A graph with more lines than these cannot be read."""
MAY_BE_MISSING = frozenset(
    {
        "page_errors_total",
        "scrape_render_seconds_bucket",
        "worker_clock_offset_seconds",
        "worker_report_age_seconds",
        "worker_reports_lost_total",
    }
)
"""Metrics that only some runs have: with failures, with scrapes, with workers of a master."""
_GRAPH = "timeseries"
_METRIC = re.compile(r"checkout_load_(\w+)\{")
_SELECTOR = re.compile(r"checkout_load_\w+\{[^}]*\}")


def answer_problems(
    dashboard: Mapping[str, Any],
    choice: VariableValues,
    prometheus: Prometheus,
    view: TimeRange,
    *,
    eventful: bool = False,
) -> Iterator[str]:
    """Yield a sentence for each problem, with the name of the panel.

    ``eventful`` says that the run has every kind of event, failures included. Then every series of a query must exist, also
    where the query counts a missing one as 0.
    """
    for name, offered in choice.offered.items():
        if not offered:
            yield f"variable {name}: it has no values"
    for annotation in dashboard["annotations"]["list"]:
        query = choice.fill(annotation["expr"])
        try:
            if not prometheus.query_range(query, view.start, view.end, view.step):
                yield f"annotation {annotation['name']}: no data: {query}"
        except QueryRefused as refusal:
            yield f"annotation {annotation['name']}: {refusal}"
    for panel in panels(dashboard):
        for finding in _of_panel(panel, choice, prometheus, view, eventful=eventful):
            yield f"{panel['title']}: {finding}"


def _of_panel(
    panel: Mapping[str, Any], choice: VariableValues, prometheus: Prometheus, view: TimeRange, *, eventful: bool
) -> Iterator[str]:
    try:
        got = list(answers(panel, choice, prometheus, view))
    except QueryRefused as refusal:
        yield f"refused: {refusal}"
        return
    for answer in got:
        if eventful or not set(_METRIC.findall(answer.query)) <= MAY_BE_MISSING or _has_numbers(answer):
            yield from _of_answer(answer)
        for selector in _SELECTOR.findall(answer.query) if eventful else ():
            if not prometheus.query(f"count(last_over_time({selector}[{choice.plain['__range']}]))", view.end):
                yield f"{answer.ref} queries {selector}, which has no series"
    number = sum(len(answer.series) for answer in got)
    if panel["type"] == _GRAPH and number > MOST_LINES:
        yield f"{number} lines are too many to tell apart"


def _of_answer(answer: QueryAnswer) -> Iterator[str]:
    if not answer.series:
        yield f"{answer.ref} has no data: {answer.query}"
    elif not _has_numbers(answer):
        yield f"{answer.ref} has no number: {answer.query}"
    for label in sorted(answer.named):
        if any(label not in line.labels for line in answer.series):
            yield f"{answer.ref} has no label {label}, which is in its legend: {answer.query}"


def _has_numbers(answer: QueryAnswer) -> bool:
    return any(not isnan(value) for line in answer.series for _, value in line.values)
