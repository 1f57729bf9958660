"""Reads what the workers of a run have measured of themselves."""

from __future__ import annotations

from collections.abc import Callable

from harness.distributed.fleet import Fleet, FleetTotals
from harness.measurement.histogram import Histogram
from harness.metrics.run_metrics import WorkerMetrics
from harness.monitoring.order_numbers import duplicates_across_workers
from harness.monitoring.process import ProcessFacts
from harness.monitoring.worker import FleetFacts, RunFingerprint
from harness.run.run import Run
from harness.versions import own_version


class FleetInstrument:
    """The measurements of all workers; ``totals`` holds their sums, as last added up.

    ``refused`` returns how many messages the master's port has refused so far.
    """

    def __init__(self, run: Run, fleet: Fleet, refused: Callable[[], int]) -> None:
        self._run = run
        self._fleet = fleet
        self._refused = refused
        self._refused_before = refused()
        self.totals = FleetTotals()

    def aggregate(self) -> None:
        """Add up what the workers have reported by now."""
        self.totals = self._fleet.totals()

    @property
    def steady_lag(self) -> Histogram:
        """How late the event loops of all workers woke up in the steady part, in seconds."""
        return self.totals.steady_lag

    @property
    def processor_share(self) -> float:
        """The largest share of a core that a worker uses."""
        return self.totals.processor_share

    def process_facts(self) -> list[ProcessFacts]:
        """The facts about each worker's process, as last reported."""
        return self._fleet.process_facts()

    def worker_metrics(self) -> list[WorkerMetrics]:
        """The metrics of each worker."""
        return [worker.metrics(self._run.clock()) for worker in self._fleet.workers.values()]

    def fleet_facts(self) -> FleetFacts:
        """The facts about the workers and what they sent."""
        return FleetFacts(
            workers=self._fleet.worker_facts(),
            run_fingerprint=RunFingerprint(own_version(), self._run.workload.fingerprint),
            refused_messages=self._refused() - self._refused_before,
            duplicate_order_numbers=duplicates_across_workers(worker.orders for worker in self._fleet.workers.values()),
        )
