"""How a search for capacity ends: passed with an answer, failed below what is asked, or without enough to tell."""

from __future__ import annotations

from collections.abc import Sequence

from harness.capacity.answer import CapacityAnswer
from harness.objectives.verdict import Finding, Judgement, ObjectiveResult, Severity, Verdict
from harness.units import format_number


def evaluate_search(
    answer: CapacityAnswer,
    results: Sequence[ObjectiveResult],
    findings: Sequence[Finding],
    at_least: float | None,
) -> Judgement:
    """The verdict over a search; ``at_least`` is what the shop must carry, in journeys per second.

    ``results`` are the demands as the confirming level kept them. Invalid outranks all, as in any run.
    """
    verdict, reason = _end(answer, findings, at_least)
    return Judgement(verdict, reason, tuple(results), tuple(findings))


def _end(answer: CapacityAnswer, findings: Sequence[Finding], at_least: float | None) -> tuple[Verdict, str]:
    invalid = [finding for finding in findings if finding.level is Severity.INVALID]
    if invalid:
        return Verdict.INVALID, f"The run cannot be trusted: {invalid[0].message}."
    stopped = [finding for finding in findings if finding.level is Severity.FAILED]
    if stopped:
        return Verdict.FAILED, f"{stopped[0].message[:1].upper()}{stopped[0].message[1:]}."
    asked = None if at_least is None else at_least * 60
    if answer.journeys is None:
        return _without(answer, asked)
    carries = capacity_sentence(answer)
    if asked is None or answer.journeys >= asked:
        return Verdict.PASSED, carries
    wanted = f"{format_number(asked)} journeys a minute are asked for"
    if answer.high is not None and answer.high < asked and not answer.at_least:
        return Verdict.FAILED, f"{carries} {wanted}."
    return Verdict.INCONCLUSIVE, f"{carries} {wanted}, and whether it carries them is not certain; search longer."


def _without(answer: CapacityAnswer, asked: float | None) -> tuple[Verdict, str]:
    if answer.high is not None and asked is not None and answer.high < asked:
        return Verdict.FAILED, (
            f"A demand gives way at {format_number(answer.boundary or 0)} journeys a minute; {format_number(asked)} are asked for."
        )
    measured = [point for point in answer.points if not point.trouble]
    if measured and all(point.broken for point in measured):
        return Verdict.FAILED, f"The shop carries nothing that was tried: {answer.why}."
    return Verdict.INCONCLUSIVE, f"No rate was confirmed: {answer.why}."


def capacity_sentence(answer: CapacityAnswer) -> str:
    """What the shop carries, in a sentence; only for an answer that was confirmed."""
    least = "at least " if answer.at_least else ""
    sentence = (
        f"The shop carries {least}{format_number(round(answer.journeys or 0))} journeys and "
        f"{format_number(round(answer.orders or 0))} orders a minute."
    )
    return f"{sentence[:-1]}; it may carry more: {answer.why}." if answer.at_least else sentence
