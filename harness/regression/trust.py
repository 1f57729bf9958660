"""Says what a run may be used for: its own verdict decides, except that a disturbed run may still show a regression."""

from __future__ import annotations

from enum import StrEnum

from harness.objectives.verdict import Severity, Verdict
from harness.results.result import Result

DISTURBANCES = frozenset({"collector", "crowded", "lateness", "loop", "pressure", "steal", "worker_lag"})
"""The checks that find checkload late because its machine was busy with something else."""


class Trust(StrEnum):
    """What a run may be used for in a comparison.

    In a ``DISTURBED`` run, checkload was late because of its machine. Its lateness is in the times of both versions, so it
    makes their ratio smaller. Such a run can show a regression, but it cannot prove that there is none.
    """

    FULL = "full"
    DISTURBED = "disturbed"
    NONE = "none"


def trust_in(result: Result) -> Trust:
    """What this run may be used for."""
    if result.judgement.verdict is not Verdict.INVALID:
        return Trust.FULL
    invalid = {finding.check for finding in result.judgement.findings if finding.level is Severity.INVALID}
    return Trust.DISTURBED if invalid and invalid <= DISTURBANCES else Trust.NONE


def cause_of_invalidity(result: Result) -> str:
    """Why a run is invalid, in half a sentence."""
    causes = [each.message for each in result.judgement.findings if each.level is Severity.INVALID]
    return causes[0] if causes else result.judgement.reason
