"""The program ``checkload``: it starts runs, and works on logs and on the results of runs."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FrameType
from typing import NamedTuple, NoReturn, Protocol

from harness.errors import UsageError
from harness.exits import Exit
from harness.units import closest_name, did_you_mean
from harness.versions import build_kind, own_version


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
    from scenarios.commands.regress import command

    return command


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


GROUPS: Mapping[str, Mapping[str, CommandEntry]] = {
    "Before a run": {
        "doctor": CommandEntry("Walk through a shop once, and say what a scenario for it needs.", _doctor),
        "estimate": CommandEntry("Say what a run will send, need and prove, before it starts.", _estimate),
        "calibrate": CommandEntry("Make a scenario from an access log.", _calibrate),
    },
    "Run": {
        "run": CommandEntry("Start a load test in the console, from any folder.", _run),
        "gate": CommandEntry("Run a scenario for a pipeline: retry, and write a comment.", _gate),
    },
    "After a run": {
        "report": CommandEntry("Show a finished run again, as text or as a page with charts.", _report),
        "judge": CommandEntry("Judge a finished run again, by other objectives.", _judge),
        "comment": CommandEntry("Write a comment for a pull request about a finished run.", _comment),
        "reconcile": CommandEntry("Compare the orders of a run with the shop's own export.", _reconcile),
        "replay": CommandEntry("Show finished runs in Prometheus, or write their time series.", _replay),
    },
    "Compare versions": {
        "compare": CommandEntry("Say whether a version is slower than another, and how sure that is.", _compare),
        "regress": CommandEntry("Run two versions of a shop; say whether the second is worse.", _regress),
        "baseline": CommandEntry("Keep compact results of earlier runs, to compare later runs with.", _baseline),
    },
    "Plan": {
        "plan": CommandEntry("Say whether the measured capacity is enough for a forecast peak.", _plan),
    },
}
"""Every command by name, in the order of ``--help``, under what a person wants to do.

The functions import a module only when its command is called: the modules need scipy, which takes half a second to load.
"""

COMMANDS: Mapping[str, CommandEntry] = {name: entry for group in GROUPS.values() for name, entry in group.items()}
"""Every command by name."""


class _ProgramParser(argparse.ArgumentParser):
    """The parser of the program itself: its help lists the commands in groups, and its errors suggest what was meant."""

    options: tuple[str, ...] = ()
    """The options of the chosen command."""

    def format_help(self) -> str:
        """Write the help of the program."""
        widest = max(map(len, COMMANDS))
        parts = [self.format_usage().rstrip(), self.description or ""]
        for title, group in GROUPS.items():
            parts.append(
                "\n".join([f"{title}:", *(f"  {name:{widest}}  {one.summary}" for name, one in group.items())])
            )
        parts.append(
            "checkload COMMAND --help explains a command.\nTo load from a web page: checkload run --web-ui SCENARIO"
        )
        return "\n\n".join(parts) + "\n"

    def error(self, message: str) -> NoReturn:
        """End the program with a usage error; a misspelled option gets a suggestion."""
        title, _, words = message.partition("unrecognized arguments: ")
        wrong = [word.partition("=")[0] for word in words.split() if word.startswith("--")]
        close = [found for word in wrong if (found := closest_name(word, self.options))]
        super().error(f"{message}; did you mean {', '.join(close)}?" if close and not title else message)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit codes are those of ``harness.exits``."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = _ProgramParser(
        prog="checkload",
        usage="checkload COMMAND …",
        description="Load a checkout, and work on logs and on the results of runs.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"checkload {own_version()} ({build_kind()})")
    if not given:
        sys.stdout.write(parser.format_help())
        return Exit.PASSED
    choice = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=argparse.ArgumentParser)
    for name, entry in COMMANDS.items():
        one = choice.add_parser(name, prog=f"checkload {name}", description=entry.summary, allow_abbrev=False)
        if name in given:
            command: Command = entry.load()
            command.add_arguments(one)
            one.set_defaults(command=command)
            parser.options = (*parser.options, *one._option_string_actions)  # noqa: SLF001 - argparse has no other access
    if not given[0].startswith("-") and given[0] not in COMMANDS:
        parser.error(f"there is no command {given[0]}; {did_you_mean(given[0], COMMANDS)}")
    chosen = parser.parse_args(given)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file name may hold bytes that are no text
    try:
        with _terminated_like_interrupted():
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


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """Within this block, SIGTERM stops this process as Ctrl-C does, so that no process that it started is left behind."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _forget_output() -> None:
    """Drop output that could not be written, so that Python does not try again at exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
