"""Runs one workload, from the moment all users are spawned until the last journey is over.

This is the shell around the pure modules: it has the real clock and the greenlets, and measures the load generator
itself for the validity checks.
"""

from __future__ import annotations

import itertools
import logging
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import gevent

from harness.capacity.answer import SEARCH_COMPLETE
from harness.capacity.controller import CapacityController
from harness.measurement.sample import Phase, Window
from harness.monitoring.garbage_collection import GarbageCollectorTuning
from harness.run.admission import open_admission
from harness.run.collaborators import NO_HOOKS, REAL_TIME, RunHooks, TimeSource
from harness.run.early_end import EarlyEndChecks
from harness.run.lifecycle import EndCause, Ending, RunState
from harness.run.run_record import RunRecord
from harness.run.workload import Workload
from harness.schedule.dispatch import Arrival
from harness.yield_to_load import YieldToLoad

logger = logging.getLogger("checkload")

ContextT = TypeVar("ContextT")

START_DELAY = 0.2  # seconds from the last spawned user to the start of the schedule
LAG_PROBE_INTERVAL = 0.05  # seconds between two probes of the event loop
YIELD_SECONDS = 0.002  # seconds for the load between two steps of an interim check
CHECK_INTERVAL = 0.5  # seconds between two checks of the target, the stop file and the stop rules


