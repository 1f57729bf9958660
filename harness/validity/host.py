"""Checks whether the machine gave checkload what it needed: processor time, open files, ports and memory.

Each check looks at every process that makes load and reports the worst. A value that was not measured never counts as
good.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from harness.measurement.outcomes import Outcome
from harness.monitoring.exhaustion import REMEDIES, RESOURCES
from harness.monitoring.machine import BUSY_CPU, WARM_CPU
from harness.monitoring.process import ProcessFacts
from harness.objectives.verdict import Finding, Severity
from harness.units import format_count, format_duration, format_percent
from harness.validity.evidence import Evidence
from harness.validity.remedies import overload_remedy

BUSY_PART = 0.05
"""The share of seconds that may use more than 90 % of a core: with more, one reply in twenty waits for checkload."""
LEAST_BUSY = 2.0
"""Seconds: one busy second is an accident, however short the run is."""
WARM_STRETCH = 5.0
"""Seconds without a break above 70 % of a core that deserve a warning: longer than any start takes."""
STOLEN_WARNING = 0.01
"""The share of the time that the host may take without a warning: a host that is not overbooked takes less."""
STOLEN = 0.05
"""The share of the time that the host may take."""
CPU_WAIT_WARNING = (0.15, 1 / 3)
"""Shares of the time, and of the time ready to run. A run next to its own shop has 9 % and a fifth."""
CPU_WAIT = (0.20, 0.40)
"""The same for an invalid run. One busy program on a machine with two cores causes 25 to 37 % and three fifths."""
CPU_PRESSURE_WARNING = 0.10
"""The share of the time in which a program may wait: on a machine with a spare core none waits that often."""
CPU_PRESSURE = 0.30
"""The same for an invalid run. On an idle machine it is under 1 %."""
GC_PAUSE_WARNING = 0.020
"""Seconds: as long as the event loop may be late without a warning."""
GC_PAUSE = 0.100
"""Seconds: a fast page takes no longer, so this pause doubles its time."""
GC_TIME_SHARE = 0.005
"""The share of the time that collections may take: half of the tail of a p99."""
NEAR_LIMIT = 0.50
"""The share of a limit that deserves a warning: one wave of retries can use up the other half."""
EXHAUSTED = 0.90
"""The share of the open files that counts as all: a reading once a second misses the peaks between."""


def resource_exhaustion(evidence: Evidence) -> Iterator[Finding]:
    """Whether the machine had enough open files, ports and memory; otherwise connections fail that the shop never saw."""
    found = False
    for process in evidence.conditions.generator.processes:
        failures = Counter(process.exhausted_resources).most_common()
        if not failures:
            continue
        found = True
        resources = " and ".join(f"{RESOURCES.get(name, 'a resource')} ({name} {n:,} times)" for name, n in failures)
        yield Finding(
            "sockets",
            Severity.INVALID,
            f"{process.label} could not open connections because it ran out of {resources}",
            REMEDIES.get(failures[0][0], "raise the limit"),
        )
    number = sum(
        cell.response.total for key, cell in evidence.recorder.pages.items() if key.outcome == Outcome.NO_SOCKET
    )
    if number and not found:
        yield Finding(
            "sockets",
            Severity.INVALID,
            f"{format_count(number, 'connection')} could not be opened because this machine ran out of a resource",
            "read the log to see which resource it was, and raise its limit",
        )


def descriptors_and_ports(evidence: Evidence) -> Iterator[Finding]:
    """Whether open files and local ports were far from their limits; at the limit, connections fail."""
    limits: tuple[tuple[str, str, Callable[[ProcessFacts], tuple[int | None, int | None]]], ...] = (
        ("open files", REMEDIES["EMFILE"], lambda each: (each.machine.descriptors, each.machine.descriptor_limit)),
        ("local ports", REMEDIES["EADDRNOTAVAIL"], lambda each: (each.machine.ports, each.machine.port_supply)),
    )
    for what, remedy, used_of in limits:
        readings = [
            (used / limit, used, limit, process)
            for process in evidence.conditions.generator.processes
            for used, limit in [used_of(process)]
            if used is not None and limit
        ]
        if not readings:
            continue
        share, used, limit, process = max(readings, key=lambda reading: reading[0])
        message = f"{process.label} used up to {used:,} of {limit:,} {what}"
        # The system may use ports of closed connections again early: only an error proves that it had no more ports.
        if share > EXHAUSTED and what == "open files":
            yield Finding("sockets", Severity.INVALID, f"{message}, almost all of them", remedy)
        elif share > NEAR_LIMIT:
            yield Finding("sockets", Severity.WARNING, f"{message}, more than {format_percent(NEAR_LIMIT)}", remedy)
        else:
            yield Finding("sockets", Severity.OK, message)


def cpu_steal(evidence: Evidence) -> Iterator[Finding]:
    """Whether the host left this virtual machine its processor time."""
    worst = _worst(evidence, lambda each: each.machine.share(each.machine.stolen))
    if worst is None:
        return
    share, process = worst
    level = Severity.INVALID if share > STOLEN else Severity.WARNING if share > STOLEN_WARNING else Severity.OK
    message = f"the host took {format_percent(share)} of the processor time from the machine of {process.label}"
    if level is Severity.INVALID:
        message += f"; {format_percent(STOLEN)} is allowed"
    yield _finding("steal", level, message, "use a machine with processors of its own, or run at another time")


def cpu_contention(evidence: Evidence) -> Iterator[Finding]:
    """Whether a processor was free when checkload was ready to run; otherwise replies look late.

    The measure is how long the main thread of checkload waited for a processor. Where that is not measured, the measure
    is how often any program on the machine waited, unless that may have been the embedded shop.
    """
    remedy = "stop other programs on the machine, or give checkload a machine of its own"
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
            f"{process.label} waited for a processor for {format_percent(share)} of the time, "
            f"and had one for {format_percent(running)}"
        )
        yield _finding("crowded", level, message, remedy)
    pressed = _worst(evidence, lambda each: each.machine.share(each.machine.pressed))
    if pressed is not None:
        share, process = pressed
        level = Severity.WARNING if share > CPU_PRESSURE_WARNING else Severity.OK
        if share > CPU_PRESSURE and waited is None and not evidence.conditions.shop.embedded:
            level = Severity.INVALID
        # checkload's own waiting says more; the waiting of other programs deserves a warning only if it is long.
        if waited is None or share > CPU_PRESSURE:
            message = (
                f"on the machine of {process.label}, some program waited for a processor for {format_percent(share)} "
                "of the time"
            )
            yield _finding("pressure", level, message, remedy)


def busy_seconds(evidence: Evidence) -> Iterator[Finding]:
    """Whether every second had processor time to spare; the mean of a long run hides a busy second."""
    processes = [each for each in evidence.conditions.generator.processes if each.machine.processor is not None]
    if not processes:
        return
    busiest = max(processes, key=lambda each: each.machine.share(each.machine.busy) or 0.0)
    warmest = max(processes, key=lambda each: each.machine.warm_stretch)
    machine, stretch = busiest.machine, warmest.machine.warm_stretch
    if machine.busy > max(LEAST_BUSY - 0.5, BUSY_PART * machine.seconds):
        yield Finding(
            "busy",
            Severity.INVALID,
            f"{busiest.label} used more than {format_percent(BUSY_CPU)} of a core for {format_duration(machine.busy)} of "
            f"{format_duration(machine.seconds)}",
            overload_remedy(evidence),
        )
    elif stretch >= WARM_STRETCH:
        yield Finding(
            "busy",
            Severity.WARNING,
            f"{warmest.label} used more than {format_percent(WARM_CPU)} of a core for {format_duration(stretch)} without "
            "a break",
            overload_remedy(evidence),
        )
    else:
        yield Finding(
            "busy",
            Severity.OK,
            f"{busiest.label} used {format_percent(machine.busiest)} of a core in its busiest second",
        )


def gc_pauses(evidence: Evidence) -> Iterator[Finding]:
    """Whether Python's garbage collector paused checkload for a short time only."""
    timed = [each for each in evidence.conditions.generator.processes if each.collector_watched > 0]
    if not timed:
        return
    longest = max(timed, key=lambda each: each.pauses.largest)
    most = max(timed, key=lambda each: each.pauses.sum / each.collector_watched)
    pause, share = max(0.0, longest.pauses.largest), most.pauses.sum / most.collector_watched
    remedy = "keep fewer objects in memory: use fewer users per process, or more worker processes"
    if pause > GC_PAUSE:
        message = f"a garbage collection paused {longest.label} for {format_duration(pause)}"
        yield Finding("collector", Severity.INVALID, f"{message}; {format_duration(GC_PAUSE)} is allowed", remedy)
    elif share > GC_TIME_SHARE:
        message = f"garbage collections paused {most.label} for {format_percent(share)} of the time"
        yield Finding("collector", Severity.INVALID, f"{message}; {format_percent(GC_TIME_SHARE)} is allowed", remedy)
    elif pause > GC_PAUSE_WARNING:
        message = f"a garbage collection paused {longest.label} for {format_duration(pause)}"
        yield Finding("collector", Severity.WARNING, message, remedy)
    else:
        yield Finding("collector", Severity.OK, f"no garbage collection took longer than {format_duration(pause)}")


def missing_readings(evidence: Evidence) -> Iterator[Finding]:
    """Whether the machine reported all that the other checks need."""
    missing = {
        what
        for each in evidence.conditions.generator.processes
        if each.machine.seconds > 0
        for what, readings in (
            ("processor time", (each.machine.processor,)),
            ("steal", (each.machine.stolen,)),
            ("waiting for a processor", (each.machine.queued, each.machine.pressed)),
            ("open files", (each.machine.descriptors,)),
        )
        if all(reading is None for reading in readings)
    }
    if missing:
        yield Finding(
            "unmeasured",
            Severity.WARNING,
            f"this machine does not report everything; not measured: {', '.join(sorted(missing))}",
            "run on Linux with /proc, so that checkload can check the machine, too",
        )


def _worst(evidence: Evidence, reading: Callable[[ProcessFacts], float | None]) -> tuple[float, ProcessFacts] | None:
    readings = [
        (value, process)
        for process in evidence.conditions.generator.processes
        if (value := reading(process)) is not None
    ]
    return max(readings, key=lambda one: one[0]) if readings else None


def _finding(name: str, level: Severity, message: str, remedy: str) -> Finding:
    return Finding(name, level, message, "" if level is Severity.OK else remedy)
