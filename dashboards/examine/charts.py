"""Draws panels with axes as SVG: lines, stacked areas, points and heatmaps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from dashboards.examine.panels import QueryAnswer
from dashboards.examine.prometheus import QuerySeries
from dashboards.examine.scales import Scale, format_time, format_value
from dashboards.examine.variables import TimeRange

COLOURS = ("#3274d9", "#e0752d", "#37872d", "#8f3bb8", "#c4162a", "#00899e", "#b07c00", "#d6409f", "#5c6b73", "#6a8c00")
_SPECIAL = {"objective": "#d10e27", "baseline": "#9fa7b3"}
_LEFT, _RIGHT, _TOP, _BELOW = 58, 10, 6, 20
_MOST_NAMES = 8

PhaseShades = Sequence[tuple[float, float, str]]


def graph(
    panel: Mapping[str, Any],
    answers: Sequence[QueryAnswer],
    view: TimeRange,
    size: tuple[int, int],
    phases: PhaseShades,
) -> str:
    """Draw lines over time, or stacked areas."""
    defaults = panel["fieldConfig"]["defaults"]
    drawn = [(answer, line) for answer in answers for line in answer.series]
    piled = defaults.get("custom", {}).get("stacking", {}).get("mode") == "normal"
    tops = _stacked([line for _, line in drawn]) if piled else [dict(line.values) for _, line in drawn]
    numbers = [value for one in tops for value in one.values() if math.isfinite(value)]
    high = defaults.get("max") or max(numbers, default=1.0) * 1.05 or 1.0
    low = min(0.0, min(numbers, default=0.0))
    width, height = size[0], size[1] - 18 * math.ceil(min(len(drawn), _MOST_NAMES) / 2)
    across = Scale(view.start, view.end, _LEFT, width - _RIGHT)
    up = Scale(low, high, height - _BELOW, _TOP)
    parts = [*_shades(phases, across, height), *_axes(across, up, defaults.get("unit", ""), width, height)]
    below: dict[float, float] = {}
    for number, ((answer, _), top) in enumerate(zip(drawn, tops, strict=True)):
        colour = _colour(answer, number)
        points = [(across(moment), up(value)) for moment, value in top.items() if math.isfinite(value)]
        if piled and points:
            back = [(across(moment), up(below.get(moment, 0.0))) for moment in reversed(top)]
            parts.append(f'<polygon points="{_points([*points, *back])}" fill="{colour}" fill-opacity="0.6"/>')
            below = {**below, **top}
        dash = ' stroke-dasharray="6 4"' if answer.ref in _SPECIAL else ""
        parts.append(f'<polyline points="{_points(points)}" fill="none" stroke="{colour}" stroke-width="1.5"{dash}/>')
    return _svg(parts, width, height) + _legend(
        [(answer.name(line), _colour(answer, n)) for n, (answer, line) in enumerate(drawn)]
    )


def scatter(panel: Mapping[str, Any], answers: Sequence[QueryAnswer], size: tuple[int, int]) -> str:
    """Draw the second answer over the first, with a point for each moment that both have."""
    first, second = (dict(answer.series[0].values) if answer.series else {} for answer in answers)
    points = [(first[moment], second[moment]) for moment in first if moment in second]
    points = [point for point in points if all(map(math.isfinite, point))]
    width, height = size[0], size[1] - 18
    across = Scale(0.0, max((x for x, _ in points), default=1.0) * 1.05, _LEFT, width - _RIGHT)
    up = Scale(0.0, max((y for _, y in points), default=1.0) * 1.05, height - _BELOW, _TOP)
    parts = _axes(across, up, panel["fieldConfig"]["defaults"].get("unit", ""), width, height, timed=False)
    parts += [
        f'<circle cx="{across(x)}" cy="{up(y)}" r="2.5" fill="{COLOURS[0]}" fill-opacity="0.6"/>' for x, y in points
    ]
    x, y = (answer.name(answer.series[0]) if answer.series else "" for answer in answers)
    return _svg(parts, width, height) + _legend([(f"to the right: {x}; upward: {y}", COLOURS[0])])


def heatmap(answers: Sequence[QueryAnswer], view: TimeRange, size: tuple[int, int]) -> str:
    """Draw a heatmap: a cell for each moment and bucket, darker for higher counts."""
    lines = sorted(answers[0].series, key=lambda line: float(line.labels["le"]))
    inside = [
        (float(one.labels["le"]), _bucket_alone(one, before))
        for one, before in zip(lines, (None, *lines), strict=False)
    ]
    used = [place for place, (_, values) in enumerate(inside) if any(value > 0 for value in values.values())]
    inside = inside[used[0] : used[-1] + 1] if used else []
    most = max((value for _, values in inside for value in values.values()), default=1.0) or 1.0
    width, height = size
    across, up = Scale(view.start, view.end, _LEFT, width - _RIGHT), Scale(0, len(inside), height - _BELOW, _TOP)
    tall, wide = abs(up(1) - up(0)), max(across(view.start + view.step) - across(view.start), 0.5)
    parts = []
    for row, (bound, values) in enumerate(inside):
        if row % max(1, len(inside) // 6) == 0:
            parts.append(_text(_LEFT - 5, up(row) - tall / 2 + 4, format_value(bound, "s"), "end"))
        parts += [
            f'<rect x="{across(moment)}" y="{up(row + 1)}" width="{wide}" height="{tall}" fill="#d9480f" fill-opacity="{(value / most) ** 0.5:.2f}"/>'
            for moment, value in values.items()
            if value > 0
        ]
    parts += [_text(across(tick), height - 5, format_time(tick), "middle") for tick in _moments(across)]
    return _svg(parts, width, height)


def _bucket_alone(line: QuerySeries, before: QuerySeries | None) -> dict[float, float]:
    """The count of one bucket without the smaller ones: buckets are cumulative."""
    smaller = dict(before.values) if before else {}
    return {moment: value - smaller.get(moment, 0.0) for moment, value in line.values}


def _stacked(lines: Sequence[QuerySeries]) -> list[dict[float, float]]:
    below: dict[float, float] = {}
    tops = []
    for line in lines:
        top = {moment: below.get(moment, 0.0) + (0.0 if math.isnan(value) else value) for moment, value in line.values}
        below = {**below, **top}
        tops.append(top)
    return tops


def _colour(answer: QueryAnswer, number: int) -> str:
    return _SPECIAL.get(answer.ref, COLOURS[number % len(COLOURS)])


def _shades(phases: PhaseShades, across: Scale, height: int) -> Iterator[str]:
    for start, end, name in phases:
        x, wide = across(start), max(across(end) - across(start), 1)
        colour = {"steady": "#5794f2"}.get(name, "#c7d0d9")
        yield f'<rect x="{x}" y="{_TOP}" width="{wide:.1f}" height="{height - _BELOW - _TOP}" fill="{colour}" fill-opacity="0.12"/>'
        yield _text(x + 3, _TOP + 10, name, "start", "#8e9aa5")


def _axes(across: Scale, up: Scale, unit: str, width: int, height: int, *, timed: bool = True) -> list[str]:
    parts = []
    for tick in up.ticks():
        y = up(tick)
        parts.append(f'<line x1="{_LEFT}" x2="{width - _RIGHT}" y1="{y}" y2="{y}" stroke="#e4e7eb"/>')
        parts.append(_text(_LEFT - 5, y + 4, format_value(tick, unit), "end"))
    if timed:
        return parts + [_text(across(tick), height - 5, format_time(tick), "middle") for tick in _moments(across)]
    return parts + [_text(across(tick), height - 5, format_value(tick, "cps"), "middle") for tick in across.ticks()]


def _moments(across: Scale) -> list[float]:
    span = across.highest - across.lowest
    step = next((one for one in (5, 10, 15, 30, 60, 120, 300, 600, 1800) if span / one <= 6), 3600)  # noqa: PLR2004
    first = math.ceil(across.lowest / step)
    return [float(number * step) for number in range(first, int(across.highest // step) + 1)]


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


def _text(x: float, y: float, text: str, anchor: str, colour: str = "#5b6670") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'


def _svg(parts: Sequence[str], width: int, height: int) -> str:
    return f'<svg width="{width}" height="{height}">{"".join(parts)}</svg>'


def _legend(names: Sequence[tuple[str, str]]) -> str:
    shown = "".join(
        f'<span><i style="background:{colour}"></i>{escape(name)}</span>' for name, colour in names[:_MOST_NAMES]
    )
    more = len(names) - _MOST_NAMES
    return f'<div class="legend">{shown}{f"<span>and {more} more</span>" if more > 0 else ""}</div>'
