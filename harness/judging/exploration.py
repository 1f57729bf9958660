"""Judges a run that a person changed while it was on: it explores, and proves nothing about the scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.objectives.verdict import Finding, Judgement, Severity, Verdict, decided_by_findings
from harness.results.result import SteeringChange
from harness.units import format_count

CHECK = "exploration"
REMEDY = "to judge a load, start a run with these values and change nothing"


def explored(judgement: Judgement, changes: Sequence[SteeringChange]) -> Judgement:
    """The judgement of a run with these changes: never passed and never failed by an objective.

    The objectives were stated for the load of the scenario, and the samples are a mixture of several loads. So no objective is
    decided; its sentence still says what was measured. A run that cannot be trusted stays invalid, and a finding that fails a run
    stays a failure.
    """
    finding = Finding(
        CHECK, Severity.INCONCLUSIVE, f"a person changed the load while it was on ({_listed(changes)})", REMEDY
    )
    findings = (*judgement.findings, finding)
    if (decided := decided_by_findings(findings)) is not None:
        verdict, reason = decided
        return Judgement(verdict, reason, judgement.objectives, findings)
    kept = sum(each.verdict is Verdict.PASSED for each in judgement.objectives)
    broken = sum(each.verdict is Verdict.FAILED for each in judgement.objectives)
    objectives = tuple(
        replace(each, verdict=Verdict.INCONCLUSIVE, sentence=f"{each.sentence}; not judged, as the load was changed")
        for each in judgement.objectives
    )
    reason = (
        f"This run explored: the load was changed {_times(len(changes))} while it was on. In all that was measured, "
        f"{format_count(kept, 'objective')} would be kept and {broken:,} broken."
    )
    return Judgement(Verdict.INCONCLUSIVE, reason, objectives, findings)


def _listed(changes: Sequence[SteeringChange]) -> str:
    first = "; ".join(f"{one.quantity} from {one.before} to {one.after} at {one.at:.0f} s" for one in changes[:3])
    return first + (f"; and {len(changes) - 3:,} more" if len(changes) > 3 else "")  # noqa: PLR2004


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"
