"""Holds the state of one run: its workload, its target, how far it is, and its counts.

Pure: clocks come in as arguments.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from harness.measurement.bucket_layout import Bounds
from harness.measurement.recorder import Recorder
from harness.measurement.sample import Phase, Window
from harness.metrics.exemplars import Exemplars
from harness.results.result import SpanCounts, SteeringChange
from harness.run.admission import SteppedArrivals
from harness.run.collaborators import NO_HOOKS, REAL_TIME, NoOrders, OrderSink, RunHooks, TimeSource
from harness.run.lifecycle import Ending, Lifecycle, RunState
from harness.run.workload import RunTarget, Target, Workload
from harness.schedule.dispatch import Arrival
from harness.tracing.cells import SlowestByCell
from harness.tracing.tracer import Tracer

MOST_SLICES, SEARCHED_SLICES = 128, 512  # most slices of time; a search needs more, to tell its levels apart


class Run:
    """One run of a workload against a target.

    ``clock`` returns seconds, ``wall_clock`` the time of day. ``spawned`` is the number of users at the start of the load.
    ``stepped_arrivals`` are the arrivals of a capacity search. ``orders`` takes the placed orders. ``candidate`` is the run of the
    second host, if each arrival drives a journey at two hosts. ``tracer`` sends traces of the journeys of this process,
    ``spans_of_workers`` counts the spans of the others.
    """

    candidate: Run | None = None

    def __init__(self, workload: Workload[Any], time: TimeSource = REAL_TIME, hooks: RunHooks = NO_HOOKS) -> None:
        self.workload = workload
        self.target = RunTarget()
        self.clock: Callable[[], float] = time.clock
        self.wall_clock: Callable[[], float] = time.wall_clock
        self.journey_log = hooks.journey_log
        self.tracer: Tracer | None = None
        self.spans_of_workers: dict[str, SpanCounts] = {}
        self.started_at = datetime.now(UTC)
        self.ended_at = self.started_at
        self.id = f"{workload.name}-{self.started_at:%Y%m%dT%H%M%SZ}-{self.started_at.microsecond:06d}"
        self.spawn_rate = workload.population.spawn_rate if hooks.spawn_rate is None else hooks.spawn_rate
        self.spawned = 0
        # Until the load starts everything counts as warm-up.
        self.recorder = Recorder(
            Window(self.clock(), math.inf, math.inf),
            most_slices=MOST_SLICES if workload.judging.search is None else SEARCHED_SLICES,
            bounds=Bounds(workload.judging.time_bounds),
            sliced_options=workload.judging.sliced_options,
        )
        self.exemplars = Exemplars()
        self.slowest_by_cell = SlowestByCell()
        self.orders: OrderSink = NoOrders()
        self.lifecycle = Lifecycle(self.clock)
        self.users = hooks.users
        self.changes: list[SteeringChange] = []  # what a person has changed while the run is on
        self.stepped_arrivals = (
            SteppedArrivals(workload.schedule.stepped()) if workload.judging.search is not None else None
        )

    def set_target(self, url: str, target: Target | None) -> None:
        """Set the target of the load; ``target`` is the embedded shop, if there is one."""
        self.target = RunTarget(url.rstrip("/"), target)

    def set_start(self, start: float) -> None:
        """Fix the moment at which the load starts, and with it the phases of the run."""
        self.recorder.window = Window(start, start + self.workload.schedule.warm_up, start + self.length)

    def close(self, ending: Ending) -> None:
        """End the load early; the first ending counts.

        The journeys under way may finish, unless ``ending`` does not drain or nothing has begun.
        """
        if ending.judged_until is not None:
            window = self.recorder.window
            self.recorder.window = replace(window, steady_until=window.start + ending.judged_until)
        self.lifecycle.close(ending)

    def judge_until(self, moment: float) -> None:
        """Judge no longer than until this moment of the run's clock: the counts afterwards are not those of the whole load."""
        window = self.recorder.window
        self.recorder.window = replace(window, steady_until=max(window.steady_from, min(window.steady_until, moment)))

    def end(self) -> None:
        """End the run: Locust has stopped all users, and nothing more is recorded."""
        self.lifecycle.end()
        self.ended_at = datetime.now(UTC)
        if self.journey_log is not None:
            self.journey_log.close()
        if self.tracer is not None:
            self.tracer.close()

    # -- how far it is --------------------------------------------------------------------------------------------

    @property
    def begun(self) -> bool:
        """Whether the load has started; stays true after the end."""
        return self.lifecycle.begun

    @property
    def closing(self) -> bool:
        """Whether no new arrivals come any more."""
        return self.lifecycle.state >= RunState.DRAINING

    @property
    def over(self) -> bool:
        """Whether no journey is waited for any more."""
        return self.lifecycle.state >= RunState.OVER

    @property
    def ended(self) -> bool:
        """Whether all users are gone."""
        return self.lifecycle.state is RunState.ENDED

    @property
    def ending(self) -> Ending:
        """How the run ends: the first early ending, or the planned one."""
        return self.lifecycle.ending

    @property
    def drain_timed_out(self) -> bool:
        """Whether journeys were still under way when the time to drain was up."""
        return self.lifecycle.drain_timed_out

    @property
    def grace(self) -> float:
        """How many seconds the drain may take."""
        return self.workload.schedule.drain if self.ending.grace is None else self.ending.grace

    @property
    def elapsed(self) -> float:
        """Seconds since the first arrival could be due; 0 before."""
        return max(0.0, self.clock() - self.recorder.window.start) if self.begun else 0.0

    @property
    def length(self) -> float:
        """Seconds from the first arrival to the last, as planned."""
        return self.workload.schedule.warm_up + self.workload.schedule.steady

    @property
    def load_duration(self) -> float:
        """How many seconds of its planned length the load was on."""
        closed_at = self.lifecycle.closed_at
        end = self.clock() if closed_at is None else closed_at
        return min(self.length, max(0.0, end - self.recorder.window.start)) if self.begun else 0.0

    @property
    def steady_seconds(self) -> float:
        """How many seconds of the steady part the load was on; 0 before."""
        return max(0.0, self.load_duration - self.workload.schedule.warm_up)

    @property
    def phase(self) -> Phase:
        """The phase that an arrival due now would belong to."""
        return self.recorder.window.phase(self.clock())

    # -- its arrivals ---------------------------------------------------------------------------------------------

    @property
    def rate_target(self) -> float | None:
        """The planned arrival rate at this moment, a second; 0 before and after the load, ``None`` for a closed load."""
        if not self.workload.schedule.is_open:
            return None
        if not self.begun or self.closing:
            return 0.0
        return (
            self.workload.schedule.rate(self.elapsed) if self.stepped_arrivals is None else self.stepped_arrivals.rate
        )

    def due_between(self, start: float, end: float) -> int:
        """How many arrivals of a searched load are due between two moments, in seconds from its start."""
        return 0 if self.stepped_arrivals is None else self.stepped_arrivals.due_between(start, end)

    def labels_of(self, number: int) -> tuple[str, str]:
        """Journey and payment option of an arrival, by its number."""
        return self.workload.population.labels_of(Arrival(number, self.workload.population.kind_of(number), 0.0))
