"""Whether a run could show anything at all: each check asks one way in which the instrument may have failed.

A run is *invalid* when the instrument failed, and *failed* when the shop did. The checks stand in an explicit order,
most telling first, because the first one that finds the run invalid gives the reason of the verdict. A check that does not
apply (no arrivals in a closed load) finds nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from harness.measurement.outcomes import Blame, Outcome
from harness.measurement.recorder import Recorder
from harness.objectives.model import Objective
from harness.objectives.verdict import Finding, Severity
from harness.units import format_duration
from harness.validity.backlog import backlog_cleared, backlog_growth
from harness.validity.delivery import arrivals_delivered, littles_law_holds, unique_order_numbers
from harness.validity.evidence import Conditions, Evidence
from harness.validity.generator import (
    arrival_lateness,
    cpu_usage,
    event_loop_lag,
    more_users_remedy,
    short_of_users,
    user_supply,
)
from harness.validity.host import (
    busy_seconds,
    cpu_contention,
    cpu_steal,
    descriptors_and_ports,
    gc_pauses,
    missing_readings,
    resource_exhaustion,
)
from harness.validity.mix import mix_as_planned
from harness.validity.shop_refusals import failure_messages, payment_options_offered, products_available
from harness.validity.stationarity import stationary
from harness.validity.workers import (
    clock_drift,
    clock_offsets,
    foreign_messages,
    no_worker_lost,
    report_gaps,
    same_version_and_scenario,
    worker_lag,
)

__all__ = ["CHECKS", "Conditions", "check"]


MIN_LOAD_SHARE = 0.99
"""The share of the planned time that a run must have been held for."""


def crashed(evidence: Evidence) -> Iterator[Finding]:
    """Whether the harness itself broke."""
    if evidence.conditions.crashed:
        yield _invalid("harness", f"the harness broke: {evidence.conditions.crashed}", "report it, with the log")


def requests(evidence: Evidence) -> Iterator[Finding]:
    """Whether anything was sent at all; a run without a request must never look like a run without failures."""
    if evidence.conditions.target_unreachable:
        return  # which is why, and is said
    if not evidence.conditions.requests_sent:
        yield _invalid(
            "requests",
            "not one request was sent",
            "look for the reason in the log; there may have been no user, or no arrival",
        )
    else:
        yield _ok("requests", f"{evidence.conditions.requests_sent:,} requests were sent")


def target_reachable(evidence: Evidence) -> Iterator[Finding]:
    """Whether the target was there: where *every* page ended as a connection that failed, no shop was measured."""
    why = evidence.conditions.target_unreachable
    pages = list(evidence.recorder.pages)
    if not why and pages and all(key.outcome == "connection" for key in pages):
        why = (
            f"every one of {sum(cell.response.total for cell in evidence.recorder.pages.values()):,} connections failed"
        )
    if why:
        yield _invalid("target", f"the target could not be reached: {why}", "start it, or correct its address")


def shop_alive(evidence: Evidence) -> Iterator[Finding]:
    """Whether the embedded shop lived to the end; what it answers when dead says nothing about it alive."""
    if evidence.conditions.shop_ended_early:
        yield _invalid("shop", "the embedded shop ended in the middle of the run", "look for the reason in its log")


def ran_to_its_end(evidence: Evidence) -> Iterator[Finding]:
    """Whether the run came to its own end: not stopped by hand, by a file, by a rule, and not too soon.

    A stop rule that ended the run speaks against the shop, not against the instrument; not where users were too few.
    """
    conditions = evidence.conditions
    if conditions.target_unreachable:
        return
    if conditions.interrupted:
        held = format_duration(conditions.load_duration)
        yield _invalid(
            "end", f"the run was interrupted after {held} by {conditions.interrupted}", "let it come to its end"
        )
    elif conditions.stop_rule and short_of_users(evidence):
        message = f"{conditions.stop_rule}; most of it never found a free user, which is no failure of the shop"
        yield Finding("end", Severity.WARNING, message, more_users_remedy(evidence))
    elif conditions.stop_rule:
        yield Finding(
            "end", Severity.FAILED, conditions.stop_rule, "find out what broke the shop before loading it again"
        )
    elif conditions.certain_verdict_reason:
        held = format_duration(conditions.load_duration)
        yield _ok(
            "end",
            f"the load ended after {held} of {format_duration(conditions.planned_duration)}: {conditions.certain_verdict_reason}",
        )
    elif conditions.planned_duration and conditions.load_duration < MIN_LOAD_SHARE * conditions.planned_duration:
        yield _invalid(
            "end",
            f"the load was held for {format_duration(conditions.load_duration)} of {format_duration(conditions.planned_duration)}",
            "look for the reason in the log",
        )
    else:
        yield _ok("end", f"the load was held for {format_duration(conditions.load_duration)}")


def harness_errors(evidence: Evidence) -> Iterator[Finding]:
    """Whether a page or journey ended by a fault of our own; one is enough, since nobody knows what else it touched."""
    recorder = evidence.recorder
    known = (Outcome.ABORTED, Outcome.NO_ACCOUNT, Outcome.NO_SOCKET, Outcome.NOT_OFFERED, Outcome.NO_PRODUCT)
    ours = [(k.outcome, c) for k, c in recorder.pages.items() if k.blame == Blame.HARNESS and k.outcome not in known]
    ours += [
        (k.outcome, c) for k, c in recorder.journeys.items() if k.blame == Blame.HARNESS and k.outcome not in known
    ]
    number = max(sum(cell.response.total for _, cell in ours), evidence.conditions.exceptions)
    if number:
        kinds = ", ".join(sorted({outcome for outcome, _ in ours})) or "exceptions"
        yield _invalid("bugs", f"the harness made {number:,} mistakes of its own ({kinds})", "look for them in the log")


def account_supply(evidence: Evidence) -> Iterator[Finding]:
    """Whether there was an account for every shopper who needed one; without, the load was another than was asked for."""
    number = max(
        evidence.conditions.journeys_without_account,
        sum(
            cell.response.total for key, cell in evidence.recorder.journeys.items() if key.outcome == Outcome.NO_ACCOUNT
        ),
    )
    if number:
        yield _invalid(
            "accounts",
            f"{number:,} journeys found no free account",
            f"put at least {number:,} more accounts into the pool, or run fewer journeys at once",
        )


def arrivals_accounted_for(evidence: Evidence) -> Iterator[Finding]:
    """Whether every arrival is accounted for, to the last one: offered is what was planned, and each one was served or dropped.

    Exact, because a book that is out by one is out by an unknown number.
    """
    arrivals = list(evidence.recorder.arrivals.values())
    offered, started, dropped = (sum(getattr(a, name) for a in arrivals) for name in ("offered", "started", "dropped"))
    waiting = offered - started - dropped
    wrong = []
    if waiting:
        wrong.append(
            f"of {offered:,} arrivals {started:,} were served and {dropped:,} dropped, which is {waiting:+,} out"
        )
    expected = evidence.conditions.expected_offered
    if expected is not None and offered != expected and not evidence.conditions.ended_early:
        wrong.append(f"{expected:,} arrivals were planned and {offered:,} were offered")
    walked = [(key.outcome == Outcome.DROPPED, cell.response.total) for key, cell in evidence.recorder.journeys.items()]
    given_up = sum(n for lost, n in walked if lost)
    if given_up != dropped:
        wrong.append(f"{dropped:,} arrivals were dropped and {given_up:,} booked as journeys that never were")
    ended = sum(n for lost, n in walked if not lost) + evidence.conditions.truncated_journeys
    if offered and ended != started:
        wrong.append(f"{started:,} journeys were begun and {ended:,} ended")
    if wrong:
        yield _invalid(
            "accounting", "the books do not balance: " + "; ".join(wrong), "report it: it is a bug of the harness"
        )
    elif offered:
        yield _ok("accounting", f"{offered:,} arrivals: {started:,} served, {dropped:,} dropped, none lost")


def ledger_agreement(evidence: Evidence) -> Iterator[Finding]:
    """Whether the shop's own ledger agrees with what was measured; two witnesses of one thing must not differ."""
    differences, why = evidence.conditions.ledger, evidence.conditions.ledger_explained
    if differences and why:
        yield Finding("ledger", Severity.WARNING, f"the shop's ledger differs ({'; '.join(differences)}) because {why}")
    elif differences:
        yield _invalid(
            "ledger",
            f"the shop's ledger disagrees: {'; '.join(differences)}",
            "requests were lost, repeated on the way, or came from somebody else",
        )


