"""Decides the verdict over a capacity search: passed with an answer, failed below the required rate, or inconclusive."""

from __future__ import annotations

from collections.abc import Sequence

from harness.capacity.answer import CapacityAnswer
from harness.objectives.verdict import Finding, Judgement, ObjectiveResult, Verdict, decided_by_findings
from harness.units import format_number


def evaluate_search(
    answer: CapacityAnswer,
    results: Sequence[ObjectiveResult],
    findings: Sequence[Finding],
    at_least: float | None,
) -> Judgement:
    """The verdict over a search; ``at_least`` is the rate that the shop must carry, in journeys per second.

    ``results`` are the results of the objectives in the confirming level.
    """
    verdict, reason = _end(answer, findings, at_least)
    return Judgement(verdict, reason, tuple(results), tuple(findings))


def _end(answer: CapacityAnswer, findings: Sequence[Finding], at_least: float | None) -> tuple[Verdict, str]:
    if decided := decided_by_findings(findings):
        return decided
    required = None if at_least is None else at_least * 60
    if answer.journeys is None:
        return _unconfirmed(answer, required)
    carries = capacity_sentence(answer)
    if required is None or answer.journeys >= required:
        return Verdict.PASSED, carries
    requirement = f"{format_number(required)} journeys a minute are required"
    if answer.high is not None and answer.high < required and not answer.at_least:
        return Verdict.FAILED, f"{carries} {requirement}."
    return (
        Verdict.INCONCLUSIVE,
        f"{carries} {requirement}, and it is not certain that the shop carries them; search longer.",
    )


def _unconfirmed(answer: CapacityAnswer, required: float | None) -> tuple[Verdict, str]:
    if answer.high is not None and required is not None and answer.high < required:
        return Verdict.FAILED, (
            f"An objective breaks at {format_number(answer.boundary or 0)} journeys a minute; {format_number(required)} are required."
        )
    measured = [point for point in answer.points if not point.trouble]
    if measured and all(point.broken for point in measured):
        return Verdict.FAILED, f"The shop carries none of the rates that were tried: {answer.why}."
    return Verdict.INCONCLUSIVE, f"No rate was confirmed: {answer.why}."


def capacity_sentence(answer: CapacityAnswer) -> str:
    """What the shop carries, as a sentence; only for a confirmed answer."""
    least = "at least " if answer.at_least else ""
    sentence = (
        f"The shop carries {least}{format_number(round(answer.journeys or 0))} journeys and "
        f"{format_number(round(answer.orders or 0))} orders a minute."
    )
    return f"{sentence[:-1]}; it may carry more: {answer.why}." if answer.at_least else sentence
