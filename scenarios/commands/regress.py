"""The command ``checkload regress``: runs two versions of a shop and says whether the second one is worse."""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from harness import files
from harness.errors import UsageError
from harness.objectives.verdict import Verdict
from harness.regression.baselines import BaselineError, stored
from harness.regression.comparison import Comparison
from harness.regression.figures import Plan
from harness.regression.history.change_points import MOST_VALUES
from harness.regression.history.prediction import FEWEST_STORED, compare_with_history
from harness.regression.history.text import history_text, otava_csv
from harness.regression.likeness import remarks, unlike
from harness.regression.pairing import DatedRun, Side, pair_by_time
from harness.regression.text import text
from harness.regression.tolerance import MAX_PAIRS, ONE_LOOK, THREE_LOOKS
from harness.results.result import Result
from harness.results.store import new_folder
from harness.units import format_count
from scenarios.commands.baseline import FOLDER
from scenarios.commands.compare import (
    add_plan_arguments,
    compare_pairs,
    dated,
    measures,
    read_plan,
    read_runs,
    repetitions,
    untrusted_runs,
    write_json,
)
from scenarios.commands.run import command_line
from scenarios.regression.abba import FEWEST_PAIRS, Alternation, alternate
from scenarios.regression.load_runs import LoadRuns, run_all, terminated_like_interrupted

RESULTS = Path("results")
FIGURES, REPORT = "comparison.json", "comparison.txt"
ABBA_HELP = """
Runs are compared after a third, two thirds and all of the pairs, and end as soon as the verdict is certain.

exit codes: 0 no regression; 3 a regression; 5 inconclusive; 4 a run is invalid; 2 wrong options, or a load that did not start.
"""
HISTORY_HELP = """
The candidate is compared with the stored runs since the last change point, eight or more.

exit codes: 0 no regression; 3 a regression; 5 inconclusive; 2 wrong options, or runs that cannot be compared.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the designs, each with its arguments."""
    designs = parser.add_subparsers(metavar="design", required=True, dest="design")
    abba = designs.add_parser(
        "abba", help="one version at a time, in turn: for two hosts, or for one host and a command that switches it",
        allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, epilog=ABBA_HELP,
    )  # fmt: skip
    _add_load_arguments(abba)
    abba.add_argument("--host", metavar="URL", default="", help="the only host, if --switch changes its version")
    abba.add_argument(
        "--switch", metavar="COMMAND",
        help="called before each run with the word baseline or candidate; it must return when this version is ready",
    )  # fmt: skip
    abba.add_argument("--pairs", type=int, default=12, metavar="N", help="pairs of runs at most (default: 12)")
    abba.add_argument(
        "--retries", type=int, default=1, metavar="N", help="invalid runs that are repeated, in all (default: 1)"
    )

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


