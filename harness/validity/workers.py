"""Checks whether all workers measured as one: none was lost, all ran the same scenario, and their clocks agree."""

from __future__ import annotations

from collections.abc import Iterator

from harness.measurement.sample import Phase
from harness.monitoring.worker import WorkerFacts
from harness.objectives.verdict import Finding, Severity
from harness.units import format_count, format_duration, format_percent
from harness.validity.evidence import Evidence
from harness.validity.generator import (
    LATE_SHARE,
    LOOP,
    LOOP_BLOCK,
    allowed_lateness,
    share_exceeded_beyond_chance,
)
from harness.validity.remedies import overload_remedy

REPORT_GAP = 2.0
"""Intervals between two reports that deserve a warning: one late report may be chance."""
DRIFT_WARNING = 0.001
"""The share of the time by which a clock may drift without a warning: NTP corrects by at most half of that."""
DRIFT = 0.01
"""The share of the time by which a clock may drift: none does so by itself. MLPerf LoadGen has the same limit."""
LEAST_DRIFT = 0.020
"""Seconds: a smaller difference between two clocks may come from reading them, however short the run is."""
CLOCK_STEP_WARNING = 0.020
"""Seconds in one jump that deserve a warning: the clock was set."""
CLOCK_STEP = 1.0
"""Seconds in one jump: as far as the clocks of two hosts may differ."""
CLOCK_OFFSET_WARNING = 0.020
"""Seconds between the clocks of two hosts that deserve a warning: their arrivals interleave in another order than planned."""
CLOCK_OFFSET = 1.0
"""Seconds between the clocks of two hosts: their schedules differ by more than any gap between two phases."""

_CLOCK_REMEDY = "let NTP or chrony keep the clock, and do not set it during a run"


def same_version_and_scenario(evidence: Evidence) -> Iterator[Finding]:
    """Whether all workers run the version and the scenario of the master."""
    ours = evidence.conditions.fleet.run_fingerprint
    if ours is None:
        return
    for worker in evidence.conditions.fleet.workers:
        theirs = worker.run_fingerprint
        if theirs is None:
            continue
        if theirs.version != ours.version:
            yield Finding(
                "alike",
                Severity.INVALID,
                f"worker {worker.name} runs checkload {theirs.version}, and the master runs {ours.version}",
                "install the same version everywhere",
            )
        elif theirs.scenario != ours.scenario:
            yield Finding(
                "alike",
                Severity.INVALID,
                f"worker {worker.name} read another scenario ({theirs.scenario[:12]}) than the master "
                f"({ours.scenario[:12]})",
                "copy the same scenario file to all machines, and start all processes with the same options",
            )


def no_worker_lost(evidence: Evidence) -> Iterator[Finding]:
    """Whether every worker was present from the first arrival until it sent its last counts."""
    workers = evidence.conditions.fleet.workers
    if not workers:
        return
    complete = True
    for each in workers:
        if each.lost_at is not None and each.lost_in is not Phase.DRAIN:
            complete = False
            yield Finding(
                "workers",
                Severity.INVALID,
                _loss_text(each),
                f"look at what this worker printed{_where(each)}; if it was killed for memory, the kernel's log says so (dmesg)",
            )
        elif each.finished is False or each.lost_at is not None:
            complete = False
            lost = f", and was lost after {format_duration(each.lost_at)}" if each.lost_at is not None else ""
            yield Finding(
                "workers",
                Severity.INVALID,
                f"worker {each.name} did not send its last counts{lost}",
                f"look at what this worker printed{_where(each)}, and check the network between it and the master",
            )
    if complete:
        yield Finding(
            "workers", Severity.OK, f"{format_count(len(workers), 'worker')} made the load, and none was lost"
        )


def report_gaps(evidence: Evidence) -> Iterator[Finding]:
    """Whether every worker reported in time; a worker that is silent may have stood still."""
    late = [
        each
        for each in evidence.conditions.fleet.workers
        if each.interval > 0 and each.longest_gap > REPORT_GAP * each.interval
    ]
    if late:
        worst = max(late, key=lambda each: each.longest_gap / each.interval)
        yield Finding(
            "reports",
            Severity.WARNING,
            f"worker {worst.name} was silent for {format_duration(worst.longest_gap)}; it should report every "
            f"{format_duration(worst.interval)}",
            "check whether its machine or the network to it was overloaded",
        )


