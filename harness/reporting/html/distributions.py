"""The charts of distributions: the share of samples up to each time, and response time against load."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from harness.capacity.answer import CapacityAnswer
from harness.measurement.histogram import Histogram
from harness.measurement.summary import percentile
from harness.reporting.html.chart import Axis, Bound, Chart, ChartSet, Series
from harness.reporting.html.measures import JOURNEYS, PAGES, grouped
from harness.reporting.html.runs import ReportRun, colour, tags

MOST_NINES = 5.0
STEP = 0.05
"""The distance of two points, in nines: twenty points from 90 % to 99 %."""


def distribution_charts(runs: Sequence[ReportRun], charts: ChartSet) -> None:
    """Add the latency distribution of each subject, and response time against load."""
    charts.charts["distribution"] = Chart(
        title="Latency distribution",
        x=Axis(label="time", unit="s", log=True),
        y=Axis(label="share of samples up to this time", unit="nines"),
        subjects={subject: list(_distributions(runs, subject)) for subject in charts.subjects},
        note="The empirical distribution of the steady part (eCDF), with both clocks; the scale spreads the slowest samples. A line that "
        "ends early: the rest was never answered.",
        bounds=runs[0].time_bounds(upright=True),
        height=320,
    )
    answer = runs[0].result.capacity if len(runs) == 1 else None
    charts.charts["load"] = _of_search(runs[0], answer) if answer is not None and answer.points else _load(runs)


def _too_few_users(runs: Sequence[ReportRun]) -> str:
    """Why response times against load would say nothing about the shop; empty if they do."""
    if not any(run.short_of_users for run in runs):
        return ""
    return "not drawn, because there were too few virtual users. A time that grows with the load would be a wait for a user."


def _distributions(runs: Sequence[ReportRun], subject: str) -> Iterator[Series]:
    for run in runs:
        found = run.measures.get(subject)
        if found is None:
            continue
        for clock, times, alone in (("response time", found.response, "2"), ("service time", found.service, "4")):
            points = distribution(times)
            if points:
                yield Series(
                    tags=tags(runs, run, clock),
                    x=[value for value, _ in points],
                    y=[nines for _, nines in points],
                    style="line" if clock == "response time" else "dash",
                    colour=colour(runs, run, alone),
                )


def distribution(times: Histogram) -> list[tuple[float, float]]:
    """Points of the distribution: a time, and the share of samples up to it in nines (0.9 is 1, 0.99 is 2).

    The last point is the slowest sample: of 1,000 samples it stands at 99.9 %.
    """
    if not times.total or times.infinite == times.total:
        return []
    points: list[tuple[float, float]] = []
    seen, shown = 0, -1.0
    for value, count in times.values():
        if math.isinf(value):
            break
        seen += count
        place = -math.log10(max(1.0 - seen / times.total, 1.0 / times.total))
        if place - shown >= STEP or not points:
            points.append((max(value, 1e-6), min(place, MOST_NINES)))
            shown = place
        last = (max(value, 1e-6), min(place, MOST_NINES))
    if points[-1] != last:
        points.append(last)
    return points


def _load(runs: Sequence[ReportRun]) -> Chart:
    """The p95 of pages against the pages due a second, for each stretch of the run."""
    return Chart(
        title="Response time against load",
        x=Axis(label="pages a second", low=0.0),
        y=Axis(label="page response p95", unit="s", log=True),
        series=[_load_points(runs, run) for run in runs if not run.short_of_users],
        note="Each point is one stretch of the run, warm-up included. Points that climb to the right: the shop slows down under load."
        + (" Runs with too few virtual users are left out." if any(run.short_of_users for run in runs) else ""),
        bounds=_p95_bounds(runs[0], PAGES),
        points=True,
        height=280,
        empty=_too_few_users(runs),
    )


def _load_points(runs: Sequence[ReportRun], run: ReportRun) -> Series:
    found = run.measures[PAGES]
    groups = grouped(found, run.slice_length, run.last)
    times = groups.times(found)
    kept = [one for one in times if one.total]
    return Series(
        tags=tags(runs, run, "stretches of the run"),
        x=[one.total / groups.length for one in kept],
        y=[percentile(one, 0.95) for one in kept],
        style="dots",
        colour=colour(runs, run, "2"),
        notes=[f"{one.total / groups.length:,.3g} pages/s" for one in kept],
    )


def _of_search(run: ReportRun, answer: CapacityAnswer) -> Chart:
    """The levels of a search: journey p95 against the arrival rate."""
    points = sorted((one for one in answer.points if one.p95 is not None), key=lambda one: one.rate)
    marks = ["unsure" if one.trouble else "bad" if one.broken else "good" for one in points]
    return Chart(
        title="Response time against load",
        x=Axis(label="journeys a minute", low=0.0),
        y=Axis(label="journey response p95", unit="s", log=True),
        series=[
            Series(
                tags=("levels",),
                x=[one.rate for one in points],
                y=[one.p95 for one in points],
                style="dots",
                marks=marks,
                colour="1",
                notes=[f"{one.purpose} at {one.rate:,.0f} journeys a minute" for one in points],
            )
        ],
        bounds=_p95_bounds(run, JOURNEYS),
        note="Each point is one level of the search. Filled: every objective held. Red: one broke. Yellow: the level was not counted.",
        points=True,
        height=300,
    )


def _p95_bounds(run: ReportRun, subject: str) -> list[Bound]:
    """The bounds on the p95 of a subject, for a chart that always shows it."""
    bounds = run.time_bounds(upright=False)
    return [replace(one, subject=None) for one in bounds if one.subject == subject and one.label.startswith("p95 ")]
