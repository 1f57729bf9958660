"""Makes the rows of the tab "Verdict" when a run is over: the verdict, its reasons, and what the report says."""

from __future__ import annotations

from typing import Any

from harness.judging.finish import Finished
from harness.locust_plugin.web.guard import Rows
from harness.objectives.verdict import Finding, Severity, Verdict
from harness.reporting import text as sentences
from harness.run.run import Run
from harness.validity.titles import title_of

NOT_JUDGED = "not judged"


def verdict_rows(finished: Finished, asked: dict[str, Any]) -> Rows:
    """The verdict, the settings that were ``asked``, the reasons and further sentences of the report."""
    return [_judged(finished), asked, *_reasons(finished), *_report_rows(finished)]


def skipped_objectives(run: Run) -> Rows:
    """The objectives of the scenario that this run skips because of its overrides."""
    return [
        {
            "demand": text,
            "verdict": "skipped",
            "sentence": "your overrides leave nothing to measure",
        }
        for text in run.workload.as_asked()["chosen"].get("set_aside", ())
    ]


def _report_rows(finished: Finished) -> Rows:
    """Further sentences of the report: throughput, and the gap between response and service time."""
    said = (
        ("what moved first", sentences.what_moved_first),
        ("throughput", sentences.throughput),
        ("response and service time", sentences.response_service_gap),
    )
    return [
        {"demand": name, "verdict": "", "sentence": sentence} for name, of in said if (sentence := of(finished.result))
    ]


def _judged(finished: Finished) -> dict[str, Any]:
    judgement = finished.result.judgement
    return {
        "demand": "the run",
        "verdict": str(judgement.verdict).upper(),
        "sentence": f"{judgement.reason} Results: {finished.folder.absolute()}",
    }


def _reasons(finished: Finished) -> Rows:
    """The objectives and the findings of the validity checks, the worst first."""
    judgement = finished.result.judgement
    order = [Severity.INVALID, Verdict.FAILED, Verdict.INCONCLUSIVE, Severity.WARNING, Verdict.PASSED, NOT_JUDGED]
    weighed = [
        (
            order.index(each.level),
            {"demand": f"validity: {title_of(each.check)}", "verdict": str(each.level), "sentence": found_text(each)},
        )
        for each in judgement.findings
        if each.level is not Severity.OK
    ]
    weighed += [
        (order.index(verdict), {"demand": each.text, "verdict": str(verdict), "sentence": each.sentence})
        for each in judgement.objectives
        for verdict in [NOT_JUDGED if Verdict.INVALID in (judgement.verdict, each.verdict) else each.verdict]
    ]
    return [row for _, row in sorted(weighed, key=lambda one: one[0])]


def found_text(finding: Finding) -> str:
    """What a check found, and what to do about it."""
    return f"{finding.message}; {finding.remedy}" if finding.remedy else finding.message
