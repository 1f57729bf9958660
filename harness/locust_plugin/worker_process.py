"""Connects a worker process with its part in the runs: it serves arrivals and reports, and its master judges."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent

from harness.distributed.master_liveness import MASTER_CHECK_INTERVAL, MasterLiveness
from harness.distributed.worker import Worker
from harness.errors import UsageError
from harness.exits import Exit
from harness.locust_plugin import signals
from harness.locust_plugin.preparation import open_journey_log, workload_for_worker
from harness.locust_plugin.shape import OwnUsers
from harness.locust_plugin.termination import drain, give_up, handle_signals, interrupt
from harness.locust_plugin.traces import start_traces
from harness.locust_plugin.transport import WorkerTransport
from harness.run.collaborators import RunHooks, TimeSource
from harness.run.journey_log import JourneyLog
from harness.run.lifecycle import EndCause, Ending
from harness.run.load import Load
from harness.run.run import Run
from harness.run.workload import ScenarioProvider
from harness.tracing.otlp import otlp_endpoint


class WorkerProcess:
    """A worker; ``forked`` says that Locust forked it with ``--processes``, ``with_master`` that its master is here, too."""

    def __init__(
        self,
        environment: Any,
        provider: ScenarioProvider[Any],
        wall_clock: Callable[[], float],
        *,
        forked: bool,
        with_master: bool,
    ) -> None:
        self._environment = environment
        self._provider = provider
        self._wall_clock = wall_clock
        self._with_master = with_master
        self._transport = WorkerTransport(environment.runner)
        self._master_liveness = MasterLiveness(time.monotonic, os.getppid if forked else None)
        self._worker: Worker | None = None
        self._quitting = self._stopping = self._signalled_before = False
        # The master gives the verdict; a worker only reports whether it ended in good order.
        environment.process_exit_code = int(Exit.PASSED)
        events = environment.events
        events.heartbeat_received.add_listener(self.on_heartbeat)
        events.test_start.add_listener(self.on_test_start)
        events.test_stopping.add_listener(self.on_test_stopping)
        events.test_stop.add_listener(self.on_test_stop)
        events.quitting.add_listener(self.on_quitting)
        gevent.spawn(self._watch_master)
        self._ctrl_c = handle_signals(self.terminate, signal.SIGINT, signal.SIGHUP)

    @property
    def _run(self) -> Run | None:
        return None if self._worker is None else self._worker.run

    @property
    def load(self) -> Load | None:
        """The load of the latest run."""
        return None if self._worker is None else self._worker.load

    # -- one run --------------------------------------------------------------------------------------------------

    def prepare(self) -> Run | None:
        """The run that is about to start; ``None`` if its scenario cannot be prepared here, which is then logged."""
        run = self._run
        if run is not None and not run.ended:
            return run
        environment = self._environment
        self._worker = None
        try:
            workload = workload_for_worker(environment, self._provider)
            worker_context = workload.population.worker_context(0, 1)
            traces_to = otlp_endpoint(environment.parsed_options.otlp, workload.target.allowed)
        except UsageError as usage_error:
            give_up(environment, str(usage_error), Exit.USAGE_ERROR)
            return None
        hooks = RunHooks(on_drained=self._stop_test, journey_log=self._journey_log(), users=OwnUsers(environment))
        self._worker = self._transport.new_worker(
            workload, worker_context, TimeSource(wall_clock=self._wall_clock), hooks
        )
        start_traces(self._worker.run, traces_to)
        return self._worker.run

    def on_test_start(self, **_: Any) -> None:
        """Prepare the run; its load begins when the master says so."""
        run = self.prepare()
        if run is not None:
            run.set_target(self._environment.host or "", None)

    def on_test_stopping(self, **_: Any) -> None:
        """Drain a run that is not over: Locust is about to stop the users."""
        self._stopping = True
        if self._run is not None:
            drain(self._run, "Ctrl-C")

    def on_test_stop(self, **_: Any) -> None:
        """Send the last counts to the master: all users are gone."""
        self._stopping = False
        if self._worker is not None and not self._worker.run.ended:
            self._worker.run.end()
            self._worker.send_final_report()

    def _stop_test(self) -> None:
        """Stop Locust's users: in a worker no load shape does.

        Locust may be stopping already, and waits for the end of the drain. Two stops at once would meet each other's dead users.
        """
        if not (self._quitting or self._stopping):
            gevent.spawn(self._environment.runner.stop)

    def _journey_log(self) -> JourneyLog | None:
        path = self._environment.parsed_options.journey_log
        if not path:
            return None
        whole = Path(path)
        own = f"{whole.stem}.worker-{self._environment.runner.worker_index}{whole.suffix}"
        return open_journey_log(whole.with_name(own))

    # -- the end of the process -----------------------------------------------------------------------------------

    def on_heartbeat(self, **_: Any) -> None:
        """Record that the master has answered."""
        self._master_liveness.heard_from_master()

    def _watch_master(self) -> None:
        """End this worker and its load as soon as its master is gone: no report would get its counts, and no signal would stop it."""
        while True:
            gevent.sleep(MASTER_CHECK_INTERVAL)
            run = self._run
            loading = run is not None and not run.over
            if why := self._master_liveness.check(loading=loading):
                self._quit_without_master(why)
                return

    def _quit_without_master(self, why: str) -> None:
        give_up(self._environment, f"This worker and its load end: {why}.", Exit.INVALID)
        if self._worker is not None:
            self._quitting = True
            self._worker.stop_reporting()
            self._worker.run.close(Ending(EndCause.MASTER_LOST, why, drains=False))
        self._environment.stop_timeout = 0.0
        self._environment.runner.quit()

    def on_quitting(self, **_: Any) -> None:
        """End a run that is still on: Locust is about to quit."""
        run = self._run
        if why := self._master_liveness.check(loading=True):
            self._quit_without_master(why)
        elif run is not None and not run.ended:
            interrupt(run, "a signal to end")
            self._environment.runner.quit()

    def terminate(self, name: str) -> None:
        """Ignore the first Ctrl-C of a shared terminal: the master gets it, too, and drains the run."""
        if name == "SIGHUP":
            signals.detach_terminal()
        run = self._run
        shared = name == "Ctrl-C" or self._with_master
        if shared and run is not None and not run.ended and not self._signalled_before:
            self._signalled_before = True
        elif self._ctrl_c is not None and name == "Ctrl-C":
            self._ctrl_c.cancel()
            os.kill(os.getpid(), signal.SIGINT)
        else:
            os.kill(os.getpid(), signal.SIGTERM)
