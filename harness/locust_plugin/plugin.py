"""Connects our runs with Locust, only through Locust's public events.

In each process Locust parses the options, and ``init`` checks them. Then a ``JudgingProcess`` or a ``WorkerProcess`` listens to the
events of the runs.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from locust import User
from locust.runners import MasterRunner, WorkerRunner

from harness.errors import UsageError
from harness.exits import Exit
from harness.locust_plugin import signals
from harness.locust_plugin.judging_process import JudgingProcess
from harness.locust_plugin.locust_precision import install_precision
from harness.locust_plugin.master_port import PortGuard, install_port_guard
from harness.locust_plugin.option_checks import refuse_endless_time
from harness.locust_plugin.options import (
    add_options,
    check_after_parsing,
    hide_passwords,
    refuse_unknown_classes,
    refuse_unknown_options,
)
from harness.locust_plugin.preparation import Preparation
from harness.locust_plugin.terminal.output import route_progress_lines, wants_panel
from harness.locust_plugin.terminal.screen import Screen
from harness.locust_plugin.transport import MasterTransport, SingleTransport
from harness.locust_plugin.web.ui import CheckloadUi
from harness.locust_plugin.worker_process import WorkerProcess
from harness.network import refuse_ports_in_use
from harness.run.registry import ENVIRONMENT_ATTRIBUTE
from harness.run.workload import ScenarioProvider


class Plugin:
    """Connects one Locust process with its runs, by Locust's events; ``wall_clock`` is the time of day.

    ``command`` starts ``checkload`` as a process, for the web UI.
    """

    def __init__(
        self,
        provider: ScenarioProvider[Any],
        *,
        command: Sequence[str] = (),
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._provider = provider
        self._command = command
        self._wall_clock = wall_clock
        self._port_guard = PortGuard()
        self._ports_checked = False
        self._forked = self._with_master = False
        self._screen: Screen | None = None

    def bind(self, events: Any) -> None:
        """Register for Locust's events; ``locustfile.py`` calls this once."""
        signals.defer()
        signals.die_with_parent()
        self._port_guard = install_port_guard()
        install_precision()
        events.init_command_line_parser.add_listener(self.on_options)
        events.init.add_listener(self.on_init)

    def on_options(self, parser: Any, **_: Any) -> None:
        """Add our options to Locust's parser."""
        add_options(parser, self._provider.names())
        hide_passwords(parser)
        refuse_endless_time(parser)
        refuse_unknown_classes(parser, lambda: _loaded(User))
        refuse_unknown_options(parser)
        check_after_parsing(parser, self.check_options)

    def check_options(self, options: Any) -> None:
        """Check the options that Locust acts upon before its first event."""
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
        if wants_panel(options, sys.stdout):
            self._screen = Screen()  # before Locust forks workers, whose log lines it shows, too

    def on_init(self, environment: Any, web_ui: Any, **_: Any) -> None:
        """Make this process ready for runs, and check all options before anything is sent: Locust is ready."""
        if isinstance(environment.runner, WorkerRunner):
            process: WorkerProcess | JudgingProcess = WorkerProcess(
                environment, self._provider, self._wall_clock, forked=self._forked, with_master=self._with_master
            )
        else:
            process = self._judging_process(environment, web_ui)
        setattr(environment, ENVIRONMENT_ATTRIBUTE, process)

    def _judging_process(self, environment: Any, web_ui: Any) -> JudgingProcess:
        options = environment.parsed_options
        master = isinstance(environment.runner, MasterRunner)
        transport = MasterTransport(environment, self._port_guard) if master else SingleTransport()
        try:
            preparation = Preparation(environment, self._provider)
            process = JudgingProcess(environment, preparation, transport, self._wall_clock, self._screen)
            workload = preparation.check_options()
            process.open(workload)
        except UsageError as usage_error:
            _refuse(usage_error)
        if options.headless and not options.print_stats:
            # Our progress lines and tables replace Locust's; --print-stats brings Locust's back.
            logging.getLogger("locust.stats_logger").setLevel(logging.WARNING)
        route_progress_lines(options, panel=self._screen is not None)
        if web_ui is not None:
            settings = preparation.user_settings
            ui = CheckloadUi(environment, self._provider, settings, preparation.choose_and_ask, process.ui_state)
            ui.install(web_ui, self._command)
        return process


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
