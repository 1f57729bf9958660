"""Whether many processes were one instrument: nobody was lost, all ran the same, and their clocks agree."""

from __future__ import annotations

from collections.abc import Iterator

from harness.measurement.sample import Phase
from harness.monitoring.worker import WorkerFacts
from harness.objectives.verdict import Finding, Severity
from harness.units import format_duration, format_percent
from harness.validity.evidence import Evidence
from harness.validity.generator import (
    LATE,
    LATE_PART_OF_BOUND,
    LATE_SHARE,
    LOOP,
    LOOP_BLOCK,
    share_exceeded_beyond_chance,
)
from harness.validity.host import process_label
from harness.validity.remedies import overload_remedy

REPORT_GAP = 2.0
"""Intervals between two reports that deserve a word: the first late one may be chance, the second is none."""
DRIFT_WARNING = 0.001
"""Of the time: a clock that is disciplined by NTP goes wrong by at most half of that."""
DRIFT = 0.01
"""Of the time: no clock does that by itself; MLPerf LoadGen refuses a run for it, too."""
LEAST_DRIFT = 0.020
"""Seconds: less than that between two clocks may be how they were read, however short the run."""
CLOCK_STEP_WARNING = 0.020
"""Seconds in one jump: the clock was set."""
CLOCK_STEP = 1.0
"""Seconds in one jump: as far as clocks of two hosts may be apart."""
CLOCK_OFFSET_WARNING = 0.020
"""Seconds between two hosts' clocks: their arrivals are mixed in another order than was planned."""
CLOCK_OFFSET = 1.0
"""Seconds: their schedules differ by more than any gap between two phases."""

_CLOCK_REMEDY = "let NTP or chrony keep the clock, and do not set it during a run"


def same_version_and_scenario(evidence: Evidence) -> Iterator[Finding]:
    """Whether all workers run the master's version and scenario; else they made two loads at once."""
    ours = evidence.conditions.run_fingerprint
    known = [
        (each.name, each.run_fingerprint) for each in evidence.conditions.workers if each.run_fingerprint is not None
    ]
    if ours is None:
        return
    for name, theirs in known:
        if theirs.version != ours.version:
            yield Finding(
                "alike",
                Severity.INVALID,
                f"worker {name} runs checkload {theirs.version} and the master {ours.version}",
                "install the same version everywhere",
            )
        elif theirs.scenario != ours.scenario:
            yield Finding(
                "alike",
                Severity.INVALID,
                f"worker {name} read another scenario ({theirs.scenario[:12]}) than the master ({ours.scenario[:12]})",
                "copy the same scenario file everywhere, and give all of them the same options",
            )


def no_worker_lost(evidence: Evidence) -> Iterator[Finding]:
    """Whether every worker was there from the first arrival to its last numbers."""
    workers = evidence.conditions.workers
    if not workers:
        return
    whole = True
    for each in workers:
        if each.lost_at is not None and each.lost_in is not Phase.DRAIN:
            whole = False
            yield Finding(
                "workers", Severity.INVALID, _loss_text(each), "look into its log; was it killed, or out of memory?"
            )
        elif each.finished is False or each.lost_at is not None:
            whole = False
            at = f", and was lost after {format_duration(each.lost_at)}" if each.lost_at is not None else ""
            yield Finding(
                "workers",
                Severity.INVALID,
                f"the last numbers of worker {each.name} never came{at}",
                "look into its log and at the network between it and the master",
            )
    if whole:
        yield Finding("workers", Severity.OK, f"{len(workers)} workers made the load, and none was lost")


def report_gaps(evidence: Evidence) -> Iterator[Finding]:
    """Whether every worker reported when it should; one that falls silent may have stood still."""
    late = [
        each
        for each in evidence.conditions.workers
        if each.interval > 0 and each.longest_gap > REPORT_GAP * each.interval
    ]
    if late:
        worst = max(late, key=lambda each: each.longest_gap / each.interval)
        yield Finding(
            "reports",
            Severity.WARNING,
            f"worker {worst.name} was silent for {format_duration(worst.longest_gap)}; it should report every "
            f"{format_duration(worst.interval)}",
            "look whether its machine was overloaded, or the network to it",
        )


