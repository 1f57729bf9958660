"""Whether many processes were one instrument: nobody was lost, all ran the same, and their clocks agree."""

from __future__ import annotations

from collections.abc import Iterator

from harness.conditions import Evidence
from harness.host_checks import whose
from harness.instrument import LATE, LATE_PART, LOOP, LOOP_BLOCK, TAIL, too_often
from harness.relief import relief
from harness.sample import Phase
from harness.units import spoken_duration, spoken_share
from harness.verdict import Finding, Level
from harness.worker_facts import WorkerFacts

GAP = 2.0
"""Intervals between two reports that deserve a word: the first late one may be chance, the second is none."""
DRIFT_WARNING = 0.001
"""Of the time: a clock that is disciplined by NTP goes wrong by at most half of that."""
DRIFT = 0.01
"""Of the time: no clock does that by itself; MLPerf LoadGen refuses a run for it, too."""
LEAST_DRIFT = 0.020
"""Seconds: less than that between two clocks may be how they were read, however short the run."""
STEP_WARNING = 0.020
"""Seconds in one jump: the clock was set."""
STEP = 1.0
"""Seconds in one jump: as far as clocks of two hosts may be apart."""
APART_WARNING = 0.020
"""Seconds between two hosts' clocks: their arrivals are mixed in another order than was planned."""
APART = 1.0
"""Seconds: their schedules differ by more than any gap between two phases."""

_CLOCK_REMEDY = "let NTP or chrony keep the clock, and do not set it during a run"


def alike(evidence: Evidence) -> Iterator[Finding]:
    """Whether all workers run the master's version and scenario; else they made two loads at once."""
    ours = evidence.conditions.origin
    known = [(each.name, each.origin) for each in evidence.conditions.workers if each.origin is not None]
    if ours is None:
        return
    for name, theirs in known:
        if theirs.version != ours.version:
            yield Finding(
                "alike",
                Level.INVALID,
                f"worker {name} runs checkload {theirs.version} and the master {ours.version}",
                "install the same version everywhere",
            )
        elif theirs.scenario != ours.scenario:
            yield Finding(
                "alike",
                Level.INVALID,
                f"worker {name} read another scenario ({theirs.scenario[:12]}) than the master ({ours.scenario[:12]})",
                "copy the same scenario file everywhere, and give all of them the same options",
            )


def lost(evidence: Evidence) -> Iterator[Finding]:
    """Whether every worker was there from the first arrival to its last numbers."""
    workers = evidence.conditions.workers
    if not workers:
        return
    whole = True
    for each in workers:
        if each.lost_at is not None and each.lost_in is not Phase.DRAIN:
            whole = False
            yield Finding("workers", Level.INVALID, _loss(each), "look into its log; was it killed, or out of memory?")
        elif each.finished is False or each.lost_at is not None:
            whole = False
            at = f", and was lost after {spoken_duration(each.lost_at)}" if each.lost_at is not None else ""
            yield Finding(
                "workers",
                Level.INVALID,
                f"the last numbers of worker {each.name} never came{at}",
                "look into its log and at the network between it and the master",
            )
    if whole:
        yield Finding("workers", Level.OK, f"{len(workers)} workers made the load, and none was lost")


def reports(evidence: Evidence) -> Iterator[Finding]:
    """Whether every worker reported when it should; one that falls silent may have stood still."""
    late = [
        each for each in evidence.conditions.workers if each.interval > 0 and each.longest_gap > GAP * each.interval
    ]
    if late:
        worst = max(late, key=lambda each: each.longest_gap / each.interval)
        yield Finding(
            "reports",
            Level.WARNING,
            f"worker {worst.name} was silent for {spoken_duration(worst.longest_gap)}; it should report every "
            f"{spoken_duration(worst.interval)}",
            "look whether its machine was overloaded, or the network to it",
        )