def guaranteed_journeys(evidence: Evidence) -> Iterator[Finding]:
    """Whether rare payment options had the number of journeys that was guaranteed; served ones count, in any phase."""
    served: dict[str, int] = {}
    for key, cell in evidence.recorder.journeys.items():
        if key.outcome != Outcome.DROPPED and key.blame != Blame.HARNESS:
            served[key.payment_option] = served.get(key.payment_option, 0) + cell.response.total
    short = [
        f"{option} {served.get(option, 0):,} of {planned:,}"
        for option, planned in sorted(evidence.conditions.planned_minimum.items())
        if served.get(option, 0) < planned
    ]
    if short and not evidence.conditions.ended_early:
        yield _invalid(
            "minimum",
            f"the guaranteed journeys were not reached: {', '.join(short)}",
            "lengthen the run or lower the minimum",
        )


def aborted_journeys(evidence: Evidence) -> Iterator[Finding]:
    """Whether journeys were cut short; no reason to distrust the others, since the gate holds them against a pass."""
    number = sum(
        cell.response.total for key, cell in evidence.recorder.journeys.items() if key.outcome == Outcome.ABORTED
    )
    number += evidence.conditions.truncated_journeys
    if number and not evidence.conditions.ended_early:
        yield Finding(
            "truncated",
            Severity.WARNING,
            f"{number:,} journeys were still under way when the run ended",
            "lengthen the drain beyond the longest journey",
        )


