"""Checks whether checkload kept up with its own schedule: late arrivals, the event loop, and its processor time."""

from __future__ import annotations

import math
from collections.abc import Iterator

from harness.measurement.histogram import Histogram
from harness.measurement.recorder import STALL
from harness.measurement.sample import Phase
from harness.monitoring.machine import BUSY_CPU, WARM_CPU
from harness.objectives.statistics import proves_broken
from harness.objectives.verdict import Finding, Severity
from harness.units import format_duration, format_percent
from harness.validity.evidence import Evidence
from harness.validity.remedies import busiest_process, overload_remedy

LATE_WARNING = STALL
"""Seconds of lateness that deserve a warning: an idle machine is less late."""
LATE = 0.025
"""Seconds of lateness that spoil a measurement: twice as much as an idle machine needs."""
LATE_PART_OF_BOUND = 0.05
"""The part of the tightest bound that checkload's own lateness may take up, where that is more."""
VERY_LATE = 0.250
"""Seconds: longer than any ordinary delay; the machine stood still."""
LATE_SHARE = 0.01
"""The share of arrivals that may be late."""
VERY_LATE_SHARE = 0.001
"""The share of arrivals that may be very late."""
LEAST_LATE = 2
"""One late arrival is an accident, even among very few."""
ALPHA = 0.01
"""How often a run may be called invalid although checkload was just good enough."""
AFFECTED_FACTOR = 5
"""Times the allowed share: so many late arrivals spoil a run, even if only a few stalls caused them."""
LOOP_WARNING = 0.020
"""Seconds: the event loop reads replies late when one probe in a hundred wakes up later than this."""
LOOP = 0.050
"""Seconds: half of the time of a fast page."""
LOOP_BLOCK = 1.0
"""Seconds: a single block of this length stops all shoppers at once."""


def arrival_lateness(evidence: Evidence) -> Iterator[Finding]:
    """Whether arrivals started at their due time.

    The lateness that checkload causes is no slowness of the shop. Waiting for a free virtual user does not count here.
    The run is invalid if more than 1 % of the arrivals are later than ``allowed_lateness``, or 0.1 % later than 250 ms,
    and if these come from more stalls than chance explains.
    """
    steady = evidence.recorder.arrivals[Phase.STEADY]
    lateness = steady.lateness
    if not lateness.total:
        return
    limit = allowed_lateness(evidence)
    message = f"99 % of the arrivals started within {format_duration(lateness.quantile(0.99))} of their due time"
    allowed = f"{format_duration(limit)} is allowed"
    if share_exceeded_beyond_chance(lateness, limit, LATE_SHARE, steady.stalls):
        yield Finding("lateness", Severity.INVALID, f"{message}; {allowed}", overload_remedy(evidence))
    elif share_exceeded_beyond_chance(lateness, VERY_LATE, VERY_LATE_SHARE, steady.stalls):
        yield Finding(
            "lateness",
            Severity.INVALID,
            f"{lateness.count_over(VERY_LATE):,} of {lateness.total:,} arrivals started more than "
            f"{format_duration(VERY_LATE)} late, the latest by {format_duration(lateness.largest)}",
            overload_remedy(evidence),
        )
    elif share_exceeded(lateness, LATE_WARNING, LATE_SHARE):
        said = f"{message}; more than {format_duration(LATE_WARNING)} is a warning, and {allowed}"
        yield Finding("lateness", Severity.WARNING, said, overload_remedy(evidence))
    else:
        yield Finding("lateness", Severity.OK, message)


def event_loop_lag(evidence: Evidence) -> Iterator[Finding]:
    """Whether the event loop was free to read replies as they came.

    Short sleeps probe it in the steady part. A stall delays one probe, however long the stall is, so each late probe
    counts as one stall.
    """
    lag = evidence.conditions.generator.loop_lag
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
            f"the event loop was blocked for {format_duration(lag.largest)}",
            overload_remedy(evidence),
        )
    elif share_exceeded(lag, LOOP_WARNING, LATE_SHARE):
        yield Finding("loop", Severity.WARNING, message, overload_remedy(evidence))
    else:
        yield Finding("loop", Severity.OK, message)


def cpu_usage(evidence: Evidence) -> Iterator[Finding]:
    """Whether checkload had processor time to spare; one process uses at most one core."""
    most = busiest_process(evidence)
    if most is None:
        return
    label, ratio = most
    level = Severity.INVALID if ratio > BUSY_CPU else Severity.WARNING if ratio > WARM_CPU else Severity.OK
    message = f"{label} used {format_percent(ratio)} of a core"
    if level is Severity.INVALID:
        message += f"; above {format_percent(BUSY_CPU)} it slows itself down"
    yield Finding("cpu", level, message, "" if level is Severity.OK else overload_remedy(evidence))


def allowed_lateness(evidence: Evidence) -> float:
    """How late checkload itself may start an arrival, in seconds: 25 ms, or 5 % of the tightest bound if that is more."""
    return max(LATE, LATE_PART_OF_BOUND * evidence.tightest_bound)


def share_exceeded_beyond_chance(times: Histogram, bound: float, share: float, stalls: Histogram | None = None) -> bool:
    """Whether more than a share of the times is over the bound, and chance does not explain it.

    Chance strikes stall by stall, and one stall makes many arrivals late together. With ``stalls``, the late arrivals
    of one stall count as one; without, each time counts for itself.
    """
    late = times.count_over(bound)
    if late < LEAST_LATE:
        return False
    independent = late if stalls is None or not stalls.total else max(1, stalls.count_over(bound))
    total = times.total * independent / late
    return proves_broken(total, independent, share, ALPHA) or proves_broken(
        times.total, late, AFFECTED_FACTOR * share, ALPHA
    )


def share_exceeded(times: Histogram, bound: float, share: float) -> bool:
    """Whether more than a share of the times is over the bound, and more than one of them."""
    return times.count_over(bound) >= max(LEAST_LATE, math.floor(share * times.total) + 1)
