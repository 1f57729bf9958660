"""Turns panels with axes into charts: lines, stacked areas, points and heatmaps."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from dashboards.examine.panels import QueryAnswer
from dashboards.examine.prometheus import QuerySeries
from dashboards.examine.variables import TimeRange
from harness.reporting.html.chart import Axis, Chart, Series, Span

COLOURS = 10
_MEANT = {"green": "good", "light-green": "8", "#9fa7b3": "dim", "orange": "ours"}
_REDS = ("bad", "3", "7", "5", "9", "6")
_SPECIAL = {"objective": "bad", "baseline": "dim"}
_UNITS = {
    "s": "s",
    "percentunit": "share",
    "bytes": "bytes",
    "Bps": "bytes/s",
    "cps": "/s",
    "cpm": "/min",
    "reqps": " req/s",
}


def graph(
    title: str,
    panel: Mapping[str, Any],
    answers: Sequence[QueryAnswer],
    view: TimeRange,
    phases: Sequence[Span],
) -> Chart:
    """Lines over time, or stacked areas."""
    defaults = panel["fieldConfig"]["defaults"]
    piled = defaults.get("custom", {}).get("stacking", {}).get("mode") == "normal"
    drawn = [(answer, line) for answer in answers for line in answer.series]
    meant = _meant_colours(panel, [answer.name(line) for answer, line in drawn])
    series = [
        Series(
            tags=(answer.name(line),),
            x=[moment for moment, _ in line.values],
            y=_finite(line),
            style="area" if piled else "dash" if answer.ref in _SPECIAL else "line",
            stack=piled,
            colour=_SPECIAL.get(answer.ref) or meant.get(number) or str(number % COLOURS + 1),
        )
        for number, (answer, line) in enumerate(drawn)
    ]
    log = defaults.get("custom", {}).get("scaleDistribution", {}).get("type") == "log"
    unit = Axis(label="", unit=_unit(panel), high=defaults.get("max") or None, log=log)
    return Chart(title=title, x=_time(view), y=unit, series=series, phases=phases, zooms=True)


def _meant_colours(panel: Mapping[str, Any], names: Sequence[str]) -> dict[int, str]:
    """The colours that say whose fault a series is, by its place; several kinds of failure of the shop are told apart."""
    fixed = [
        (one["matcher"]["options"].strip("/"), value["value"]["fixedColor"])
        for one in panel["fieldConfig"].get("overrides", ())
        if one["matcher"]["id"] == "byRegexp"
        for value in one["properties"]
    ]
    found: dict[int, str] = {}
    reds = itertools.cycle(_REDS)
    for place, name in enumerate(names):
        colour = next((colour for pattern, colour in fixed if re.search(pattern, name)), "")
        if colour:
            found[place] = next(reds) if "red" in colour else _MEANT[colour]
    return found


def scatter(title: str, panel: Mapping[str, Any], answers: Sequence[QueryAnswer]) -> Chart:
    """The second answer over the first, with a point for each moment that both have."""
    first, second = (dict(answer.series[0].values) if answer.series else {} for answer in answers)
    points = [(first[moment], second[moment]) for moment in first if moment in second]
    points = [point for point in points if all(map(math.isfinite, point))]
    across, up = (answer.name(answer.series[0]) if answer.series else "" for answer in answers)
    return Chart(
        title=title,
        x=Axis(label=across, unit="/s", low=0.0),
        y=Axis(label=up, unit=_unit(panel), low=0.0),
        series=[Series(tags=(up,), x=[x for x, _ in points], y=[y for _, y in points], style="dots")],
        points=True,
    )


def heatmap(title: str, answers: Sequence[QueryAnswer], view: TimeRange) -> Chart:
    """A cell for each moment and bucket, stronger for higher counts."""
    lines = sorted(answers[0].series, key=lambda line: float(line.labels["le"]))
    cells = []
    for line, before in zip(lines, (None, *lines), strict=False):
        bound = float(line.labels["le"])
        below = float(before.labels["le"]) if before else bound / 2
        high = bound if math.isfinite(bound) else below * 2
        cells += [(at, below, high, count) for at, count in _bucket_alone(line, before).items() if count > 0]
    series = Series(
        tags=("samples",),
        x=[at for at, _, _, _ in cells],
        y=[high for _, _, high, _ in cells],
        low=[below for _, below, _, _ in cells],
        heat=[count for _, _, _, count in cells],
        style="cells",
        width=view.step,
        colour="2",
    )
    return Chart(title=title, x=_time(view), y=Axis(label="", unit="s", log=True), series=[series], zooms=True)


def _bucket_alone(line: QuerySeries, before: QuerySeries | None) -> dict[float, float]:
    """The count of one bucket without the smaller ones: buckets are cumulative."""
    smaller = dict(before.values) if before else {}
    return {moment: value - smaller.get(moment, 0.0) for moment, value in line.values}


def _finite(line: QuerySeries) -> list[float | None]:
    return [value if math.isfinite(value) else None for _, value in line.values]


def _time(view: TimeRange) -> Axis:
    return Axis(label="", unit="clock", low=view.start, high=view.end)


def _unit(panel: Mapping[str, Any]) -> str:
    return _UNITS.get(panel["fieldConfig"]["defaults"].get("unit", ""), "")
