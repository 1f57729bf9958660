"""Writes what the doctor found as one HTML page that loads nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

import orjson

from scenarios.doctor.reporting.document import Document

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2433; --dim: #5c667a; --paper: #fff; --line: #d5dae3; --good: #1a7f4b; --bad: #b3261e;
  --unsure: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9f0; --dim: #9aa4b8; --paper: #14181f; --line: #333b49; --good: #5fce95;
  --bad: #ff8a80; --unsure: #f0c14b; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 62rem; margin: 2rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
.passed, .ok { color: var(--good); } .failed, .invalid, .stopped { color: var(--bad); }
.inconclusive, .left, .skipped { color: var(--unsure); }
.dim { color: var(--dim); font-size: .9rem; } code, pre { font: .85rem/1.4 ui-monospace, monospace; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .25rem 0; }
table { border-collapse: collapse; font-size: .85rem; width: 100%; } td, th { padding: .25rem .5rem; text-align: left;
  border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; } th { color: var(--dim); }
details { border-bottom: 1px solid var(--line); padding: .25rem 0; } summary { cursor: pointer; } li { margin: .5rem 0; }
"""


def html_page(document: Document) -> str:
    """The page; it needs no network, and its policy forbids any."""
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>checkload doctor: {escape(document['verdict'])}</title><style>{_STYLE}</style></head><body>",
        f'<h1 class="{document["verdict"]}">{escape(document["headline"])}</h1>',
        *_findings(document["findings"]),
        *(("<h2>Good to know</h2>", *_findings(document["notes"])) if document["notes"] else ()),
        "<h2>Orders</h2>",
        _orders(document["orders"]),
        *_offers(document),
        "<h2>Paths</h2>",
        *(line for path in document["paths"] for line in _path(path)),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _findings(findings: Sequence[Document]) -> Iterator[str]:
    yield "<ol>"
    for one in findings:
        changes = ", ".join(
            f"<code>{escape(each['key'])}{escape(' = ' + each['value']) if each['value'] else ''}</code>"
            for each in one["change"]
        )
        stops = f'<br><span class="dim">stops: {escape("; ".join(one["stops"]))}</span>' if one["stops"] else ""
        yield f"<li>{escape(one['text'])}{f'<br>change: {changes}' if changes else ''}{stops}</li>"
    yield "</ol>"


def _orders(orders: Document) -> str:
    if orders.get("nothing_sent"):
        return "<p>Nothing was sent: this is what a recording shows.</p>"
    numbers = f" Numbers: {escape(', '.join(orders['numbers']))}." if orders["numbers"] else ""
    return (
        f"<p>{orders['placed']} placed, {orders['possible']} more possible. Guests have e-mail addresses that end in "
        f"<code>{escape(orders['look_for'])}</code>.{numbers}</p>"
    )


def _offers(document: Document) -> Iterator[str]:
    if not document["offers"]:
        return
    yield "<h2>The shop offers</h2><table><tr><th>option</th><th>slug</th><th>pk</th><th>in a scenario</th></tr>"
    for option in document["offers"]:
        covered = "covered" if document.get("places_orders", True) else "chosen, not paid"
        state = covered if option["covered"] else ("not covered" if option["known"] else "unknown to checkload")
        cells = (option["payment_type"], option["slug"], option["pk"], state)
        yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
    yield "</table>"
    covers = document["covers"]
    sms = ", ".join(covers["sms"]) or "the shop asked for none"
    yield f"<p>Journeys: {escape(', '.join(covers['journeys']) or 'none')}. Codes by SMS: {escape(sms)}.</p>"


def _path(path: Document) -> Iterator[str]:
    order = f", order {escape(path['order'])}" if path["order"] else ""
    is_open = " open" if path["end"] == "stopped" else ""
    figures = f"{len(path['exchanges'])} requests, {path['seconds']:.2f} s{order}"
    yield f'<details{is_open}><summary><span class="{path["end"]}">{path["end"]}</span> {escape(path["name"])} <span class="dim">{figures}</span></summary>'
    if path["finding"]:
        yield f"<p>{escape(path['finding'])}</p>"
    for number, one in enumerate(path["exchanges"], 1):
        yield (
            f"<details><summary><code>{number} {escape(one['method'])} {escape(one['path'])}</code> "
            f'<span class="dim">{one["status"] or "no reply"}, {1000 * one["seconds"]:.1f} ms: {escape(one["came"])}</span></summary>'
        )
        shown = {
            "headers": one["headers"],
            "sent": one["sent"],
            "reply headers": one["reply_headers"],
            "reply": one["reply"],
        }
        yield from (
            f'<span class="dim">{name}</span><pre>{escape(_json(value))}</pre>'
            for name, value in shown.items()
            if value
        )
        yield "</details>"
    yield "</details>"


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
