"""What a run ends in: one of four verdicts, with everything that led to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness.exits import Exit


class Verdict(StrEnum):
    """The four ends of a run, or of one objective; only the first is a pass."""

    PASSED = "passed"
    FAILED = "failed"
    INVALID = "invalid"
    INCONCLUSIVE = "inconclusive"

    @property
    def exit(self) -> Exit:
        """What a pipeline is told."""
        return Exit[self.name]


class Severity(StrEnum):
    """How much a finding about the run weighs."""

    OK = "ok"
    WARNING = "warning"
    INCONCLUSIVE = "inconclusive"  # nobody's doing: the run shows too little for a pass
    FAILED = "failed"  # the shop's doing, whatever the objectives say: a stop rule ended the run
    INVALID = "invalid"  # the instrument's doing: the run says nothing


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check of the run's validity found: the cause with its figures, and what to do about it.

    ``check`` names the check; ``remedy`` is ``""`` where nothing needs doing.
    """

    check: str
    level: Severity
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class ObjectiveResult:
    """What became of one objective.

    ``measured`` and ``bound`` are in ``unit``: ``s``, ``share`` (a fraction), ``per_s`` or ``count``; ``measured`` is None
    without samples and ``inf`` for a time that was never reached. ``samples`` is how many were looked at, ``over`` how many
    of them were not as demanded. ``more_needed`` is how many samples more would decide, if more of the same would.
    ``design_effect`` is how many samples were worth one independent one. ``shortest_run`` is how many seconds must be judged at least
    for a pass, as fast as samples came; None: that is no matter of samples.
    """

    text: str
    verdict: Verdict
    measured: float | None
    bound: float
    unit: str
    samples: int
    over: int
    sentence: str
    more_needed: int | None = None
    design_effect: float = 1.0
    shortest_run: float | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict over a run, the reason for it in one sentence, and all that was looked at."""

    verdict: Verdict
    reason: str
    objectives: tuple[ObjectiveResult, ...]
    findings: tuple[Finding, ...]
