"""Draws panels without axes as HTML: single numbers, bars and tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from dashboards.examine.panels import QueryAnswer
from dashboards.examine.scales import format_value

_NAMED = {"green": "#37872d", "red": "#c4162a", "orange": "#e0752d", "blue": "#3274d9"}
_PLAIN = "#3274d9"


def stat(panel: Mapping[str, Any], answers: Sequence[QueryAnswer]) -> str:
    """Draw the last number of each series, in the colour of its threshold."""
    tiles = []
    for answer in answers:
        for line in answer.series:
            text, colour = _shown(panel, line.values[-1][1])
            name = escape(answer.name(line))
            tiles.append(
                f'<div class="stat" style="background:{colour}"><small>{name}</small><b>{escape(text)}</b></div>'
            )
    return f'<div class="stats">{"".join(tiles)}</div>'


def bars(panel: Mapping[str, Any], answers: Sequence[QueryAnswer]) -> str:
    """Draw a bar for the last number of each series."""
    numbers = [(answer.name(line), line.values[-1][1]) for answer in answers for line in answer.series]
    most = max((value for _, value in numbers if math.isfinite(value)), default=1.0) or 1.0
    rows = "".join(
        f'<div><span>{escape(name)}</span><p><i style="width:{max(value, 0) / most * 100:.0f}%"></i></p>'
        f"<b>{escape(_shown(panel, value)[0])}</b></div>"
        for name, value in numbers
    )
    return f'<div class="bars">{rows}</div>'


def table(panel: Mapping[str, Any], answers: Sequence[QueryAnswer]) -> str:
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
    units = {
        one["matcher"]["options"]: one["properties"][0]["value"] for one in panel["fieldConfig"].get("overrides", ())
    }
    sort_by = (panel["options"].get("sortBy") or [{}])[0].get("displayName")
    column = next((one for one, name in names.items() if name == sort_by), "")
    rows = sorted(merged, key=lambda key: -merged[key].get(column, 0.0))
    unit, decimals = panel["fieldConfig"]["defaults"].get("unit", ""), panel["fieldConfig"]["defaults"].get("decimals")

    def cell(key: tuple[tuple[str, str], ...], column: str) -> str:
        if column in merged[key]:
            return f"<td class=number>{escape(format_value(merged[key][column], units.get(names[column], unit), decimals))}</td>"
        return f"<td>{escape(more[key].get(column, ''))}</td>"

    heads = "".join(f"<th>{escape(names[column])}</th>" for column in order)
    body = "".join("<tr>" + "".join(cell(key, column) for column in order) + "</tr>" for key in rows)
    return f"<table><tr>{heads}</tr>{body}</table>"


def _organised(panel: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    (options,) = [one["options"] for one in panel["transformations"] if one["id"] == "organize"]
    return options["renameByName"], sorted(options["indexByName"], key=options["indexByName"].get)


def _shown(panel: Mapping[str, Any], value: float) -> tuple[str, str]:
    defaults = panel["fieldConfig"]["defaults"]
    for mapping in defaults.get("mappings") or ():
        if (word := mapping["options"].get(f"{value:g}")) is not None:
            return word["text"], _NAMED[word["color"]]
    colour = _PLAIN
    for step in defaults.get("thresholds", {}).get("steps") or ():
        if step["value"] is None or value >= step["value"]:
            colour = _NAMED[step["color"]]
    return format_value(value, defaults.get("unit", ""), defaults.get("decimals")), colour
