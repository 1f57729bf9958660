"""Drives one run, from the moment all users are spawned until the last journey is over.

This is the shell around the pure modules: it has the greenlets. What differs between a single process, a master and a
worker is in the parts that it is given: who serves the arrivals, who measures, and who supervises the run.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from typing import Any

import gevent

from harness.run.collaborators import NO_HOOKS, REAL_TIME, RunHooks, TimeSource
from harness.run.lifecycle import EndCause, Ending
from harness.run.load import CHECK_INTERVAL, Instrument, Load
from harness.run.local_load import LocalLoad
from harness.run.run import Run
from harness.run.supervisor import YIELD_SECONDS, Supervisor
from harness.run.workload import Workload
from harness.yield_to_load import YieldToLoad

logger = logging.getLogger("checkload")


class RunDriver:
    """Drives a run; ``load`` serves its arrivals, ``instrument`` measures the processes that make the load.

    ``supervisor`` is ``None`` in a worker: its master supervises the run.
    """

    def __init__(
        self,
        run: Run,
        load: Load,
        instrument: Instrument,
        *,
        supervisor: Supervisor | None,
        time: TimeSource = REAL_TIME,
        hooks: RunHooks = NO_HOOKS,
    ) -> None:
        self.run = run
        self.load = load
        self.instrument = instrument
        self.supervisor = supervisor
        self._sleep = time.sleep
        self._yield_to_load = YieldToLoad(time.sleep, YIELD_SECONDS)
        self._on_second = hooks.on_second
        self._greenlets: list[Any] = []
        # After the load, which has let in its last arrival by then.
        run.lifecycle.on_over.append(hooks.on_drained)
        run.lifecycle.on_end.append(self._kill_tasks)

    def start(self, users: int) -> None:
        """Start the load: all users are spawned."""
        if self.run.begun or self.run.over:
            return
        self.run.spawned = users
        start = self.load.find_start()
        if start is not None:
            self.start_load(start)

    def start_load(self, start: float) -> None:
        """Let the arrivals come from this moment on."""
        self.run.set_start(start)
        self.run.lifecycle.begin()
        self.load.open()
        if self.supervisor is not None:
            self.supervisor.begin()
        for task in (*self.load.tasks, self._watch):
            self.start_task(task)

    def start_task(self, work: Callable[[], None]) -> None:
        """Do work in the background until the run ends; an error in it ends the run as a crash."""
        self._greenlets.append(gevent.spawn(self._guarded, work))

    def settle_slices(self) -> None:
        """Merge slices of time in small steps, after their length has doubled."""
        self.run.recorder.settle(self._yield_to_load)

    def _kill_tasks(self) -> None:
        current = gevent.getcurrent()
        gevent.killall([greenlet for greenlet in self._greenlets if greenlet is not current], block=False)

    def _guarded(self, work: Callable[[], None]) -> None:
        """End the run as a crash if a background task fails: without it the run would never end, or its verdict would be wrong."""
        try:
            work()
        except Exception as error:
            logger.exception("The harness broke")
            name = type(error).__name__
            self.run.close(Ending(EndCause.CRASHED, f"the harness broke ({name})", crash=name, drains=False))

    def _watch(self) -> None:
        for turn in itertools.count(1):
            self._sleep(CHECK_INTERVAL)
            if self.run.over:
                return
            if self.supervisor is not None:
                self.supervisor.check()
            self.settle_slices()
            if turn % 2 == 0:
                self._on_second()


def drive_alone(
    workload: Workload[Any], worker_context: Any, time: TimeSource = REAL_TIME, hooks: RunHooks = NO_HOOKS
) -> RunDriver:
    """The driver of a run in one process, which serves, measures and judges."""
    run = Run(workload, time, hooks)
    load = LocalLoad(run, worker_context, time)
    supervisor = Supervisor(run, load, load.instrument, time, hooks)
    return RunDriver(run, load, load.instrument, supervisor=supervisor, time=time, hooks=hooks)
