"""Watches one process of checkload, and packs what it measured so that a worker can send it to the master."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.measurement.histogram import Histogram
from harness.measurement.series import ArrivalCounts
from harness.monitoring.clocks import ClockDrift, ClockWatch
from harness.monitoring.garbage_collection import GcPauses
from harness.monitoring.littles_law import ConcurrencyIntegral
from harness.monitoring.machine import MachineUsage, MachineWatch, ResourceReading
from harness.monitoring.shop_messages import ShopMessage, ShopMessages


@dataclass(slots=True, kw_only=True)
class ProcessFacts:
    """What one process of checkload measured about itself; all times in seconds.

    - ``name``: the worker's name; ``""`` where one process does all.
    - ``machine``, ``clock``: what the machine gave it, and how steadily the clock ran.
    - ``concurrency``: the journeys in progress; None: not measured.
    - ``lateness``, ``stalls``: how late it started arrivals of the steady part, and the longest lateness of each stall.
    - ``loop_lag``, ``steady_lag``: how late its event loop woke up, in all phases and in the steady part.
    - ``pauses``: how long each garbage collection took, over ``collector_watched`` seconds of the steady part.
    - ``exhausted_resources``: connections that failed because the machine ran out of a resource, by its name (``EMFILE``).
    - ``mislabelled``: replies with a wrong media type, by page.
    - ``shop_messages``: what the shop said about failures.
    """

    name: str = ""
    machine: MachineUsage = field(default_factory=MachineUsage)
    clock: ClockDrift = field(default_factory=ClockDrift)
    concurrency: ConcurrencyIntegral | None = None
    lateness: Histogram = field(default_factory=Histogram)
    stalls: Histogram = field(default_factory=Histogram)
    loop_lag: Histogram = field(default_factory=Histogram)
    steady_lag: Histogram = field(default_factory=Histogram)
    pauses: Histogram = field(default_factory=Histogram)
    collector_watched: float = 0.0
    exhausted_resources: Mapping[str, int] = field(default_factory=dict)
    mislabelled: Mapping[str, int] = field(default_factory=dict)
    shop_messages: Sequence[ShopMessage] = ()

    @property
    def label(self) -> str:
        """The process as messages name it."""
        return f"worker {self.name}" if self.name else "checkload"

    def to_json(self) -> dict[str, Any]:
        """The facts as JSON."""
        return {
            "name": self.name,
            "machine": self.machine.to_json(),
            "clock": self.clock.to_json(),
            "presence": self.concurrency.to_json() if self.concurrency else None,
            "lateness": self.lateness.to_json(),
            "stalls": self.stalls.to_json(),
            "loop_lag": self.loop_lag.to_json(),
            "steady_lag": self.steady_lag.to_json(),
            "pauses": self.pauses.to_json(),
            "collector_watched": self.collector_watched,
            "ran_out": dict(self.exhausted_resources),
            "mislabelled": dict(self.mislabelled),
            "remarks": [list(each) for each in self.shop_messages],
        }

    @classmethod
    def from_json(cls, d: Mapping[str, Any]) -> ProcessFacts:
        """Read back what ``to_json`` wrote."""
        return cls(
            name=d["name"],
            machine=MachineUsage.from_json(d["machine"]),
            clock=ClockDrift.from_json(d["clock"]),
            concurrency=ConcurrencyIntegral.from_json(d["presence"]) if d["presence"] else None,
            lateness=Histogram.from_json(d["lateness"]),
            stalls=Histogram.from_json(d["stalls"]),
            loop_lag=Histogram.from_json(d["loop_lag"]),
            steady_lag=Histogram.from_json(d["steady_lag"]),
            pauses=Histogram.from_json(d["pauses"]),
            collector_watched=d["collector_watched"],
            exhausted_resources=d["ran_out"],
            mislabelled=d["mislabelled"],
            shop_messages=tuple(ShopMessage(*map(str, each)) for each in d["remarks"]),
        )


class ProcessWatch:
    """Watches this process from ``start`` to ``stop``; the run calls ``look`` about once a second.

    The run also reports every journey (``enter``, ``leave``), every connection that failed because a resource was
    exhausted, and every reply with a wrong media type. ``clock`` is monotonic.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        machine: MachineWatch | None = None,
        clocks: ClockWatch | None = None,
        collector: GcPauses | None = None,
    ) -> None:
        self._clock = clock
        self._machine = MachineWatch(clock=clock) if machine is None else machine
        self._clocks = ClockWatch() if clocks is None else clocks
        self._collector = GcPauses() if collector is None else collector
        self._concurrency = ConcurrencyIntegral()
        self._exhausted_resources: Counter[str] = Counter()
        self._mislabelled: Counter[str] = Counter()
        self.shop_messages = ShopMessages()

    def start(self) -> None:
        """Begin to watch: the load begins."""
        self._clocks.look()

    def look(self, *, steady: bool) -> None:
        """Take all readings; ``steady`` says whether this moment belongs to the steady part."""
        self._machine.look(steady=steady)
        if steady:
            self._collector.start()
        else:
            self._collector.stop()
        self._clocks.look()

    def stop(self) -> None:
        """End watching: the load is over."""
        self._collector.stop()
        self._clocks.look()

    def enter(self) -> None:
        """Count a journey that begins."""
        self._concurrency.enter(self._clock())

    def leave(self, entered: float) -> None:
        """Count a journey that began at ``entered`` and is over."""
        self._concurrency.leave(self._clock(), entered)

    def resource_exhausted(self, what: str) -> None:
        """Count a connection that failed because this machine ran out of a resource, by its name (``EMFILE``)."""
        self._exhausted_resources[what] += 1

    def mislabelled(self, page: str) -> None:
        """Count a reply with a wrong media type, by its page."""
        self._mislabelled[page] += 1

    @property
    def reading(self) -> ResourceReading:
        """What this process used of the machine at the last look."""
        return self._machine.reading

    def facts(self, name: str, *, arrivals: ArrivalCounts, loop_lag: Histogram, steady_lag: Histogram) -> ProcessFacts:
        """All that was measured so far; ``arrivals`` are the counts of the steady part."""
        self._concurrency.advance(self._clock())
        return ProcessFacts(
            name=name,
            machine=self._machine.machine,
            clock=self._clocks.seen,
            concurrency=self._concurrency,
            lateness=arrivals.lateness,
            stalls=arrivals.stalls,
            loop_lag=loop_lag,
            steady_lag=steady_lag,
            pauses=self._collector.pauses,
            collector_watched=self._collector.watched,
            exhausted_resources=dict(self._exhausted_resources),
            mislabelled=dict(self._mislabelled),
            shop_messages=self.shop_messages.kept,
        )
