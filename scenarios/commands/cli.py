"""The command ``checkload``: offline work on logs and on the results of runs. Runs themselves are Locust's."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from typing import NamedTuple, Protocol

from harness.errors import UsageError
from harness.exits import Exit


class Command(Protocol):
    """What a module must offer to be a command."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Say which arguments it takes."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it and return the exit code; raises ``UsageError`` with everything that is wrong with what was asked."""


class Entry(NamedTuple):
    """Where a command is written, and what it does in a line."""

    module: str
    says: str


COMMANDS: Mapping[str, Entry] = {
    "run": Entry("scenarios.commands.run", "Starts a load: locust --headless --scenario SCENARIO, from any folder."),
    "report": Entry(
        "scenarios.commands.report", "Shows a finished run again: on the console, as Markdown, or as JUnit's XML."
    ),
    "compare": Entry(
        "scenarios.commands.compare", "Says whether a candidate is slower than a baseline, and how sure that is."
    ),
    "plan": Entry(
        "scenarios.commands.plan",
        "Says whether the forecast peak fits what the shop was measured to carry, and how surely.",
    ),
    "calibrate": Entry("scenarios.commands.calibrate", "Make a scenario out of an access log."),
    "replay": Entry(
        "scenarios.commands.replay",
        "Shows finished runs again in a Prometheus, or writes their time series as blocks of one.",
    ),
}
"""Every command by name, in the order in which ``--help`` lists them; a module is read only when its command is called."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit codes are those of ``harness.exits``."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog="checkload",
        description="Starts runs, and works on their results and on logs.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"checkload {version('checkload')}")
    choice = parser.add_subparsers(metavar="command", required=True)
    for name, entry in COMMANDS.items():
        one = choice.add_parser(name, help=entry.says, description=entry.says, allow_abbrev=False)
        if name in given:
            command: Command = import_module(entry.module)
            command.add_arguments(one)
            one.set_defaults(command=command)
    chosen = parser.parse_args(given)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file's name may be no text
    try:
        code = int(chosen.command.run(chosen))
        sys.stdout.flush()
    except UsageError as misuse:
        sys.stderr.write(f"{misuse}\n")
        return Exit.USAGE_ERROR
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        return 130
    except BrokenPipeError:  # the reader of our output has seen enough
        sys.stderr.close()
        return 141
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"{where}{error.strerror or error}; there may be no room left, or no leave to write\n")
        _forget_output()
        return Exit.CRASHED
    return code


def _forget_output() -> None:
    """What could not be written is not tried again when the process ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
