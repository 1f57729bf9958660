"""Notes that a run that passed may have been too short to meet an occasional stall of the shop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.objectives.model import Objective
from harness.objectives.sample_size import STALL_SECONDS, seconds_to_meet_stalls
from harness.objectives.verdict import Finding, Judgement, Severity, Verdict
from harness.units import format_duration

CHECK = "stalls"


def with_stall_note(judgement: Judgement, objectives: Sequence[Objective], seconds: float) -> Judgement:
    """The judgement of a run that was judged for so many seconds; with a warning if it passed and was too short."""
    needed = seconds_to_meet_stalls(objectives)
    if judgement.verdict is not Verdict.PASSED or needed is None or seconds >= needed:
        return judgement
    note = Finding(
        CHECK,
        Severity.WARNING,
        f"in {format_duration(seconds)}, the run may have met no stall of the shop, such as one of "
        f"{format_duration(STALL_SECONDS)} now and then; such stalls can break an objective on a percentile",
        f"to be sure of the percentiles, let the judged part last {format_duration(needed)}",
    )
    return replace(judgement, findings=(*judgement.findings, note))
