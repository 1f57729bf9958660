"""The command ``checkload report``: shows the report of a finished run again."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from harness.errors import UsageError
from harness.exits import Exit
from harness.reporting import report
from harness.results.result import Result
from harness.results.store import ResultError, read

CONSOLE = "console"
FILES = {Path(name).stem: name for name in report.RENDERINGS}
"""The other formats, each by the file of results that is written in it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    add_result_arguments(parser)
    parser.add_argument(
        "--exit-code", action="store_true", help="return the exit code of the run: 0 passed, 3 failed, 4 invalid, …"
    )


def add_result_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name a result and the format in which it is shown."""
    parser.add_argument("result", type=Path, metavar="RESULT", help="the folder of a run's results, or its result.json")
    parser.add_argument(
        "--format",
        choices=(CONSOLE, *FILES),
        default=CONSOLE,
        help="console text, Markdown (summary) or JUnit XML (default: %(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the report; returns 0, or with ``--exit-code`` the exit code of the run."""
    try:
        result = read(arguments.result)
    except ResultError as error:
        raise UsageError(str(error)) from None
    sys.stdout.write(rendered(result, arguments.format, str(arguments.result)))
    if not arguments.exit_code:
        return int(Exit.PASSED)
    return int(Exit.CRASHED if result.exit is Exit.CRASHED else result.judgement.verdict.exit)


def rendered(result: Result, form: str, place: str) -> str:
    """The report of a result in one of the formats; ``place`` is where the result is stored."""
    if form == CONSOLE:
        return report.console(result, results=place)
    return report.RENDERINGS[FILES[form]](result).decode()
