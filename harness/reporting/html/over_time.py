"""The charts over time: throughput, latency, failures by kind, journeys under way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from typing import Any

from harness.measurement.outcomes import Blame, Outcome
from harness.objectives.model import Metric
from harness.reporting.html.chart import Axis, Bound, Chart, ChartSet, Series
from harness.reporting.html.measures import (
    JOURNEYS,
    PAGES,
    Grouped,
    SubjectMeasures,
    grouped,
    option_subject,
    page_subject,
    percentiles,
    under_way,
)
from harness.reporting.html.runs import ReportRun, colour, tags
from harness.reporting.html.timeline import ALL_PAGES

PERCENTILES = ((0.5, "p50", "1"), (0.95, "p95", "2"), (0.99, "p99", "3"))
SERVICE = "service p95"
_SHOP_COLOURS = ("bad", "3", "7", "5", "9", "6")
_OURS = frozenset(one.value for one in Outcome if one.blame is Blame.HARNESS)
_LABELS = {Outcome.DROPPED.value: f"{Outcome.DROPPED}: no virtual user was free"}

SeriesOf = Callable[[str], Iterator[Series]]


def charts_over_time(runs: Sequence[ReportRun], charts: ChartSet) -> None:
    """Add the charts over time of these runs."""
    time = Axis(label="time", unit="elapsed", low=0.0, high=max(run.length for run in runs))
    one = runs[0]

    def chart(title: str, y: Axis, of: SeriesOf, note: str, bounds: Sequence[Bound] = (), **options: Any) -> Chart:
        drawn = {subject: list(of(subject)) for subject in charts.subjects}
        return Chart(
            title=title,
            x=time,
            y=y,
            subjects=drawn,
            note=note,
            bounds=[*bounds, *one.change_bounds()],
            phases=one.phases,
            zooms=True,
            **{"empty": "None in this run.", **options},
        )

    charts.charts |= {
        "throughput": chart(
            "Throughput",
            Axis(label="a second", unit="/s"),
            lambda subject: _throughput(runs, subject, charts),
            "By the moment at which each page or journey was due.",
            one.bounds_of(Metric.RATE),
        ),
        "latency": chart(
            "Latency over time",
            Axis(label="response time", unit="s", log=True),
            lambda subject: _latency(runs, subject, charts),
            "Response time from the due moment. What the shop failed counts as never answered, drawn as a triangle at the top. "
            "Service time from sending is drawn for pages, where 20 or more were answered since the snapshot before.",
            one.time_bounds(upright=False),
            names_one=True,
        ),
        "failures": chart(
            "Failures by kind",
            Axis(label="share of what was due", unit="share"),
            lambda subject: _failures(runs, subject, charts),
            "Orange: checkload caused them, or had too few virtual users. Other colours: the shop caused them."
            if len(runs) == 1
            else "Each run in its colour. Dropped arrivals of an invalid run may be a lack of virtual users.",
            one.bounds_of(Metric.FAILURES),
            names_one=True,
            empty="No failures.",
        ),
        "under-way": Chart(
            title="Journeys under way",
            x=time,
            y=Axis(label="journeys"),
            series=list(_under_way(runs, charts)),
            note="Journeys between their due moment and their end, from the samples of journeys that ended.",
            bounds=one.change_bounds(),
            phases=one.phases,
            zooms=True,
        ),
    }


def _groups(runs: Sequence[ReportRun], subject: str) -> Iterator[tuple[ReportRun, SubjectMeasures, Grouped]]:
    for run in runs:
        found = run.measures.get(subject)
        if found is not None:
            yield run, found, grouped(found, run.slice_length, run.last)


def _middles(charts: ChartSet, groups: Grouped) -> str:
    return charts.grid(groups.length / 2, groups.length, len(groups.groups))


def _latency(runs: Sequence[ReportRun], subject: str, charts: ChartSet) -> Iterator[Series]:
    for run, found, groups in _groups(runs, subject):
        of_groups = [percentiles(one, [q for q, _, _ in PERCENTILES]) for one in groups.times(found)]
        for place, (q, name, alone) in enumerate(PERCENTILES):
            yield Series(
                tags=tags(runs, run, name),
                x=_middles(charts, groups),
                y=[of_group[place] for of_group in of_groups],
                style="line" if len(runs) == 1 or q == 0.95 else "dash",  # noqa: PLR2004
                colour=colour(runs, run, alone),
                label=f"response {name}",
            )
        page = ALL_PAGES if subject == PAGES else subject.removeprefix(page_subject(""))
        if subject != page and (service := run.timeline.service.get(page)):
            yield Series(
                tags=tags(runs, run, SERVICE),
                x=run.timeline.middles,
                y=service,
                style="dash",
                colour=colour(runs, run, "4"),
                label=SERVICE,
            )


def _throughput(runs: Sequence[ReportRun], subject: str, charts: ChartSet) -> Iterator[Series]:
    journeys = subject == JOURNEYS or subject.startswith(option_subject(""))
    for run, found, groups in _groups(runs, subject):
        x, seconds = _middles(charts, groups), _covered(run, groups, journeys=journeys)
        due = groups.counts({index: times.total for index, times in found.slices.items()})
        name = "journeys due" if journeys else "pages"
        yield Series(
            tags=tags(runs, run, name),
            x=x,
            y=_rates(due, seconds),
            colour=colour(runs, run, "1"),
            label=name,
        )
        if journeys:
            yield Series(
                tags=tags(runs, run, "orders"),
                x=x,
                y=_rates(groups.counts(found.orders), seconds),
                style="line" if len(runs) == 1 else "dash",
                colour=colour(runs, run, "good"),
                label="orders",
            )
        if subject == JOURNEYS and any(run.timeline.planned):
            yield Series(
                tags=tags(runs, run, "planned"),
                x=run.timeline.moments,
                y=[rate or None for rate in run.timeline.planned],
                style="dash",
                colour=colour(runs, run, "dim"),
                label="journeys planned",
            )


def _covered(run: ReportRun, groups: Grouped, *, journeys: bool) -> list[float]:
    """The seconds of each group in which the load was on: no journey is due after the steady part."""
    end = run.steady[1] if journeys and run.steady[1] > 0 else run.length
    starts = [place * groups.length for place in range(len(groups.groups))]
    return [min(groups.length, end - start, run.length - start) for start in starts]


def _rates(counts: Sequence[int], seconds: Sequence[float]) -> list[float | None]:
    return [count / covered if covered > 0 else None for count, covered in zip(counts, seconds, strict=True)]


def _failures(runs: Sequence[ReportRun], subject: str, charts: ChartSet) -> Iterator[Series]:
    for run, found, groups in _groups(runs, subject):
        totals = groups.counts({index: times.total for index, times in found.slices.items()})
        kinds = sorted(found.failures, key=lambda kind: (-found.failures[kind].total(), kind))
        ours = _OURS | ({Outcome.DROPPED} if run.short_of_users else set())
        colours = dict(zip((kind for kind in kinds if kind not in ours), cycle(_SHOP_COLOURS), strict=False))
        for kind in kinds:
            counts = groups.counts(found.failures[kind])
            yield Series(
                tags=tags(runs, run, kind),
                x=charts.grid(0.0, groups.length, len(groups.groups)),
                y=[count / total if total else None for count, total in zip(counts, totals, strict=True)],
                style="bars" if len(runs) == 1 else "line",
                stack=len(runs) == 1,
                width=groups.length if len(runs) == 1 else None,
                numbers=counts,
                colour=colour(runs, run, colours.get(kind, "ours")),
                label=_LABELS.get(kind, kind),
            )


def _under_way(runs: Sequence[ReportRun], charts: ChartSet) -> Iterator[Series]:
    for run in runs:
        found = run.measures[JOURNEYS]
        groups = grouped(found, run.slice_length, run.last, by_samples=False)
        busy = under_way(found, run.slice_length, run.last)
        yield Series(
            tags=tags(runs, run, "under way"),
            x=_middles(charts, groups),
            y=[sum(busy[index] for index in group) / len(group) for group in groups.groups],
            colour=colour(runs, run, "1"),
            label="under way",
        )
        if any(run.timeline.waiting):
            yield Series(
                tags=tags(runs, run, "waiting"),
                x=run.timeline.moments,
                y=run.timeline.waiting,
                colour=colour(runs, run, "ours"),
                style="dash",
                label="waiting for a user",
            )
