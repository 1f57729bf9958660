"""The design ``history`` of ``checkload regress``: a candidate against stored runs of earlier versions."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from harness import files
from harness.errors import UsageError
from harness.regression.baselines import BaselineError, stored
from harness.regression.figures import Plan
from harness.regression.history.change_points import MOST_VALUES
from harness.regression.history.prediction import compare_with_history
from harness.regression.history.text import history_text, otava_csv
from harness.regression.likeness import remarks, unlike
from harness.regression.pairing import DatedRun, Side
from harness.regression.tolerance import ONE_LOOK
from harness.regression.trust import Trust, trust_in
from harness.results.result import Result
from scenarios.commands.baseline import FOLDER
from scenarios.commands.compare import (
    add_plan_arguments,
    dated,
    measures,
    read_plan,
    read_runs,
    repetitions,
    untrusted_runs,
    write_json,
)

HISTORY_HELP = """
The candidate is compared with the stored runs since the last change point. With fewer than eight of them nothing passes, and
only a large slowdown is found.

exit codes: 0 no regression; 3 a regression; 5 inconclusive; 2 wrong options, or runs that cannot be compared.
"""


def add_design(designs: Any) -> None:
    """Add the design and its arguments to those of the command."""
    history = designs.add_parser(
        "history", help="finished runs of a new version, and stored runs of earlier ones: no second target is needed",
        allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, epilog=HISTORY_HELP,
    )  # fmt: skip
    history.add_argument(
        "candidates", type=Path, nargs="+", metavar="CANDIDATE", help="the results of a run of the new version"
    )
    history.add_argument(
        "--folder", type=Path, default=FOLDER, metavar="FOLDER", help="where the runs are stored (default: baselines)"
    )
    history.add_argument(
        "--otava", type=Path, metavar="FILE", help="also write the series of all runs as CSV for Apache Otava"
    )
    history.add_argument("--unlike", action="store_true", help="also compare runs of other machines or versions")
    add_plan_arguments(history)


def run(arguments: argparse.Namespace) -> int:
    """Compare the runs and print the answer; returns the exit code of the verdict."""
    problems: list[str] = []
    q, tolerance, effect = read_plan(arguments, problems)
    if arguments.run_effect is not None:
        problems.append("--run-effect: the stored runs show how much runs differ; leave it out")
    old = _stored(arguments.folder, problems)
    new = list(read_runs(Side.CANDIDATE, arguments.candidates, problems))
    labelled = [(one.label, one.run) for one in (*old, *new)]
    problems += repetitions([*old, *new])
    problems += unlike(labelled, allowed=arguments.unlike)
    problems += [f"{line}; compare runs that can be trusted" for line in untrusted_runs(new)]
    if problems:
        raise UsageError("\n".join(problems))
    plan = Plan(tolerance, effect, ONE_LOOK, open_load=labelled[0][1].asked.model == "open")
    disturbed = sum(trust_in(one.run) is Trust.DISTURBED for one in new)
    measured = [[measures(one.run, q, plan) for one in runs] for runs in (old, new)]
    found = compare_with_history(measured[0], measured[1], plan, disturbed=disturbed)
    sys.stdout.write(history_text(found, arguments.percentile, [one.run for one in old], [*remarks(labelled)]))
    if arguments.otava is not None:
        rows = [(one.run, each) for one, each in zip((*old, *new), (*measured[0], *measured[1]), strict=True)]
        files.write_file("--otava", arguments.otava, otava_csv(rows, arguments.percentile).encode())
    write_json(arguments.json, found.comparison)
    return int(found.comparison.verdict.exit)


def _stored(folder: Path, problems: list[str]) -> list[DatedRun[Result]]:
    try:
        found = stored(folder)
    except BaselineError as error:
        problems.append(str(error))
        return []
    if not found:
        problems.append(f"--folder {folder}: no stored runs; store one with checkload baseline add")
    return [dated(Side.BASELINE, one.path, one.result) for one in found[-MOST_VALUES:]]
