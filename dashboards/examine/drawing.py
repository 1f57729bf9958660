"""Draws a whole dashboard as an HTML page, with a note that Grafana did not draw it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dashboards.examine.charts import graph, heatmap, scatter
from dashboards.examine.panels import QueryAnswer, answers, panels
from dashboards.examine.prometheus import Prometheus
from dashboards.examine.tiles import bars, stat, table
from dashboards.examine.variables import TimeRange, VariableValues
from harness.reporting.html.chart import Chart, ChartSet, Span
from harness.reporting.html.markup import Markup, element
from harness.reporting.html.page import page

DISCLAIMER = "Panels drawn by checkload from the dashboard's own queries, not by Grafana."
WIDTH = 1440
_COLUMN, _ROW, _GAP, _HEAD, _LEGEND = WIDTH / 24, 34, 8, 24, 34

_LAYOUT = """
body{background:var(--raised);font-size:12px;position:relative}
h1{font-size:18px;padding:12px 12px 2px}header p{margin:0;padding:0 12px;color:var(--dim)}
.panel{position:absolute;background:var(--paper);border:1px solid var(--line);border-radius:3px;overflow:hidden}
.panel h2{font-size:12px;margin:0;padding:4px 8px;height:20px;white-space:nowrap}.row{position:absolute;font-weight:600;font-size:14px;padding:8px 12px}
.panel figure{margin:0}.panel .legend{flex-wrap:nowrap;margin:0 8px;gap:0;overflow:hidden}.panel .legend button{font-size:11px;min-height:0;white-space:nowrap}
.stats{display:flex;height:calc(100% - 24px)}.stat{flex:1;color:#fff;display:flex;flex-direction:column;align-items:center;justify-content:center}
.stat b{font-size:24px}.stat small{text-align:center;padding:0 6px}
.s-green{background:#2c6e2c}.s-red{background:#b3261e}.s-orange{background:#a34a00}.s-purple{background:#6a1b9a}.s-blue{background:#1f5fc4}
.bars div{display:flex;align-items:center;padding:1px 8px;height:21px}.bars .name{width:42%;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.bars p{flex:1;margin:0 8px}.bars .bar{margin:0;height:12px}.bars b{width:70px;text-align:right}
.panel table{width:100%;font-size:12px}.panel td,.panel th{padding:3px 8px;white-space:nowrap}
"""


def draw_dashboard(
    dashboard: Mapping[str, Any], choice: VariableValues, prometheus: Prometheus, view: TimeRange
) -> tuple[bytes, int]:
    """The page, and its height in pixels. A repeated row is drawn only for the first value of its variable."""
    phases = _phases(dashboard, choice, prometheus, view)
    charts = ChartSet()
    top, blocks, places, lowest = 56, [], [], 0.0
    for number, panel in enumerate(one for one in dashboard["panels"] if one["type"] == "row"):
        blocks.append(element("div", choice.fill_title(panel["title"]), class_="row", id=f"row-{number}"))
        places.append(f"#row-{number}{{top:{_y(panel, top):.0f}px}}")
    for number, panel in enumerate(panels(dashboard)):
        place = panel["gridPos"]
        x, y = place["x"] * _COLUMN + _GAP / 2, _y(panel, top)
        width, height = round(place["w"] * _COLUMN - _GAP), place["h"] * _ROW - _GAP
        got = list(answers(panel, _narrowed(panel, choice), prometheus, view))
        title = choice.fill_title(panel["title"])
        drawn = _draw_panel(title, panel, got, view, phases)
        name = f"panel-{number}"
        if isinstance(drawn, Chart):
            charts.charts[name] = replace(drawn, height=height - _HEAD - 2 - _LEGEND * (len(drawn.series) > 1))
            plot = element("div", class_="plot", tabindex="0", role="group", aria_label=title)
            drawn = element("figure", plot, data_chart=name)
        blocks.append(element("div", element("h2", title), drawn, class_="panel", id=name))
        places.append(f"#{name}{{left:{x:.0f}px;top:{y:.0f}px;width:{width}px;height:{height}px}}")
        lowest = max(lowest, y + height)
    runs = ", ".join(choice.chosen.get("run_id", ()))
    head = element("header", element("h1", dashboard["title"]), element("p", f"{DISCLAIMER} Run: {runs}."))
    height = round(lowest) + _GAP
    places.append(f"body{{height:{height}px;width:{WIDTH}px}}")
    return page(dashboard["title"], [head, *blocks], charts, layout=_LAYOUT + "\n".join(places)), height


def _narrowed(panel: Mapping[str, Any], choice: VariableValues) -> VariableValues:
    """The choice for a panel: one that is repeated for each value of a variable has this variable in its title, and shows one value."""
    named = {name: choice.offered[name][:1] for name in choice.offered if f"${name}" in panel["title"]}
    return replace(choice, chosen={**choice.chosen, **named})


def _y(panel: Mapping[str, Any], top: int) -> float:
    return float(panel["gridPos"]["y"] * _ROW + top)


def _draw_panel(
    title: str, panel: Mapping[str, Any], got: Sequence[QueryAnswer], view: TimeRange, phases: Sequence[Span]
) -> Chart | Markup:
    match panel["type"]:
        case "stat":
            return stat(panel, got)
        case "bargauge":
            return bars(panel, got)
        case "table":
            return table(panel, got)
        case "heatmap":
            return heatmap(title, got, view)
        case "xychart":
            return scatter(title, panel, got)
        case _:
            return graph(title, panel, got, view, phases)


def _phases(
    dashboard: Mapping[str, Any], choice: VariableValues, prometheus: Prometheus, view: TimeRange
) -> list[Span]:
    (query,) = [one["expr"] for one in dashboard["annotations"]["list"] if one["name"] == "Phases"]
    lines = prometheus.query_range(choice.fill(query), view.start, view.end, view.step)
    return [
        Span(start=line.values[0][0], end=line.values[-1][0] + view.step, name=line.labels["phase"]) for line in lines
    ]