class Run(RunRecord[ContextT]):
    """One run of a workload against a target, in this process."""

    def __init__(
        self,
        workload: Workload[ContextT],
        worker_context: ContextT,
        time: TimeSource = REAL_TIME,
        hooks: RunHooks = NO_HOOKS,
    ) -> None:
        super().__init__(workload, worker_context, time, hooks)
        self._processor_time = time.processor
        self._sleep = time.sleep
        self.yield_to_load = YieldToLoad(time.sleep, YIELD_SECONDS)
        self._gc_tuning = GarbageCollectorTuning()
        self._greenlets: list[Any] = []
        self._ending_checks = EarlyEndChecks(workload.judging, workload.schedule)
        self.controller = (
            CapacityController(workload.judging.search, workload.judging.objectives, self)
            if workload.judging.search and self.judges
            else None
        )

    @property
    def alpha_left(self) -> float:
        """The part of each objective's alpha that the final check may spend; the interim checks have spent the rest."""
        return self._ending_checks.alpha_left

    def start(self, users: int) -> None:
        """Start the load: all users are spawned."""
        if self.begun or self.over:
            return
        self.spawned = users
        self._gc_tuning.freeze()
        # In a closed load the users begin at once: a delay would count their first journeys as warm-up.
        self.start_load(self.clock() + (START_DELAY if self.workload.schedule.is_open else 0.0))

    def start_load(self, start: float) -> None:
        """Let in this process's partition of the arrivals, from this moment on."""
        self.recorder.window = Window(start, start + self.workload.schedule.warm_up, start + self.length)
        self.admission = open_admission(self.workload, self.partition, self.recorder, self._drop, self.stepped_arrivals)
        if self.closing:
            self.admission.stop_arrivals()
        self.lifecycle.begin()
        self._start_search()
        for virtual_user in self.early_users.users:
            self.wait_for_arrival(virtual_user)
        self.start_background_tasks()

    def extend_schedule(self, rate: float, seconds: float) -> None:
        """Add a level of a capacity search: so many arrivals a second, for so many seconds."""
        if self.stepped_arrivals is not None:
            self.stepped_arrivals.extend(rate, seconds)

    def due_between(self, start: float, end: float) -> int:
        """How many arrivals of a searched load are due between two moments, in seconds from its start."""
        return 0 if self.stepped_arrivals is None else self.stepped_arrivals.due_between(start, end)

    def labels_of(self, number: int) -> tuple[str, str]:
        """Journey and payment option of an arrival, by its number."""
        return self.workload.population.labels_of(Arrival(number, self.workload.population.kind_of(number), 0.0))

    def _start_search(self) -> None:
        if self.controller is not None:
            self.extend_schedule(*self.controller.begin())

    def _step_search(self, controller: CapacityController) -> None:
        for rate, seconds in controller.step(self.elapsed):
            self.extend_schedule(rate, seconds)
            self._gc_tuning.freeze_again()
        if controller.found is not None and not self.closing:
            self.close(Ending(EndCause.CERTAIN, SEARCH_COMPLETE, judged_until=self.elapsed))

    def start_background_tasks(self) -> None:
        """Start the greenlets that admit arrivals, measure this process and check for an early end."""
        self._process_watch.start()
        work = (self._drive, self._probe_lag, self._watch)
        self._greenlets = [gevent.spawn(self._guarded, one) for one in work]

    def close(self, ending: Ending) -> None:
        """End the load early; the first ending counts.

        The journeys under way may finish, unless ``ending`` does not drain or nothing has begun.
        """
        if ending.judged_until is not None:
            window = self.recorder.window
            self.recorder.window = replace(window, steady_until=window.start + ending.judged_until)
        self.admission.stop_arrivals()
        self.lifecycle.close(ending)

    @property
    def judges(self) -> bool:
        """Whether this process judges the run, or reports to one that does."""
        return True

    def worker_joined_late(self, name: str) -> None:
        """Record a worker that joined during the run; only a master has workers."""

    def kill_lost_workers(self) -> None:
        """Kill the lost workers that still run; only a master has workers."""

    def send_final_report(self) -> None:
        """Send the last counts to the master; only a worker has one."""

    def stop_reporting(self) -> None:
        """Send no more reports: the master is gone; only a worker has one."""

    def end(self) -> None:
        """End the run: Locust has stopped all users, and nothing more is recorded."""
        self.admission.close()
        self.lifecycle.end()
        self._gc_tuning.restore()
        if self.begun:
            self._process_watch.stop()
        self.ended_at = datetime.now(UTC)
        if self.journey_log is not None:
            self.journey_log.close()
        current = gevent.getcurrent()
        gevent.killall([greenlet for greenlet in self._greenlets if greenlet is not current], block=False)

    def _guarded(self, work: Callable[[], None]) -> None:
        """End the run as a crash if a background task fails: without it the run would never end, or its verdict would be wrong."""
        try:
            work()
        except Exception as error:
            logger.exception("The harness broke")
            name = type(error).__name__
            self.close(Ending(EndCause.CRASHED, f"the harness broke ({name})", crash=name, drains=False))

    def _drive(self) -> None:
        until = self.recorder.window.steady_until
        while not self.closing and (left := until - self.clock()) > 0:
            wake = self.admission.advance(self.clock())
            self._sleep(max(0.0, min(CHECK_INTERVAL, left, wake - self.clock())))
        self._drain_shoppers()

    def _drain_shoppers(self) -> None:
        """Let in no new arrivals, and wait for the journeys under way."""
        if self.lifecycle.state is RunState.LOADING:
            self.lifecycle.close(Ending())
        planned = self.lifecycle.planned_drain
        if planned:
            # Arrivals that were due in time and wait for a user may still be served.
            while not self.over and (wake := self.admission.advance(self.clock())) < math.inf:
                self._sleep(min(CHECK_INTERVAL, max(0.0, wake - self.clock())))
        deadline = self.clock() + self.grace
        self.admission.close()
        while self.under_way and self.clock() < deadline and not self.over:
            self._sleep(LAG_PROBE_INTERVAL)
        # After an early ending Locust interrupts the remaining journeys; they are not late.
        self.lifecycle.drained(timed_out=bool(self.under_way) and planned)

    def _probe_lag(self) -> None:
        processor, wall = self._processor_time(), self.clock()
        while not self.over:
            due = self.clock() + LAG_PROBE_INTERVAL
            self._sleep(LAG_PROBE_INTERVAL)
            now = self.clock()
            late = max(0.0, now - due)
            steady = self.recorder.window.phase(due) is Phase.STEADY
            self.loop_lag.record(late, beside=self.steady_lag if steady else None)
            self.processor_share = (self._processor_time() - processor) / max(now - wall, LAG_PROBE_INTERVAL)

    def _watch(self) -> None:
        for turn in itertools.count(1):
            self._sleep(CHECK_INTERVAL)
            if self.over:
                return
            self._check_for_early_end()
            if turn % 2 == 0:
                self._process_watch.look(steady=self.phase is Phase.STEADY)
                self._hooks.on_second(self)

    def _check_for_early_end(self) -> None:
        if self.closing:
            return
        end = self._ending_checks.forced_end(self.target.shop, self._hooks.stop_file, self.recorder, self.clock())
        if end is None and self.begun:
            if self.controller is not None:
                self._step_search(self.controller)
            else:
                end = self._ending_checks.certain_end(self.recorder, self.elapsed, self.yield_to_load)
        if end is not None and not self.closing:
            self.close(end)
