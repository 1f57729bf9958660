"""Measures this process while it makes load: its event loop, its processor time, its machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from harness.measurement.histogram import Histogram
from harness.measurement.sample import Phase
from harness.metrics.run_metrics import WorkerMetrics
from harness.monitoring.clocks import ClockWatch
from harness.monitoring.garbage_collection import GarbageCollectorTuning
from harness.monitoring.process import ProcessFacts, ProcessWatch
from harness.monitoring.worker import FleetFacts
from harness.run.collaborators import TimeSource
from harness.run.run import Run

LAG_PROBE_INTERVAL = 0.05  # seconds between two probes of the event loop
LOOK_INTERVAL = 1.0  # seconds between two readings of the machine


class OwnProcess:
    """Measures this process during one run, and keeps the garbage collector out of the load.

    ``watch`` counts what the shoppers notice about this process.
    """

    def __init__(self, run: Run, time: TimeSource) -> None:
        self._run = run
        self._processor_time = time.processor
        self._sleep = time.sleep
        self._gc_tuning = GarbageCollectorTuning()
        self.watch = ProcessWatch(time.clock, clocks=ClockWatch(time.wall_clock))
        self.loop_lag = Histogram()
        self.steady_lag = Histogram()
        self.processor_share = 0.0
        run.lifecycle.on_end.append(self._stop)

    def prepare(self) -> None:
        """Collect garbage now, so that no full collection stops the load; takes up to a second."""
        self._gc_tuning.freeze()

    def start(self) -> None:
        """Begin to measure: the load starts."""
        self.watch.start()

    def schedule_extended(self) -> None:
        """Exempt the objects of the latest level from garbage collection."""
        self._gc_tuning.freeze_again()

    def _stop(self) -> None:
        self._gc_tuning.restore()
        if self._run.begun:
            self.watch.stop()

    @property
    def tasks(self) -> Sequence[Callable[[], None]]:
        """The work to do in the background while the load is on."""
        return self._probe_lag, self._look

    def _probe_lag(self) -> None:
        run = self._run
        processor, wall = self._processor_time(), run.clock()
        while not run.over:
            due = run.clock() + LAG_PROBE_INTERVAL
            self._sleep(LAG_PROBE_INTERVAL)
            now = run.clock()
            late = max(0.0, now - due)
            steady = run.recorder.window.phase(due) is Phase.STEADY
            self.loop_lag.record(late, beside=self.steady_lag if steady else None)
            self.processor_share = (self._processor_time() - processor) / max(now - wall, LAG_PROBE_INTERVAL)

    def _look(self) -> None:
        while not self._run.over:
            self._sleep(LOOK_INTERVAL)
            if not self._run.over:
                self.watch.look(steady=self._run.phase is Phase.STEADY)

    # -- what it has measured -------------------------------------------------------------------------------------

    def facts(self, name: str) -> ProcessFacts:
        """The facts about this process and its machine; ``name`` is the worker's number, if it is one."""
        steady = self._run.recorder.arrivals[Phase.STEADY]
        return self.watch.facts(name, arrivals=steady, loop_lag=self.loop_lag, steady_lag=self.steady_lag)

    def to_json(self, name: str) -> dict[str, Any]:
        """The facts about this process as JSON values; ``name`` is the worker's number."""
        return {
            "process": self.facts(name).to_json(),
            "processor_share": self.processor_share,
            "reading": list(self.watch.reading),
        }

    def process_facts(self) -> list[ProcessFacts]:
        """The facts about this process, once it has had load."""
        return [self.facts("")] if self._run.begun else []

    def worker_metrics(self) -> list[WorkerMetrics]:
        """The metrics of this process."""
        state, reading = "done" if self._run.ended else "ready", self.watch.reading
        return [
            WorkerMetrics(
                "0",
                state=state,
                loop_lag=self.loop_lag,
                cpu=reading.cpu,
                memory=reading.memory,
                connections=reading.descriptors,
            )
        ]

    def fleet_facts(self) -> FleetFacts:
        """No facts: a run in one process has no workers."""
        return FleetFacts()