def foreign_messages(evidence: Evidence) -> Iterator[Finding]:
    """Whether somebody else spoke on the master's port; what no worker can have sent was refused, and changed nothing."""
    if number := evidence.conditions.refused_messages:
        told = "1 message was" if number == 1 else f"{number:,} messages were"
        yield Finding(
            "port",
            Severity.WARNING,
            f"{told} refused on the master's port: broken, or in the name of a worker that did not send it",
            "keep the port to yourself: bind it to an address that only the workers reach, or put a firewall before it",
        )


def clock_drift(evidence: Evidence) -> Iterator[Finding]:
    """Whether nobody set a clock during the run, and it went as fast as a second one."""
    watched = [each for each in evidence.conditions.processes if each.clock.watched > 0]
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
        message = (
            f"the wall clock of {process_label(process)} went wrong by {_signed(clock.drift)} in "
            f"{format_duration(clock.watched)}, {format_percent(clock.share)} of the time"
        )
        if stepped:
            message = f"the wall clock of {process_label(process)} was set by {_signed(clock.step)} after {format_duration(clock.stepped_at)}"
        yield Finding("clocks", level, message, _CLOCK_REMEDY)
        return
    if watched:
        yield Finding("clocks", Severity.OK, "nobody set a clock")


def clock_offsets(evidence: Evidence) -> Iterator[Finding]:
    """Whether the clocks of all hosts agree: it is by them that workers begin together."""
    # By what is certain only: an offset is known no better than the time its messages took.
    known = [
        (each.clock.min_seconds, each.clock.seconds, each.name)
        for each in evidence.conditions.workers
        if each.clock is not None
    ]
    if not known:
        return
    min_seconds, ahead, name = max(known)
    level = (
        Severity.INVALID
        if min_seconds > CLOCK_OFFSET
        else Severity.WARNING
        if min_seconds > CLOCK_OFFSET_WARNING
        else Severity.OK
    )
    message = f"the clock of worker {name} is {format_duration(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'} the master's"
    yield Finding("apart", level, message, "" if level is Severity.OK else "let NTP or chrony keep both clocks")


def worker_lag(evidence: Evidence) -> Iterator[Finding]:
    """Whether each single worker kept up: one that did not hides among many that did."""
    processes = evidence.conditions.processes
    if len(processes) <= 1:
        return
    limit = max(LATE, LATE_PART_OF_BOUND * evidence.tightest_bound)
    for process in processes:
        said = []
        if share_exceeded_beyond_chance(process.lateness, limit, LATE_SHARE, process.stalls):
            said.append(f"started arrivals late (p99 {format_duration(process.lateness.quantile(0.99))})")
        lag = process.steady_lag
        if share_exceeded_beyond_chance(lag, LOOP, LATE_SHARE) or lag.largest > LOOP_BLOCK:
            said.append(
                f"woke up late (p99 {format_duration(lag.quantile(0.99))}, at worst {format_duration(lag.largest)})"
            )
        if said:
            yield Finding(
                "worker_lag",
                Severity.INVALID,
                f"{process_label(process)} {' and '.join(said)}",
                overload_remedy(evidence),
            )


def _loss_text(worker: WorkerFacts) -> str:
    phase = {Phase.WARM_UP: "the warm-up", Phase.STEADY: "the steady part"}.get(worker.lost_in or Phase.STEADY)
    after = "its share of the arrivals never came"
    if worker.reassigned_after is not None:
        after = (
            f"the others had its arrivals after {format_duration(worker.reassigned_after)}, but its journeys are lost"
        )
    return f"worker {worker.name} was lost {format_duration(worker.lost_at or 0.0)} into the load, in {phase}: {after}"


def _signed(seconds: float) -> str:
    return f"{'+' if seconds > 0 else '-'}{format_duration(abs(seconds))}"
