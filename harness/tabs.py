"""The tabs in Locust's web UI: what hurts, how each payment option fares, and how the demands stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness import web
from harness.finish import Finished
from harness.gate import assess
from harness.histogram import Histogram
from harness.rows import Row, option_rows, page_rows, percentile
from harness.run import Run
from harness.units import spoken_duration, spoken_share
from harness.verdict import Level

CurrentRun = Callable[[], Run[Any] | None]
LastFinished = Callable[[], Finished | None]

_TIMES = {
    "count": "Count",
    "failed": "Failed",
    "p50": "p50 response",
    "p95": "p95 response",
    "p99": "p99 response",
    "service": "p95 service",
}


def add_tabs(web_ui: Any, current: CurrentRun, finished: LastFinished) -> None:
    """Add checkload's tabs to the web UI."""
    web.add_tab(web_ui, "hurts", "What hurts", {"page": "Page", **_TIMES}, lambda: hurting(current()))
    web.add_tab(
        web_ui,
        "options",
        "Payment options",
        {"option": "Payment option", "orders": "Orders", **_TIMES},
        lambda: options(current()),
    )
    web.add_tab(
        web_ui,
        "demands",
        "Verdict",
        {"demand": "Demand", "verdict": "Verdict", "sentence": "In words"},
        lambda: demands(current(), finished()),
    )


def hurting(run: Run[Any] | None) -> list[dict[str, Any]]:
    """A row per page of the steady part: those that fail most first, then the slowest."""
    if run is None:
        return []
    rows = sorted(page_rows(run.recorder), key=lambda row: (-row.failed, -(percentile(row.response, 0.95) or 0)))
    return [{"page": row.name, **_times(row)} for row in rows]


def options(run: Run[Any] | None) -> list[dict[str, Any]]:
    """A row per payment option of the steady part."""
    if run is None:
        return []
    rows = option_rows(run.recorder, run.workload.payment_options)
    return [{"option": row.name, "orders": row.orders, **_times(row)} for row in rows]


def demands(run: Run[Any] | None, finished: Finished | None) -> list[dict[str, Any]]:
    """How each demand stands at this moment; after the run the verdict, with whatever speaks against the measurement."""
    if run is None:
        return []
    if finished is None or finished.result.run_id != run.id:
        results = [assess(run.recorder, objective) for objective in run.workload.objectives]
        first = {
            "demand": "so far",
            "verdict": run.phase.replace("_", " "),
            "sentence": f"{run.elapsed:.0f} s of {run.length:.0f} s",
        }
        return [
            first,
            *({"demand": each.text, "verdict": str(each.verdict), "sentence": each.sentence} for each in results),
        ]
    judgement = finished.result.judgement
    first = {
        "demand": "the run",
        "verdict": str(judgement.verdict).upper(),
        "sentence": f"{judgement.reason} Results: {finished.folder}",
    }
    rows = [
        {"demand": each.text, "verdict": str(each.verdict), "sentence": each.sentence} for each in judgement.objectives
    ]
    rows += [
        {"demand": each.check, "verdict": str(each.level), "sentence": f"{each.message}. {each.remedy}".strip()}
        for each in judgement.findings
        if each.level is not Level.OK
    ]
    return [first, *rows]


def _times(row: Row) -> dict[str, Any]:
    return {
        "count": row.count,
        "failed": f"{row.failed} ({spoken_share(row.failed / row.count)})" if row.failed else 0,
        "p50": _spoken(row.response, 0.5),
        "p95": _spoken(row.response, 0.95),
        "p99": _spoken(row.response, 0.99),
        "service": _spoken(row.service, 0.95),
    }


def _spoken(histogram: Histogram, q: float) -> str:
    value = percentile(histogram, q) if histogram.total else None
    return "-" if value is None else spoken_duration(value)
