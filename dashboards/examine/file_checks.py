"""Checks the file of a dashboard without any data, by rules like those of Grafana's dashboard linter."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from dashboards.examine.panels import panels

_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_SELECTOR = re.compile(r"checkout_load_\w+(\{[^}]*\})?")
_RANGE = re.compile(r"\b(\w+)\((?:[^()\[\]]|\{[^}]*\})*\[([^\]]+)\]")
_COUNTER = re.compile(r"checkout_load_\w+_(?:total|bucket|count|sum)\b")
_UNITLESS = {"table", "heatmap"}
_ROW_HEIGHT = 1
_WIDE = 24


def file_problems(dashboard: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each problem of the file."""
    if dashboard.get("editable", True):
        yield "it can be edited in Grafana, and the next start would undo the changes"
    variables = {one["name"]: one for one in dashboard["templating"]["list"]}
    if variables.get("datasource", {}).get("type") != "datasource":
        yield "there is no variable for the data source"
    every = [*dashboard["panels"], *(inner for one in dashboard["panels"] for inner in one.get("panels") or ())]
    for number, count in Counter(one["id"] for one in every).items():
        if count > 1:
            yield f"{count} panels have the id {number}"
    yield from _overlaps(dashboard)
    for panel in panels(dashboard):
        for complaint in _of_panel(panel):
            yield f"{panel.get('title') or panel['id']}: {complaint}"


def _overlaps(dashboard: Mapping[str, Any]) -> Iterator[str]:
    taken: dict[tuple[int, int], str] = {}
    for panel in (*dashboard["panels"], *panels(dashboard)):
        place = panel["gridPos"]
        if place["x"] + place["w"] > _WIDE:
            yield f"{panel['title']} is too wide for the dashboard"
        cells = (
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        )
        over = {taken.setdefault(cell, panel["title"]) for cell in cells} - {panel["title"]}
        for other in sorted(over):
            yield f"{panel['title']} overlaps {other}"


def _of_panel(panel: Mapping[str, Any]) -> Iterator[str]:
    if not panel.get("title"):
        yield "no title"
    if "Bad:" not in panel.get("description", ""):
        yield "its description does not say what is bad"
    if panel.get("datasource") != _SOURCE:
        yield "its data source is not the variable"
    if not panel["fieldConfig"]["defaults"].get("unit") and panel["type"] not in _UNITLESS:
        yield "no unit"
    if not panel["targets"]:
        yield "it has no query"
    for target in panel["targets"]:
        if target.get("datasource") != _SOURCE:
            yield f"{target['refId']}: its data source is not the variable"
        for complaint in _of_query(target["expr"]):
            yield f"{target['refId']}: {complaint}"


def _of_query(query: str) -> Iterator[str]:
    for selector in _SELECTOR.finditer(query):
        if "run_id" not in (selector[1] or ""):
            yield f"{selector[0]} mixes all runs"
    for word, why in _FORBIDDEN.items():
        if re.search(rf"\b{word}\s*(\(|by\b|without\b)", query):
            yield f"{word}(): {why}"
    for function, window in _RANGE.findall(query):
        if function == "rate" and window != "$__rate_interval":
            yield f"rate() over {window} and not $__rate_interval"
    for counter in _COUNTER.finditer(query):
        before = query[: counter.start()]
        if not before.endswith(("rate(", "max_over_time(")) and "histogram_quantile" not in before[-20:]:
            yield f"{counter[0]} is a counter, but the query takes neither its rate nor its last value"
    if "histogram_quantile" in query and "le" not in re.findall(r"\w+", query):
        yield "a quantile of buckets that are summed without le"


_FORBIDDEN = {
    "irate": "it uses only two samples",
    "increase": "it extrapolates; for a total, use max_over_time()",
    "avg": "an average of rates, ratios or quantiles has no meaning",
    "avg_over_time": "an average of rates, ratios or quantiles has no meaning",
    "quantile": "a quantile of quantiles or means has no meaning",
}
