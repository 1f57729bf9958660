"""Connects a process that judges its runs with Locust's events: a single process, or a master.

For each run ``prepare`` reads the scenario, ``test_start`` sets the target, ``spawning_complete`` starts the load, and
``test_stop`` judges. The exit code is INVALID from the start; only a verdict changes it.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent

from harness.errors import UsageError
from harness.exits import Exit
from harness.judging import finish
from harness.locust_plugin.preparation import Preparation, open_journey_log
from harness.locust_plugin.shape import OwnUsers
from harness.locust_plugin.telemetry import Telemetry
from harness.locust_plugin.terminal.screen import Screen
from harness.locust_plugin.termination import Termination, drain, give_up, interrupt, stop
from harness.locust_plugin.traces import start_traces
from harness.locust_plugin.transport import Transport
from harness.locust_plugin.web.live.samples import RunSamples
from harness.locust_plugin.web.ui_state import UiState
from harness.network import unreachable
from harness.run.collaborators import RunHooks, TimeSource
from harness.run.driver import RunDriver
from harness.run.early_end import StopFile
from harness.run.length_warnings import length_warnings
from harness.run.lifecycle import EndCause, Ending
from harness.run.load import Load
from harness.run.local_load import add_candidate
from harness.run.run import Run
from harness.run.steering.steering import Steering
from harness.run.supervisor import Supervisor
from harness.run.workload import Workload
from harness.tracing.otlp import otlp_endpoint

logger = logging.getLogger("checkload")


class JudgingProcess:
    """A process that judges its runs; ``finished`` is the latest run with its verdict.

    ``failure`` says why the results of the run could not be made.
    """

    def __init__(
        self,
        environment: Any,
        preparation: Preparation,
        transport: Transport,
        wall_clock: Callable[[], float],
        screen: Screen | None = None,
    ) -> None:
        self._environment = environment
        self._preparation = preparation
        self._transport = transport
        self._wall_clock = wall_clock
        self._telemetry = Telemetry(lambda: self.driver, lambda: environment.runner, wall_clock, screen)
        # Without users of its own Locust waits for workers before a run, and a signal would not end it.
        self.termination = Termination(
            environment, lambda: self.run, None if transport.has_users else self._finish_unstarted
        )
        self._host_is_embedded = False
        self._connect_timeout = 0.0
        self.driver: RunDriver | None = None
        self.steering: Steering | None = None
        self.samples = RunSamples()
        self.finished: finish.Finished | None = None
        self.failure = ""
        self._judging: gevent.Greenlet[[Run, Supervisor], None] | None = None
        environment.process_exit_code = int(Exit.INVALID)

    @property
    def run(self) -> Run | None:
        """The latest run."""
        return None if self.driver is None else self.driver.run

    @property
    def load(self) -> Load | None:
        """The load of the latest run."""
        return None if self.driver is None else self.driver.load

    def open(self, workload: Workload[Any]) -> None:
        """Serve ``/metrics`` and listen to Locust's events and to signals; raises ``UsageError``."""
        self._telemetry.open(self._environment.parsed_options, workload)
        events = self._environment.events
        events.test_start.add_listener(self.on_test_start)
        events.spawning_complete.add_listener(self.on_spawning_complete)
        events.test_stopping.add_listener(self.on_test_stopping)
        events.test_stop.add_listener(self.on_test_stop)
        events.quitting.add_listener(self.on_quitting)
        events.quit.add_listener(self.on_quit)
        self.termination.watch_signals()

    def ui_state(self) -> UiState:
        """What the web UI shows at this moment."""
        driver = self.driver
        if driver is None:
            return UiState(None, self.finished, self.failure)
        controller = None if driver.supervisor is None else driver.supervisor.controller
        return UiState(
            driver.run,
            self.finished,
            self.failure,
            driver.load.under_way,
            controller,
            driver,
            self.steering,
            self.samples,
        )

    # -- one run --------------------------------------------------------------------------------------------------

    def prepare(self) -> Run | None:
        """The run that is about to start; ``None`` if the options are wrong, which is then logged."""
        run = self.run
        if run is not None and not run.ended:
            return run
        if run is not None and self.termination.cancelled_by:
            return None
        environment, options = self._environment, self._environment.parsed_options
        self.driver, self.steering, self.finished, self.failure = None, None, None, ""
        self._telemetry.prepare(None)
        environment.process_exit_code = int(Exit.INVALID)
        try:
            workload = self._preparation.next_workload()
            worker_context = workload.population.worker_context(0, 1)
            traces_to = otlp_endpoint(options.otlp, workload.target.allowed)
        except UsageError as usage_error:
            give_up(environment, str(usage_error), Exit.USAGE_ERROR)
            return None
        self._connect_timeout = worker_context.connect_timeout
        with_log = options.journey_log and self._transport.has_users
        hooks = RunHooks(
            on_drained=self._stop_test,
            on_second=lambda: self._each_second(quietly=options.only_summary),
            stop_file=StopFile(options.stop_file) if options.stop_file else None,
            journey_log=open_journey_log(Path(options.journey_log)) if with_log else None,
            spawn_rate=self._preparation.user_settings.ramp(options),
            users=OwnUsers(environment),
        )
        time = TimeSource(wall_clock=self._wall_clock)
        self.driver = self._transport.new_driver(workload, worker_context, self._preparation.kinds, time, hooks)
        run = self.driver.run
        if options.candidate:
            add_candidate(self.driver.load, workload.population.candidate_context(worker_context), time)
        self.steering = None if options.candidate else Steering(run, self.driver.load.steer)
        self.samples = RunSamples()
        self._telemetry.prepare(workload)
        if self._transport.has_users:
            start_traces(run, traces_to)
        if self.termination.cancelled_by:
            interrupt(run, self.termination.cancelled_by)
        return run

    def on_test_start(self, **_: Any) -> None:
        """Set the target of the run; start the embedded shop if no host was given."""
        run = self.prepare()
        if run is None:
            return
        self._telemetry.open_panel(self._environment.parsed_options)
        try:
            self._set_target(run)
        except Exception as error:
            if isinstance(error, UsageError):
                why = str(error)
            else:
                logger.exception("The run could not be started")
                why = f"the run could not be started ({type(error).__name__})"
            give_up(self._environment, why, Exit.CRASHED)
            run.close(Ending(EndCause.CRASHED, why, crash=why))
            return
        logger.info("Scenario %s, seed %d, against %s", run.workload.name, run.workload.seed, run.target.name)
        for line in length_warnings(run.workload):
            logger.warning("%s", line)

    def _set_target(self, run: Run) -> None:
        host = self._environment.host or ""
        if host:
            run.set_target(host, None)
            self._check_target(run, host)
            if run.candidate is not None:
                candidate = self._environment.parsed_options.candidate
                run.candidate.set_target(candidate, None)
                self._check_target(run, candidate)
        else:
            target = run.workload.target.start()
            run.set_target(target.url, target)
            # Locust sends it to the workers. It must not stay in the form, where it would look like a choice.
            self._environment.host = target.url
            self._host_is_embedded = True

    def _check_target(self, run: Run, host: str) -> None:
        problem = run.workload.target.refusal(host) or unreachable(host, self._connect_timeout)
        if problem:
            run.close(Ending(EndCause.UNREACHABLE, problem))

    def on_spawning_complete(self, user_count: int, **_: Any) -> None:
        """Start the load: all users are spawned."""
        if self.driver is None:
            return
        self.driver.start(user_count)
        if not self.driver.run.over:
            self._telemetry.begin(self.driver.run, self._environment.parsed_options.results)

    def on_test_stopping(self, **_: Any) -> None:
        """Drain a run that is not over: Locust is about to stop the users, for a person or because it has no worker."""
        if self.run is None:
            return
        if not self._transport.has_users and not self._environment.runner.worker_count:
            drain(self.run, "the loss of the last worker")
        elif self._environment.web_ui:
            stop(self.run)
        else:
            drain(self.run, "Ctrl-C")

    def on_test_stop(self, **_: Any) -> None:
        """Judge the run: all users are gone.

        Locust's load shape may stop the run at the same time as the button Stop, whose greenlet kills that of the shape then.
        """
        run, supervisor = self.run, None if self.driver is None else self.driver.supervisor
        if run is None or supervisor is None:
            return
        if not run.ended:
            run.end()
            self._judging = gevent.spawn(self._finish_run, run, supervisor)
        if self._judging is not None:
            self._judging.join()

    def _finish_run(self, run: Run, supervisor: Supervisor) -> None:
        """Judge the run, write its results and stop the embedded shop."""
        self._telemetry.close_panel()
        environment = self._environment
        finished, failure = None, ""
        try:
            errors = len(environment.runner.exceptions)
            results = environment.parsed_options.results
            finished = finish.finish(supervisor, folder=self._telemetry.folder, results=results, exceptions=errors)
            environment.process_exit_code = int(finished.exit)
            logger.info("%s", finished.headline)
        except Exception as error:  # the run is lost, and the exit code must say so
            logger.exception("The results could not be made")
            why = error.strerror if isinstance(error, OSError) else ""
            failure = f"the results could not be made: {why or type(error).__name__}"
            give_up(environment, failure, Exit.CRASHED)
        finally:
            if self._host_is_embedded:
                environment.host = None
                self._host_is_embedded = False
            if run.target.shop is not None:
                with contextlib.suppress(OSError):
                    run.target.shop.stop()
        self._telemetry.end(finished.result if finished else None)
        if finished is not None:
            from harness.judging.html_report import write_html_report  # noqa: PLC0415 - a run starts sooner without it

            write_html_report(finished.result, finished.folder)
        # Last: a reader of these may start the next run.
        self.finished, self.failure = finished, failure

    def _each_second(self, *, quietly: bool) -> None:
        self._telemetry.each_second(quietly=quietly)
        if self.driver is not None and self._environment.web_ui:
            self.samples.record(self.driver)

    def _stop_test(self) -> None:
        """End the test if no load shape does."""
        environment = self._environment
        if environment.shape_class is None:
            gevent.spawn(environment.runner.quit if environment.parsed_options.headless else environment.runner.stop)

    def _finish_unstarted(self) -> None:
        if self.prepare() is not None:
            self.on_test_stop()

    # -- the end of the process -----------------------------------------------------------------------------------

    def on_quitting(self, **_: Any) -> None:
        """End a run that is still on: Locust is about to quit, and reads the exit code next."""
        run = self.run
        if run is None:
            code = self._environment.process_exit_code
            logger.error("No run took place, so there is no verdict (exit code %d).", code)
        elif not run.ended:
            interrupt(run, "a signal to end")
            self._environment.runner.quit()

    def on_quit(self, **_: Any) -> None:
        """Print the verdict as the very last output."""
        self._telemetry.close_panel()
        if self.finished is not None:
            print(self.finished.text, flush=True)  # noqa: T201 - the report is the output of the program
        self._telemetry.close(self._environment.parsed_options.metrics_linger)
