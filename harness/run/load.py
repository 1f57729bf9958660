"""Defines what a run needs of the processes that make its load: this process, or the workers of a master."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from harness.measurement.histogram import Histogram
from harness.measurement.pending import PendingAge
from harness.metrics.run_metrics import WorkerMetrics
from harness.monitoring.process import ProcessFacts
from harness.monitoring.worker import FleetFacts
from harness.run.steering.change import LoadChange

CHECK_INTERVAL = 0.5
"""Seconds between two checks of the target, the workers, the stop file and the stop rules."""


class Load(Protocol):
    """Serves the arrivals of a run."""

    @property
    def under_way(self) -> int:
        """Journeys given to users and not yet over."""

    @property
    def in_flight(self) -> Counter[str]:
        """How many journeys are in progress, by payment option."""

    @property
    def requesting(self) -> Counter[str]:
        """How many requests wait for their reply, by page."""

    @property
    def waiting(self) -> Sequence[PendingAge]:
        """How long requests have been waiting for their reply."""

    @property
    def pools(self) -> Mapping[str, int]:
        """How much test data is free, by its name."""

    @property
    def changes_taken(self) -> int:
        """The number of the last change by a person that all processes have taken up."""

    def find_start(self) -> float | None:
        """Prepare the load; returns the moment at which it starts, or ``None`` if it must not start."""

    def open(self) -> None:
        """Let the arrivals come, from the start of the run's window on."""

    def extend_schedule(self, rate: float, seconds: float) -> None:
        """Add a level of a capacity search: so many arrivals a second, for so many seconds."""

    def steer(self, change: LoadChange, users: int | None) -> None:
        """Change the load in all its processes, with so many virtual users in all of them (``None``: as many as before)."""

    @property
    def tasks(self) -> Sequence[Callable[[], None]]:
        """The work to do in the background while the load is on; one of them drains the load at the end."""


class Instrument(Protocol):
    """Measures the processes that make the load.

    ``steady_lag`` holds how late the event loop woke up in the steady part, ``processor_share`` the share of a core used.
    """

    @property
    def steady_lag(self) -> Histogram:
        """How late the event loop woke up in the steady part, in seconds."""

    @property
    def processor_share(self) -> float:
        """The share of a core that the load generator uses; of several processes, the largest."""

    def process_facts(self) -> list[ProcessFacts]:
        """The facts about each process with load, as last measured."""

    def worker_metrics(self) -> list[WorkerMetrics]:
        """The metrics of each process with load."""

    def fleet_facts(self) -> FleetFacts:
        """The facts about the workers and what they sent."""
