"""The program ``checkload``: it starts runs, and works on logs and on the results of runs."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import NamedTuple, Protocol

from harness.errors import UsageError
from harness.exits import Exit


class Command(Protocol):
    """The functions that the module of a command must have."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the arguments of the command to its parser."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Run the command and return its exit code; raises ``UsageError`` with every wrong argument."""


class CommandEntry(NamedTuple):
    """One command: its line in ``--help``, and a function that imports its module."""

    summary: str
    load: Callable[[], Command]


def _run() -> Command:
    from scenarios.commands import run

    return run


def _gate() -> Command:
    from scenarios.commands import gate

    return gate


def _comment() -> Command:
    from scenarios.commands import comment

    return comment


def _estimate() -> Command:
    from scenarios.commands import estimate

    return estimate


def _doctor() -> Command:
    from scenarios.commands import doctor

    return doctor


def _report() -> Command:
    from scenarios.commands import report

    return report


def _judge() -> Command:
    from scenarios.commands import judge

    return judge


def _compare() -> Command:
    from scenarios.commands import compare

    return compare


def _baseline() -> Command:
    from scenarios.commands import baseline

    return baseline


def _regress() -> Command:
    from scenarios.commands import regress

    return regress


def _plan() -> Command:
    from scenarios.commands import plan

    return plan


def _calibrate() -> Command:
    from scenarios.commands import calibrate

    return calibrate


def _replay() -> Command:
    from scenarios.commands import replay

    return replay


def _reconcile() -> Command:
    from scenarios.commands import reconcile

    return reconcile


COMMANDS: Mapping[str, CommandEntry] = {
    "run": CommandEntry("Start a load test in the console, from any folder.", _run),
    "gate": CommandEntry("Run a scenario for a pipeline: repeat an undecided run, write a comment.", _gate),
    "estimate": CommandEntry("Say what a run will send, need and prove, before it starts.", _estimate),
    "doctor": CommandEntry("Walk through a shop once, and say what a scenario for it needs.", _doctor),
    "report": CommandEntry("Show a finished run again: on the console, as Markdown or as JUnit XML.", _report),
    "comment": CommandEntry("Write a comment for a pull request about a finished run.", _comment),
    "judge": CommandEntry("Judge a finished run again, by other objectives.", _judge),
    "compare": CommandEntry("Say whether a candidate is slower than a baseline, and how certain that is.", _compare),
    "reconcile": CommandEntry("Compare the orders of a run with the shop's own export of orders.", _reconcile),
    "baseline": CommandEntry("Keep compact results of earlier runs, to compare later runs with.", _baseline),
    "regress": CommandEntry("Run two versions of a shop, and say whether the second one is worse.", _regress),
    "plan": CommandEntry("Say whether the shop's measured capacity is enough for a forecast peak.", _plan),
    "calibrate": CommandEntry("Make a scenario from an access log.", _calibrate),
    "replay": CommandEntry(
        "Show finished runs in Prometheus, or write their time series as Prometheus blocks.", _replay
    ),
}
"""Every command by name, in the order of ``--help``.

The functions import a module only when its command is called: the modules need scipy, which takes half a second to load.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit codes are those of ``harness.exits``."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog="checkload",
        description="Start load tests, and work on logs and on the results of runs.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"checkload {version('checkload')}")
    choice = parser.add_subparsers(metavar="command", required=True)
    for name, entry in COMMANDS.items():
        one = choice.add_parser(name, help=entry.summary, description=entry.summary, allow_abbrev=False)
        if name in given:
            command: Command = entry.load()
            command.add_arguments(one)
            one.set_defaults(command=command)
    chosen = parser.parse_args(given)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file name may hold bytes that are no text
    try:
        code = int(chosen.command.run(chosen))
        sys.stdout.flush()
    except UsageError as error:
        sys.stderr.write(f"{error}\n")
        return Exit.USAGE_ERROR
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        return 130
    except BrokenPipeError:  # the reader of the output has closed it
        sys.stderr.close()
        return 141
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"{where}{error.strerror or error}; check the free space and the permissions\n")
        _forget_output()
        return Exit.CRASHED
    return code


def _forget_output() -> None:
    """Drop output that could not be written, so that Python does not try again at exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
