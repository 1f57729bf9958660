"""Writes what the doctor found for a terminal of 80 columns: what to change first, every exchange last."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from scenarios.doctor.reporting.document import Document

WIDTH = 80

_COLOURS = {
    "passed": "32",
    "failed": "31",
    "invalid": "31",
    "inconclusive": "33",
    "ok": "32",
    "stopped": "31",
    "left": "33",
    "skipped": "33",
}


def terminal_text(document: Document, *, colour: bool = False) -> str:
    """The report. ``colour``: with ANSI colours, for a terminal."""
    parts = [_head(document, colour=colour)]
    if document["notes"]:
        parts.append("\n".join(["Good to know:", *_findings(document["notes"])]))
    parts += [_orders(document), _paths(document, colour=colour), _offers(document), _covers(document), _next(document)]
    parts.append(_exchanges(document))
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(document: Document, *, colour: bool) -> str:
    lines = [_painted(_filled(document["headline"]), document["verdict"], colour=colour)]
    lines += _findings(document["findings"])
    if document["ended_early"] and document["findings"]:
        lines.append(_filled(f"The walk ended early: it {document['ended_early']}."))
    return "\n".join(lines)


def _findings(findings: Sequence[Document]) -> Iterator[str]:
    for number, one in enumerate(findings, 1):
        yield _filled(one["text"], f"{number:2}. ", "    ")
        if change := ", ".join(_change(each) for each in one["change"]):
            yield _filled(f"change: {change}", "    ", "    ")
        if one["stops"]:
            yield _filled(f"stops: {'; '.join(one['stops'])}", "    ", "    ")


def _change(change: Document) -> str:
    key, value = change["key"], change["value"]
    return f"{key} = {value}" if value and not key.startswith("--") else f"{key} {value}".strip()


def _orders(document: Document) -> str:
    orders = document["orders"]
    if orders.get("nothing_sent"):
        return "Nothing was sent: this is what a recording shows."
    if not orders["placed"] and not orders["possible"]:
        return "No order was placed."
    placed = orders["placed"]
    text = f"{placed} order{'s were' if placed != 1 else ' was'} placed"
    if orders["possible"]:
        text += f", and {orders['possible']} more may have been (the last form was sent, and no order was seen)"
    text += f". Cancel what you do not want to keep; guests have e-mail addresses that end in {orders['look_for']}."
    numbers = ", ".join(orders["numbers"])
    return _filled(text) + (f"\n{_filled(f'numbers: {numbers}', '  ', '  ')}" if numbers else "")


def _paths(document: Document, *, colour: bool) -> str:
    lines = []
    for path in document["paths"]:
        figures = f"{len(path['exchanges']):3} requests {path['seconds']:7.2f} s"
        end = _painted(f"{path['end']:8}", path["end"], colour=colour)
        lines.append(f"  {end} {path['name']:<43.43} {figures}")
    return "\n".join(["Paths", *lines]) if lines else ""


def _offers(document: Document) -> str:
    if not document["offers"]:
        return ""
    lines = ["The shop offers"]
    for option in document["offers"]:
        covered = "covered" if document.get("places_orders", True) else "chosen, not paid"
        state = covered if option["covered"] else ("not covered" if option["known"] else "unknown to checkload")
        named = f"slug {option['slug'] or 'none'}, pk {option['pk'] or 'none'}"
        lines.append(f"  {option['payment_type']:<22.22} {state:<21} {named}")
    return "\n".join(lines)


def _covers(document: Document) -> str:
    covers = document["covers"]
    if not covers["payment_options"]:
        return ""
    lines = [
        f"payment options: {', '.join(covers['payment_options'])}",
        f"journeys: {', '.join(covers['journeys']) or 'none'}",
        f"3-D Secure: {'yes' if covers['three_d'] else 'no'}",
        f"codes by SMS: {', '.join(covers['sms']) or 'the shop asked for none'}",
    ]
    if covers["not_offered"]:
        lines.append(f"not offered here: {', '.join(covers['not_offered'])}")
    return "\n".join(["A scenario can cover", *(_filled(line, "  ", "    ") for line in lines)])


def _next(document: Document) -> str:
    if document["written"]:
        written = f"Written: {document['written']}\nNext: "
        if not document.get("places_orders", True):
            walk = "call this again without --no-orders; only an order shows that a payment works."
            return written + _filled(walk, "      ", "  ").lstrip()
        host = f" --host {document['target'] or 'URL'}" if not document.get("embedded") else ""
        return f"{written}checkload run {document['written']}{host}"
    if document["covers"]["payment_options"]:
        return _filled("To write a scenario with all of this, call this again with --write own.toml.")
    return ""


def _exchanges(document: Document) -> str:
    lines = ["Exchanges (… stands for what is not shown)"]
    before: list[str] = []
    for path in document["paths"]:
        asked = [f"{one['method']} {one['path']}" for one in path["exchanges"]]
        same = _shared(before, asked, path)
        lines += ["", f"  {path['name']}: {path['end']}"]
        if same:
            lines.append(f"    requests 1 to {same} as in the path before, with the same replies")
        lines += [
            line for number, one in enumerate(path["exchanges"], 1) if number > same for line in _exchange(number, one)
        ]
        if path["finding"]:
            lines.append(_filled(path["finding"], "    ", "    "))
        before = asked
    return "\n".join(lines) if document["paths"] else ""


def _shared(before: Sequence[str], asked: Sequence[str], path: Document) -> int:
    """How many requests at the start are those of the path before; a path that stopped is shown whole."""
    if path["end"] == "stopped":
        return 0
    same = 0
    while same < min(len(before), len(asked) - 1) and before[same] == asked[same]:
        same += 1
    return same


def _exchange(number: int, one: Document) -> Iterator[str]:
    status = one["status"] or "----"
    yield f"    {number:2} {one['method']:4} {one['path']}"
    yield f"       {status} after {_milliseconds(one['seconds'])}, {one['bytes']} bytes {one['media']}".rstrip()
    if one["sent"]:
        yield _filled(f"sent: {_fields(one['sent'])}", "       ", "         ")
    if one["came"]:
        yield _filled(f"came: {one['came']}", "       ", "         ")


def _fields(fields: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in fields.items())


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms" if seconds < 0.01 else f"{1000 * seconds:.0f} ms"  # noqa: PLR2004


def _filled(text: str, first: str = "", more: str = "") -> str:
    return textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=more, break_on_hyphens=False)


def _painted(text: str, what: str, *, colour: bool) -> str:
    return f"\x1b[{_COLOURS[what]}m{text}\x1b[0m" if colour and what in _COLOURS else text
