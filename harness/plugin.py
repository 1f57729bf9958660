"""Wires a program of scenarios into Locust through its public events, and nothing else of it.

The order of things in one process: options are parsed, ``init`` checks them and starts ``/metrics``; for each run
``prepare`` reads the scenario, ``test_start`` finds the target, ``spawning_complete`` lets arrivals in, ``test_stop`` judges.
The exit code is INVALID from the start and only a verdict changes it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gevent

from harness import finish, tabs, web
from harness.exits import Exit
from harness.exporter import RunCollector, RunState
from harness.journey_log import JourneyLog
from harness.metrics_server import MetricsServer, PortTaken, serve
from harness.options import METRICS_PORT, add_options, choices
from harness.progress import progress
from harness.reachable import unreachable
from harness.run import ATTRIBUTE, Run
from harness.stop_file import StopFile
from harness.target import allowed_target
from harness.workload import Misuse, Program, Workload

logger = logging.getLogger("checkload")

LONGEST_LINGER = 600.0  # seconds; a process that forgets to end is nobody's friend
PROGRESS = 5.0  # seconds between two lines of progress


class Plugin:
    """Everything of one Locust process that outlives a single run."""

    def __init__(self, program: Program[Any]) -> None:
        self.program = program
        self.environment: Any = None
        self.run: Run[Any] | None = None
        self.finished: finish.Finished | None = None
        self._asked_users: int | None = None
        self._shown_users: int | None = None
        self._own_host = ""
        self._chosen: list[Any] = []
        self._metrics: MetricsServer | None = None
        self._last_progress = 0.0
        self._ctrl_c: Any = None

    def bind(self, events: Any) -> None:
        """Listen to Locust; called once by ``locustfile.py``."""
        events.init_command_line_parser.add_listener(self.on_options)
        events.init.add_listener(self.on_init)
        events.test_start.add_listener(self.on_test_start)
        events.spawning_complete.add_listener(self.on_spawning_complete)
        events.test_stopping.add_listener(self.on_test_stopping)
        events.test_stop.add_listener(self.on_test_stop)
        events.quitting.add_listener(self.on_quitting)
        events.quit.add_listener(self.on_quit)

    # -- the process ----------------------------------------------------------------------------------------------

    def on_options(self, parser: Any, **_: Any) -> None:
        """Locust builds its parser."""
        add_options(parser, self.program.names())

    def on_init(self, environment: Any, web_ui: Any, **_: Any) -> None:
        """Locust is ready: check what was asked before anything is sent."""
        self.environment = environment
        setattr(environment, ATTRIBUTE, self)
        environment.process_exit_code = int(Exit.INVALID)
        options = environment.parsed_options
        self._chosen = list(environment.user_classes)
        self._own_host = options.host or ""
        self._asked_users = options.num_users
        try:
            workload = self._choose(options)
            self._refuse_host(options.host or "", workload)
            _refuse_results(options.results)
            self._serve_metrics(options)
        except Misuse as misuse:
            sys.stderr.write(f"{misuse}\n")
            sys.exit(int(Exit.MISUSED))
        # Locust installs its own handler of SIGTERM only after a headless run with a load shape has ended, and
        # lets Ctrl-C strike whatever greenlet is running.
        gevent.signal_handler(signal.SIGTERM, self._terminate, "SIGTERM")
        if options.headless:
            self._ctrl_c = gevent.signal_handler(signal.SIGINT, self._terminate, "Ctrl-C")
        if options.headless and not options.print_stats:
            # Our own lines of progress and our own tables take their place; --print-stats brings Locust's back.
            logging.getLogger("locust.stats_logger").setLevel(logging.WARNING)
        if web_ui is not None:
            self._shown_users = workload.users
            if options.num_users is None:
                options.num_users = workload.users
            options.spawn_rate = options.spawn_rate or workload.spawn_rate
            web.guard(web_ui, check_start=self._check_form, check_host=self._check_host)
            tabs.add_tabs(web_ui, lambda: self.run, lambda: self.finished)

    def on_quitting(self, environment: Any, **_: Any) -> None:
        """Locust is about to leave, and will ask for the exit code right after this."""
        run = self.run
        if run is not None and not run.ended:
            self._interrupt("Ctrl-C or a signal to end")
            environment.runner.quit()
        if self.finished is None:
            logger.error("No run took place, so there is no verdict: exit code %d.", Exit.INVALID)

    def on_quit(self, **_: Any) -> None:
        """The very last thing on the screen is the verdict."""
        options = self.environment.parsed_options
        if self.finished is not None and options.headless:
            print(self.finished.text, flush=True)  # noqa: T201 - this is what the person came for
        if self._metrics is not None:
            if options.metrics_linger > 0:
                gevent.sleep(min(options.metrics_linger, LONGEST_LINGER))
            self._metrics.stop()

    # -- one run --------------------------------------------------------------------------------------------------

    def prepare(self) -> Run[Any] | None:
        """The run that is about to start, or ``None`` when what was asked cannot be done (which is then said)."""
        run = self.run
        if run is not None and not run.ended:
            return run
        options = self.environment.parsed_options
        try:
            workload = self._choose(options)
            self._refuse_host(self.environment.host or "", workload)
            self._select_users(workload)
            stage = workload.stage(0, 1)
        except Misuse as misuse:
            self._give_up(str(misuse), Exit.MISUSED)
            return None
        run = Run(workload, stage)
        run.on_over = self._end_soon
        run.stop_file = StopFile(options.stop_file) if options.stop_file else None
        run.on_second = self._each_second
        run.journey_log = JourneyLog(Path(options.journey_log)) if options.journey_log else None
        self.run = run
        self._last_progress = 0.0
        return run

    def on_test_start(self, **_: Any) -> None:
        """Find the target, starting the embedded shop where no host was named."""
        run = self.prepare()
        if run is None:
            return
        host = self.environment.host or ""
        try:
            if host:
                run.aim(host, None)
                problem = unreachable(host, run.stage.connect_timeout)
                if problem:
                    run.unreachable = problem
                    run.finish_early(problem)
            else:
                target = run.workload.start_target()
                run.aim(target.url, target)
        except Misuse as misuse:
            self._give_up(str(misuse), Exit.CRASHED)
            run.finish_early(str(misuse))
            return
        logger.info("Scenario %s, seed %d, against %s", run.workload.name, run.workload.seed, run.target_name)

    def on_spawning_complete(self, user_count: int, **_: Any) -> None:
        """All users are there."""
        run = self.run
        if run is not None:
            run.start(user_count)

    def on_test_stopping(self, **_: Any) -> None:
        """Locust starts to stop the users; if the run was not over, somebody pressed a button."""
        run = self.run
        if run is not None and not run.over:
            self._interrupt("the stop button" if self.environment.web_ui else "Ctrl-C")

    def on_test_stop(self, **_: Any) -> None:
        """All users are gone: judge, write, and stop the embedded shop."""
        run = self.run
        if run is None or run.ended:
            return
        run.end()
        try:
            errors = len(self.environment.runner.exceptions)
            self.finished = finish.finish(run, self.environment.parsed_options, exceptions=errors)
            self.environment.process_exit_code = int(self.finished.exit)
            logger.info("%s", self.finished.headline)
        except Exception as error:  # the run is lost, and the pipeline must hear of it
            logger.exception("The results could not be made")
            self._give_up(f"The results could not be made: {type(error).__name__}", Exit.CRASHED)
        finally:
            if run.target is not None:
                with contextlib.suppress(OSError):
                    run.target.stop()

    def _end_soon(self) -> None:
        """Without a load shape (the class picker's "Default"), nobody but us ends the test."""
        if self.environment.shape_class is None:
            runner = self.environment.runner
            gevent.spawn(runner.quit if self.environment.parsed_options.headless else runner.stop)

    def _terminate(self, name: str) -> None:
        """End the run in good order on the first signal; a second Ctrl-C ends the process there and then."""
        if self._ctrl_c is not None:
            self._ctrl_c.cancel()
            self._ctrl_c = None
        if self.run is not None and not self.run.ended:
            self._interrupt(name)
        elif self.environment.parsed_options.headless:
            self.environment.runner.quit()

    def _interrupt(self, reason: str) -> None:
        run = self.run
        if run is not None:
            run.interrupted = reason
            run.finish_early(f"interrupted by {reason}")

    def _give_up(self, message: str, code: Exit) -> None:
        self.environment.process_exit_code = int(code)
        logger.error("%s", message)

    def _each_second(self, run: Run[Any]) -> None:
        if run.elapsed - self._last_progress >= PROGRESS and not self.environment.parsed_options.only_summary:
            self._last_progress = run.elapsed
            logger.info("%s", progress(run.recorder, run.elapsed, run.length, run.under_way, run.phase))

    # -- choices --------------------------------------------------------------------------------------------------

    def _choose(self, options: Any) -> Workload[Any]:
        """The scenario with the choices made on the command line, or in the form of the web UI."""
        users = options.num_users if not options.headless else self._asked_users
        if users == self._shown_users and self._asked_users is None:
            users = None  # the form shows the scenario's own number until somebody changes it
        return self.program.choose(choices(options, users))

    def _check_form(self, form: Mapping[str, str]) -> str | None:
        options = self.environment.parsed_options
        tried = type(options)(**vars(options))
        for key, value in form.items():
            if key == "user_count":
                with contextlib.suppress(ValueError):
                    tried.num_users = int(value)
            elif key in {"scenario", "payment_mix", "sms_share", "arrival_rate", "seed", "think_scale"}:
                setattr(tried, key, value)
        try:
            self._choose(tried)
        except Misuse as misuse:
            return str(misuse)
        return None

    def _check_host(self, host: str) -> str | None:
        if not host:
            return None
        allowed = self._choose(self.environment.parsed_options).allowed
        return allowed_target(host, allowed)

    def _refuse_host(self, host: str, workload: Workload[Any]) -> None:
        problem = allowed_target(host, workload.allowed) if host else None
        if problem:
            raise Misuse(f"--host {host}: {problem}")

    def _select_users(self, workload: Workload[Any]) -> None:
        """Weigh Locust's user classes as the scenario says; those without a weight, or without a task left, stay out."""
        options = self.environment.parsed_options
        picked = self.environment.user_classes if getattr(options, "class_picker", False) else self._chosen
        kept = [one for one in picked if workload.weights.get(one.kind, 0) > 0 and _wanted(one, options)]
        if not kept:
            raise Misuse(
                f"{workload.name}: none of the chosen user classes has a weight in [journeys]; "
                f"it has {', '.join(sorted(workload.weights))}"
            )
        for one in kept:
            one.weight = workload.weights[one.kind]
        workload.restrict([one.kind for one in kept])
        self.environment.user_classes = kept

    def _serve_metrics(self, options: Any) -> None:
        port = METRICS_PORT if options.metrics_port is None else options.metrics_port
        if not port:
            return
        collector = RunCollector(self._state)
        try:
            self._metrics = serve(collector, host=options.metrics_host, port=port)
        except PortTaken as taken:
            if options.metrics_port is not None:
                raise Misuse(f"--metrics-port {port}: {taken}") from None
            logger.warning("%s. This run has no /metrics; choose another port with --metrics-port.", taken)

    def _state(self) -> RunState | None:
        """What /metrics shows at this moment."""
        run = self.run
        if run is None:
            return None
        judged = self.finished is not None and self.finished.result.run_id == run.id
        return RunState(
            recorder=run.recorder,
            run_id=run.id,
            scenario=run.workload.name,
            phase=run.phase,
            model="open" if run.workload.is_open else "closed",
            target="embedded" if run.target is not None else run.target_host,
            version=finish.own_version(),
            verdict=str(self.finished.result.judgement.verdict) if judged and self.finished else "pending",
            started_at=run.started_at.timestamp(),
            rate_target=run.rate_target,
            users=self.environment.runner.user_classes_count,
            in_flight=+run.in_flight,
        )


def _wanted(user_class: Any, options: Any) -> bool:
    """Whether ``--tags`` and ``--exclude-tags`` leave this class a task; Locust applies them only later."""
    tags = {tag for task in user_class.tasks for tag in getattr(task, "locust_tag_set", ())}
    return not (options.tags and not tags & set(options.tags)) and not tags & set(options.exclude_tags or ())


def _refuse_results(place: str) -> None:
    """Find out before the load, not after it, that its results could not be written."""
    folder = Path(place) if place else finish.RESULTS
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise Misuse(f"--results {place}: {there} is not a folder; name another place")
    if not os.access(there, os.W_OK):
        raise Misuse(f"--results {place}: {there} cannot be written to; name another place")
