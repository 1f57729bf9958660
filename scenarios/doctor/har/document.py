"""What a recording showed, in the form in which the doctor's reports show a walk."""

from __future__ import annotations

from typing import Any

from harness.units import format_count
from scenarios.doctor.har.examination import RecordedPurchase
from scenarios.doctor.reporting.document import SCHEMA_VERSION, VERDICTS, coverage, finding_document, offer


def recording_document(found: RecordedPurchase, written: str = "") -> dict[str, Any]:
    """The whole examination; ``written`` is the name of the scenario file that was written."""
    end = "ok" if any(option.covered for option in found.facts.options) else "stopped"
    path = {
        "name": "the person of the recording",
        "end": end,
        "order": "",
        "amount": None,
        "seconds": round(found.seconds, 4),
        "changed": [],
        "finding": "",
        "exchanges": list(found.shown),
    }
    return {
        "schema_version": SCHEMA_VERSION,
        "target": found.target,
        "verdict": VERDICTS[found.exit],
        "exit_code": int(found.exit),
        "headline": headline(found),
        "findings": [finding_document(one, ()) for one in found.findings],
        "notes": [finding_document(one, ()) for one in found.notes],
        "changed": {},
        "orders": {"placed": 0, "numbers": [], "possible": 0, "look_for": "", "nothing_sent": True},
        "offers": [offer(option) for option in found.facts.options],
        "covers": coverage(found.facts),
        "written": written,
        "ended_early": "",
        "paths": [path],
    }


def headline(found: RecordedPurchase) -> str:
    """The answer in one line."""
    entries = format_count(found.recording.entries, "entry", "entries")
    read = f"{found.recording.path.name}: {entries}, {found.requests:,} of them requests of the shop"
    covered = [option.payment_type for option in found.facts.options if option.covered]
    if found.findings:
        return f"{read}. What to change:"
    return f"{read}. All are as checkload knows them, and lead to an order by {', '.join(covered)}."
