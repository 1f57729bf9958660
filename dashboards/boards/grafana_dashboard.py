"""Turns a board into a Grafana dashboard, with the types of Grafana's own library."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.builders import prometheus
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.common import DataSourceRef

from dashboards.boards.grafana_panels import RUN_LABEL, build_panel
from dashboards.boards.panel import Board, Row
from dashboards.boards.promql import PREFIX, RUN

SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
_WIDE = 24
_STARTED = f"{PREFIX}run_start_timestamp_seconds"
NO_LABEL = "_"
_REMEMBERED = "[30d]"  # runs of the last 30 days can be compared


def dashboard(board: Board) -> model.Dashboard:
    """Build the dashboard, with its panels from left to right and from top to bottom."""
    made = (
        build.Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags(["checkload"])
        .readonly()
        .time("now-1h", "now")
        .refresh("10s")
        .timezone("browser")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .link(
            build.DashboardLink("checkload")
            .type(model.DashboardLinkType.DASHBOARDS)
            .tags(["checkload"])
            .keep_time(True)
            .include_vars(True)
        )
    )
    for variable in _variables(board):
        made.with_variable(variable)
    for annotation in _annotations():
        made.annotation(annotation)
    result = made.build()
    result.panels = _layout(board.rows)
    return result


def _variables(board: Board) -> list[build.QueryVariable | build.DatasourceVariable]:
    source = build.DatasourceVariable("datasource").label("Data source").type("prometheus")
    runs = _choice("run_id", "Run", f"label_values({_STARTED}, run_id)", model.VariableSort.ALPHABETICAL_DESC)
    variables: list[build.QueryVariable | build.DatasourceVariable] = [source, runs.multi(True)]
    for name, metric in board.variables:
        asked = f"label_values({PREFIX}{metric}{{{RUN}}}, {name})"
        label = name.replace("_", " ").capitalize()
        choice = _choice(name, label, asked, model.VariableSort.ALPHABETICAL_ASC)
        variables.append(choice.multi(True).include_all(True).all_value(".+").current(_data_source()))
    variables.append(_run_label())
    if board.compares:
        known = f"query_result(count by (run_id) (last_over_time({_STARTED}{_REMEMBERED})))"
        earlier = _choice("baseline", "Compare with", known, model.VariableSort.ALPHABETICAL_DESC)
        variables.append(earlier.regex('/run_id="([^"]+)"/'))
        this = f"max(last_over_time({_STARTED}{{{RUN}}}{_REMEMBERED}))"
        that = f'max(last_over_time({_STARTED}{{run_id="$baseline"}}{_REMEMBERED}))'
        apart = _choice("shift", "Seconds apart", f"query_result(round({this} - {that}))", model.VariableSort.DISABLED)
        variables.append(apart.regex(r"/\} (-?\d+)/").hide(model.VariableHide.HIDE_VARIABLE))
    return variables


def _run_label() -> build.QueryVariable:
    """A hidden variable: with one chosen run, the run is in no legend."""
    chosen = f"count(count by (run_id) (last_over_time({_STARTED}{{{RUN}}}{_REMEMBERED})))"
    several = f'label_replace({chosen} > 1, "label", "run_id", "", "")'
    one = f'label_replace({chosen} <= 1, "label", "{NO_LABEL}", "", "")'
    variable = _choice(RUN_LABEL, "Run in legends", f"query_result({several} or {one})", model.VariableSort.DISABLED)
    return variable.regex('/label="([^"]+)"/').hide(model.VariableHide.HIDE_VARIABLE)


def _choice(name: str, label: str, query: str, sort: model.VariableSort) -> build.QueryVariable:
    return (
        build.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query({"query": query, "refId": f"variable-{name}", "qryType": 5})
        .definition(query)
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(sort)
    )


def _data_source() -> model.VariableOption:
    return model.VariableOption(selected=True, text="All", value="$__all")


def _annotations() -> list[build.AnnotationQuery]:
    phases = _annotation("Phases", f"{PREFIX}run_phase{{{RUN}}} == 1", "rgba(87, 148, 242, 0.7)")
    began = _annotation("Start of the run", f"{PREFIX}run_start_timestamp_seconds{{{RUN}}} * 1000", "green")
    return [
        phases.title_format("{{phase}}").text_format("{{run_id}}").tag_keys("phase").step("5s"),
        # Grafana reads the value as a time in milliseconds.
        began.title_format("started").text_format("{{run_id}}").tag_keys("run_id").use_value_for_time(True),
    ]


def _annotation(name: str, expr: str, colour: str) -> build.AnnotationQuery:
    query = prometheus.Dataquery().expr(expr).ref_id(name.lower())
    return (
        build.AnnotationQuery().name(name).datasource(SOURCE).enable(True).icon_color(colour).expr(expr).target(query)
    )


def _layout(rows: tuple[Row, ...]) -> list[model.Panel | model.RowPanel]:
    panels: list[model.Panel | model.RowPanel] = []
    number, y = 1, 0
    for row in rows:
        heading = model.RowPanel(title=row.title, id_val=number, collapsed=bool(row.repeat), repeat=row.repeat or None)
        heading.grid_pos = model.GridPos(x=0, y=y, w=_WIDE, h=1)
        panels.append(heading)
        number, y, x, tallest = number + 1, y + 1, 0, 0
        inside: list[model.Panel] = []
        for panel in row.panels:
            if x + panel.width > _WIDE:
                x, y, tallest = 0, y + tallest, 0
            place = model.GridPos(x=x, y=y, w=panel.width, h=panel.height)
            inside.append(build_panel(panel, number, place, SOURCE))
            number, x, tallest = number + 1, x + panel.width, max(tallest, panel.height)
        y += tallest
        if row.repeat:  # a collapsed row holds its panels inside
            heading.panels = inside
        else:
            panels.extend(inside)
    return panels