def content_type(evidence: Evidence) -> Iterator[Finding]:
    """Whether what was read as JSON was served as JSON; what browsers and proxies do with it otherwise is anybody's guess."""
    pages = Counter[str]()
    for process in evidence.conditions.processes:
        pages.update(process.mislabelled)
    if pages:
        named = ", ".join(f"{page} {number:,} times" for page, number in pages.most_common(3))
        others = f" and {len(pages) - 3} more pages" if len(pages) > 3 else ""  # noqa: PLR2004 - as many as were named
        yield Finding(
            "content_type",
            Severity.WARNING,
            f"{pages.total():,} replies held JSON and were served as another type ({named}{others})",
            'have the shop serve application/json; [conduct] content_type = "fail" counts such replies as failures',
        )


CHECKS: tuple[Callable[[Evidence], Iterator[Finding]], ...] = (
    crashed,
    same_version_and_scenario,
    clock_offsets,
    no_worker_lost,
    shop_alive,
    resource_exhaustion,
    descriptors_and_ports,
    target_reachable,
    ran_to_its_end,
    requests,
    harness_errors,
    account_supply,
    products_available,
    payment_options_offered,
    clock_drift,
    cpu_steal,
    cpu_contention,
    gc_pauses,
    busy_seconds,
    cpu_usage,
    event_loop_lag,
    arrival_lateness,
    worker_lag,
    report_gaps,
    foreign_messages,
    user_supply,
    unique_order_numbers,
    backlog_growth,
    arrivals_accounted_for,
    arrivals_delivered,
    littles_law_holds,
    ledger_agreement,
    guaranteed_journeys,
    mix_as_planned,
    aborted_journeys,
    content_type,
    failure_messages,
    backlog_cleared,
    stationary,
    missing_readings,
)
"""Every check, in the order in which reasons are given: causes before what they lead to."""


OVERLOAD_CHECKS = (
    backlog_growth,
    backlog_cleared,
    stationary,
    busy_seconds,
    cpu_usage,
    event_loop_lag,
    arrival_lateness,
    worker_lag,
    user_supply,
)
"""What a search for capacity goes through on purpose; it holds each of its levels to these itself."""


def check(recorder: Recorder, conditions: Conditions, objectives: Sequence[Objective] = ()) -> tuple[Finding, ...]:
    """What all checks found; ``objectives`` tell how exact the instrument had to be."""
    evidence = Evidence(recorder, conditions, tuple(objectives))
    checks = [each for each in CHECKS if not (conditions.capacity_search and each in OVERLOAD_CHECKS)]
    return tuple(finding for each in checks for finding in each(evidence))


def _invalid(name: str, message: str, remedy: str) -> Finding:
    return Finding(name, Severity.INVALID, message, remedy)


def _ok(name: str, message: str) -> Finding:
    return Finding(name, Severity.OK, message)
