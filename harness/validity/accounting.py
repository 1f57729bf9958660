"""Checks that the counts of the run are complete: arrivals, journeys, guaranteed minimums and the shop's own ledger."""

from __future__ import annotations

from collections.abc import Iterator

from harness.measurement.outcomes import Blame, Outcome
from harness.objectives.verdict import Finding, Severity
from harness.units import format_count
from harness.validity.evidence import Evidence
from harness.validity.ledger import first_differences


def arrivals_accounted_for(evidence: Evidence) -> Iterator[Finding]:
    """Whether every single arrival is accounted for.

    The offered arrivals are those of the plan, and each was either served or dropped. The check is exact: if the counts
    are wrong by one, the true error is unknown. The counts of a lost worker are wrong, and the loss has a check of its own.
    """
    arrivals, conditions = evidence.recorder.arrivals.values(), evidence.conditions
    offered, started = sum(one.offered for one in arrivals), sum(one.started for one in arrivals)
    dropped = sum(one.dropped for one in arrivals)
    wrong = []
    if offered != started + dropped:
        wrong.append(f"{offered:,} arrivals were offered, but {started:,} were served and {dropped:,} dropped")
    planned = conditions.delivery.expected_offered
    if planned is not None and offered != planned and not conditions.ended_early:
        wrong.append(f"{planned:,} arrivals were planned, but {offered:,} were offered")
    journeys = evidence.recorder.journeys
    recorded = sum(cell.response.total for key, cell in journeys.items() if key.outcome == Outcome.DROPPED)
    if recorded != dropped:
        wrong.append(f"{dropped:,} arrivals were dropped, but {recorded:,} are recorded as dropped journeys")
    ended = sum(cell.response.total for cell in journeys.values()) - recorded + conditions.delivery.truncated_journeys
    if offered and ended != started:
        wrong.append(f"{started:,} journeys began, but {ended:,} ended")
    if wrong:
        lost = conditions.fleet.worker_lost
        yield Finding(
            "accounting",
            Severity.WARNING if lost else Severity.INVALID,
            f"the counts {'lack those of a lost worker' if lost else 'contradict each other'}: {'; '.join(wrong)}",
            "" if lost else "report this bug of checkload",
        )
    elif offered and not conditions.fleet.worker_lost:
        yield Finding(
            "accounting",
            Severity.OK,
            f"{format_count(offered, 'arrival')}: {started:,} served, {dropped:,} dropped, none lost",
        )


def ledger_agreement(evidence: Evidence) -> Iterator[Finding]:
    """Whether the shop's own ledger agrees with the measurement; a lost worker makes them differ, and has a check of its own."""
    differences, why = evidence.conditions.shop.ledger, evidence.conditions.shop.ledger_explained
    said = first_differences(differences)
    if differences and why:
        yield Finding("ledger", Severity.WARNING, f"the shop's ledger differs ({said}) because {why}")
    elif differences and evidence.conditions.fleet.worker_lost:
        message = f"the shop's ledger differs ({said}): expected, because a worker was lost"
        yield Finding("ledger", Severity.WARNING, message)
    elif differences:
        yield Finding(
            "ledger",
            Severity.INVALID,
            f"the shop's ledger disagrees: {said}",
            "look for lost requests, for a proxy that repeats requests, and for other clients of the shop",
        )


def guaranteed_journeys(evidence: Evidence) -> Iterator[Finding]:
    """Whether rare payment options had their guaranteed number of journeys; served journeys count in every phase."""
    served: dict[str, int] = {}
    for key, cell in evidence.recorder.journeys.items():
        if key.outcome != Outcome.DROPPED and key.blame != Blame.HARNESS:
            served[key.payment_option] = served.get(key.payment_option, 0) + cell.response.total
    short = [
        f"{option} {served.get(option, 0):,} of {planned:,}"
        for option, planned in sorted(evidence.conditions.delivery.planned_minimum.items())
        if served.get(option, 0) < planned
    ]
    if short and not evidence.conditions.ended_early:
        yield Finding(
            "minimum",
            Severity.INVALID,
            f"payment options had fewer journeys than guaranteed: {', '.join(short)}",
            "lengthen the run, or lower the minimum",
        )


def aborted_journeys(evidence: Evidence) -> Iterator[Finding]:
    """Whether all journeys ended before the drain was over.

    Journeys that were cut off are no reason to distrust the others: the verdict counts them against a pass.
    """
    number = evidence.conditions.delivery.truncated_journeys + sum(
        cell.response.total for key, cell in evidence.recorder.journeys.items() if key.outcome == Outcome.ABORTED
    )
    if number and not evidence.conditions.ended_early:
        yield Finding(
            "truncated",
            Severity.WARNING,
            f"{format_count(number, 'journey was', 'journeys were')} still in progress when the run ended",
            "make the drain longer than the longest journey",
        )
