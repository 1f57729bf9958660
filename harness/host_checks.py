"""Whether the machine left the harness what it needed: processors, memory that is not being tidied, files and ports.

Each check looks at every process that made load and reports the worst. What was not measured is never taken for good.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from harness.conditions import Evidence
from harness.exhaustion import REMEDIES
from harness.machine import BUSY, WARM
from harness.outcomes import Outcome
from harness.process_facts import ProcessFacts
from harness.relief import relief
from harness.units import spoken_duration, spoken_share
from harness.verdict import Finding, Level

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
QUEUED_WARNING = (0.15, 1 / 3)
"""Of the time, and of the time in which we were ready to run: a baseline next to its own shop has 9 % and a fifth."""
QUEUED = (0.20, 0.40)
"""Likewise: one program that never rests, on a machine of two cores, makes it 25 to 37 % and three fifths."""
PRESSED_WARNING = 0.10
"""Of the time: on a machine with a core to spare nobody waits that often."""
PRESSED = 0.30
"""Of the time: nearly every third moment something waited; on an idle machine it is under 1 %."""
PAUSE_WARNING = 0.020
"""Seconds: as long as the event loop may be late without a word."""
PAUSE = 0.100
"""Seconds: a quick page is done within that, and seems to take twice as long."""
PAUSES = 0.005
"""Of the time: half of the share of samples that a p99 is made of."""
NEARLY = 0.50
"""Of a limit: half of it may be gone in the time of one retry storm."""
USED_UP = 0.90
"""Of the open files: who is seen that close to the limit once a second has met it in between."""


def ran_out(evidence: Evidence) -> Iterator[Finding]:
    """Whether the machine ran out of open files, ports or memory; then connections fail that the shop never saw."""
    told = False
    for process in evidence.conditions.processes:
        counts = Counter(process.ran_out)
        if counts.total():
            told = True
            said = ", ".join(f"{name} {number:,} times" for name, number in counts.most_common())
            yield Finding(
                "sockets",
                Level.INVALID,
                f"{whose(process)} could not open connections for want of something of its own: {said}",
                REMEDIES.get(counts.most_common(1)[0][0], "raise the limit"),
            )
    number = sum(
        cell.response.total for key, cell in evidence.recorder.pages.items() if key.outcome == Outcome.NO_SOCKET
    )
    if number and not told:
        yield Finding(
            "sockets",
            Level.INVALID,
            f"{number:,} connections could not be opened for want of something of our own",
            "look into the log for what ran out, and raise its limit",
        )


def sockets(evidence: Evidence) -> Iterator[Finding]:
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
        said = f"{whose(process)} held up to {used:,} of {limit:,} {what}"
        # Ports of closed connections may be used again before their time, as the case may be: only an error is proof.
        if share > USED_UP and what == "open files":
            yield Finding("sockets", Level.INVALID, f"{said}: all but used up", remedy)
        elif share > NEARLY:
            yield Finding("sockets", Level.WARNING, f"{said}, over {spoken_share(NEARLY)}", remedy)
        else:
            yield Finding("sockets", Level.OK, said)


def stolen(evidence: Evidence) -> Iterator[Finding]:
    """Whether the host of this virtual machine left it its processors."""
    worst = _worst(evidence, lambda each: each.machine.share(each.machine.stolen))
    if worst is None:
        return
    share, process = worst
    level = Level.INVALID if share > STOLEN else Level.WARNING if share > STOLEN_WARNING else Level.OK
    message = f"the host took {spoken_share(share)} of the processor time away from the machine of {whose(process)}"
    if level is Level.INVALID:
        message += f"; {spoken_share(STOLEN)} is allowed"
    yield _told("steal", level, message, "use a machine whose processors are its own, or run at another hour")


def crowded(evidence: Evidence) -> Iterator[Finding]:
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
        level = Level.OK
        for each, (of_time, of_ready) in ((Level.WARNING, QUEUED_WARNING), (Level.INVALID, QUEUED)):
            if share > of_time and part > of_ready:
                level = each
        message = (
            f"{whose(process)} was ready to run and had no processor for {spoken_share(share)} of the time, "
            f"and ran for {spoken_share(running)}"
        )
        yield _told("crowded", level, message, remedy)
    pressed = _worst(evidence, lambda each: each.machine.share(each.machine.pressed))
    if pressed is not None:
        share, process = pressed
        level = Level.WARNING if share > PRESSED_WARNING else Level.OK
        if share > PRESSED and waited is None and not evidence.conditions.embedded:
            level = Level.INVALID
        # Our own waiting is what counts, and it says more; the other is worth a word only if it is much.
        if waited is None or share > PRESSED:
            message = (
                f"on the machine of {whose(process)} something waited for a processor {spoken_share(share)} of the time"
            )
            yield _told("pressure", level, message, remedy)


def busy(evidence: Evidence) -> Iterator[Finding]:
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
            Level.INVALID,
            f"{whose(process)} used over {spoken_share(BUSY)} of a core for {spoken_duration(machine.busy)} of "
            f"{spoken_duration(machine.seconds)}",
            relief(evidence),
        )
    elif warm.machine.warm_stretch >= WARM_STRETCH:
        stretch = spoken_duration(warm.machine.warm_stretch)
        yield Finding(
            "busy",
            Level.WARNING,
            f"{whose(warm)} used over {spoken_share(WARM)} of a core for {stretch} on end",
            relief(evidence),
        )
    else:
        yield Finding(
            "busy", Level.OK, f"{whose(process)} used {spoken_share(machine.busiest)} of a core at its busiest"
        )


def collector(evidence: Evidence) -> Iterator[Finding]:
    """Whether Python's garbage collector stayed out of the way."""
    timed = [each for each in evidence.conditions.processes if each.collector_watched > 0]
    if not timed:
        return
    longest = max(timed, key=lambda each: each.pauses.largest)
    most = max(timed, key=lambda each: each.pauses.sum / each.collector_watched)
    pause, share = max(0.0, longest.pauses.largest), most.pauses.sum / most.collector_watched
    remedy = "keep fewer things alive: fewer users in a process, or more worker processes"
    if pause > PAUSE:
        message = f"a garbage collection held up {whose(longest)} for {spoken_duration(pause)}"
        yield Finding("collector", Level.INVALID, f"{message}; {spoken_duration(PAUSE)} is allowed", remedy)
    elif share > PAUSES:
        message = f"garbage collections held up {whose(most)} for {spoken_share(share)} of the time"
        yield Finding("collector", Level.INVALID, f"{message}; {spoken_share(PAUSES)} is allowed", remedy)
    elif pause > PAUSE_WARNING:
        message = f"a garbage collection held up {whose(longest)} for {spoken_duration(pause)}"
        yield Finding("collector", Level.WARNING, message, remedy)
    else:
        yield Finding("collector", Level.OK, f"no garbage collection took longer than {spoken_duration(pause)}")


def unmeasured(evidence: Evidence) -> Iterator[Finding]:
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
            Level.WARNING,
            f"this machine does not tell everything about itself; not measured: {', '.join(sorted(lacking))}",
            "run on Linux with /proc for a verdict that vouches for the machine, too",
        )


def whose(process: ProcessFacts) -> str:
    """A process as a sentence calls it."""
    return f"worker {process.name}" if process.name else "the harness"


def _worst(evidence: Evidence, reading: Callable[[ProcessFacts], float | None]) -> tuple[float, ProcessFacts] | None:
    readings = [
        (value, process) for process in evidence.conditions.processes if (value := reading(process)) is not None
    ]
    return max(readings, key=lambda one: one[0]) if readings else None


def _told(name: str, level: Level, message: str, remedy: str) -> Finding:
    return Finding(name, level, message, "" if level is Level.OK else remedy)
