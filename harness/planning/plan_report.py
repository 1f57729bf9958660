"""Writes a plan as text for the console, as JSON, and as one self-contained HTML page."""

from __future__ import annotations

import math
import textwrap
from dataclasses import asdict, is_dataclass
from typing import Any

from tabulate import tabulate

from harness.planning import text as words
from harness.planning.capacity_plan import CapacityPlan
from harness.planning.charts import plan_charts
from harness.planning.forecast import quantile
from harness.planning.tables import tables
from harness.reporting.html.chart import ChartSet
from harness.reporting.html.markup import element, joined, report_table, section
from harness.reporting.html.page import figures, page
from harness.reporting.tables import ReportTable

SCHEMA_VERSION = 1
_CELL = 40

_COLOURS = {"passed": "#1a7f4b", "failed": "#b3261e", "invalid": "#6a1b9a", "inconclusive": "#7a5b00"}


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


def html(plan: CapacityPlan) -> bytes:
    """The plan as one HTML page with charts, which asks no network for anything."""
    first, *remaining = words.sentences(plan)
    verdict = plan.verdict.value
    charts = ChartSet(charts=plan_charts(plan))
    missing = plan.curve_missing if plan.measured.levels else ""
    body = joined(
        element(
            "header",
            element("p", "checkload plan", class_="what"),
            element("h1", words.VERDICT_LABELS[plan.verdict]),
            element("p", words.reason(plan), class_="meaning"),
            element("p", first, class_="reason"),
            class_=f"banner {verdict}",
        ),
        element(
            "main",
            element("div", *(element("p", one) for one in remaining), class_="facts"),
            section(
                "The curve", figures(charts, *charts.charts), element("p", missing, class_="note") if missing else None
            ),
            *(section(table.title, report_table(table)) for table in tables(plan)),
            section("Assumptions", element("ul", *(element("li", one) for one in words.assumptions(plan)))),
        ),
    )
    title = f"checkload plan: {words.VERDICT_LABELS[plan.verdict]}"
    return page(title, body, charts, colour=_COLOURS[verdict])


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
    return {f"p{q}": quantile(values, q / 100) for q in (5, 50, 95)}


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
