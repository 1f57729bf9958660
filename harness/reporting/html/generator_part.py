"""The part about the load generator: its processor, its lateness, its memory, and what the checks of validity found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.measurement.sample import Phase
from harness.monitoring.machine import BUSY_CPU
from harness.objectives.verdict import Finding, Severity
from harness.reporting.html.chart import Axis, Bound, Chart, ChartSet, Series
from harness.reporting.html.markup import Markup, element, section, table
from harness.reporting.html.runs import ReportRun, colour, tags
from harness.reporting.html.timeline import RunTimeline, Values
from harness.reporting.tables import NO_VALUE
from harness.results.result import Result
from harness.units import format_duration, format_percent
from harness.validity.evidence import Conditions, Evidence
from harness.validity.generator import allowed_lateness
from harness.validity.titles import title_of

MOST_WORKERS = 8
"""Of more workers than these, only the mean and the highest are drawn."""
_WORST_FIRST = list(Severity)[::-1]


def generator_charts(runs: Sequence[ReportRun], charts: ChartSet) -> None:
    """Add the charts of the load generator, for the runs whose metrics were kept."""
    known = [run for run in runs if run.timeline.moments]
    if not known:
        return
    time = Axis(label="time", unit="elapsed", low=0.0, high=max(run.length for run in runs))
    one = known[0]
    allowed = _allowed_lateness(one)
    found = {
        "processor": Chart(
            title="Processor of checkload",
            x=time,
            y=Axis(label="share of a core", unit="share"),
            series=[series for run in known for series in _by_worker(known, run, run.timeline.processor)],
            note="The processor time of each process of checkload, in the second before each snapshot.",
            bounds=[Bound(label=f"{format_percent(BUSY_CPU)} allowed", y=BUSY_CPU)],
            phases=one.phases,
            zooms=True,
        ),
        "lateness": Chart(
            title="Lateness of checkload",
            x=time,
            y=Axis(label="99th percentile", unit="s", log=True),
            series=[series for run in known for series in _lateness(known, run)],
            note="How late checkload started arrivals, and how late probes of its event loop woke up. A run is invalid if it is too late.",
            bounds=[Bound(label=f"arrivals: {format_duration(allowed)} allowed", y=allowed)],
            phases=one.phases,
            zooms=True,
        ),
        "memory": Chart(
            title="Memory of checkload",
            x=time,
            y=Axis(label="resident memory", unit="bytes"),
            series=[series for run in known for series in _by_worker(known, run, run.timeline.memory)],
            phases=one.phases,
            zooms=True,
        ),
    }
    charts.charts |= {name: chart for name, chart in found.items() if chart.drawn}


def _allowed_lateness(run: ReportRun) -> float:
    objectives = tuple(objective for _, objective, _ in run.objectives())
    return allowed_lateness(Evidence(run.result.recorder, Conditions(), objectives))


def _by_worker(runs: Sequence[ReportRun], run: ReportRun, values: Mapping[str, Values]) -> Iterator[Series]:
    every = dict(values)
    if len(runs) > 1 or len(every) > MOST_WORKERS:
        columns = [[one for one in column if one is not None] for column in zip(*every.values(), strict=True)]
        every = {
            "highest worker": [max(column, default=None) for column in columns],
            "mean of the workers": [sum(column) / len(column) if column else None for column in columns],
        }
        if len(values) == 1:
            del every["mean of the workers"]
    alone = len(values) == 1
    for number, (name, line) in enumerate(every.items(), 1):
        said = name if " " in name else "checkload" if alone else f"worker {name}"
        yield Series(
            tags=tags(runs, run, said),
            x=run.timeline.moments,
            y=line,
            colour=colour(runs, run, str(number)),
            style="dash" if name.startswith("mean") else "line",
        )


def _lateness(runs: Sequence[ReportRun], run: ReportRun) -> Iterator[Series]:
    timeline: RunTimeline = run.timeline
    lines = (("arrivals", timeline.lateness, "ours", "line"), ("event loop", timeline.loop_lag, "5", "dash"))
    for name, line, alone, style in lines:
        yield Series(
            tags=tags(runs, run, name),
            x=timeline.middles,
            y=line,
            colour=colour(runs, run, alone),
            style=style,
        )


def lateness_table(result: Result) -> Markup:
    """How late arrivals of the steady part were started, and why."""
    arrivals = result.recorder.arrivals[Phase.STEADY]
    rows = [
        (name, *(_time(times.quantile(q)) for q in (0.5, 0.99, 1.0)))
        for name, times in (
            ("checkload was late", arrivals.lateness),
            ("no virtual user was free", arrivals.waits),
        )
        if times.total
    ]
    if not rows:
        return Markup()
    return table(("arrivals started late because", "p50", "p99", "longest"), rows, "Lateness of arrivals")


def _time(seconds: float) -> str:
    return NO_VALUE if seconds != seconds else format_duration(seconds)  # noqa: PLR0124 - NaN


def check_table(result: Result) -> Markup:
    """Everything that the checks of validity found, the worst first; a reader unfolds those that found nothing wrong."""
    findings = sorted(result.judgement.findings, key=lambda one: _WORST_FIRST.index(one.level))
    if not findings:
        return Markup()
    wrong = [one for one in findings if one.level is not Severity.OK]
    passed = [one for one in findings if one.level is Severity.OK]
    said = f"{len(passed)} checks passed" if len(passed) != 1 else "1 check passed"
    return section(
        "Can the measurement be trusted?",
        _findings(wrong) if wrong else None,
        element("details", element("summary", said), _findings(passed)) if passed else None,
        key="checks",
    )


def _findings(findings: Sequence[Finding]) -> Markup:
    rows = [
        (
            title_of(one.check),
            element("span", one.level.value, class_=f"chip level-{one.level.value}"),
            [one.message, element("br"), f"What to do: {one.remedy}."] if one.remedy else one.message,
        )
        for one in findings
    ]
    return table(("check", "result", "what it found"), rows, "Checks", text_columns=3)
