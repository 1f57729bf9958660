"""The tables of a report as rows of text, for every output format."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.measurement.histogram import Histogram
from harness.measurement.outcomes import Blame, Outcome
from harness.measurement.recorder import Recorder
from harness.measurement.summary import (
    SummaryRow,
    every_journey,
    every_page,
    option_rows,
    outcome_rows,
    page_rows,
    percentile,
    verification_rows,
)
from harness.objectives.verdict import Judgement, Verdict
from harness.results.result import Result
from harness.shop_metrics.evaluate import format_value
from harness.units import format_duration, format_number, format_percent

NO_VALUE = "–"  # noqa: RUF001  a dash, as in printed tables
"""Shown where there is no value, or too few samples for one."""

BLAME_LABELS = {
    Blame.NOBODY: "nothing went wrong",
    Blame.SHOPPER: "the shopper (no failure)",
    Blame.SHOP: "the shop (a failure)",
    Blame.HARNESS: "checkload itself",
}
CAUSED_BY = {Outcome.DROPPED.value: "no free virtual user (a failure)"}
"""Outcomes whose cause is said in other words than the blame: dropped arrivals count as the shop's failures, and it may be fast."""


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A table of texts; the first ``text_columns`` columns are aligned to the left, the others to the right."""

    title: str
    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    text_columns: int = 1

    @property
    def alignment(self) -> tuple[str, ...]:
        """``left`` or ``right`` for each column."""
        return tuple("left" if place < self.text_columns else "right" for place in range(len(self.headings)))


def tables(result: Result, most_pages: int | None = None) -> list[ReportTable]:
    """Every table of a report that has rows; of the pages, only the ``most_pages`` worst."""
    recorder = result.recorder
    every = [
        objectives_table(result.judgement),
        pages_table(recorder, most_pages),
        options_table(recorder, result.asked.payment_options),
        verifications_table(recorder),
        outcomes_table(recorder),
    ]
    return [table for table in every if table.rows]


def objectives_table(judgement: Judgement) -> ReportTable:
    """Each objective with its verdict; objectives of an invalid run, or with times in doubt, are not judged."""
    rows = [
        (
            "not judged" if Verdict.INVALID in (judgement.verdict, one.verdict) else one.verdict.value,
            one.text,
            format_measure(one.measured, one.unit),
            format_measure(one.bound, one.unit),
            format_number(one.samples),
        )
        for one in judgement.objectives
    ]
    return ReportTable("Objectives", ("verdict", "objective", "measured", "bound", "samples"), rows, text_columns=2)


def pages_table(recorder: Recorder, most: int | None = None) -> ReportTable:
    """Each page with its times, and all pages in the last row.

    Of more than ``most`` pages, those with most failures are shown, then the slowest.
    """
    rows = page_rows(recorder)
    every = [every_page(recorder)] if len(rows) > 1 else []
    title = "Pages (steady part)"
    if most is not None and len(rows) > most:
        title = f"Pages (steady part): the {most} worst of {len(rows)}; summary.md has all of them"
        rows = sorted(rows, key=lambda row: (-row.failed, -(percentile(row.response, 0.95) or 0.0)))[:most]
    cells = [
        (
            row.name,
            format_number(row.count),
            format_number(row.failed),
            *(_time(row.response, q) for q in (0.5, 0.95, 0.99)),
            _time(row.service, 0.95),
        )
        for row in [*rows, *every]
    ]
    headings = ("page", "count", "failed", "p50", "p95", "p99", "service")
    return ReportTable(title, headings, cells)


def options_table(recorder: Recorder, expected: Sequence[str]) -> ReportTable:
    """Each payment option, unused ones included, those with most failures first, then the slowest; all journeys last."""
    rows = sorted(
        option_rows(recorder, expected),
        key=lambda row: (-row.failed, -(percentile(row.response, 0.95) or 0.0)),
    )
    every = [every_journey(recorder)] if len(rows) > 1 else []
    return _journeys("Payment options (steady part)", "payment option", [*rows, *every])


def verifications_table(recorder: Recorder) -> ReportTable:
    """The journeys by what the shopper did with the SMS code; no rows if no code was requested."""
    rows = verification_rows(recorder)
    if all(not row.name for row in rows):
        rows = []
    for row in rows:
        row.name = row.name.replace("_", " ") or "no code requested"
    return _journeys("SMS codes (steady part)", "the shopper sent", rows)


def outcomes_table(recorder: Recorder) -> ReportTable:
    """Each outcome of pages and journeys, and who caused it."""
    rows = [
        (
            row.outcome,
            CAUSED_BY.get(row.outcome) or BLAME_LABELS[Blame(row.blame)],
            format_number(row.pages),
            format_number(row.journeys),
        )
        for row in outcome_rows(recorder)
    ]
    return ReportTable("Outcomes (whole run)", ("outcome", "caused by", "pages", "journeys"), rows, text_columns=2)


def format_measure(number: float | None, unit: str) -> str:
    """A measured number or a bound with its unit (``s``, ``share``, ``per_s``, ``count`` or ``value``)."""
    if number is None or math.isnan(number):
        return NO_VALUE
    if unit == "s":
        return format_duration(number)
    if unit == "share":
        return format_percent(number)
    if unit == "value":
        return format_value(number)
    return f"{format_number(number)}/s" if unit == "per_s" else format_number(number)


def _journeys(title: str, heading: str, rows: Sequence[SummaryRow]) -> ReportTable:
    cells = [
        (
            row.name or NO_VALUE,
            format_number(row.count),
            format_number(row.orders),
            format_number(row.failed),
            *(_time(row.response, q) for q in (0.5, 0.95)),
            _time(row.service, 0.95),
        )
        for row in rows
    ]
    return ReportTable(title, (heading, "journeys", "orders", "failed", "p50", "p95", "service"), cells)


def _time(histogram: Histogram, q: float) -> str:
    value = percentile(histogram, q)
    return NO_VALUE if value is None else format_duration(value)
