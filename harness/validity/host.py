"""Whether the machine left the harness what it needed: processors, memory that is not being tidied, files and ports.

Each check looks at every process that made load and reports the worst. What was not measured is never taken for good.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from harness.measurement.outcomes import Outcome
from harness.monitoring.exhaustion import REMEDIES
from harness.monitoring.machine import BUSY_CPU, WARM_CPU
from harness.monitoring.process import ProcessFacts
from harness.objectives.verdict import Finding, Severity
from harness.units import format_duration, format_percent
from harness.validity.evidence import Evidence
from harness.validity.remedies import overload_remedy

"""The outcome of a connection that our own machine could not open."""
BUSY_PART = 0.05
"""The share of seconds that may be busier than 90 % of a core: with more, one reply in twenty waited for us."""
LEAST_BUSY = 2.0
"""Seconds: one busy second is an accident, however short the run."""
WARM_STRETCH = 5.0
"""Seconds on end over 70 % of a core that deserve a word: longer than any hiccup of a start."""
STOLEN_WARNING = 0.01
"""Of the time: a host that is not overbooked takes less than that."""
STOLEN = 0.05
"""Of the time: as much as the lag that may be a part of the tightest bound."""
CPU_WAIT_WARNING = (0.15, 1 / 3)
"""Of the time, and of the time in which we were ready to run: a baseline next to its own shop has 9 % and a fifth."""
CPU_WAIT = (0.20, 0.40)
"""Likewise: one program that never rests, on a machine of two cores, makes it 25 to 37 % and three fifths."""
CPU_PRESSURE_WARNING = 0.10
"""Of the time: on a machine with a core to spare nobody waits that often."""
CPU_PRESSURE = 0.30
"""Of the time: nearly every third moment something waited; on an idle machine it is under 1 %."""
GC_PAUSE_WARNING = 0.020
"""Seconds: as long as the event loop may be late without a word."""
GC_PAUSE = 0.100
"""Seconds: a quick page is done within that, and seems to take twice as long."""
GC_TIME_SHARE = 0.005
"""Of the time: half of the share of samples that a p99 is made of."""
NEAR_LIMIT = 0.50
"""Of a limit: half of it may be gone in the time of one retry storm."""
EXHAUSTED = 0.90
"""Of the open files: who is seen that close to the limit once a second has met it in between."""


def resource_exhaustion(evidence: Evidence) -> Iterator[Finding]:
    """Whether the machine ran out of open files, ports or memory; then connections fail that the shop never saw."""
    told = False
    for process in evidence.conditions.processes:
        counts = Counter(process.exhausted_resources)
        if counts.total():
            told = True
            said = ", ".join(f"{name} {number:,} times" for name, number in counts.most_common())
            yield Finding(
                "sockets",
                Severity.INVALID,
                f"{process_label(process)} could not open connections for want of something of its own: {said}",
                REMEDIES.get(counts.most_common(1)[0][0], "raise the limit"),
            )
    number = sum(
        cell.response.total for key, cell in evidence.recorder.pages.items() if key.outcome == Outcome.NO_SOCKET
    )
    if number and not told:
        yield Finding(
            "sockets",
            Severity.INVALID,
            f"{number:,} connections could not be opened for want of something of our own",
            "look into the log for what ran out, and raise its limit",
        )


def descriptors_and_ports(evidence: Evidence) -> Iterator[Finding]:
    """Whether open files and ports were far from their limits; a word in time, since the limit itself spoils a run."""
    limits: tuple[tuple[str, str, Callable[[ProcessFacts], tuple[int | None, int | None]]], ...] = (
        ("open files", REMEDIES["EMFILE"], lambda each: (each.machine.descriptors, each.machine.descriptor_limit)),
        ("local ports", REMEDIES["EADDRNOTAVAIL"], lambda each: (each.machine.ports, each.machine.port_supply)),
    )
    for what, remedy, used_of in limits:
        readings = [
            (used / limit, used, limit, process)
            for process in evidence.conditions.processes
            for used, limit in [used_of(process)]
            if used is not None and limit
        ]
        if not readings:
            continue
        share, used, limit, process = max(readings, key=lambda reading: reading[0])
        said = f"{process_label(process)} held up to {used:,} of {limit:,} {what}"
        # Ports of closed connections may be used again before their time, as the case may be: only an error is proof.
        if share > EXHAUSTED and what == "open files":
            yield Finding("sockets", Severity.INVALID, f"{said}: all but used up", remedy)
        elif share > NEAR_LIMIT:
            yield Finding("sockets", Severity.WARNING, f"{said}, over {format_percent(NEAR_LIMIT)}", remedy)
        else:
            yield Finding("sockets", Severity.OK, said)


def cpu_steal(evidence: Evidence) -> Iterator[Finding]:
    """Whether the host of this virtual machine left it its processors."""
    worst = _worst(evidence, lambda each: each.machine.share(each.machine.stolen))
    if worst is None:
        return
    share, process = worst
    level = Severity.INVALID if share > STOLEN else Severity.WARNING if share > STOLEN_WARNING else Severity.OK
    message = (
        f"the host took {format_percent(share)} of the processor time away from the machine of {process_label(process)}"
    )
    if level is Severity.INVALID:
        message += f"; {format_percent(STOLEN)} is allowed"
    yield _finding("steal", level, message, "use a machine whose processors are its own, or run at another hour")


def cpu_contention(evidence: Evidence) -> Iterator[Finding]:
    """Whether a processor was there when we were ready: what other programs take makes replies look late.

    Known from how long our own main thread stood in line. Where that is not measured, from how often anything on the
    machine stood in line; not if that may have been the embedded shop.
    """
    remedy = "end what else runs on the machine, or give the harness a machine of its own"
    waited = _worst(evidence, lambda each: each.machine.share(each.machine.queued))
    if waited is not None:
        share, process = waited
        running = process.machine.share(process.machine.processor) or 0.0
        part = share / (share + running) if share > 0 else 0.0
        level = Severity.OK
        for each, (of_time, of_ready) in ((Severity.WARNING, CPU_WAIT_WARNING), (Severity.INVALID, CPU_WAIT)):
            if share > of_time and part > of_ready:
                level = each
        message = (
            f"{process_label(process)} was ready to run and had no processor for {format_percent(share)} of the time, "
            f"and ran for {format_percent(running)}"
        )
        yield _finding("crowded", level, message, remedy)
    pressed = _worst(evidence, lambda each: each.machine.share(each.machine.pressed))
    if pressed is not None:
        share, process = pressed
        level = Severity.WARNING if share > CPU_PRESSURE_WARNING else Severity.OK
        if share > CPU_PRESSURE and waited is None and not evidence.conditions.embedded:
            level = Severity.INVALID
        # Our own waiting is what counts, and it says more; the other is worth a word only if it is much.
        if waited is None or share > CPU_PRESSURE:
            message = f"on the machine of {process_label(process)} something waited for a processor {format_percent(share)} of the time"
            yield _finding("pressure", level, message, remedy)


def busy_seconds(evidence: Evidence) -> Iterator[Finding]:
    """Whether every second had processor time to spare; a busy second hides in the mean of a long run."""
    processes = [each for each in evidence.conditions.processes if each.machine.processor is not None]
    if not processes:
        return
    process = max(processes, key=lambda each: each.machine.share(each.machine.busy) or 0.0)
    machine = process.machine
    warm = max(processes, key=lambda each: each.machine.warm_stretch)
    if machine.busy > max(LEAST_BUSY - 0.5, BUSY_PART * machine.seconds):
        yield Finding(
            "busy",
            Severity.INVALID,
            f"{process_label(process)} used over {format_percent(BUSY_CPU)} of a core for {format_duration(machine.busy)} of "
            f"{format_duration(machine.seconds)}",
            overload_remedy(evidence),
        )
    elif warm.machine.warm_stretch >= WARM_STRETCH:
        stretch = format_duration(warm.machine.warm_stretch)
        yield Finding(
            "busy",
            Severity.WARNING,
            f"{process_label(warm)} used over {format_percent(WARM_CPU)} of a core for {stretch} on end",
            overload_remedy(evidence),
        )
    else:
        yield Finding(
            "busy",
            Severity.OK,
            f"{process_label(process)} used {format_percent(machine.busiest)} of a core at its busiest",
        )


def gc_pauses(evidence: Evidence) -> Iterator[Finding]:
    """Whether Python's garbage collector stayed out of the way."""
    timed = [each for each in evidence.conditions.processes if each.collector_watched > 0]
    if not timed:
        return
    longest = max(timed, key=lambda each: each.pauses.largest)
    most = max(timed, key=lambda each: each.pauses.sum / each.collector_watched)
    pause, share = max(0.0, longest.pauses.largest), most.pauses.sum / most.collector_watched
    remedy = "keep fewer things alive: fewer users in a process, or more worker processes"
    if pause > GC_PAUSE:
        message = f"a garbage collection held up {process_label(longest)} for {format_duration(pause)}"
        yield Finding("collector", Severity.INVALID, f"{message}; {format_duration(GC_PAUSE)} is allowed", remedy)
    elif share > GC_TIME_SHARE:
        message = f"garbage collections held up {process_label(most)} for {format_percent(share)} of the time"
        yield Finding("collector", Severity.INVALID, f"{message}; {format_percent(GC_TIME_SHARE)} is allowed", remedy)
    elif pause > GC_PAUSE_WARNING:
        message = f"a garbage collection held up {process_label(longest)} for {format_duration(pause)}"
        yield Finding("collector", Severity.WARNING, message, remedy)
    else:
        yield Finding("collector", Severity.OK, f"no garbage collection took longer than {format_duration(pause)}")


