"""The command ``checkload baseline``: keeps compact results of earlier runs in a folder, to compare later runs with."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tabulate import tabulate

from harness.errors import UsageError
from harness.measurement.summary import every_journey, percentile
from harness.regression.baselines import Baseline, BaselineError, add, prune, stored
from harness.regression.likeness import fingerprint, target_of
from harness.reporting.tables import NO_VALUE
from harness.results.result import Result
from harness.results.store import ResultError, read
from harness.units import format_count, format_duration

FOLDER = Path("baselines")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    actions = parser.add_subparsers(metavar="action", required=True, dest="action")
    adds = actions.add_parser("add", help="store runs", allow_abbrev=False)
    adds.add_argument("results", type=Path, nargs="+", metavar="RESULT", help="the folder of a run's results")
    lists = actions.add_parser("list", help="list the stored runs", allow_abbrev=False)
    shows = actions.add_parser("show", help="show what a stored run measured, and with what", allow_abbrev=False)
    shows.add_argument("baseline", type=Path, metavar="BASELINE", help="the file of a stored run")
    prunes = actions.add_parser("prune", help="delete old runs", allow_abbrev=False)
    prunes.add_argument("--keep", type=int, required=True, metavar="N", help="how many runs to keep: the newest ones")
    for one in (adds, lists, prunes):
        one.add_argument(
            "--folder", type=Path, default=FOLDER, metavar="FOLDER",
            help="where the runs are stored (default: baselines); all runs of a folder are alike",
        )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Carry out the action; returns 0."""
    try:
        match arguments.action:
            case "add":
                _add(arguments.folder, arguments.results)
            case "list":
                sys.stdout.write(_listing(arguments.folder))
            case "show":
                sys.stdout.write("\n".join(_shown(read(arguments.baseline))) + "\n")
            case _:
                if arguments.keep < 0:
                    raise UsageError(f"--keep {arguments.keep}: from 0")
                deleted = prune(arguments.folder, arguments.keep)
                sys.stdout.write(f"Deleted {format_count(len(deleted), 'run')}.\n")
    except (BaselineError, ResultError) as error:
        raise UsageError(str(error)) from None
    return 0


def _add(folder: Path, places: list[Path]) -> None:
    problems = []
    for place in places:
        try:
            baseline = add(folder, (str(place), read(place)))
        except (BaselineError, ResultError) as error:
            problems.append(str(error))
        else:
            sys.stdout.write(f"Stored {place} as {baseline.path} ({baseline.path.stat().st_size:,} bytes).\n")
    if problems:
        raise UsageError("\n".join(problems))


def _listing(folder: Path) -> str:
    found = stored(folder)
    if not found:
        return f"{folder} has no stored runs; store one with: checkload baseline add RESULT\n"
    headings = ("file", "started (UTC)", "target", "journeys", "failed", "p95", "bytes")
    return tabulate(map(_row, found), headings, tablefmt="simple", disable_numparse=True) + "\n"


def _row(one: Baseline) -> tuple[str, ...]:
    journeys = every_journey(one.result.recorder)
    p95 = percentile(journeys.response, 0.95)
    return (
        one.path.name,
        f"{one.result.started_at:%Y-%m-%d %H:%M:%S}",
        target_of(one.result)["target"],
        f"{journeys.count:,}",
        f"{journeys.failed:,}",
        NO_VALUE if p95 is None else format_duration(p95),
        f"{one.path.stat().st_size:,}",
    )


def _shown(result: Result) -> Iterator[str]:
    yield f"run: {result.run_id}"
    yield f"scenario: {result.scenario}"
    yield f"started: {result.started_at:%Y-%m-%d %H:%M:%S} UTC"
    yield f"verdict: {result.judgement.verdict.value}"
    yield f"target: {target_of(result)['target']}"
    for part, values in fingerprint(result).items():
        yield f"{part}:"
        yield from (f"  {name}: {_plain(value)}" for name, value in sorted(values.items()))


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} = {_plain(each)}" for name, each in value.items()) or NO_VALUE
    return ", ".join(map(_plain, value)) if isinstance(value, list | tuple) else str(value)
