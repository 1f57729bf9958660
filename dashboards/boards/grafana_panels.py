"""Builds each kind of panel for Grafana."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    heatmap,
    prometheus,
    stat,
    table,
    timeseries,
    xychart,
)
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import common as shared
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards.boards.panel import BASELINE, OBJECTIVE, Kind, Panel, Query

RUN_LABEL = "run_label"
"""The variable that has the name of the label to show: ``run_id`` if several runs are chosen, else one that no series has."""

_LINES = {OBJECTIVE: "red", BASELINE: "#9fa7b3"}


def build_panel(panel: Panel, number: int, place: model.GridPos, source: shared.DataSourceRef) -> model.Panel:
    """The panel for Grafana's grid."""
    # The builders of the kinds share these methods but no class that has them.
    builder: Any = _BUILDERS[panel.kind](panel)
    builder.title(panel.title).description(panel.description).id(number).grid_pos(place).datasource(source)
    if panel.kind is not Kind.HEATMAP:  # a heatmap's unit is that of its axis
        builder.unit(panel.unit)
    if panel.decimals is not None:
        builder.decimals(panel.decimals)
    if panel.maximum is not None:
        builder.max(panel.maximum)
    if panel.thresholds:
        steps = [model.Threshold(value=step.value, color=step.colour) for step in panel.thresholds]
        builder.thresholds(build.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps))
    if panel.value_mappings:
        words = {
            f"{value:g}": model.ValueMappingResult(text=text, color=colour, index=place)
            for place, (value, text, colour) in enumerate(panel.value_mappings)
        }
        builder.mappings([model.ValueMap(options=words)])
    for place_of, query in enumerate(panel.queries):
        builder.with_target(_target(panel, query, query.ref or chr(ord("A") + place_of), source))
    made: model.Panel = builder.build()
    return made


def _target(panel: Panel, query: Query, ref: str, source: shared.DataSourceRef) -> prometheus.Dataquery:
    legend = (
        f"{panel.title} {{{{run_id}}}}" if query.legend == "{{run_id}}" and panel.kind is Kind.GRAPH else query.legend
    )
    legend = legend.replace("{{run_id}}", f"{{{{${RUN_LABEL}}}}}")
    expr = _of_columns(panel, query.expr) if panel.kind is Kind.TABLE else query.expr
    target = prometheus.Dataquery().expr(expr).ref_id(ref).legend_format(legend).datasource(source)
    if panel.kind is Kind.TABLE:
        target.format(PromQueryFormat.TABLE)
    elif panel.kind is Kind.HEATMAP:
        target.format(PromQueryFormat.HEATMAP)
    if query.exemplars:
        target.exemplar(True)
    return target.instant() if query.instant else target.range()


def _of_columns(panel: Panel, expr: str) -> str:
    """The query of a table with the labels of its columns only; with one chosen run, no column names the run."""
    labels = [name for name, _ in panel.columns if not name.startswith("Value")]
    by = ", ".join(f"${RUN_LABEL}" if name == "run_id" else name for name in labels)
    return f"sum by ({by}) ({expr})"


def _graph(panel: Panel) -> timeseries.Panel:
    legend = common.VizLegendOptions().display_mode(shared.LegendDisplayMode.LIST).show_legend(True)
    builder = (
        timeseries.Panel()
        .line_width(1)
        .fill_opacity(0)
        .show_points(shared.VisibilityMode.NEVER)
        .legend(legend.placement(shared.LegendPlacement.BOTTOM).calcs([]))
        .tooltip(common.VizTooltipOptions().mode(shared.TooltipDisplayMode.MULTI).sort(shared.SortOrder.DESCENDING))
    )
    if panel.log:
        builder.scale_distribution(common.ScaleDistributionConfig().type(shared.ScaleDistribution.LOG).log(10))
    elif panel.maximum is None:
        builder.axis_soft_min(0)
    for name, colour in panel.colours:
        fixed = model.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})
        builder.override_by_regexp(f"/^({name})\\b/", [fixed])
    for query in panel.queries:
        if query.ref in _LINES:
            builder.override_by_query(query.ref, _dashed(_LINES[query.ref]))
    return builder


def _dashed(colour: str) -> list[model.DynamicConfigValue]:
    return [
        model.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour}),
        model.DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [10, 10]}),
    ]


def _stack(panel: Panel) -> timeseries.Panel:
    piled = common.StackingConfig().mode(shared.StackingMode.NORMAL).group("A")
    return _graph(panel).stacking(piled).fill_opacity(60)


def _last() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False)


def _stat(_: Panel) -> stat.Panel:
    return (
        stat.Panel()
        .reduce_options(_last())
        .color_mode(shared.BigValueColorMode.BACKGROUND)
        .graph_mode(shared.BigValueGraphMode.NONE)
        .text_mode(shared.BigValueTextMode.VALUE_AND_NAME)
        .justify_mode(shared.BigValueJustifyMode.CENTER)
        .orientation(shared.VizOrientation.HORIZONTAL)
    )


def _bars(_: Panel) -> bargauge.Panel:
    return (
        bargauge.Panel()
        .reduce_options(_last())
        .display_mode(shared.BarGaugeDisplayMode.BASIC)
        .orientation(shared.VizOrientation.HORIZONTAL)
        .value_mode(shared.BarGaugeValueMode.TEXT)
        .show_unfilled(True)
        .min(0)
    )


def _table(panel: Panel) -> table.Panel:
    names = dict(panel.columns)
    builder = (
        table.Panel()
        .filterable(True)
        .with_transformation(model.DataTransformerConfig("merge", options={}))
        .with_transformation(
            model.DataTransformerConfig(
                "organize",
                options={
                    "excludeByName": {"Time": True},
                    "indexByName": {name: place for place, name in enumerate(names)},
                    "renameByName": names,
                },
            )
        )
    )
    for name, unit in panel.units:
        builder.override_by_name(names[name], [model.DynamicConfigValue("unit", str(unit))])
    if panel.sort_by:
        builder.sort_by([common.TableSortByFieldState().display_name(names[panel.sort_by]).desc(panel.descending)])
    return builder


def _heatmap(panel: Panel) -> heatmap.Panel:
    return (
        heatmap.Panel()
        .calculate(False)
        .y_axis(heatmap.YAxisConfig().unit(panel.unit))
        .color(
            heatmap.HeatmapColorOptions()
            .mode(HeatmapColorMode.SCHEME)
            .scheme("Oranges")
            .steps(64)
            .fill("orange")
            .exponent(0.5)
        )
        .cell_gap(0)
        .show_legend()
    )


def _scatter(_: Panel) -> xychart.Panel:
    return xychart.Panel().with_transformation(model.DataTransformerConfig("joinByField", options={"byField": "Time"}))


_BUILDERS: dict[Kind, Any] = {
    Kind.GRAPH: _graph,
    Kind.STACK: _stack,
    Kind.STAT: _stat,
    Kind.BARS: _bars,
    Kind.TABLE: _table,
    Kind.HEATMAP: _heatmap,
    Kind.SCATTER: _scatter,
}
