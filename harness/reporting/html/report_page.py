"""Makes ``report.html``: the report of one run, or of several runs over each other."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from harness.measurement.summary import every_journey, every_page, percentile
from harness.objectives.throughput import ORDERS, per_second
from harness.objectives.verdict import Verdict
from harness.reporting import capacity
from harness.reporting.html import opening, verdict_part
from harness.reporting.html.chart import ChartSet
from harness.reporting.html.distributions import distribution_charts
from harness.reporting.html.generator_part import check_table, generator_charts, lateness_table
from harness.reporting.html.heat_part import cell_links, heat_table
from harness.reporting.html.markup import Markup, element, folded, joined, never_note, report_table, section, table
from harness.reporting.html.measures import JOURNEYS, PAGES
from harness.reporting.html.over_time import charts_over_time
from harness.reporting.html.page import figures, page
from harness.reporting.html.repeat_part import repeat
from harness.reporting.html.runs import ReportRun
from harness.reporting.html.shop_metrics_part import CHART_NAMES, shop_metric_charts
from harness.reporting.html.tables_part import funnels, traces
from harness.reporting.html.timeline import NO_TIMELINE, RunTimeline
from harness.reporting.tables import NO_VALUE, options_table, outcomes_table, pages_table, verifications_table
from harness.reporting.text import READING_NOTE
from harness.results.result import Result
from harness.units import format_duration, format_number

_CONTENTS = (
    ("objectives", "Objectives"),
    ("evidence", "Evidence"),
    ("heat-table", "Pages by payment option"),
    ("payment-funnel", "Funnels"),
    ("traces", "Traces"),
    ("generator", "Load generator"),
    ("checks", "Checks"),
    ("repeat", "How to repeat it"),
    ("scenario", "Scenario"),
)
_CHARTS = ("latency", *CHART_NAMES, "throughput", "failures", "under-way", "distribution", "load")
MOST_ROWS = 20
"""A table with more rows than these is folded."""
MOST_RUNS = 8
"""More runs have no colours of their own."""
VERDICT_COLOURS = {
    Verdict.PASSED: "#1a7f4b",
    Verdict.FAILED: "#b3261e",
    Verdict.INVALID: "#6a1b9a",
    Verdict.INCONCLUSIVE: "#7a5b00",
}


def report_page(result: Result, timeline: RunTimeline = NO_TIMELINE) -> bytes:
    """The report of one run."""
    run = ReportRun(result, timeline)
    charts = _charts([run])
    verdict = result.judgement.verdict
    parts = joined(
        verdict_part.unmet(result),
        verdict_part.key_figures(result),
        verdict_part.facts(result),
        verdict_part.objectives(result),
        _evidence(charts, [run]),
        heat_table(
            result.recorder,
            result.asked.payment_options,
            [objective for _, objective, _ in run.objectives()],
            cell_links(result.asked.scenario, result.cell_traces),
            show="failed" if opening.failures_broke(run) else "p95",
        ),
        _tables(result),
        funnels(result.recorder),
        traces(result),
        section("The load generator", _generator(charts), lateness_table(result), key="generator"),
        check_table(result),
        repeat(result, workers=len(timeline.processor)),
        element("p", READING_NOTE, class_="note"),
    )
    contents = [element("a", name, href=f"#{key}") for key, name in _CONTENTS if f'id="{key}"' in parts]
    body = joined(
        element("a", "Skip to the evidence", href="#evidence", class_="skip"),
        verdict_part.banner(result),
        element("main", element("nav", *contents, aria_label="Contents"), parts),
    )
    title = f"{verdict.upper()}: checkload {result.scenario}"
    return page(title, body, charts, colour=VERDICT_COLOURS[verdict])


def several_page(runs: Sequence[ReportRun]) -> bytes:
    """The reports of several runs over each other, each in a colour of its own; at most ``MOST_RUNS``."""
    charts = _charts(runs)
    names = ", ".join(run.name for run in runs)
    body = joined(
        element(
            "header",
            element("p", "checkload", class_="what"),
            element("h1", f"{len(runs)} runs over each other"),
            element("p", "checkload compare decides whether one of two shops is slower.", class_="meaning"),
            class_="banner several",
        ),
        element(
            "main",
            section("The runs", _run_table(runs), key="runs"),
            _evidence(charts, runs),
            section("The load generator", _generator(charts), key="generator"),
            *(repeat(run.result) for run in runs[:1]),
        ),
    )
    return page(f"checkload: {names}", body, charts)


def _charts(runs: Sequence[ReportRun]) -> ChartSet:
    labels = {key: one.label for run in runs for key, one in run.measures.items()}
    order = {key: place for place, key in enumerate(key for run in runs for key in run.measures)}
    subjects = dict(
        sorted(labels.items(), key=lambda one: (_is_journey(one[0]), one[0] not in {PAGES, JOURNEYS}, order[one[0]]))
    )
    charts = ChartSet(
        subjects=subjects, subject=opening.subject(runs, subjects), off=() if len(runs) == 1 else ("p50", "p99")
    )
    charts_over_time(runs, charts)
    shop_metric_charts(runs, charts)
    distribution_charts(runs, charts)
    generator_charts(runs, charts)
    return charts


def _is_journey(subject: str) -> bool:
    return subject == JOURNEYS or subject.startswith("option ")


def _evidence(charts: ChartSet, runs: Sequence[ReportRun]) -> Markup:
    """The charts, with the choice of what they show."""
    pages = [one for one in charts.subjects.items() if not _is_journey(one[0])]
    journeys = [one for one in charts.subjects.items() if _is_journey(one[0])]
    groups = [
        element("optgroup", *(element("option", label, value=key) for key, label in listed), label=name)
        for name, listed in (("Pages", pages), ("Journeys by payment option", journeys))
    ]
    switches = [
        element(
            "button",
            element("i", class_=f"c-{number}"),
            run.name,
            type="button",
            data_tag=run.name,
            aria_pressed="true",
        )
        for number, run in enumerate(runs, 1)
        if len(runs) > 1
    ]
    first = opening.charts(runs, charts.subjects)
    order = [*first, *(name for name in _CHARTS if name not in first)]
    bar = element(
        "div",
        element("label", "Show ", element("select", *groups, id="subject"), for_="subject"),
        element("div", *switches, class_="switches", role="group", aria_label="Runs") if switches else None,
        element("button", "Whole run", type="button", id="whole-run", disabled=True),
        element("span", "Drag across a chart to zoom.", class_="hint"),
        class_="toolbar",
    )
    return section(
        "Evidence",
        bar,
        element(
            "div",
            figures(charts, *order),
            class_="charts",
        ),
        element("noscript", element("p", "The charts need JavaScript. Every table and sentence is here without it.")),
        key="evidence",
    )


def _generator(charts: ChartSet) -> Markup | None:
    drawn = figures(charts, "processor", "lateness", "memory")
    return element("div", drawn, class_="charts") if drawn else None


def _tables(result: Result) -> Markup:
    """The tables side by side, and below them those that a reader unfolds."""
    if result.capacity is not None:
        every = [*capacity.tables(result.capacity), outcomes_table(result.recorder)]
    else:
        every = [
            pages_table(result.recorder),
            options_table(result.recorder, result.asked.payment_options),
            verifications_table(result.recorder),
            outcomes_table(result.recorder),
        ]
    short = [
        section(one.title, report_table(one), never_note(one.rows)) for one in every if 0 < len(one.rows) <= MOST_ROWS
    ]
    long = [
        folded(f"{one.title}: {len(one.rows)} rows", report_table(one), never_note(one.rows))
        for one in every
        if len(one.rows) > MOST_ROWS
    ]
    return joined(element("div", *short, class_="columns"), *long)


def _run_table(runs: Sequence[ReportRun]) -> Markup:
    headings = ("run", "verdict", "scenario", "orders a minute", "page p95", "journey p95", "journeys failed")
    rows = []
    for run in runs:
        result = run.result
        page_row, journey_row = every_page(result.recorder), every_journey(result.recorder)
        orders = per_second(result.recorder, ORDERS)
        verdict = result.judgement.verdict.value
        rows.append(
            (
                run.name,
                element("span", verdict, class_=f"chip {verdict}"),
                result.scenario,
                NO_VALUE if orders is None or not isfinite(orders) else format_number(round(orders * 60)),
                _time(percentile(page_row.response, 0.95)),
                _time(percentile(journey_row.response, 0.95)),
                format_number(journey_row.failed),
            )
        )
    return joined(table(headings, rows, "The runs", text_columns=3), never_note(rows))


def _time(seconds: float | None) -> str:
    return NO_VALUE if seconds is None else format_duration(seconds)
