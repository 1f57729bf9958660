"""Draws a whole dashboard as an HTML page, with a note that Grafana did not draw it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from dashboards.examine.charts import PhaseShades, graph, heatmap, scatter
from dashboards.examine.panels import QueryAnswer, answers, panels
from dashboards.examine.prometheus import Prometheus
from dashboards.examine.tiles import bars, stat, table
from dashboards.examine.variables import TimeRange, VariableValues

DISCLAIMER = "Panels drawn by checkload from the dashboard's own queries, not by Grafana."
WIDTH = 1440
_COLUMN, _ROW, _GAP, _HEAD = WIDTH / 24, 34, 8, 24

_STYLE = """
body{margin:0;background:#f4f5f7;font:12px system-ui,sans-serif;color:#24292e;position:relative}
h1{font-size:18px;margin:0;padding:12px 12px 2px}header p{margin:0;padding:0 12px;color:#5b6670}
.panel{position:absolute;background:#fff;border:1px solid #dcdfe4;border-radius:3px;overflow:hidden;box-sizing:border-box}
.panel h2{font-size:12px;margin:0;padding:4px 8px;height:16px;white-space:nowrap}.row{position:absolute;font-weight:600;font-size:14px;padding:8px 12px}
svg{display:block}svg text{font-size:10px}.legend{padding:0 8px;line-height:18px;font-size:11px;height:100%}
.legend span{display:inline-block;width:50%;white-space:nowrap;overflow:hidden;text-overflow:ellipsis;vertical-align:top}
.legend i{display:inline-block;width:10px;height:3px;margin-right:5px;vertical-align:middle}
.stats{display:flex;height:calc(100% - 24px)}.stat{flex:1;color:#fff;display:flex;flex-direction:column;align-items:center;justify-content:center}
.stat b{font-size:24px}.stat small{opacity:.85;text-align:center;padding:0 6px}
.bars div{display:flex;align-items:center;padding:1px 8px;height:21px}.bars span{width:42%;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.bars p{flex:1;background:#eef0f3;height:12px;margin:0 8px}.bars i{display:block;height:12px;background:#3274d9}.bars b{width:70px;text-align:right}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:3px 8px;border-bottom:1px solid #eef0f3;white-space:nowrap}
.number{text-align:right;font-variant-numeric:tabular-nums}th{color:#5b6670}
"""


def draw_dashboard(
    dashboard: Mapping[str, Any], choice: VariableValues, prometheus: Prometheus, view: TimeRange
) -> tuple[str, int]:
    """The page, and its height in pixels. A repeated row is drawn only for the first value of its variable."""
    phases = _phases(dashboard, choice, prometheus, view)
    top, blocks, lowest = 56, [], 0.0
    for panel in (one for one in dashboard["panels"] if one["type"] == "row"):
        title = choice.fill_title(panel["title"])
        blocks.append(f'<div class="row" style="top:{_y(panel, top):.0f}px">{escape(title)}</div>')
    for panel in panels(dashboard):
        place = panel["gridPos"]
        x, y = place["x"] * _COLUMN + _GAP / 2, _y(panel, top)
        width, height = round(place["w"] * _COLUMN - _GAP), place["h"] * _ROW - _GAP
        got = list(answers(panel, choice, prometheus, view))
        inside = _draw_panel(panel, got, view, (width - 2, height - _HEAD - 2), phases)
        title = escape(choice.fill_title(panel["title"]))
        style = f"left:{x:.0f}px;top:{y:.0f}px;width:{width}px;height:{height}px"
        blocks.append(f'<div class="panel" style="{style}"><h2>{title}</h2>{inside}</div>')
        lowest = max(lowest, y + height)
    runs = ", ".join(choice.chosen.get("run_id", ()))
    head = f"<header><h1>{escape(dashboard['title'])}</h1><p>{escape(DISCLAIMER)} Run: {escape(runs)}.</p></header>"
    height = round(lowest) + _GAP
    body = f'<body style="height:{height}px;width:{WIDTH}px">{head}{"".join(blocks)}</body>'
    return (
        f'<!doctype html><meta charset="utf-8"><title>{escape(dashboard["title"])}</title><style>{_STYLE}</style>{body}',
        height,
    )


def _y(panel: Mapping[str, Any], top: int) -> float:
    return float(panel["gridPos"]["y"] * _ROW + top)


def _draw_panel(
    panel: Mapping[str, Any], got: Sequence[QueryAnswer], view: TimeRange, size: tuple[int, int], phases: PhaseShades
) -> str:
    match panel["type"]:
        case "stat":
            return stat(panel, got)
        case "bargauge":
            return bars(panel, got)
        case "table":
            return table(panel, got)
        case "heatmap":
            return heatmap(got, view, size)
        case "xychart":
            return scatter(panel, got, size)
        case _:
            return graph(panel, got, view, size, phases)


def _phases(
    dashboard: Mapping[str, Any], choice: VariableValues, prometheus: Prometheus, view: TimeRange
) -> PhaseShades:
    (query,) = [one["expr"] for one in dashboard["annotations"]["list"] if one["name"] == "Phases"]
    lines = prometheus.query_range(choice.fill(query), view.start, view.end, view.step)
    return [(line.values[0][0], line.values[-1][0] + view.step, line.labels["phase"]) for line in lines]