def strangers(evidence: Evidence) -> Iterator[Finding]:
    """Whether somebody else spoke on the master's port; what no worker can have sent was refused, and changed nothing."""
    if number := evidence.conditions.refused:
        told = "1 message was" if number == 1 else f"{number:,} messages were"
        yield Finding(
            "port",
            Level.WARNING,
            f"{told} refused on the master's port: broken, or in the name of a worker that did not send it",
            "keep the port to yourself: bind it to an address that only the workers reach, or put a firewall before it",
        )


def clocks(evidence: Evidence) -> Iterator[Finding]:
    """Whether nobody set a clock during the run, and it went as fast as a second one."""
    watched = [each for each in evidence.conditions.processes if each.clock.watched > 0]
    for process in watched:
        clock, level = process.clock, Level.OK
        far = abs(clock.drift) > LEAST_DRIFT
        stepped = abs(clock.step) > STEP_WARNING
        if abs(clock.step) > STEP or (far and clock.share > DRIFT):
            level = Level.INVALID
        elif stepped or (far and clock.share > DRIFT_WARNING):
            level = Level.WARNING
        if level is Level.OK:
            continue
        message = (
            f"the wall clock of {whose(process)} went wrong by {_signed(clock.drift)} in "
            f"{spoken_duration(clock.watched)}, {spoken_share(clock.share)} of the time"
        )
        if stepped:
            message = f"the wall clock of {whose(process)} was set by {_signed(clock.step)} after {spoken_duration(clock.stepped_at)}"
        yield Finding("clocks", level, message, _CLOCK_REMEDY)
        return
    if watched:
        yield Finding("clocks", Level.OK, "nobody set a clock")


def apart(evidence: Evidence) -> Iterator[Finding]:
    """Whether the clocks of all hosts agree: it is by them that workers begin together."""
    # By what is certain only: an offset is known no better than the time its messages took.
    known = [
        (each.clock.surely, each.clock.seconds, each.name)
        for each in evidence.conditions.workers
        if each.clock is not None
    ]
    if not known:
        return
    surely, ahead, name = max(known)
    level = Level.INVALID if surely > APART else Level.WARNING if surely > APART_WARNING else Level.OK
    message = f"the clock of worker {name} is {spoken_duration(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'} the master's"
    yield Finding("apart", level, message, "" if level is Level.OK else "let NTP or chrony keep both clocks")


def worker_lag(evidence: Evidence) -> Iterator[Finding]:
    """Whether each single worker kept up: one that did not hides among many that did."""
    processes = evidence.conditions.processes
    if len(processes) <= 1:
        return
    limit = max(LATE, LATE_PART * evidence.tightest_bound)
    for process in processes:
        said = []
        if too_often(process.lateness, limit, TAIL, process.stalls):
            said.append(f"started arrivals late (p99 {spoken_duration(process.lateness.quantile(0.99))})")
        lag = process.steady_lag
        if too_often(lag, LOOP, TAIL) or lag.largest > LOOP_BLOCK:
            said.append(
                f"woke up late (p99 {spoken_duration(lag.quantile(0.99))}, at worst {spoken_duration(lag.largest)})"
            )
        if said:
            yield Finding("worker_lag", Level.INVALID, f"{whose(process)} {' and '.join(said)}", relief(evidence))


def _loss(worker: WorkerFacts) -> str:
    phase = {Phase.WARM_UP: "the warm-up", Phase.STEADY: "the steady part"}.get(worker.lost_in or Phase.STEADY)
    after = "its share of the arrivals never came"
    if worker.taken_over is not None:
        after = f"the others had its arrivals after {spoken_duration(worker.taken_over)}, but its journeys are lost"
    return f"worker {worker.name} was lost {spoken_duration(worker.lost_at or 0.0)} into the load, in {phase}: {after}"


def _signed(seconds: float) -> str:
    return f"{'+' if seconds > 0 else '-'}{spoken_duration(abs(seconds))}"
