"""A panel as we think of it: what it asks, how it is drawn, and what it looks like when something is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

OBJECTIVE = "objective"
"""The refId of a query that draws a line the run was held to; it is drawn red and dashed."""
BASELINE = "baseline"
"""The refId of a query that draws an earlier run, moved to the time of this one; it is drawn grey and dashed."""


class Kind(StrEnum):
    """How a panel is drawn."""

    GRAPH = "timeseries"
    STACK = "stack"  # a time series whose parts are piled up
    STAT = "stat"
    BARS = "bargauge"
    TABLE = "table"
    HEATMAP = "heatmap"
    SCATTER = "xychart"


class Unit(StrEnum):
    """The units of values, by Grafana's names."""

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
    """One question to Prometheus; ``legend`` names labels of the answer, and ``instant`` asks for the last moment only."""

    expr: str
    legend: str = "{{run_id}}"
    instant: bool = False
    ref: str = ""
    exemplars: bool = False


@dataclass(frozen=True, slots=True)
class Threshold:
    """From ``value`` on (``None``: from below everything) a number is shown in this colour, or as this word."""

    value: float | None
    colour: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel. ``width`` in 24ths of the dashboard, ``height`` in Grafana's grid rows.

    ``words`` maps values to what is shown in their place. ``columns`` maps a table's columns to their headings, in their
    order; columns that are not named are left out. ``units`` are those of single columns.
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
    decimals: int | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A heading and the panels below it; ``repeat`` names a variable of which each value gets such a row, folded."""

    title: str
    panels: tuple[Panel, ...]
    repeat: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard; ``variables`` beyond those for the data source and the runs, by name and the metric they are read from."""

    uid: str
    title: str
    description: str
    rows: tuple[Row, ...]
    variables: tuple[tuple[str, str], ...] = ()
    compares: bool = False
