"""Checks how the run went as a whole: whether it reached the target, sent requests, and came to its planned end."""

from __future__ import annotations

from collections.abc import Iterator

from harness.measurement.outcomes import Blame, Outcome
from harness.objectives.verdict import Finding, Severity
from harness.units import format_count, format_duration
from harness.validity.evidence import Evidence
from harness.validity.user_supply import more_users_remedy, short_of_users

MIN_LOAD_SHARE = 0.99
"""The least share of the planned duration that the load must last."""
EXPLAINED_OUTCOMES = (Outcome.ABORTED, Outcome.NO_ACCOUNT, Outcome.NO_SOCKET, Outcome.NOT_OFFERED, Outcome.NO_PRODUCT)
"""Outcomes with a check of their own; every other outcome that checkload causes is a bug."""


def crashed(evidence: Evidence) -> Iterator[Finding]:
    """Whether checkload itself crashed."""
    if evidence.conditions.end.crashed:
        yield Finding(
            "harness",
            Severity.INVALID,
            f"checkload crashed: {evidence.conditions.end.crashed}",
            "report this bug, and attach the log",
        )


def requests(evidence: Evidence) -> Iterator[Finding]:
    """Whether any request was sent; a run without a request has no failures, and must not pass because of that."""
    if evidence.conditions.end.target_unreachable:
        return  # the check of the target gives this reason
    if evidence.conditions.end.requests_sent:
        yield Finding(
            "requests",
            Severity.OK,
            f"{format_count(evidence.conditions.end.requests_sent, 'request was', 'requests were')} sent",
        )
    else:
        yield Finding(
            "requests",
            Severity.INVALID,
            "no request was sent",
            "read the log for the reason; perhaps no user was started, or no arrival became due",
        )


def target_reachable(evidence: Evidence) -> Iterator[Finding]:
    """Whether the target could be reached; if *every* connection failed, no shop was measured."""
    why = evidence.conditions.end.target_unreachable
    pages = evidence.recorder.pages
    if not why and pages and all(key.outcome == Outcome.CONNECTION for key in pages):
        why = f"all {sum(cell.response.total for cell in pages.values()):,} connections failed"
    if why:
        yield Finding(
            "target",
            Severity.INVALID,
            f"the target could not be reached: {why}",
            "start the target, or correct its address",
        )


def shop_alive(evidence: Evidence) -> Iterator[Finding]:
    """Whether the embedded shop ran until the end."""
    if evidence.conditions.shop.ended_early:
        yield Finding(
            "shop",
            Severity.INVALID,
            "the embedded shop ended in the middle of the run",
            "read the log of the shop for the reason",
        )


def ran_to_its_end(evidence: Evidence) -> Iterator[Finding]:
    """Whether the run came to its planned end.

    A person, a stop file or a stop rule can end it earlier. A stop rule speaks against the shop, not against checkload,
    unless there were too few virtual users.
    """
    conditions = evidence.conditions
    if conditions.end.target_unreachable:
        return
    lasted = format_duration(conditions.delivery.load_duration)
    too_short = conditions.delivery.load_duration < MIN_LOAD_SHARE * conditions.delivery.planned_duration
    if conditions.end.interrupted:
        yield Finding(
            "end",
            Severity.INVALID,
            f"the run was interrupted after {lasted} by {conditions.end.interrupted}",
            "let the run finish",
        )
    elif conditions.end.stop_rule and short_of_users(evidence):
        message = f"{conditions.end.stop_rule}; most failed journeys never got a virtual user, which is no failure of the shop"
        yield Finding("end", Severity.WARNING, message, more_users_remedy(evidence))
    elif conditions.end.stop_rule:
        yield Finding(
            "end", Severity.FAILED, conditions.end.stop_rule, "find out what broke the shop before you load it again"
        )
    elif conditions.end.ceiling:
        planned = format_duration(conditions.delivery.planned_duration)
        message = f"the load ended after {lasted} of {planned}: {conditions.end.ceiling}"
        yield Finding("end", Severity.WARNING, message, "raise the ceiling, or plan a shorter run or a lower rate")
    elif conditions.end.stopped:
        planned = format_duration(conditions.delivery.planned_duration)
        message = f"the load ended after {lasted} of {planned}: {conditions.end.stopped}; only that much is judged"
        yield Finding("end", Severity.WARNING, message, "let the run finish")
    elif conditions.end.certain_verdict_reason:
        planned = format_duration(conditions.delivery.planned_duration)
        message = f"the load ended after {lasted} of {planned}: {conditions.end.certain_verdict_reason}"
        yield Finding("end", Severity.OK, message)
    elif too_short and conditions.fleet.worker_lost:
        planned = format_duration(conditions.delivery.planned_duration)
        message = f"the load lasted only {lasted} of {planned}: expected, because a worker was lost"
        yield Finding("end", Severity.WARNING, message)
    elif too_short:
        yield Finding(
            "end",
            Severity.INVALID,
            f"the load lasted only {lasted} of {format_duration(conditions.delivery.planned_duration)}",
            "read the log for the reason",
        )
    else:
        yield Finding("end", Severity.OK, f"the load lasted {lasted}")


def harness_errors(evidence: Evidence) -> Iterator[Finding]:
    """Whether a page or journey ended by a bug of checkload; one is enough, because its other effects are unknown."""
    recorder = evidence.recorder
    ended = [(page.outcome, page.blame, cell.response.total) for page, cell in recorder.pages.items()]
    ended += [(journey.outcome, journey.blame, cell.response.total) for journey, cell in recorder.journeys.items()]
    bugs = [(outcome, n) for outcome, blame, n in ended if blame == Blame.HARNESS and outcome not in EXPLAINED_OUTCOMES]
    number = max(sum(total for _, total in bugs), evidence.conditions.end.exceptions)
    if number:
        kinds = ", ".join(sorted({outcome for outcome, _ in bugs})) or "exceptions"
        yield Finding(
            "bugs",
            Severity.INVALID,
            f"checkload had {format_count(number, 'internal error')} ({kinds})",
            "look for the errors in the log, and report them",
        )
