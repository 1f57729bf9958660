"""Builds HTML in which every text is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from math import inf

from harness.reporting.tables import ReportTable
from harness.units import format_duration


class Markup(str):
    """A text that is HTML already; any other text is escaped before it becomes a part of a page."""

    __slots__ = ()


Part = str | None | Iterable["Part"]
NEVER = format_duration(inf)
NEVER_MEANS = (
    f"{NEVER.capitalize()}: so many failed that no time holds for this share. A p95 is {NEVER} if over 5 % failed."
)
_VOID = frozenset({"meta", "link", "br", "wbr"})


def element(name: str, /, *parts: Part, **attributes: str | bool) -> Markup:
    """An element with these parts in it; ``class_`` is ``class``, ``data_chart`` is ``data-chart``, ``True`` has no value."""
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(str(value))}"')
        for key, value in attributes.items()
        if value is not False
    )
    return Markup(f"<{name}{written}>" + ("" if name in _VOID else f"{joined(*parts)}</{name}>"))


def joined(*parts: Part) -> Markup:
    """These parts one after the other."""
    return Markup("".join(map(_text, parts)))


def _text(part: Part) -> str:
    if part is None:
        return ""
    if isinstance(part, Markup):
        return part
    if isinstance(part, str):
        return escape(part)
    return "".join(map(_text, part))


def with_code(text: str) -> Markup:
    """A text in which words between backticks are code."""
    pieces = text.split("`")
    return joined(*(element("code", piece) if place % 2 else piece for place, piece in enumerate(pieces)))


def scrolled(table: Markup, label: str) -> Markup:
    """A table that scrolls sideways by itself where the screen is narrow, also by keyboard."""
    return element("div", table, class_="wide", tabindex="0", role="region", aria_label=label)


def table(
    headings: Sequence[Part],
    rows: Iterable[Sequence[Part]],
    label: str,
    *,
    text_columns: int = 1,
    kind: str | bool = False,
) -> Markup:
    """A table; the first cell of a row is its heading, and columns after the first ``text_columns`` are numbers."""
    sides = ["text" if place < text_columns else "number" for place in range(len(headings))]
    head = element(
        "tr", *(element("th", one, scope="col", class_=side) for one, side in zip(headings, sides, strict=True))
    )
    body = [
        element(
            "tr",
            element("th", row[0], scope="row", class_=sides[0]),
            *(element("td", cell, class_=side) for cell, side in zip(row[1:], sides[1:], strict=True)),
        )
        for row in rows
    ]
    return scrolled(element("table", element("thead", head), element("tbody", *body), class_=kind), label)


def report_table(given: ReportTable) -> Markup:
    """A table of a report."""
    return table(given.headings, given.rows, given.title, text_columns=given.text_columns)


def never_note(rows: Iterable[Sequence[Part]]) -> Markup | None:
    """What ``never`` means, for a table that has it in a cell."""
    used = any(cell == NEVER for row in rows for cell in row)
    return element("p", NEVER_MEANS, class_="note") if used else None


def section(title: str, *parts: Part, key: str = "") -> Markup:
    """A part of the page with its heading; nothing without parts."""
    if not any(parts):
        return Markup()
    attributes = {"id": key} if key else {}
    return element("section", element("h2", title), *parts, **attributes)


def folded(title: str, *parts: Part, key: str | bool = False, unfolded: bool = False) -> Markup:
    """A part of the page that a reader unfolds; on paper it is always unfolded."""
    return element(
        "section", element("details", element("summary", element("h2", title)), *parts, open=unfolded), id=key
    )
