"""Watches the machine second by second: the processor time that one process gets, and how close it is to its limits."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from harness.monitoring.procfs import MachineProbes, machine_probes

BUSY_CPU = 0.90
"""The share of one core above which replies wait for this process; Locust warns there, too."""
WARM_CPU = 0.70
"""The share of one core that deserves a warning: lag begins to grow at 50 to 60 %."""


@dataclass(slots=True, kw_only=True)
class MachineUsage:
    """What the machine gave to one process; None: not measured, which is not the same as 0.

    In the steady part, in seconds:

    - ``seconds``: how long it was watched; ``processor``: processor time of all threads.
    - ``busy``: the time above 90 % of a core; ``warm_stretch``: the longest time without a break above 70 %.
    - ``stolen``: the time that the host gave to other machines, of one core.
    - ``pressed``: the time in which some program waited for a processor; ``queued``: in which the main thread waited.

    ``busiest`` is the share of a core in the busiest second. The other values are the largest in any phase: open files,
    local ports and memory in bytes, with their limits, and the number of cores.
    """

    seconds: float = 0.0
    processor: float | None = None
    busy: float = 0.0
    warm_stretch: float = 0.0
    busiest: float = 0.0
    stolen: float | None = None
    pressed: float | None = None
    queued: float | None = None
    descriptors: int | None = None
    descriptor_limit: int | None = None
    ports: int | None = None
    port_supply: int | None = None
    memory: int | None = None
    cores: int | None = None

    def share(self, seconds: float | None) -> float | None:
        """One of the times above as a share of the watched time."""
        return None if seconds is None or self.seconds <= 0 else seconds / self.seconds

    def to_json(self) -> dict[str, Any]:
        """The usage as JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, d: Mapping[str, Any]) -> MachineUsage:
        """Read back what ``to_json`` wrote."""
        return cls(**d)


class ResourceReading(NamedTuple):
    """What one process used at the last look: share of a core since the previous look, bytes of memory, open files."""

    cpu: float | None = None
    memory: int | None = None
    descriptors: int | None = None


class MachineWatch:
    """Looks at the machine about once a second; ``machine`` is the usage so far, ``reading`` the last look.

    The time between two looks counts if both are in the steady part. A look takes well under a millisecond. ``clock`` is
    monotonic.
    """

    def __init__(self, of: MachineProbes | None = None, clock: Callable[[], float] = time.perf_counter) -> None:
        self._sources = machine_probes() if of is None else of
        self._clock = clock
        self._before: dict[str, Any] = {}
        self._warm = 0.0
        self.reading = ResourceReading()
        self.machine = MachineUsage(
            descriptor_limit=self._sources.descriptor_limit(),
            port_supply=self._sources.port_supply(),
            cores=self._sources.cores(),
        )

    def look(self, *, steady: bool) -> None:
        """Take all readings; ``steady`` says whether this moment is in the steady part of the run."""
        of, machine, before = self._sources, self.machine, self._before
        now: dict[str, Any] = {
            "moment": self._clock(),
            "steady": steady,
            "processor": of.processor(),
            "steal": of.steal(),
            "pressed": of.pressure(),
            "queued": of.queued(),
        }
        self.reading = ResourceReading(_share(before, now), of.memory(), of.descriptors())
        machine.descriptors = _larger(machine.descriptors, self.reading.descriptors)
        machine.memory = _larger(machine.memory, self.reading.memory)
        machine.ports = _larger(machine.ports, of.ports())
        self._before = now
        if steady and before.get("steady"):
            elapsed = now["moment"] - before["moment"]
            if elapsed > 0:
                self._count(before, now, elapsed)

    def _count(self, before: Mapping[str, Any], now: Mapping[str, Any], elapsed: float) -> None:
        machine = self.machine
        machine.seconds += elapsed
        machine.pressed = _added_growth(machine.pressed, before["pressed"], now["pressed"])
        machine.queued = _added_growth(machine.queued, before["queued"], now["queued"])
        if before["steal"] is not None and now["steal"] is not None:
            taken, ticks = (there - then for there, then in zip(now["steal"], before["steal"], strict=True))
            machine.stolen = (machine.stolen or 0.0) + (elapsed * max(0.0, taken) / ticks if ticks > 0 else 0.0)
        if before["processor"] is None or now["processor"] is None:
            return
        used = now["processor"] - before["processor"]
        machine.processor = (machine.processor or 0.0) + used
        share = used / elapsed
        machine.busiest = max(machine.busiest, share)
        machine.busy += elapsed if share > BUSY_CPU else 0.0
        self._warm = self._warm + elapsed if share > WARM_CPU else 0.0
        machine.warm_stretch = max(machine.warm_stretch, self._warm)


def _share(before: Mapping[str, Any], now: Mapping[str, Any]) -> float | None:
    used = _added_growth(None, before.get("processor"), now["processor"])
    elapsed = now["moment"] - before["moment"] if before else 0.0
    return None if used is None or elapsed <= 0 else used / elapsed


def _larger(before: int | None, now: int | None) -> int | None:
    return before if now is None else now if before is None else max(before, now)


def _added_growth(total: float | None, before: float | None, now: float | None) -> float | None:
    return total if before is None or now is None else (total or 0.0) + max(0.0, now - before)
