"""Ends the runs of a judging process in good order, on a signal or when a person says so."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from typing import Any

import gevent

from harness.exits import Exit
from harness.locust_plugin import signals
from harness.run.lifecycle import EndCause, Ending, interruption
from harness.run.run import Run

logger = logging.getLogger("checkload")

STOPPED = "a person stopped it in the web UI"
SAME_CTRL_C = 1.0
"""Seconds in which a repeated Ctrl-C is the same one: ``timeout`` sends it to the process and to its group."""


def handle_signals(on_signal: Callable[[str], object], *numbers: signal.Signals) -> Any:
    """Call ``on_signal`` with the name of each signal that this process does not ignore; returns the watcher of Ctrl-C.

    Locust installs its own handler of SIGTERM only after a headless run with a load shape has ended, and lets Ctrl-C raise in any
    greenlet.
    """
    ctrl_c = None
    for number in numbers:
        if not signals.ignored(number):
            watcher = gevent.signal_handler(number, on_signal, signals.SIGNAL_NAMES[number])
            if number == signal.SIGINT:
                ctrl_c = watcher
    return ctrl_c


def give_up(environment: Any, message: str, code: Exit) -> None:
    """Log why there is no verdict, and set the exit code."""
    environment.process_exit_code = int(code)
    logger.error("%s", message)


class Termination:
    """Ends the runs of a process that judges them.

    ``run`` returns the current run. ``finish_unstarted`` writes the results of a run that never started, where Locust would wait
    for workers for ever; ``None`` where it does not wait. ``cancelled_by`` names the signal that came before the run.
    """

    def __init__(
        self, environment: Any, run: Callable[[], Run | None], finish_unstarted: Callable[[], None] | None
    ) -> None:
        self._environment = environment
        self._run = run
        self._finish_unstarted = finish_unstarted
        self._ctrl_c: Any = None
        self.cancelled_by = ""

    def watch_signals(self) -> None:
        """Handle signals from now on, also one that came while Locust started."""
        self._ctrl_c = handle_signals(self.terminate, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if name := signals.first_deferred():
            gevent.spawn(self.terminate, name)

    def terminate(self, name: str) -> None:
        """End the run in good order on the first signal; a Ctrl-C more than ``SAME_CTRL_C`` later ends the process at once."""
        environment, run = self._environment, self._run()
        if name == "SIGHUP":
            signals.detach_terminal()
        if self._ctrl_c is not None:
            gevent.spawn_later(SAME_CTRL_C, self._ctrl_c.cancel)
            self._ctrl_c = None
        if run is not None and not run.ended:
            interrupt(run, name)
        elif environment.parsed_options.headless and run is None and not self.cancelled_by:
            self.cancelled_by = name
            if self._finish_unstarted is not None:
                self._finish_unstarted()
                quit_locust(environment)
        if environment.web_ui is not None and name != "SIGTERM":
            environment.web_ui.stop()  # Locust quits when its web server stops; it handles SIGTERM itself


def interrupt(run: Run, reason: str) -> None:
    """End a run early, unless its load is already over; the first interruption counts."""
    if run.lifecycle.planned_drain:
        logger.info("The load is over and will be judged as a whole; the last journeys finish (%s).", reason)
    else:
        run.close(interruption(reason))


def drain(run: Run, reason: str) -> None:
    """Interrupt a run that is not over, and wait until no journey is under way any more."""
    if not run.over:
        if run.ending.cause is not EndCause.STOPPED:
            interrupt(run, reason)
        while not run.over:
            gevent.sleep(0.05)


def stop(run: Run) -> None:
    """End the load for a person who has seen enough, and wait for the journeys under way: what was measured is judged.

    A run that has not begun, and a search for capacity, are interrupted: there is nothing to judge yet.
    """
    if run.begun and not run.closing and run.stepped_arrivals is None:
        judged_until = max(run.elapsed, run.workload.schedule.warm_up)
        run.close(Ending(EndCause.STOPPED, STOPPED, judged_until=judged_until))
    drain(run, "the stop button")


def quit_locust(environment: Any) -> None:
    """End this process with its exit code while Locust still waits for workers."""
    environment.events.quitting.fire(environment=environment, reverse=True)
    environment.events.quit.fire(exit_code=environment.process_exit_code)
    # Locust's main greenlet, which waits for workers, must be the one to exit.
    gevent.get_hub().handle_system_error(SystemExit, SystemExit(environment.process_exit_code))
