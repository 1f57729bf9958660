"""The state of a run that is published at one moment, beside its measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.measurement.histogram import Histogram
from harness.measurement.recorder import Recorder
from harness.measurement.sample import Phase
from harness.metrics.exemplars import Exemplars
from harness.metrics.page_roles import PageRoles
from harness.shop_metrics.objective import AnyObjective

PENDING = "pending"
VERDICTS = (PENDING, "passed", "failed", "invalid", "inconclusive")
OBJECTIVE_STATES = ("nothing", "kept_so_far", "broken_so_far", "passed", "failed", "inconclusive", "not_judged")
WORKER_STATES = ("ready", "lost", "done")


@dataclass(frozen=True, slots=True)
class WorkerMetrics:
    """One process that makes the load; in seconds, bytes, and shares of one core. None: not known."""

    name: str
    state: str = "ready"
    loop_lag: Histogram | None = None
    cpu: float | None = None
    memory: int | None = None
    connections: int | None = None
    report_age: float | None = None
    clock_offset: float | None = None
    reports: int | None = None
    reports_lost: int | None = None


@dataclass(frozen=True, slots=True)
class ObjectiveStatus:
    """One objective, its state (one of ``OBJECTIVE_STATES``), and its measured value; None: nothing yet.

    One on the shop's own metrics has no value before the end of the run.
    """

    objective: AnyObjective
    state: str = "nothing"
    measured: float | None = None


@dataclass(frozen=True, slots=True)
class RunMetrics:
    """A run at the moment of a scrape.

    - ``target``: ``"embedded"`` or a host, never a whole URL.
    - ``verdict``: ``pending`` until the run is judged.
    - ``started_at``, ``ended_at``: seconds since 1970; ``ended_at`` is None during the run.
    - ``rate_target``: planned journeys per second; None for a closed load.
    - ``stage_number``: the stage of the profile, counted from 1; None without stages.
    - ``users``: virtual users by class.
    - ``in_flight``: journeys in progress by payment option (``""``: not known yet).
    - ``requesting``: requests in progress by page.
    - ``pools``: free items of test data by pool.
    - ``exemplars``: pages that the shop's own tracing knows.
    - ``render_times``: the times that earlier scrapes took.
    """

    recorder: Recorder
    run_id: str
    scenario: str
    phase: str = Phase.WARM_UP
    model: str = "open"
    target: str = "embedded"
    version: str = ""
    verdict: str = PENDING
    started_at: float = 0.0
    ended_at: float | None = None
    rate_target: float | None = None
    stage_number: int | None = None
    users: Mapping[str, int] = field(default_factory=dict)
    in_flight: Mapping[str, int] = field(default_factory=dict)
    requesting: Mapping[str, int] = field(default_factory=dict)
    pools: Mapping[str, int] = field(default_factory=dict)
    workers: Sequence[WorkerMetrics] = ()
    objectives: Sequence[ObjectiveStatus] = ()
    page_roles: PageRoles = field(default_factory=PageRoles)
    exemplars: Exemplars = field(default_factory=Exemplars)
    render_times: Histogram = field(default_factory=Histogram)