def foreign_messages(evidence: Evidence) -> Iterator[Finding]:
    """Whether all messages on the master's port came from its workers; the master refuses any other message."""
    if number := evidence.conditions.fleet.refused_messages:
        yield Finding(
            "port",
            Severity.WARNING,
            f"{format_count(number, 'message was', 'messages were')} refused on the master's port: damaged, or not from "
            "the worker in whose name they came",
            "protect the port: bind it to an address that only the workers reach, or use a firewall",
        )


def clock_drift(evidence: Evidence) -> Iterator[Finding]:
    """Whether the wall clocks ran steadily and were not set during the run."""
    watched = [each for each in evidence.conditions.generator.processes if each.clock.watched > 0]
    for process in watched:
        clock, level = process.clock, Severity.OK
        far = abs(clock.drift) > LEAST_DRIFT
        stepped = abs(clock.step) > CLOCK_STEP_WARNING
        if abs(clock.step) > CLOCK_STEP or (far and clock.share > DRIFT):
            level = Severity.INVALID
        elif stepped or (far and clock.share > DRIFT_WARNING):
            level = Severity.WARNING
        if level is Severity.OK:
            continue
        if stepped:
            change = f"was set by {_signed(clock.step)} after {format_duration(clock.stepped_at)}"
        else:
            change = (
                f"drifted by {_signed(clock.drift)} in {format_duration(clock.watched)}, "
                f"{format_percent(clock.share)} of the time"
            )
        yield Finding("clocks", level, f"the wall clock of {process.label} {change}", _CLOCK_REMEDY)
        return
    if watched:
        yield Finding("clocks", Severity.OK, "no clock was set during the run")


def clock_offsets(evidence: Evidence) -> Iterator[Finding]:
    """Whether the clocks of all hosts agree; workers start together by their wall clocks."""
    # Only the certain part counts: an offset is known no better than the time that its messages took.
    known = [
        (each.clock.min_seconds, each.clock.seconds, each.name)
        for each in evidence.conditions.fleet.workers
        if each.clock is not None
    ]
    if not known:
        return
    certain, ahead, name = max(known)
    level = Severity.OK
    if certain > CLOCK_OFFSET:
        level = Severity.INVALID
    elif certain > CLOCK_OFFSET_WARNING:
        level = Severity.WARNING
    message = f"the clock of worker {name} is {format_duration(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'} the master's"
    yield Finding("apart", level, message, "" if level is Severity.OK else "let NTP or chrony keep both clocks")


def worker_lag(evidence: Evidence) -> Iterator[Finding]:
    """Whether each single worker kept up; the counts of many good workers hide a bad one."""
    processes = evidence.conditions.generator.processes
    if len(processes) <= 1:
        return
    for process in processes:
        faults = []
        if share_exceeded_beyond_chance(process.lateness, allowed_lateness(evidence), LATE_SHARE, process.stalls):
            faults.append(f"started arrivals late (p99 {format_duration(process.lateness.quantile(0.99))})")
        lag = process.steady_lag
        if share_exceeded_beyond_chance(lag, LOOP, LATE_SHARE) or lag.largest > LOOP_BLOCK:
            faults.append(
                f"woke up late (p99 {format_duration(lag.quantile(0.99))}, at worst {format_duration(lag.largest)})"
            )
        if faults:
            yield Finding(
                "worker_lag", Severity.INVALID, f"{process.label} {' and '.join(faults)}", overload_remedy(evidence)
            )


def _loss_text(worker: WorkerFacts) -> str:
    phase = {Phase.WARM_UP: "the warm-up", Phase.STEADY: "the steady part"}.get(worker.lost_in or Phase.STEADY)
    after = "its share of the arrivals never came"
    if worker.reassigned_after is not None:
        after = (
            f"the other workers took over its arrivals after {format_duration(worker.reassigned_after)}, but its "
            "journeys are lost"
        )
    return f"worker {worker.name} was lost {format_duration(worker.lost_at or 0.0)} into the load, in {phase}: {after}"


def _where(worker: WorkerFacts) -> str:
    """By which names the worker is found, in brackets; empty if none is known."""
    number = "" if worker.process_id is None else f"process {worker.process_id}"
    names = ", ".join(filter(None, (worker.locust_id, number)))
    return f" ({names})" if names else ""


def _signed(seconds: float) -> str:
    return f"{'+' if seconds > 0 else '-'}{format_duration(abs(seconds))}"
