"""Draws panels without axes as HTML: single numbers, bars and tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from dashboards.examine.panels import QueryAnswer
from harness.reporting.html.markup import Markup, element
from harness.units import format_duration

_PLAIN = "blue"
_WIDTHS = 20
_THOUSAND = 1000.0
_AFTER = {"cps": "/s", "cpm": "/min", "reqps": " req/s", "Bps": "B/s", "bytes": "B"}


def stat(panel: Mapping[str, Any], answers: Sequence[QueryAnswer]) -> Markup:
    """Draw the last number of each series, in the colour of its threshold."""
    tiles = []
    for answer in answers:
        for line in answer.series:
            text, colour = _shown(panel, line.values[-1][1])
            name = element("small", answer.name(line))
            tiles.append(element("div", name, element("b", text), class_=f"stat s-{colour}"))
    return element("div", *tiles, class_="stats")


def bars(panel: Mapping[str, Any], answers: Sequence[QueryAnswer]) -> Markup:
    """Draw a bar for the last number of each series."""
    numbers = [(answer.name(line), line.values[-1][1]) for answer in answers for line in answer.series]
    most = max((value for _, value in numbers if math.isfinite(value)), default=1.0) or 1.0
    rows = [
        element(
            "div",
            element("span", name, class_="name"),
            element("p", element("span", class_=f"bar w{round(max(value, 0) / most * _WIDTHS)}")),
            element("b", _shown(panel, value)[0]),
        )
        for name, value in numbers
    ]
    return element("div", *rows, class_="bars")


def table(panel: Mapping[str, Any], answers: Sequence[QueryAnswer]) -> Markup:
    """Draw a table: the answers are merged by their labels, with a column for each answer."""
    merged: dict[tuple[tuple[str, str], ...], dict[str, float]] = {}
    labels_of = [{name for line in answer.series for name in line.labels} for answer in answers]
    shared = set.intersection(*labels_of) if labels_of else set()
    more: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
    for answer in answers:
        column = f"Value #{answer.ref}" if len(answers) > 1 else "Value"
        for line in answer.series:
            key = tuple(sorted((name, line.labels[name]) for name in shared))
            merged.setdefault(key, {})[column] = line.values[-1][1]
            more.setdefault(key, {}).update(line.labels)
    names, order = _organised(panel)
    # With one chosen run, no row names the run: Grafana shows no column that the answers lack.
    order = [one for one in order if not merged or any(one in merged[key] or one in more[key] for key in merged)]
    units = {
        one["matcher"]["options"]: one["properties"][0]["value"] for one in panel["fieldConfig"].get("overrides", ())
    }
    sorting = (panel["options"].get("sortBy") or [{}])[0]
    column = next((one for one, name in names.items() if name == sorting.get("displayName")), "")
    rows = sorted(merged, key=lambda key: -merged[key].get(column, 0.0))
    if column and not any(column in numbers for numbers in merged.values()):
        rows.sort(key=lambda key: more[key].get(column, ""), reverse=sorting.get("desc", False))
    unit, decimals = panel["fieldConfig"]["defaults"].get("unit", ""), panel["fieldConfig"]["defaults"].get("decimals")

    def cell(key: tuple[tuple[str, str], ...], column: str) -> Markup:
        if column in merged[key]:
            text = format_value(merged[key][column], units.get(names[column], unit), decimals)
            return element("td", text, class_="number")
        return element("td", more[key].get(column, ""), class_="text")

    heads = [element("th", names[column], scope="col", class_="text") for column in order]
    body = [element("tr", *(cell(key, column) for column in order)) for key in rows]
    return element("table", element("tr", *heads), *body)


def _organised(panel: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    (options,) = [one["options"] for one in panel["transformations"] if one["id"] == "organize"]
    return options["renameByName"], sorted(options["indexByName"], key=options["indexByName"].get)


def _shown(panel: Mapping[str, Any], value: float) -> tuple[str, str]:
    defaults = panel["fieldConfig"]["defaults"]
    for mapping in defaults.get("mappings") or ():
        if (word := mapping["options"].get(f"{value:g}")) is not None:
            return word["text"], word["color"]
    colour = _PLAIN
    for step in defaults.get("thresholds", {}).get("steps") or ():
        if step["value"] is None or value >= step["value"]:
            colour = step["color"]
    return format_value(value, defaults.get("unit", ""), defaults.get("decimals")), colour


def format_value(value: float, unit: str, decimals: int | None = None) -> str:
    """Format a number with its unit: 12 ms, 3.4 %, 1.2 MB."""
    if math.isnan(value):
        return "none"
    if unit == "percentunit":
        return f"{_digits(value * 100, decimals)} %"
    if unit == "s":
        return format_duration(value) if value else "0 s"
    if unit in {"bytes", "Bps"}:
        size, prefix = value, ""
        for letter in "kMG":
            if abs(size) >= _THOUSAND:
                size, prefix = size / _THOUSAND, letter
        return f"{_digits(size, decimals)} {prefix}{_AFTER[unit]}"
    return f"{_digits(value, decimals)}{_AFTER.get(unit, '')}"


def _digits(value: float, decimals: int | None) -> str:
    if decimals is not None:
        return f"{value:,.{decimals}f}".rstrip("0").rstrip(".") if decimals else f"{value:,.0f}"
    if abs(value) >= 100 or value == int(value):  # noqa: PLR2004 - three digits are enough
        return f"{value:,.0f}"
    return f"{value:.3g}"
