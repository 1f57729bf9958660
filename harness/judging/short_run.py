"""Warns that a run that passed may have been too short to meet an occasional stall of the shop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.objectives.model import Objective
from harness.objectives.sample_size import seconds_to_meet_stalls, stall_text
from harness.objectives.verdict import Finding, Judgement, Severity, Verdict
from harness.units import format_duration

CHECK = "stalls"


def with_stall_warning(judgement: Judgement, objectives: Sequence[Objective], seconds: float) -> Judgement:
    """The judgement of a run that was judged for so many seconds; with a warning if it passed and was too short."""
    needed = seconds_to_meet_stalls(objectives, seconds)
    if judgement.verdict is not Verdict.PASSED or needed is None:
        return judgement
    remedy = f"let the judged part last {format_duration(needed)}"
    warning = Finding(CHECK, Severity.WARNING, stall_text(seconds, "a steady part"), remedy)
    return replace(judgement, findings=(*judgement.findings, warning))
