"""What the master knows about its workers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.measurement.sample import Phase
from harness.monitoring.clocks import ClockOffset


@dataclass(frozen=True, slots=True)
class RunFingerprint:
    """What a process runs: its version of checkload, and a hash of the scenario that it read."""

    version: str
    scenario: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerFacts:
    """One worker, lost or not; times in seconds.

    - ``name``, ``locust_id``, ``process_id``: its name in sentences, its name in Locust's log, and its number on its host.
    - ``longest_gap``: the longest time between two of its reports, which are due every ``interval``.
    - ``lost_at``, ``lost_in``: when it was lost, from the start of the load, and in which phase; None: not lost.
    - ``reassigned_after``: how long after its loss the other workers took over its arrivals; None: never.
    - ``last_report_at``: when it reported last, from the start of the load.
    - ``finished``: whether its last counts arrived; None: not known.
    - ``clock``: how far its wall clock is ahead of the master's; None: not known.
    """

    name: str
    locust_id: str = ""
    process_id: int | None = None
    run_fingerprint: RunFingerprint | None = None
    longest_gap: float = 0.0
    interval: float = 0.0
    lost_at: float | None = None
    lost_in: Phase | None = None
    reassigned_after: float | None = None
    last_report_at: float = 0.0
    finished: bool | None = None
    clock: ClockOffset | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetFacts:
    """What the master knows about all its workers; the defaults describe a run without workers.

    - ``workers``: each worker, lost workers included.
    - ``run_fingerprint``: what the master runs: each worker must run the same.
    - ``refused_messages``: messages on the master's port that no worker can have sent.
    - ``duplicate_order_numbers``: order numbers that shoppers of two workers received.
    """

    workers: Sequence[WorkerFacts] = ()
    run_fingerprint: RunFingerprint | None = None
    refused_messages: int = 0
    duplicate_order_numbers: int = 0

    @property
    def worker_lost(self) -> bool:
        """Whether a worker was lost, with its last counts."""
        return any(each.lost_at is not None for each in self.workers)
