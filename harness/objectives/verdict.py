"""The verdict over a run or an objective, with everything that led to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.exits import Exit


class Verdict(StrEnum):
    """The four verdicts over a run or an objective; only the first is a pass."""

    PASSED = "passed"
    FAILED = "failed"
    INVALID = "invalid"
    INCONCLUSIVE = "inconclusive"

    @property
    def exit(self) -> Exit:
        """The exit code for this verdict."""
        return Exit[self.name]

    @classmethod
    def worst(cls, verdicts: Iterable[Verdict]) -> Verdict:
        """The verdict over several: the first of invalid, failed and inconclusive that occurs, else passed."""
        found = set(verdicts)
        return next((one for one in (cls.INVALID, cls.FAILED, cls.INCONCLUSIVE) if one in found), cls.PASSED)


class Severity(StrEnum):
    """What a finding does to the verdict over a run."""

    OK = "ok"
    WARNING = "warning"
    INCONCLUSIVE = "inconclusive"  # the run shows too little for a pass
    FAILED = "failed"  # the shop failed, whatever the objectives say: a stop rule ended the run
    INVALID = "invalid"  # the harness failed: the run says nothing about the shop


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check of the run's validity found: the cause with its figures, and what to do about it.

    ``check`` is the name of the check. ``remedy`` is ``""`` if there is nothing to do.
    """

    check: str
    level: Severity
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class ObjectiveResult:
    """The verdict over one objective and its figures.

    ``measured`` and ``bound`` are in ``unit``: ``s``, ``share`` (a fraction), ``per_s``, ``count``, or ``value`` for a metric of the
    shop, whose unit only its query knows. ``measured`` is None without samples, and ``inf`` for a time that was never reached. ``samples`` is the number of samples, ``over`` how many of them are over
    the bound. ``more_needed`` is how many more samples would decide, if a longer run would. ``design_effect`` is how many samples
    count as one independent sample. ``shortest_run`` is the shortest steady part in seconds that can pass at this rate of samples;
    None if a pass does not depend on the number of samples.
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
    """The verdict over a run, its reason in one sentence, and all results and findings."""

    verdict: Verdict
    reason: str
    objectives: tuple[ObjectiveResult, ...]
    findings: tuple[Finding, ...]


def decided_by_findings(findings: Sequence[Finding]) -> tuple[Verdict, str] | None:
    """The verdict and its reason if findings alone decide it: invalid before failed; None if they do not."""
    invalid = [finding for finding in findings if finding.level is Severity.INVALID]
    if invalid:
        return Verdict.INVALID, as_sentence(first_of(invalid))
    failed = [finding for finding in findings if finding.level is Severity.FAILED]
    return (Verdict.FAILED, as_sentence(failed[0].message)) if failed else None


def first_of(findings: Sequence[Finding]) -> str:
    """The message of the first finding, and how many more there are."""
    left = len(findings) - 1
    return findings[0].message + (f" (and {left} more reason{'s' * (left > 1)})" if left else "")


def as_sentence(message: str) -> str:
    """The message of a finding as a sentence of its own; the name checkload keeps its small letter."""
    start = message[:1] if message.startswith("checkload") else message[:1].upper()
    return f"{start}{message[1:]}."
