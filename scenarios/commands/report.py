"""The command ``checkload report``: shows a finished run again, as it was shown when it ended."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from harness.errors import UsageError
from harness.exits import Exit
from harness.reporting import report
from harness.results.result import ResultError, read

CONSOLE = "console"
FILES = {Path(name).stem: name for name in report.RENDERINGS}
"""The other formats, each by the file of results that is written in it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which arguments it takes."""
    parser.add_argument(
        "result", type=Path, metavar="RESULT", help="the folder that a run has left, or its result.json"
    )
    parser.add_argument(
        "--format", choices=(CONSOLE, *FILES), default=CONSOLE, help="for people, Markdown, or JUnit's XML"
    )
    parser.add_argument("--exit-code", action="store_true", help="end as the run did: 0 passed, 3 failed, 4 invalid, …")


def run(arguments: argparse.Namespace) -> int:
    """Read it, show it; returns 0, or what the pipeline was told if that is asked for."""
    try:
        result = read(arguments.result)
    except ResultError as error:
        raise UsageError(str(error)) from None
    if arguments.format == CONSOLE:
        sys.stdout.write(report.console(result, results=str(arguments.result)))
    else:
        sys.stdout.write(report.RENDERINGS[FILES[arguments.format]](result).decode())
    if not arguments.exit_code:
        return int(Exit.PASSED)
    return int(Exit.CRASHED if result.exit is Exit.CRASHED else result.judgement.verdict.exit)
