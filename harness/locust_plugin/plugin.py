"""Connects our runs with Locust, only through Locust's public events.

Longer than 300 lines: the events of Locust and the signals change one state, that of the process.

In each process Locust parses the options, and ``init`` checks them and starts ``/metrics``. For each run ``prepare`` reads the
scenario, ``test_start`` sets the target, ``spawning_complete`` starts the load, and ``test_stop`` judges. The exit code is
INVALID from the start; only a verdict changes it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import gevent
from locust import User
from locust.runners import MasterRunner, WorkerRunner

from harness.distributed.master_liveness import MASTER_CHECK_INTERVAL, MasterLiveness
from harness.errors import UsageError
from harness.exits import Exit
from harness.host_header import parse_allowed_hosts
from harness.locust_plugin import signals, transport
from harness.locust_plugin.master_port import PortGuard, install_port_guard
from harness.locust_plugin.option_checks import (
    claim_results,
    refuse_endless_time,
    refuse_host,
    refuse_journey_log,
    refuse_rebalancing,
    refuse_results,
    refuse_slow_ramp,
    selected_user_classes,
    set_weights,
)
from harness.locust_plugin.options import (
    add_options,
    check_after_parsing,
    choices,
    hide_passwords,
    refuse_unknown_classes,
)
from harness.locust_plugin.telemetry import Telemetry
from harness.locust_plugin.web.form import UserSettings
from harness.locust_plugin.web.tabs import UiState
from harness.locust_plugin.web.ui import CheckloadUi
from harness.network import refuse_ports_in_use, unreachable
from harness.run import finish
from harness.run.collaborators import RunHooks, TimeSource
from harness.run.driver import Run
from harness.run.early_end import StopFile
from harness.run.journey_log import JourneyLog
from harness.run.length_warnings import length_warnings
from harness.run.lifecycle import EndCause, Ending, interruption
from harness.run.registry import ENVIRONMENT_ATTRIBUTE
from harness.run.workload import Choices, ScenarioProvider, Workload

logger = logging.getLogger("checkload")

CHOICES_ATTRIBUTE = "checkload_chosen"


class Plugin:
    """Connects one Locust process with its runs, by Locust's events; ``wall_clock`` is the time of day."""

    def __init__(self, provider: ScenarioProvider[Any], *, wall_clock: Callable[[], float] = time.time) -> None:
        self.provider = provider
        self._wall_clock = wall_clock
        self.environment: Any = None
        self.run: Run[Any] | None = None
        self.finished: finish.Finished | None = None
        self.failure = ""  # why the results of the run could not be made
        self._user_settings = UserSettings()
        self._host_is_embedded = False
        self._chosen: list[Any] = []
        self._telemetry = Telemetry(lambda: self.run, lambda: self.environment.runner, wall_clock)
        self._ctrl_c: Any = None
        self._signalled_before = False
        self._cancelled_by = ""
        self._quitting = False
        self._port_guard = PortGuard()
        self._ports_checked = False
        self._forked = self._with_master = False
        self._master_liveness: MasterLiveness | None = None

    def bind(self, events: Any) -> None:
        """Register for Locust's events; ``locustfile.py`` calls this once."""
        signals.defer()
        signals.die_with_parent()
        self._port_guard = install_port_guard()
        events.init_command_line_parser.add_listener(self.on_options)
        events.init.add_listener(self.on_init)
        events.heartbeat_received.add_listener(self.on_heartbeat)
        events.test_start.add_listener(self.on_test_start)
        events.spawning_complete.add_listener(self.on_spawning_complete)
        events.test_stopping.add_listener(self.on_test_stopping)
        events.test_stop.add_listener(self.on_test_stop)
        events.quitting.add_listener(self.on_quitting)
        events.quit.add_listener(self.on_quit)

    # -- the process ----------------------------------------------------------------------------------------------

    def on_options(self, parser: Any, **_: Any) -> None:
        """Add our options to Locust's parser."""
        add_options(parser, self.provider.names())
        hide_passwords(parser)
        refuse_endless_time(parser)
        refuse_unknown_classes(parser, lambda: _loaded(User))
        check_after_parsing(parser, self._check_options)

    def _check_options(self, options: Any) -> None:
        # Locust parses the command line again to fill its form; then the ports are in use by this process.
        if self._ports_checked:
            return
        self._ports_checked = True
        self._forked = bool(options.processes)
        self._with_master = self._forked and not options.worker
        if options.worker or options.headful or not options.headless:
            # A worker may wait long for its master, and a web UI for its first run: neither has results to lose yet.
            signals.deliver_deferred()
        try:
            refuse_ports_in_use(options)
        except UsageError as usage_error:
            _refuse(usage_error)

    def on_init(self, environment: Any, web_ui: Any, **_: Any) -> None:
        """Check all options before anything is sent: Locust is ready."""
        self.environment = environment
        setattr(environment, ENVIRONMENT_ATTRIBUTE, self)
        options = environment.parsed_options
        transport.register_handlers(environment.runner, lambda: self.run, self._port_guard)
        transport.pin_users(environment, lambda: self.run)
        if self._is_worker:
            # The master gives the verdict; a worker only reports whether it ended in good order.
            environment.process_exit_code = int(Exit.PASSED)
            self._master_liveness = MasterLiveness(time.monotonic, os.getppid if self._forked else None)
            gevent.spawn(self._watch_master, self._master_liveness)
            self._handle_signals(signal.SIGINT, signal.SIGHUP)
            return
        environment.process_exit_code = int(Exit.INVALID)
        self._chosen = list(environment.user_classes)
        try:
            self._user_settings = UserSettings(options.num_users, options.spawn_rate)
            workload = self._choose(options)
            refuse_host(options.host or "", workload.target.allowed)
            refuse_rebalancing(options)
            parse_allowed_hosts(options.web_allowed_hosts)
            refuse_results(options.results, finish.RESULTS, fresh=options.headless)
            refuse_journey_log(options.journey_log)
            selected_user_classes(self._chosen, workload, options)
            if options.headless:
                claim_results(options.results)
            self._telemetry.open(options, workload)
        except UsageError as usage_error:
            _refuse(usage_error)
        # Locust installs its own handler of SIGTERM only after a headless run with a load shape has ended, and
        # lets Ctrl-C raise in any greenlet.
        self._handle_signals(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if options.headless and not options.print_stats:
            # Our progress lines and tables replace Locust's; --print-stats brings Locust's back.
            logging.getLogger("locust.stats_logger").setLevel(logging.WARNING)
        if web_ui is not None:
            self._user_settings.show(options, workload.population.users, workload.population.spawn_rate)
            CheckloadUi(
                environment,
                self.provider,
                self._user_settings,
                self._choose,
                lambda: UiState(self.run, self.finished, self.failure),
            ).install(web_ui)
        if name := signals.first_deferred():
            gevent.spawn(self._terminate, name)

    def _handle_signals(self, *numbers: signal.Signals) -> None:
        for number in numbers:
            if not signals.ignored(number):
                watcher = gevent.signal_handler(number, self._terminate, signals.SIGNAL_NAMES[number])
                if number == signal.SIGINT:
                    self._ctrl_c = watcher

    def on_heartbeat(self, **_: Any) -> None:
        """Record that the master has answered this worker."""
        if self._master_liveness is not None:
            self._master_liveness.heard_from_master()

    def _watch_master(self, watch: MasterLiveness) -> None:
        """End this worker and its load as soon as its master is gone: no report would get its counts, and no signal would stop it."""
        while True:
            gevent.sleep(MASTER_CHECK_INTERVAL)
            run = self.run
            loading = run is not None and not run.over
            if why := watch.check(loading=loading):
                self._quit_without_master(why)
                return

    def _quit_without_master(self, why: str) -> None:
        self._give_up(f"This worker and its load end: {why}.", Exit.INVALID)
        if self.run is not None:
            self._quitting = True
            self.run.stop_reporting()
            self.run.close(Ending(EndCause.MASTER_LOST, why, drains=False))
        self.environment.stop_timeout = 0.0
        self.environment.runner.quit()

    def on_quitting(self, environment: Any, **_: Any) -> None:
        """End a run that is still on: Locust is about to quit, and reads the exit code next."""
        run, watch = self.run, self._master_liveness
        if watch is not None and (why := watch.check(loading=True)):
            self._quit_without_master(why)
        elif run is not None and not run.ended:
            self._interrupt("a signal to end")
            environment.runner.quit()
        if self.run is None and not self._is_worker:
            logger.error("No run took place, so there is no verdict (exit code %d).", environment.process_exit_code)

    def on_quit(self, **_: Any) -> None:
        """Print the verdict as the very last output."""
        options = self.environment.parsed_options
        if self.run is not None:
            self.run.kill_lost_workers()
        if self.finished is not None:
            print(self.finished.text, flush=True)  # noqa: T201 - the report is the output of the program
        self._telemetry.close(options.metrics_linger)

    # -- one run --------------------------------------------------------------------------------------------------

    def prepare(self) -> Run[Any] | None:
        """The run that is about to start; ``None`` if the options are wrong, which is then logged."""
        run = self.run
        if run is not None and not run.ended:
            return run
        if run is not None and self._cancelled_by:
            return None
        options = self.environment.parsed_options
        self.run, self.finished, self.failure = None, None, ""
        self._telemetry.prepare(None)
        if not self._is_worker:
            self.environment.process_exit_code = int(Exit.INVALID)
        try:
            workload = self._choose(options)
            if not self._is_worker:
                setattr(options, CHOICES_ATTRIBUTE, asdict(choices(options, self._user_settings.users(options))))
            refuse_host(self.environment.host or "", workload.target.allowed)
            if not self._is_worker:
                self._select_users(workload)
            worker_context = workload.population.worker_context(0, 1)
        except UsageError as usage_error:
            self._give_up(str(usage_error), Exit.USAGE_ERROR)
            return None
        hooks = RunHooks(
            on_drained=self._stop_test,
            on_second=self._each_second,
            stop_file=StopFile(options.stop_file) if options.stop_file else None,
            journey_log=self._journey_log(options.journey_log),
            spawn_rate=self._user_settings.ramp(options),
        )
        run = transport.make_run(
            self.environment.runner,
            workload,
            worker_context,
            self._kinds(),
            self._port_guard,
            time=TimeSource(wall_clock=self._wall_clock),
            hooks=hooks,
        )
        self.run = run
        self._telemetry.prepare(workload)
        if self._cancelled_by:
            self._interrupt(self._cancelled_by)
        return run

    def on_test_start(self, **_: Any) -> None:
        """Set the target of the run; start the embedded shop if no host was given."""
        run = self.prepare()
        if run is None:
            return
        host = self.environment.host or ""
        if self._is_worker:
            run.set_target(host, None)
            return
        try:
            if host:
                run.set_target(host, None)
                problem = run.workload.target.refusal(host) or unreachable(host, run.worker_context.connect_timeout)
                if problem:
                    run.close(Ending(EndCause.UNREACHABLE, problem))
            else:
                target = run.workload.target.start()
                run.set_target(target.url, target)
                # Locust sends it to the workers. It must not stay in the form, where it would look like a choice.
                self.environment.host = target.url
                self._host_is_embedded = True
        except Exception as error:
            if not isinstance(error, UsageError):
                logger.exception("The run could not be started")
            why = (
                str(error)
                if isinstance(error, UsageError)
                else f"the run could not be started ({type(error).__name__})"
            )
            self._give_up(why, Exit.CRASHED)
            run.close(Ending(EndCause.CRASHED, why, crash=why))
            return
        logger.info("Scenario %s, seed %d, against %s", run.workload.name, run.workload.seed, run.target.name)
        for line in length_warnings(run.workload):
            logger.warning("%s", line)

    def on_spawning_complete(self, user_count: int, **_: Any) -> None:
        """Start the load: all users are spawned."""
        run = self.run
        if run is None:
            return
        run.start(user_count)
        if not self._is_worker and not run.over:
            self._telemetry.begin(run, self.environment.parsed_options.results)

    def on_test_stopping(self, **_: Any) -> None:
        """Drain a run that is not over: Locust is about to stop the users, for a person or because it has no worker."""
        run = self.run
        if run is not None and not run.over:
            runner = self.environment.runner
            if isinstance(runner, MasterRunner) and not runner.worker_count:
                self._interrupt("the loss of the last worker")
            else:
                self._interrupt("the stop button" if self.environment.web_ui else "Ctrl-C")
            while not run.over:
                gevent.sleep(0.05)

    def on_test_stop(self, **_: Any) -> None:
        """Judge the run, write its results and stop the embedded shop: all users are gone."""
        run = self.run
        if run is None or run.ended:
            return
        run.end()
        run.send_final_report()
        if not run.judges:
            return
        finished, failure = None, ""
        try:
            errors = len(self.environment.runner.exceptions)
            results = self.environment.parsed_options.results
            finished = finish.finish(run, folder=self._telemetry.folder, results=results, exceptions=errors)
            self.environment.process_exit_code = int(finished.exit)
            logger.info("%s", finished.headline)
        except Exception as error:  # the run is lost, and the exit code must say so
            logger.exception("The results could not be made")
            why = error.strerror if isinstance(error, OSError) else ""
            failure = f"the results could not be made: {why or type(error).__name__}"
            self._give_up(failure, Exit.CRASHED)
        finally:
            if self._host_is_embedded:
                self.environment.host = None
                self._host_is_embedded = False
            if run.target.shop is not None:
                with contextlib.suppress(OSError):
                    run.target.shop.stop()
        self._telemetry.end(finished.result if finished else None)
        # Last: a reader of these may start the next run.
        self.finished, self.failure = finished, failure

    def _stop_test(self) -> None:
        """End the test if no load shape does, as in a worker."""
        runner = self.environment.runner
        if self._quitting:
            return
        if self._is_worker:
            gevent.spawn(runner.stop)
        elif self.environment.shape_class is None:
            gevent.spawn(runner.quit if self.environment.parsed_options.headless else runner.stop)

    def _terminate(self, name: str) -> None:
        """End the run in good order on the first signal; a second Ctrl-C ends the process at once."""
        if name == "SIGHUP":
            signals.detach_terminal()
        if self._is_worker:
            self._terminate_worker(name)
            return
        if self._ctrl_c is not None:
            self._ctrl_c.cancel()
            self._ctrl_c = None
        if self.run is not None and not self.run.ended:
            self._interrupt(name)
        elif self.environment.parsed_options.headless and self.run is None:
            self._cancelled_by = name
            if isinstance(self.environment.runner, MasterRunner):
                self._finish_unstarted_run()
        if self.environment.web_ui is not None and name != "SIGTERM":
            self.environment.web_ui.stop()  # Locust quits when its web server stops; it handles SIGTERM itself

    def _terminate_worker(self, name: str) -> None:
        """Ignore the first Ctrl-C of a shared terminal: the master gets it, too, and drains the run."""
        shared = name == "Ctrl-C" or self._with_master
        if shared and self.run is not None and not self.run.ended and not self._signalled_before:
            self._signalled_before = True
        elif self._ctrl_c is not None and name == "Ctrl-C":
            self._ctrl_c.cancel()
            os.kill(os.getpid(), signal.SIGINT)
        else:
            os.kill(os.getpid(), signal.SIGTERM)

    def _finish_unstarted_run(self) -> None:
        """Write the results of a run that was interrupted before its workers were there: Locust would wait for ever."""
        if self.prepare() is not None:
            self.on_test_stop()
        environment = self.environment
        environment.events.quitting.fire(environment=environment, reverse=True)
        environment.events.quit.fire(exit_code=environment.process_exit_code)
        # Locust's main greenlet, which waits for workers, must be the one to exit.
        gevent.get_hub().handle_system_error(SystemExit, SystemExit(environment.process_exit_code))

    def _interrupt(self, reason: str) -> None:
        run = self.run
        if run is not None and run.lifecycle.planned_drain:
            logger.info("The load is over and will be judged as a whole; the last journeys finish (%s).", reason)
        elif run is not None:
            run.close(interruption(reason))  # the first one counts

    def _give_up(self, message: str, code: Exit) -> None:
        self.environment.process_exit_code = int(code)
        logger.error("%s", message)

    def _each_second(self, run: Run[Any]) -> None:
        if self._is_worker:
            return
        self._telemetry.each_second(run, quietly=self.environment.parsed_options.only_summary)

    @property
    def _is_worker(self) -> bool:
        return isinstance(self.environment.runner, WorkerRunner)

    def _kinds(self) -> dict[str, str]:
        """The journey of each user class, by the class name."""
        return {one.__name__: one.kind for one in self._chosen}

    def _journey_log(self, path: str) -> JourneyLog | None:
        if not path or isinstance(self.environment.runner, MasterRunner):
            return None
        own = Path(path)
        if self._is_worker:
            own = own.with_name(f"{own.stem}.worker-{self.environment.runner.worker_index}{own.suffix}")
        try:
            return JourneyLog(own)
        except OSError as error:
            logger.warning("The run continues without a journey log: %s: %s", own, error.strerror or error)
            return None

    # -- choices --------------------------------------------------------------------------------------------------

    def _choose(self, options: Any) -> Workload[Any]:
        """The scenario with the overrides of the command line or of the web form.

        Locust sends our options to its workers, but not its own; so number of users and run time travel in one of ours.
        """
        if self._is_worker and (sent := getattr(options, CHOICES_ATTRIBUTE, None)):
            return self.provider.choose(Choices(**{**sent, "allowed": tuple(sent["allowed"])}))
        workload = self.provider.choose(choices(options, self._user_settings.users(options)))
        refuse_slow_ramp(workload, self._user_settings.ramp(options))
        return workload

    def _select_users(self, workload: Workload[Any]) -> None:
        """Keep the chosen user classes that have a weight in the scenario."""
        options = self.environment.parsed_options
        picked = self.environment.user_classes if getattr(options, "class_picker", False) else self._chosen
        kept = selected_user_classes(picked, workload, options)
        set_weights(kept, workload)
        workload.population.restrict([one.kind for one in kept])
        self.environment.user_classes = kept


def _refuse(usage_error: UsageError) -> NoReturn:
    sys.stderr.write(f"{usage_error}\n")
    sys.exit(int(Exit.USAGE_ERROR))


def _loaded(kind: type[User]) -> set[str]:
    """The names of all loaded user classes."""
    names = set[str]()
    for one in kind.__subclasses__():
        names |= _loaded(one)
        if not one.abstract:
            names.add(one.__name__)
    return names
