"""The model of a dashboard: boards, rows, panels, queries and units, without Grafana's details."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

OBJECTIVE = "objective"
"""The refId of a query for the bound of an objective; its line is red and dashed."""
BASELINE = "baseline"
"""The refId of a query for an earlier run, shifted to the time of this one; its line is grey and dashed."""


class Kind(StrEnum):
    """The kind of a panel, by its name in Grafana."""

    GRAPH = "timeseries"
    STACK = "stack"  # stacked time series
    STAT = "stat"
    BARS = "bargauge"
    TABLE = "table"
    HEATMAP = "heatmap"
    SCATTER = "xychart"


class Unit(StrEnum):
    """The units of values, by their names in Grafana."""

    SECONDS = "s"
    RATIO = "percentunit"
    PER_SECOND = "cps"
    PER_MINUTE = "cpm"
    REQUESTS = "reqps"
    BYTES = "bytes"
    BYTES_PER_SECOND = "Bps"
    COUNT = "short"
    TIME = "dateTimeAsIso"
    PLAIN = "none"


@dataclass(frozen=True, slots=True)
class Query:
    """A query for Prometheus. ``legend`` is a template of labels; ``instant`` asks only for the last value.

    The label ``run_id`` is shown only while several runs are chosen.
    """

    expr: str
    legend: str = "{{run_id}}"
    instant: bool = False
    ref: str = ""
    exemplars: bool = False


@dataclass(frozen=True, slots=True)
class Threshold:
    """Numbers from ``value`` on have this colour; with ``None``, all lower numbers have it."""

    value: float | None
    colour: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel. ``width`` is in 24ths of the dashboard, ``height`` in rows of Grafana's grid.

    ``value_mappings`` are values, each with a text and a colour that replace it. ``columns`` are the columns of a table, each
    with its heading; other columns are hidden. ``units`` are the units of single columns. A table is sorted by ``sort_by``, ``descending``
    or not. ``colours`` are the colours of series, by the first word of their legend, several of them with ``|`` between them. ``log`` draws the axis with a logarithmic scale, so
    that one long freeze does not flatten the rest.
    """

    kind: Kind
    title: str
    description: str
    unit: Unit
    queries: tuple[Query, ...]
    width: int = 8
    height: int = 8
    thresholds: tuple[Threshold, ...] = ()
    value_mappings: tuple[tuple[float, str, str], ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    units: tuple[tuple[str, Unit], ...] = ()
    sort_by: str = ""
    descending: bool = True
    colours: tuple[tuple[str, str], ...] = ()
    log: bool = False
    decimals: int | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A heading and the panels below it. ``repeat`` names a variable: each of its values gets such a row, collapsed."""

    title: str
    panels: tuple[Panel, ...]
    repeat: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard. ``variables`` are those besides data source and runs: the name, and the metric that has its values.

    ``compares`` adds a variable for an earlier run to compare with.
    """

    uid: str
    title: str
    description: str
    rows: tuple[Row, ...]
    variables: tuple[tuple[str, str], ...] = ()
    compares: bool = False
