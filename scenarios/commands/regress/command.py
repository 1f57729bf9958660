"""The command ``checkload regress``: runs two versions of a shop and says whether the second one is worse."""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from harness.errors import UsageError
from harness.objectives.verdict import Verdict
from harness.regression.comparison import Comparison
from harness.regression.figures import Plan
from harness.regression.likeness import remarks
from harness.regression.pairing import DatedRun, Side, pair_by_time
from harness.regression.text import WIDTH, text
from harness.regression.tolerance import DUET_LOOKS, MAX_PAIRS, THREE_LOOKS
from harness.results.result import Result
from harness.results.store import new_folder
from harness.units import format_count
from scenarios.commands.compare import (
    add_plan_arguments,
    compare_pairs,
    read_plan,
    write_json,
)
from scenarios.commands.regress import history
from scenarios.commands.run import command_line
from scenarios.regression.abba import FEWEST_PAIRS, Alternation, alternate
from scenarios.regression.duet import (
    MOST_BUSY,
    MOST_ROUNDS,
    THIS_MACHINE,
    BusyShare,
    DuetRounds,
    compare_results,
    play,
    shared_place,
)
from scenarios.regression.load_runs import LoadRuns

RESULTS = Path("results")
FIGURES, REPORT = "comparison.json", "comparison.txt"
ABBA_HELP = """
Runs are compared after a third, two thirds and all of the pairs, and end as soon as the verdict is certain.

exit codes: 0 no regression; 3 a regression; 5 inconclusive; 4 a run is invalid; 2 wrong options, or a load that did not start.
"""
DUET_HELP = """
Each arrival comes to both versions at the same moment. Give each round a steady part of 60 s or more. There are three rounds
at most, and they end as soon as the verdict is certain.

exit codes: 0 no regression; 3 a regression; 5 inconclusive; 4 a run is invalid, or both versions share a machine that is too
busy; 2 wrong options, or a load that did not start.
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

    duet = designs.add_parser(
        "duet", help="both versions at the same time, on two hosts that are at most 40 %% busy: the most exact design",
        allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, epilog=DUET_HELP,
    )  # fmt: skip
    _add_load_arguments(duet)
    history.add_design(designs)


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
        return history.run(arguments)
    return _duet(arguments) if arguments.design == "duet" else _abba(arguments)


def _duet(arguments: argparse.Namespace) -> int:
    problems: list[str] = []
    q, tolerance, effect = read_plan(arguments, problems)
    problems += _missing_hosts(arguments, "give the hosts of both versions")
    folder = _results_folder(arguments, problems)
    if problems:
        raise UsageError("\n".join(problems))
    hosts = {Side.BASELINE: arguments.base, Side.CANDIDATE: arguments.candidate}
    loads = LoadRuns(command_line(arguments.scenario, arguments.options), hosts, folder)
    shared = shared_place(*hosts.values())

    def run_round(number: int) -> tuple[Result, Result]:
        _say(f"round {number} of up to {MOST_ROUNDS}")
        return loads.run_pair(f"{number:02}")

    def compare_all(rounds: Sequence[tuple[Result, Result]]) -> Comparison:
        plan = Plan(tolerance, effect, DUET_LOOKS, open_load=rounds[0][0].asked.model == "open")
        return compare_results(rounds, q, plan)

    done = DuetRounds()
    busy = BusyShare()
    comparison = play(run_round, compare_all, busy if shared == THIS_MACHINE else lambda: None, say=_say, done=done)
    notes = [*remarks([(one.label, one.run) for one in done.runs])]
    if done.too_busy:
        notes.append(f"{done.too_busy.capitalize()}. That hides a part of the difference: the real one is larger.")
    if shared != THIS_MACHINE or not busy.known:
        where = f"Both versions are at {shared}. checkload" if shared else "checkload"
        notes.append(
            f"{where} cannot see how busy the machines are, and whether they share a database. If anything that both share is more "
            f"than {MOST_BUSY:.0%} busy, a real difference can be hidden."
        )
    return _publish(comparison, arguments, folder, notes, refused=done.refused, more="Make the rounds longer (-t).")


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
        return loads.run(side, f"{name}-repeated-{taken}" if taken else name)

    def compare_runs(runs: Sequence[DatedRun[Result]]) -> Comparison:
        open_load = runs[0].run.asked.model == "open"
        return compare_pairs(pair_by_time(runs), q, Plan(tolerance, effect, THREE_LOOKS, open_load=open_load))

    done = Alternation()
    comparison = alternate(run_one, compare_runs, arguments.pairs, retries=arguments.retries, say=_say, done=done)
    notes = [*remarks([(one.label, one.run) for one in done.runs])]
    if done.repeated:
        notes.append(f"{format_count(len(done.repeated), 'invalid run')} repeated: {'; '.join(done.repeated)}.")
    return _publish(
        comparison,
        arguments,
        folder,
        notes,
        refused="a run cannot be trusted, so it says nothing about the shop",
        more="Give more --pairs, or longer runs.",
    )


def _publish(
    comparison: Comparison, arguments: argparse.Namespace, folder: Path, notes: list[str], *, refused: str, more: str
) -> int:
    """Print the answer and write it into the folder; returns the exit code."""
    if comparison.verdict is Verdict.INVALID:
        answer = textwrap.fill(f"INVALID: {refused}.", WIDTH) + "\n"
    else:
        rounds = f"after {format_count(comparison.pairs, 'round')}" if arguments.design == "duet" else ""
        answer = text(comparison, arguments.percentile, notes, more=more, basis=rounds)
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
    return _missing_hosts(arguments, "give the hosts of both versions, or --host and --switch")


def _missing_hosts(arguments: argparse.Namespace, remedy: str) -> list[str]:
    given = {"--base": arguments.base, "--candidate": arguments.candidate}
    missing = [name for name, host in given.items() if not host]
    if missing:
        return [f"{' and '.join(missing)} missing: {remedy}"]
    if arguments.base.rstrip("/") == arguments.candidate.rstrip("/"):
        return ["--base and --candidate: are the same host; give the hosts of two versions"]
    return []


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