def missing_readings(evidence: Evidence) -> Iterator[Finding]:
    """Whether the machine told enough about itself; what is not known cannot be vouched for."""
    lacking = {
        what
        for each in evidence.conditions.processes
        if each.machine.seconds > 0
        for what, readings in (
            ("processor time", (each.machine.processor,)),
            ("steal", (each.machine.stolen,)),
            ("waiting for a processor", (each.machine.queued, each.machine.pressed)),
            ("open files", (each.machine.descriptors,)),
        )
        if all(reading is None for reading in readings)
    }
    if lacking:
        yield Finding(
            "unmeasured",
            Severity.WARNING,
            f"this machine does not tell everything about itself; not measured: {', '.join(sorted(lacking))}",
            "run on Linux with /proc for a verdict that vouches for the machine, too",
        )


def process_label(process: ProcessFacts) -> str:
    """A process as a sentence calls it."""
    return f"worker {process.name}" if process.name else "the harness"


def _worst(evidence: Evidence, reading: Callable[[ProcessFacts], float | None]) -> tuple[float, ProcessFacts] | None:
    readings = [
        (value, process) for process in evidence.conditions.processes if (value := reading(process)) is not None
    ]
    return max(readings, key=lambda one: one[0]) if readings else None


def _finding(name: str, level: Severity, message: str, remedy: str) -> Finding:
    return Finding(name, level, message, "" if level is Severity.OK else remedy)
