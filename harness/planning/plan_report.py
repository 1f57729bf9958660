"""Writes a plan as text for the console, as JSON, and as one self-contained HTML page."""

from __future__ import annotations

import math
import textwrap
from dataclasses import asdict, is_dataclass
from html import escape
from typing import Any

from tabulate import tabulate

from harness.planning import text as words
from harness.planning.capacity_plan import CapacityPlan
from harness.planning.charts import response_curve, throughput_curve
from harness.planning.tables import tables
from harness.reporting.tables import ReportTable

SCHEMA_VERSION = 1
_CELL = 40

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2433; --dim: #5c667a; --paper: #fff; --line: #d5dae3; --good: #1a7f4b; --bad: #b3261e;
  --unsure: #9a6700; --one: #2456b3; --two: #b3561e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9f0; --dim: #9aa4b8; --paper: #14181f; --line: #333b49; --good: #5fce95;
  --bad: #ff8a80; --unsure: #f0c14b; --one: #7fa7f5; --two: #f0a070; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 62rem; margin: 2rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
.passed { color: var(--good); } .failed, .invalid { color: var(--bad); } .inconclusive { color: var(--unsure); }
.answer { font-size: 1.2rem; } .dim, figcaption, li { color: var(--dim); font-size: .9rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top; }
th { color: var(--dim); font-weight: 600; } .text { text-align: left; }
figure { margin: 1rem 0; } svg { width: 100%; height: auto; } svg text { fill: var(--dim); font-size: 12px; }
"""


def console(plan: CapacityPlan, width: int = 100) -> str:
    """The plan for a terminal: the answer, its consequences, the tables, and the assumptions."""
    parts = [textwrap.fill(words.headline(plan), width)]
    parts += ["\n".join(textwrap.fill(one, width, break_on_hyphens=False) for one in words.sentences(plan))]
    parts += [f"{table.title}\n{_drawn(table)}" for table in tables(plan)]
    if plan.curve_missing and plan.measured.levels:
        parts.append(textwrap.fill(plan.curve_missing, width, break_on_hyphens=False))
    listed = [
        textwrap.fill(one, width, initial_indent="  - ", subsequent_indent="    ", break_on_hyphens=False)
        for one in words.assumptions(plan)
    ]
    if listed:
        parts.append("\n".join(["Assumptions", *listed]))
    return "\n\n".join(parts) + "\n"


def html(plan: CapacityPlan) -> str:
    """The plan as an HTML page with charts."""
    first, *remaining = words.sentences(plan)
    verdict = plan.verdict.value
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>checkload plan: {escape(words.VERDICT_LABELS[plan.verdict])}</title><style>{_STYLE}</style></head><body>",
        f'<h1 class="{verdict}">{escape(words.headline(plan))}</h1>',
        f'<p class="answer">{escape(first)}</p>',
        *(f"<p>{escape(one)}</p>" for one in remaining),
        *(figure for figure in (throughput_curve(plan), response_curve(plan)) if figure),
        f'<p class="dim">{escape(plan.curve_missing)}</p>' if plan.curve_missing and plan.measured.levels else "",
        *(_table(table) for table in tables(plan)),
        "<h2>Assumptions</h2>",
        "<ul>",
        *(f"<li>{escape(one)}</li>" for one in words.assumptions(plan)),
        "</ul></body></html>",
    ]
    text = "\n".join(part for part in parts if part) + "\n"
    return text.replace(" %", "\u00a0%")  # a number and its sign stay on one line


def to_json(plan: CapacityPlan) -> dict[str, Any]:
    """Every figure of the plan: rates per second, times in seconds, ``"inf"`` for infinite. Random draws are left out."""
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "verdict": plan.verdict.value,
        "exit_code": int(plan.verdict.exit),
        "headline": words.headline(plan),
        "sentences": list(words.sentences(plan)),
        "assumptions": list(words.assumptions(plan)),
        "capacity_orders_per_minute": None
        if plan.carries is None
        else {name: plan.orders(getattr(plan.carries, name)) for name in ("likely", "low", "high")},
        "levels": [asdict(level) for level in plan.measured.levels],
        "refused": [{"result": name, "why": why} for name, why in plan.measured.refused],
        "curve_missing": plan.curve_missing,
        "curve": None
        if plan.curve is None
        else {
            **asdict(plan.curve.law),
            "most": plan.curve.law.most,
            "most_interval": plan.curve.most(),
            "knee": plan.curve.law.knee,
            "knee_interval": plan.curve.knee(),
            "residuals": plan.curve.residuals,
        },
        "peak": {
            "orders": _spread(plan.need.orders),
            "journeys": _spread(plan.need.journeys),
            "conversion": plan.need.conversion,
            "work": plan.need.work,
        },
    }
    for name in (
        "now",
        "carries",
        "fits",
        "carries_lost",
        "fits_lost",
        "needed",
        "headroom",
        "weeks",
        "saturation",
        "wait",
    ):
        document[name] = _plain(getattr(plan, name))
    document["patience"] = plan.patience
    document["instances"] = [_plain(step) for step in plan.steps]
    document["overloads"] = [_plain(one) for one in plan.overloads]
    document["what_ifs"] = [_plain(one) for one in plan.others]
    plain: dict[str, Any] = finite(document)
    return plain


def finite(value: Any) -> Any:
    """The same value with infinity as ``"inf"`` and NaN as ``null``, because JSON has neither."""
    match value:
        case dict():
            return {key: finite(each) for key, each in value.items()}
        case list() | tuple():
            return [finite(each) for each in value]
        case float() if math.isnan(value):
            return None
        case float() if math.isinf(value):
            return "inf"
        case _:
            return value


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def _spread(values: tuple[float, ...]) -> dict[str, float]:
    ranked = sorted(values)
    return {f"p{q}": ranked[min(len(ranked) - 1, int(q / 100 * len(ranked)))] for q in (5, 50, 95)}


def _drawn(table: ReportTable) -> str:
    columns = range(len(table.headings))
    return tabulate(
        table.rows,
        table.headings,
        tablefmt="simple",
        colalign=table.alignment,
        disable_numparse=True,
        maxcolwidths=[_CELL if any(len(row[place]) > _CELL for row in table.rows) else None for place in columns],
        maxheadercolwidths=[12 for _ in columns],
    )


def _table(table: ReportTable) -> str:
    sides = [' class="text"' if side == "left" else "" for side in table.alignment]
    head = "".join(f"<th{side}>{escape(text)}</th>" for side, text in zip(sides, table.headings, strict=True))
    rows = "\n".join(
        f"<tr>{''.join(f'<td{side}>{escape(cell)}</td>' for side, cell in zip(sides, row, strict=True))}</tr>"
        for row in table.rows
    )
    return f'<h2>{escape(table.title)}</h2><div class="wide"><table><tr>{head}</tr>\n{rows}</table></div>'