def _add_load_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "scenario", metavar="SCENARIO", help="a scenario that checkload brings, or the path of a TOML file"
    )
    parser.add_argument("--base", metavar="URL", default="", help="the host with the old version")
    parser.add_argument("--candidate", metavar="URL", default="", help="the host with the new version")
    parser.add_argument(
        "--options", metavar="OPTIONS", default="", type=shlex.split,
        help="further options of locust for each run, as one text, such as --options='-t 60s --arrival-rate 20/s'",
    )  # fmt: skip
    parser.add_argument(
        "--results", type=Path, metavar="FOLDER", help="a new folder for the results of all runs (default: in results/)"
    )
    add_plan_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the design and print the answer; returns the exit code of the verdict."""
    if arguments.design == "history":
        return _history(arguments)
    with terminated_like_interrupted():
        return _abba(arguments)


def _history(arguments: argparse.Namespace) -> int:
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
    measured = [[measures(one.run, q, plan) for one in runs] for runs in (old, new)]
    found = compare_with_history(measured[0], measured[1], plan)
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
    if len(found) < FEWEST_STORED:
        problems.append(
            f"--folder {folder}: {format_count(len(found), 'stored run')}, and {FEWEST_STORED} are needed to know how much runs "
            "differ; store more with checkload baseline add"
        )
    return [dated(Side.BASELINE, one.path, one.result) for one in found[-MOST_VALUES:]]


def _abba(arguments: argparse.Namespace) -> int:
    problems: list[str] = []
    q, tolerance, effect = read_plan(arguments, problems)
    problems += _wrong_targets(arguments)
    if not FEWEST_PAIRS <= arguments.pairs <= MAX_PAIRS:
        problems.append(f"--pairs {arguments.pairs}: from {FEWEST_PAIRS} to {MAX_PAIRS}")
    if arguments.retries < 0:
        problems.append(f"--retries {arguments.retries}: from 0")
    folder = _results_folder(arguments, problems)
    if problems:
        raise UsageError("\n".join(problems))
    loads = LoadRuns(
        command_line(arguments.scenario, arguments.options),
        {Side.BASELINE: arguments.base or arguments.host, Side.CANDIDATE: arguments.candidate or arguments.host},
        folder,
    )

    def run_one(side: Side, number: int) -> Result:
        _switch(arguments.switch, side)
        name = f"{number:02}-{side}"
        taken = sum(each.name.startswith(name) for each in folder.iterdir())
        _say(f"run {number} of up to {2 * arguments.pairs}: {side}")
        return run_all([loads.start(side, f"{name}-repeated-{taken}" if taken else name)])[0]

    def compare_runs(runs: Sequence[DatedRun[Result]]) -> Comparison:
        open_load = runs[0].run.asked.model == "open"
        return compare_pairs(pair_by_time(runs), q, Plan(tolerance, effect, THREE_LOOKS, open_load=open_load))

    done = Alternation()
    comparison = alternate(run_one, compare_runs, arguments.pairs, retries=arguments.retries, say=_say, done=done)
    notes = [*remarks([(one.label, one.run) for one in done.runs])]
    if done.repeated:
        notes.append(f"{format_count(len(done.repeated), 'invalid run')} repeated: {'; '.join(done.repeated)}.")
    return _answer(comparison, arguments, folder, notes)


def _answer(comparison: Comparison, arguments: argparse.Namespace, folder: Path, notes: list[str]) -> int:
    if comparison.verdict is Verdict.INVALID:
        answer = "INVALID: a run cannot be trusted, so it says nothing about the shop.\n"
    else:
        answer = text(comparison, arguments.percentile, notes, more="Give more --pairs, or longer runs.")
    sys.stdout.write(f"{answer}\nResults: {folder}\n")
    (folder / REPORT).write_text(answer, encoding="utf-8")
    write_json(folder / FIGURES, comparison)
    write_json(arguments.json, comparison)
    return int(comparison.verdict.exit)


def _wrong_targets(arguments: argparse.Namespace) -> list[str]:
    two = bool(arguments.base), bool(arguments.candidate)
    if arguments.switch is not None:
        if any(two) or not arguments.host:
            return [
                "--switch: goes with --host, the one host whose version it changes, and not with --base and --candidate"
            ]
        return []
    if arguments.host:
        return ["--host: goes with --switch; for two hosts, give --base and --candidate"]
    missing = [name for name, given in zip(("--base", "--candidate"), two, strict=True) if not given]
    return (
        [f"{' and '.join(missing)} missing: give the hosts of both versions, or --host and --switch"] if missing else []
    )


def _switch(command: str | None, side: Side) -> None:
    if command is None:
        return
    try:
        code = subprocess.run([*shlex.split(command), side.value], check=False).returncode  # noqa: S603
    except (OSError, ValueError) as error:
        raise UsageError(f"--switch {command}: cannot be called ({error})") from None
    if code:
        raise UsageError(f"--switch {command}: ended with {code} for {side}; the version was not switched")


def _results_folder(arguments: argparse.Namespace, problems: list[str]) -> Path:
    """The folder for all runs; it is made only if there are no problems."""
    folder: Path | None = arguments.results
    if folder is None:
        name = f"regress-{Path(arguments.scenario).stem}"
        return RESULTS if problems else new_folder(RESULTS, name, datetime.now(UTC))
    try:
        if folder.exists() and any(folder.iterdir()):
            problems.append(f"--results {folder}: is not empty; give a new folder")
        elif not problems:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problems.append(f"--results {folder}: {error.strerror or error}; give a new folder")
    return folder


def _say(line: str) -> None:
    sys.stderr.write(f"{datetime.now(UTC):%H:%M:%S} {line}\n")
    sys.stderr.flush()
