"""What the master noticed about one worker."""

from __future__ import annotations

from dataclasses import dataclass

from harness.measurement.sample import Phase
from harness.monitoring.clocks import ClockOffset


@dataclass(frozen=True, slots=True)
class RunFingerprint:
    """What a process runs: the version of checkload, and a hash of the scenario as it read it."""

    version: str
    scenario: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerFacts:
    """One worker, whether it lived to the end or not; moments and lengths in seconds.

    ``longest_gap`` lay between two of its reports, which were due each ``interval``. ``lost_at`` is when it went, from the
    start of the load, in the phase ``lost_in`` (None: it did not go), and ``reassigned_after`` how long after that the others
    had its share of the arrivals (None: never). ``finished`` says whether its last numbers arrived, ``clock`` how far its
    wall clock is ahead of the master's; None: not known.
    """

    name: str
    run_fingerprint: RunFingerprint | None = None
    longest_gap: float = 0.0
    interval: float = 0.0
    lost_at: float | None = None
    lost_in: Phase | None = None
    reassigned_after: float | None = None
    finished: bool | None = None
    clock: ClockOffset | None = None
