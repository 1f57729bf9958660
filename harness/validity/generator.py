"""Whether the instrument kept up: our own lateness, the event loop, the processor, and the number of users."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import replace

from harness.measurement.histogram import Histogram
from harness.measurement.outcomes import Blame
from harness.measurement.recorder import STALL
from harness.measurement.sample import Phase
from harness.objectives.counting import EVERY_PHASE, STEADY, count_samples, matching_series, times
from harness.objectives.model import Metric, Objective, Statistic
from harness.objectives.statistics import LEAST_EVIDENCE, proves_broken
from harness.objectives.verdict import Finding, Severity
from harness.schedule.arrivals import users_needed
from harness.units import format_duration, format_percent
from harness.validity.evidence import Evidence
from harness.validity.remedies import busiest_process, overload_remedy

LATE_WARNING = STALL
"""Seconds: arrivals that are later than those of an idle machine deserve a word."""
LATE = 0.025
"""Seconds: twice what an idle machine needs. Later, and our own lag is a visible part of what is measured."""
LATE_PART_OF_BOUND = 0.05
"""The part of the tightest bound that our own lag may take up: no more than a buyer of clocks would call exact."""
VERY_LATE = 0.250
"""Seconds: longer than any ordinary hiccup; the machine stood still."""
LATE_SHARE = 0.01
"""The share of arrivals that may be late."""
VERY_LATE_SHARE = 0.001
"""The share of arrivals that may be very late."""
LEAST_LATE = 2
"""One late arrival is an accident, however few there are in all."""
ALPHA = 0.01
"""How often a run may be called invalid whose instrument was just good enough."""
AFFECTED_FACTOR = 5
"""How many times as many as may be late spoil a run even if it took few stalls: what they touched was measured wrong."""
LOOP_WARNING = 0.020
"""Seconds: the event loop wakes up later than that for one probe in a hundred, and reads replies as late."""
LOOP = 0.050
"""Seconds: half of what a quick page takes."""
LOOP_BLOCK = 1.0
"""Seconds: a single block of this length has frozen all shoppers at once."""
LEAST_SERVED = 30
"""Journeys or pages whose mean tells whether the shop was slow: the usual size from which a mean behaves like one."""
CPU_WARNING = 0.70
"""Of one core: lag begins to grow at 50 to 60 %."""
CPU = 0.90
"""Of one core: from here on the queue inside the harness is longer than the one in the shop; Locust warns there, too."""


def arrival_lateness(evidence: Evidence) -> Iterator[Finding]:
    """Whether arrivals were started on their moment; what is late by our doing is no slowness of the shop.

    Not counted: waiting for a free user. Invalid if more than 1 % of the arrivals are later than 25 ms or 5 % of the tightest bound,
    whichever is more, or 0.1 % later than 250 ms, and the stalls that it took are too many for chance.
    """
    steady = evidence.recorder.arrivals[Phase.STEADY]
    lateness = steady.lateness
    if not lateness.total:
        return
    limit = max(LATE, LATE_PART_OF_BOUND * evidence.tightest_bound)
    p99 = lateness.quantile(0.99)
    message = f"99 % of the arrivals were started within {format_duration(p99)} of their moment"
    allowed = f"{format_duration(limit)} is allowed"
    stood_still = lateness.count_over(VERY_LATE)
    if share_exceeded_beyond_chance(lateness, limit, LATE_SHARE, steady.stalls):
        yield Finding("lateness", Severity.INVALID, f"{message}, and {allowed}", overload_remedy(evidence))
    elif share_exceeded_beyond_chance(lateness, VERY_LATE, VERY_LATE_SHARE, steady.stalls):
        longest = format_duration(lateness.largest)
        yield Finding(
            "lateness",
            Severity.INVALID,
            f"{stood_still:,} of {lateness.total:,} arrivals were started over {format_duration(VERY_LATE)} late, "
            f"the worst by {longest}",
            overload_remedy(evidence),
        )
    elif share_exceeded(lateness, LATE_WARNING, LATE_SHARE):
        yield Finding("lateness", Severity.WARNING, f"{message}; {allowed}", overload_remedy(evidence))
    else:
        yield Finding("lateness", Severity.OK, message)


def event_loop_lag(evidence: Evidence) -> Iterator[Finding]:
    """Whether the event loop was free to read replies when they came in the steady part: it was probed by short sleeps.

    A stall delays one probe, however long it is, so that probes are counted as stalls are.
    """
    lag = evidence.conditions.loop_lag
    if lag is None or not lag.total:
        return
    message = f"99 % of the probes of the event loop were less than {format_duration(lag.quantile(0.99))} late"
    if share_exceeded_beyond_chance(lag, LOOP, LATE_SHARE):
        yield Finding(
            "loop", Severity.INVALID, f"{message}; {format_duration(LOOP)} is allowed", overload_remedy(evidence)
        )
    elif lag.largest > LOOP_BLOCK:
        yield Finding(
            "loop",
            Severity.INVALID,
            f"the event loop stood still for {format_duration(lag.largest)}",
            overload_remedy(evidence),
        )
    elif share_exceeded(lag, LOOP_WARNING, LATE_SHARE):
        yield Finding("loop", Severity.WARNING, message, overload_remedy(evidence))
    else:
        yield Finding("loop", Severity.OK, message)


def cpu_usage(evidence: Evidence) -> Iterator[Finding]:
    """Whether the harness had processor time to spare; one process uses one core."""
    most = busiest_process(evidence)
    if most is None:
        return
    name, ratio = most
    level = Severity.INVALID if ratio > CPU else Severity.WARNING if ratio > CPU_WARNING else Severity.OK
    message = f"{f'worker {name}' if name else 'the harness'} used {format_percent(ratio)} of a core"
    if level is Severity.INVALID:
        message += f", over {format_percent(CPU)}, where it slows itself down"
    yield Finding("cpu", level, message, "" if level is Severity.OK else overload_remedy(evidence))


def user_supply(evidence: Evidence) -> Iterator[Finding]:
    """Whether there were users enough: an arrival that waits for one makes a quick shop look slow.

    Users run out for two reasons. Either the shop is slow and keeps them: then its service times prove a demand on a time
    broken, and the run speaks against the shop. Or there are too few: then service times prove nothing, or there
    is no such demand to tell by, and whatever was dropped, or broke a demand by waiting, was our own doing.
    A stop rule knows no phases: of a run that it ended, all phases are looked at.
    """
    phases = _judged_phases(evidence)
    arrivals = [evidence.recorder.arrivals[phase] for phase in Phase if phase in phases]
    offered, lost = sum(each.offered for each in arrivals), sum(each.dropped for each in arrivals)
    waited = Histogram()
    for each in arrivals:
        waited.add(each.waits)
    much = share_exceeded(waited, max(LATE, LATE_PART_OF_BOUND * evidence.tightest_bound), LATE_SHARE)
    if not (lost or much):
        return
    timed = [each for each in evidence.objectives if each.metric.timed]
    if shop_slow(evidence):
        return
    spoiled = lost or any(_broken_by_response_times(evidence, each) for each in timed)
    dropped = f"{lost:,} of {offered:,} arrivals were dropped" if lost else ""
    p99 = f"1 % of the arrivals waited for {format_duration(waited.quantile(0.99))} or longer" if much else ""
    because = "while the shop was quick" if timed else "and no demand on a time tells whether the shop was slow"
    yield Finding(
        "users",
        Severity.INVALID if spoiled else Severity.WARNING,
        f"{' and '.join(filter(None, (dropped, p99)))} for want of a free user, {because}",
        more_users_remedy(evidence),
    )


def short_of_users(evidence: Evidence) -> bool:
    """Whether most of what failed was never served, for want of a free user and by no doing of the shop."""
    if not any(finding.level is Severity.INVALID for finding in user_supply(evidence)):
        return False
    failed = [cell.response for key, cell in evidence.recorder.journeys.items() if key.blame == Blame.SHOP]
    return 2 * sum(each.infinite for each in failed) > sum(each.total for each in failed)


def shop_slow(evidence: Evidence) -> bool:
    """Whether service times, in which no waiting for a user is counted, prove a demand on a time broken.

    A few slow journeys among the few that were served prove nothing: where users are few, so are samples.
    """
    return any(_proven_slow(evidence, each) for each in evidence.objectives if each.metric.timed)


def _proven_slow(evidence: Evidence, objective: Objective) -> bool:
    asked, phases = replace(objective, metric=Metric.SERVICE_TIME), _judged_phases(evidence)
    if asked.statistic is Statistic.MEAN:
        served = Histogram()
        for _, cell in matching_series(evidence.recorder, asked, phases):
            served.add(cell.service)
        return served.total >= LEAST_SERVED and served.mean > asked.bound
    counted = count_samples(evidence.recorder, asked, phases, sliced=False)
    if counted.over < LEAST_EVIDENCE:
        return False
    return asked.allowed == 0 or proves_broken(counted.total, counted.over, asked.allowed, 1 - asked.confidence)


def _broken_by_response_times(evidence: Evidence, objective: Objective) -> bool:
    """Whether, on the face of it, response times break the demand."""
    asked = replace(objective, metric=Metric.RESPONSE_TIME)
    if asked.statistic is Statistic.MEAN:
        return times(evidence.recorder, asked).mean > asked.bound
    counted = count_samples(evidence.recorder, asked, STEADY, sliced=False)
    return counted.total > 0 and counted.over > asked.allowed * counted.total


def _judged_phases(evidence: Evidence) -> Collection[str]:
    """The phases in which a want of users counts."""
    return EVERY_PHASE if evidence.conditions.stop_rule else STEADY


def more_users_remedy(evidence: Evidence) -> str:
    """How many users it takes, by Little's law for each journey, since each has users of its own."""
    window, phases = evidence.recorder.window, _judged_phases(evidence)
    since = window.steady_from if phases == STEADY else window.start
    length = min(window.steady_until, window.start + evidence.conditions.load_duration) - since
    journeys: dict[str, tuple[int, Histogram]] = {}
    for key, cell in evidence.recorder.journeys.items():
        if key.phase in phases:
            number, service = journeys.setdefault(key.journey, (0, Histogram()))
            service.add(cell.service)
            journeys[key.journey] = (number + cell.response.total, service)
    if not 0 < length < math.inf:
        return "raise the number of users"
    needed = sum(users_needed(n / length, service.mean) for n, service in journeys.values() if service.total)
    if needed <= evidence.conditions.users:
        return f"raise the number of users beyond {evidence.conditions.users:,}: arrivals came in bursts"
    return f"raise the number of users from {evidence.conditions.users:,} to {needed:,}"


def share_exceeded_beyond_chance(times: Histogram, bound: float, share: float, stalls: Histogram | None = None) -> bool:
    """Whether more than a share of the times are over the bound, and not by chance, which strikes stall by stall.

    One stall makes many late together: then as many times count as one as each stall made late on average. Without ``stalls``
    each time stands for itself.
    """
    late = times.count_over(bound)
    if late < LEAST_LATE:
        return False
    met = late if stalls is None or not stalls.total else max(1, stalls.count_over(bound))
    total = times.total * met / late
    return proves_broken(total, met, share, ALPHA) or proves_broken(times.total, late, AFFECTED_FACTOR * share, ALPHA)


def share_exceeded(times: Histogram, bound: float, share: float) -> bool:
    """Whether more than a share of the times were over the bound, and not just one."""
    return times.count_over(bound) >= max(LEAST_LATE, math.floor(share * times.total) + 1)
