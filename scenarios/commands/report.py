"""The command ``checkload report``: shows the report of a finished run again, or of several runs over each other."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from harness import files
from harness.errors import UsageError
from harness.exits import Exit
from harness.metrics.series_file import stored_timeline
from harness.objectives.verdict import Verdict
from harness.reporting import report
from harness.reporting.console import console, wants_colour
from harness.reporting.html.report_page import MOST_RUNS, report_page, several_page
from harness.reporting.html.runs import ReportRun
from harness.results.result import Result
from harness.results.store import ResultError, read, run_folder

CONSOLE = "console"
FILES = {"json" if name == "summary.json" else Path(name).stem: name for name in report.RENDERINGS}
"""The other formats, each by the file of results that is written in it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    parser.add_argument(
        "results", nargs="+", type=Path, metavar="RESULT", help="the folder of a run's results, or its result.json"
    )
    _add_format(parser)
    parser.add_argument(
        "--html",
        type=Path,
        metavar="FILE",
        help=f"write the report with charts to this file as one HTML page; up to {MOST_RUNS} results are drawn over each other",
    )
    parser.add_argument(
        "--exit-code",
        action="store_true",
        help="return the exit code of the run, the worst of several: 0 passed, 3 failed, 4 invalid, …",
    )


def add_result_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name one result and the format in which it is shown."""
    parser.add_argument("result", type=Path, metavar="RESULT", help="the folder of a run's results, or its result.json")
    _add_format(parser)


def _add_format(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format",
        choices=(CONSOLE, *FILES),
        default=CONSOLE,
        help="console text, a small JSON document, Markdown (summary) or JUnit XML (default: %(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the report, or write it as HTML; returns 0, or with ``--exit-code`` the exit code of the run."""
    places: Sequence[Path] = list(dict.fromkeys(arguments.results))
    problems, found = [], []
    for place in places:
        try:
            found.append(read(place))
        except ResultError as error:
            problems.append(str(error))
    if len(places) > 1 and arguments.html is None:
        problems.append(f"{len(places)} results: only --html FILE shows several; name one, or add --html FILE")
    if len(places) > MOST_RUNS:
        problems.append(f"{len(places)} results: at most {MOST_RUNS} can be told apart in one page; name fewer")
    if problems:
        raise UsageError("\n".join(problems))
    if arguments.html is None:
        sys.stdout.write(rendered(found[0], arguments.format, str(places[0])))
    else:
        files.write_file("--html", arguments.html, _page(places, found))
        sys.stdout.write(f"The report is in {arguments.html}\n")
    if not arguments.exit_code:
        return int(Exit.PASSED)
    if any(one.exit is Exit.CRASHED for one in found):
        return int(Exit.CRASHED)
    return int(Verdict.worst({one.judgement.verdict for one in found}).exit)


def rendered(result: Result, form: str, place: str) -> str:
    """The report of a result in one of the formats; ``place`` is where the result is stored."""
    if form == CONSOLE:
        return console(result, place, colour=wants_colour(sys.stdout))
    return report.RENDERINGS[FILES[form]](result).decode()


def _page(places: Sequence[Path], found: Sequence[Result]) -> bytes:
    timelines = [stored_timeline(run_folder(place)) for place in places]
    if len(found) == 1:
        return report_page(found[0], timelines[0])
    return several_page(
        [
            ReportRun(result, timeline, name)
            for result, timeline, name in zip(found, timelines, _names(places), strict=True)
        ]
    )


def _names(places: Sequence[Path]) -> list[str]:
    """A name for each result: that of its folder, or its whole path where two folders have the same name."""
    short = [run_folder(place).resolve().name for place in places]
    chosen = short if len(set(short)) == len(short) else list(map(str, places))
    return [name.encode(errors="replace").decode() for name in chosen]
