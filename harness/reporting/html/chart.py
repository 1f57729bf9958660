"""The data of charts: what ``charts.js`` draws in the browser."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

NEVER = -1
"""Stands for a time that was never reached: JSON has no infinity, and no time is negative."""
DIGITS = 4
"""The digits of a number in a chart: more than a screen shows."""

Number = float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """An axis: what it shows, in which unit, and from where to where (``None``: as the series need).

    Units: ``s``, ``share`` (a fraction), ``bytes``, ``bytes/s``, ``elapsed`` (seconds since the start), ``clock`` (seconds since 1970), ``nines``
    (the share above, as ``-log10``), or a text that follows the number.
    """

    label: str
    unit: str = ""
    log: bool = False
    low: Number = None
    high: Number = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series of a chart; ``None`` in ``y`` is a gap.

    ``x`` is a list of numbers, or the name of a grid of the page. ``style`` is ``line``, ``dash``, ``dots``, ``bars``, ``area``,
    ``band`` or ``cells``. ``tags`` are the switches that show or hide it. ``colour`` is a class of ``page.css``. ``low`` is the
    lower edge of an area or a cell. ``stack`` puts it on top of the series before it. ``width`` is that of a bar. ``numbers`` are counts that
    the cursor shows beside the value, ``notes`` texts. ``marks`` are ``good``, ``bad`` or ``unsure`` for each dot, ``heat`` the
    strength of each cell.
    """

    tags: tuple[str, ...]
    x: Sequence[float] | str
    y: Sequence[Number]
    style: str = "line"
    colour: str = "1"
    label: str = ""
    low: Sequence[Number] | None = None
    stack: bool = False
    width: Number = None
    numbers: Sequence[int] | None = None
    notes: Sequence[str] | None = None
    marks: Sequence[str] | None = None
    heat: Sequence[float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A line across a chart: at ``y`` from side to side, or at ``x`` upright; ``state`` is ``good``, ``bad``, ``unsure`` or ``plain``.

    With ``subject`` it is drawn only while this subject is chosen. ``row`` moves the label down, so that labels do not meet.
    """

    label: str
    state: str = "plain"
    x: Number = None
    y: Number = None
    subject: str | None = None
    row: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A phase of the run, in the unit of the horizontal axis."""

    start: float
    end: float
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart: either ``series``, or ``subjects`` with the series of each subject that a person can choose.

    ``zooms``: it shares its horizontal axis and its zoom with the other charts that zoom. ``points``: the horizontal place of a
    point is a value like the vertical one, as in a scatter plot. ``names_one``: a single series has a legend too. ``empty`` is
    said where there is nothing to draw.
    """

    title: str
    x: Axis
    y: Axis
    series: Sequence[Series] = ()
    subjects: Mapping[str, Sequence[Series]] | None = None
    note: str = ""
    bounds: Sequence[Bound] = ()
    phases: Sequence[Span] = ()
    zooms: bool = False
    points: bool = False
    names_one: bool = False
    height: int = 250
    empty: str = ""

    @property
    def drawn(self) -> bool:
        """Whether it has anything to draw."""
        lists = [self.series] if self.subjects is None else self.subjects.values()
        return any(value is not None for series in lists for one in series for value in one.y)

    def to_json(self) -> dict[str, Any]:
        """The chart as ``charts.js`` reads it."""
        document = _compact(
            {
                "title": self.title,
                "x": _fields(self.x),
                "y": _fields(self.y),
                "bounds": [_fields(one) for one in self.bounds],
                "phases": [{"from": one.start, "to": one.end, "name": one.name} for one in self.phases],
                "zooms": self.zooms,
                "points": self.points,
                "names_one": self.names_one,
                "height": self.height,
                "empty": self.empty,
            }
        )
        if self.subjects is None:
            document["series"] = [_series(one) for one in self.series]
        else:
            document["subjects"] = {name: [_series(one) for one in each] for name, each in self.subjects.items()}
        return document


@dataclass(slots=True)
class ChartSet:
    """The charts of a page: their data, the grids that their series share, and the subjects to choose from.

    ``subject`` is the one that is chosen first, ``off`` are the switches that are off at first.
    """

    charts: dict[str, Chart] = field(default_factory=dict)
    grids: dict[str, Sequence[float]] = field(default_factory=dict)
    subjects: dict[str, str] = field(default_factory=dict)
    subject: str = ""
    off: tuple[str, ...] = ()

    def grid(self, start: float, step: float, number: int) -> str:
        """The name of the grid with these places."""
        name = f"{start:g} {step:g} {number}"
        self.grids.setdefault(name, [round(start + step * place, 3) for place in range(number)])
        return name

    def to_json(self) -> dict[str, Any]:
        """The data of the page."""
        return {
            "charts": {name: chart.to_json() for name, chart in self.charts.items()},
            "grids": self.grids,
            "subjects": self.subjects,
            "subject": self.subject,
            "off": list(self.off),
        }


def rounded(values: Iterable[Number]) -> list[Number]:
    """The numbers with four digits; infinity as ``NEVER``, NaN as a gap."""
    return [_rounded(value) for value in values]


def _rounded(value: Number) -> Number:
    if value is None or math.isnan(value):
        return None
    if math.isinf(value):
        return NEVER
    if value == 0 or abs(value) >= 10**DIGITS:
        return round(value)
    short = round(value, DIGITS - 1 - math.floor(math.log10(abs(value))))
    return int(short) if short == int(short) else short


def _series(one: Series) -> dict[str, Any]:
    document = _fields(one)
    document["x"] = one.x if isinstance(one.x, str) else rounded(one.x)
    document["y"] = rounded(one.y)
    if one.low is not None:
        document["low"] = rounded(one.low)
    return document


def _fields(one: Any) -> dict[str, Any]:
    return _compact({name: getattr(one, name) for name in one.__slots__})


def _compact(fields: dict[str, Any]) -> dict[str, Any]:
    """Without what is not set: the script takes a missing field for that."""
    unset: tuple[Any, ...] = ("", (), [])
    return {name: value for name, value in fields.items() if not (value is None or value is False or value in unset)}
