"""Writes ``summary.json``: what people and scripts want to know of a run, in under 20 kB; see ``summary.schema.json``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from math import inf, isfinite
from typing import Any

import orjson

from harness.measurement.summary import every_journey, every_page, option_rows, page_rows
from harness.objectives.throughput import JOURNEYS, ORDERS, PAGES, per_second
from harness.objectives.verdict import ObjectiveResult, Severity, Verdict
from harness.reporting.cause import causes_of_verdict, what_to_do
from harness.results.result import Result

SCHEMA_VERSION = 1
MOST_OBJECTIVES = 30
MOST_FINDINGS = 10
MOST_PAGES = 25
"""Longer lists are cut, the worst first; ``left_out`` counts the rest, which ``result.json`` has."""
_LONGEST_TEXT = 300
_WORST_FIRST = (Verdict.FAILED, Verdict.INCONCLUSIVE, Verdict.INVALID, Verdict.PASSED)
_SEVEREST_FIRST = (Severity.INVALID, Severity.FAILED, Severity.INCONCLUSIVE, Severity.WARNING, Severity.OK)


def summary_json(result: Result) -> bytes:
    """The document, in UTF-8: each key on a line of its own, and each item of a list of tables."""
    lines = [f"  {_dumped(key)}: {_value(value)}" for key, value in summary_document(result).items()]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _value(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(f"    {_dumped(item)}" for item in value) + "\n  ]"
    return _dumped(value)


def _dumped(value: Any) -> str:
    return orjson.dumps(_rounded(value)).decode()


def _rounded(value: Any) -> Any:
    """The value with six digits of each number: histograms are no more exact."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    return [_rounded(inner) for inner in value] if isinstance(value, list) else value


def summary_document(result: Result) -> dict[str, Any]:
    """The document; times are in seconds, rates per second, ``"inf"`` means never answered."""
    judgement, recorder = result.judgement, result.recorder
    objectives = sorted(judgement.objectives, key=lambda one: _WORST_FIRST.index(one.verdict))
    findings = sorted(judgement.findings, key=lambda one: _SEVEREST_FIRST.index(one.level))
    pages = sorted(page_rows(recorder), key=lambda row: (-row.failed, -row.response.sum))
    counts = result.counts
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": _text(result.run_id),
        "scenario": _text(result.scenario),
        "verdict": judgement.verdict.value,
        "exit_code": int(result.exit),
        "reason": _text(judgement.reason),
        "causes": [_text(line) for line in causes_of_verdict(result)],
        "remedy": _text(what_to_do(result)),
        "started_at": result.started_at.astimezone(UTC).isoformat(),
        "ended_at": result.ended_at.astimezone(UTC).isoformat(),
        "stopped": _text(result.stopped),
        "objectives": [_objective(one, judgement.verdict) for one in objectives[:MOST_OBJECTIVES]],
        "findings": [
            {"check": one.check, "level": one.level.value, "message": _text(one.message), "remedy": _text(one.remedy)}
            for one in findings[:MOST_FINDINGS]
        ],
        "counts": {
            "pages": counts.pages,
            "failed_pages": counts.failed_pages,
            "journeys": counts.journeys,
            "failed_journeys": counts.failed_journeys,
            "orders": counts.orders,
        },
        "throughput": {
            name: _number(per_second(recorder, of))
            for name, of in (("pages", PAGES), ("journeys", JOURNEYS), ("orders", ORDERS))
        },
        "all_pages": every_page(recorder).to_json(),
        "all_journeys": every_journey(recorder).to_json(),
        "pages": [row.to_json() for row in pages[:MOST_PAGES]],
        "payment_options": [row.to_json() for row in option_rows(recorder, result.asked.payment_options)],
        "capacity": _capacity(result),
        "left_out": {
            "objectives": _left_out(objectives, MOST_OBJECTIVES),
            "findings": _left_out(findings, MOST_FINDINGS),
            "pages": _left_out(pages, MOST_PAGES),
        },
    }


def _objective(one: ObjectiveResult, verdict: Verdict) -> dict[str, Any]:
    judged = Verdict.INVALID not in {verdict, one.verdict}
    return {
        "text": _text(one.text),
        "verdict": one.verdict.value if judged else "not judged",
        "measured": _number(one.measured),
        "bound": one.bound,
        "unit": one.unit,
        "samples": one.samples,
        "more_needed": one.more_needed,
    }


def _capacity(result: Result) -> dict[str, Any] | None:
    """The answer of a search for the capacity: orders per minute, with the interval."""
    answer = result.capacity
    if answer is None:
        return None
    names = ("journeys", "orders", "orders_low", "orders_high")
    return {name: _number(getattr(answer, name)) for name in names}


def _number(value: float | None) -> float | str | None:
    if value is None:
        return None
    return value if isfinite(value) else "inf" if value == inf else None


def _text(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"


def _left_out(every: Sequence[object], most: int) -> int:
    return max(0, len(every) - most)
