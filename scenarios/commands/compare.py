"""The command ``checkload compare``: whether a candidate is slower than a baseline, and how certain that is."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import orjson

from harness import files
from harness.errors import UsageError
from harness.objectives.verdict import Verdict
from harness.planning.plan_report import finite
from harness.regression.comparison import Comparison, compare
from harness.regression.figures import Plan
from harness.regression.likeness import remarks, unlike
from harness.regression.measures import RunMeasures, measure
from harness.regression.pairing import DatedRun, Pairing, Side, pair_by_time, repeated_runs
from harness.regression.text import text
from harness.regression.tolerance import EVERY_PAIR, MAX_PAIRS, RUN_EFFECT, STATED_WEIGHT, RunEffect, Tolerance
from harness.regression.trust import Trust, cause_of_invalidity, trust_in
from harness.results.result import Result
from harness.results.store import ResultError, read
from harness.units import format_duration, quantity
from shop.contract import OUTSIDE_PAGES

EXIT_CODE_HELP = """
Two runs of the same shop also differ. So one pair of runs shows only a large difference. For a smaller one, run baseline and
candidate in turn (A B B A ...), and add each further pair with --and. Runs are paired by their time, and each counts once.

exit codes: 0 no regression; 3 a regression; 5 inconclusive; 4 a result is invalid; 2 wrong options, or runs that cannot be
compared.
"""
LONG_BETWEEN = 3600.0
"""Seconds between the runs of a pair from which on the answer says that the machine may have changed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    parser.add_argument("baseline", type=Path, metavar="BASELINE", help="the results of the run to compare with")
    parser.add_argument(
        "candidate", type=Path, metavar="CANDIDATE", help="the results of the run that must not be slower"
    )
    parser.add_argument(
        "--and", dest="more", nargs=2, action="append", type=Path, default=[], metavar=("BASELINE", "CANDIDATE"),
        help="another pair of runs; may be repeated",
    )  # fmt: skip
    add_plan_arguments(parser)
    parser.add_argument("--unlike", action="store_true", help="also compare runs of other machines or versions")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXIT_CODE_HELP


def add_plan_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what a regression is."""
    parser.add_argument("--percentile", default="p95", metavar="pN", help="the percentile to compare (default: p95)")
    parser.add_argument(
        "--harmless", default="3%", metavar="N%", help="a smaller slowdown is no regression (default: 3%%)"
    )
    parser.add_argument(
        "--harmful", default="10%", metavar="N%", help="a larger slowdown must not pass (default: 10%%)"
    )
    parser.add_argument(
        "--harmful-failures", default="1%", metavar="N%",
        help="if the share of failed journeys rises by this many points, the candidate must not pass (default: 1%%)",
    )  # fmt: skip
    parser.add_argument(
        "--run-effect", metavar="N%",
        help=f"how much two runs of the same shop differ, if you know it (default: {RUN_EFFECT:.0%}, until the pairs show it)"
        .replace("%", "%%"),
    )  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Read and compare the runs, and print the answer; returns the exit code."""
    problems: list[str] = []
    q, tolerance, effect = read_plan(arguments, problems)
    places = [(arguments.baseline, arguments.candidate), *map(tuple, arguments.more)]
    runs = [
        one
        for pair in places
        for side, place in zip(Side, pair, strict=True)
        for one in read_runs(side, [place], problems)
    ]
    problems += repetitions(runs)
    if len(places) > MAX_PAIRS:
        problems.append(f"{len(places)} pairs of runs: {MAX_PAIRS} at most; compare fewer, longer runs")
    labelled = [(one.label, one.run) for one in runs]
    problems += unlike(labelled, allowed=arguments.unlike)
    if problems:
        raise UsageError("\n".join(problems))
    invalid = list(untrusted_runs(runs))
    if invalid:
        comparison = Comparison(0, (), Verdict.INVALID)
        sys.stdout.write(
            "\n".join(
                ["INVALID: an invalid run says nothing about the shop; leave it out, or run it again.", "", *invalid]
            )
            + "\n"
        )
    else:
        pairing = pair_by_time(runs)
        plan = Plan(tolerance, effect, EVERY_PAIR, open_load=labelled[0][1].asked.model == "open")
        comparison = compare_pairs(pairing, q, plan)
        notes = [*remarks(labelled), *_notes(pairing)]
        sys.stdout.write(text(comparison, arguments.percentile, notes))
    write_json(arguments.json, comparison)
    return int(comparison.verdict.exit)


def read_plan(arguments: argparse.Namespace, problems: list[str]) -> tuple[float, Tolerance, RunEffect]:
    """The percentile, what is tolerated, and how much runs differ; adds what is wrong to ``problems``."""
    before = len(problems)
    q = _percentile(arguments.percentile, problems)
    shares = [
        _percentage(f"--{name}", getattr(arguments, name.replace("-", "_")), problems)
        for name in ("harmless", "harmful", "harmful-failures")
    ]
    tolerance = Tolerance(shares[0], shares[1], harmful_failures=shares[2])
    if len(problems) == before and shares[0] >= shares[1]:
        problems.append("--harmless must be less than --harmful; between the two, the comparison is inconclusive")
    if len(problems) == before and shares[2] <= tolerance.harmless_failures:
        problems.append(
            f"--harmful-failures {arguments.harmful_failures}: must be more than {tolerance.harmless_failures:.1%}; "
            "so small a rise is no regression"
        )
    if arguments.run_effect is None:
        return q, tolerance, RunEffect()
    return q, tolerance, RunEffect(_percentage("--run-effect", arguments.run_effect, problems), STATED_WEIGHT)


def compare_pairs(pairing: Pairing[Result], q: float, plan: Plan) -> Comparison:
    """Measure and compare the pairs."""
    measured = [tuple(measures(one.run, q, plan) for one in pair) for pair in pairing.pairs]
    disturbed = sum(trust_in(one.run) is Trust.DISTURBED for pair in pairing.pairs for one in pair)
    return compare([(baseline, candidate) for baseline, candidate in measured], plan, disturbed)


def measures(result: Result, q: float, plan: Plan) -> RunMeasures:
    """What a comparison needs of one run."""
    return measure(result.recorder, q, OUTSIDE_PAGES, open_load=plan.open_load)


def repetitions(runs: Sequence[DatedRun[Result]]) -> Iterator[str]:
    """What is wrong with runs that were given more than once."""
    for run_id, labels in repeated_runs(runs):
        yield (
            f"{', '.join(dict.fromkeys(labels))}: the same run ({run_id}) was given {len(labels)} times, and counts only once; "
            "give each run once, and run the version again for each further pair"
        )


def untrusted_runs(runs: Sequence[DatedRun[Result]]) -> Iterator[str]:
    """One line for each run that cannot be compared at all, with the cause."""
    for one in runs:
        if trust_in(one.run) is Trust.NONE:
            yield f"{one.label} is invalid: {cause_of_invalidity(one.run)}"


def write_json(path: Path | None, comparison: Comparison) -> None:
    """Write the figures to a file, if one is named."""
    if path is None:
        return
    document = {
        "schema_version": 2,
        "verdict": comparison.verdict,
        "exit_code": int(comparison.verdict.exit),
        "pairs": comparison.pairs,
        "disturbed_runs": comparison.disturbed,
        "figures": finite([asdict(one) for one in comparison.figures]),
    }
    files.write_file("--json", path, orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")


def dated(side: Side, place: Path, result: Result) -> DatedRun[Result]:
    """A result with its side and its place."""
    return DatedRun(side, str(place), result.run_id, result.started_at, result)


def read_runs(side: Side, places: Sequence[Path], problems: list[str]) -> Iterator[DatedRun[Result]]:
    """The results at these places; adds those that cannot be read to ``problems``."""
    for place in places:
        try:
            yield dated(side, place, read(place))
        except ResultError as error:
            problems.append(str(error))


def _notes(pairing: Pairing[Result]) -> Iterator[str]:
    if pairing.left_out:
        places = ", ".join(one.label for one in pairing.left_out)
        yield (
            f"Left out: {places}. By their time, no run of the other version came directly before or after. "
            "Run both versions in turn: A B B A."
        )
    if pairing.same_order:
        yield (
            "In each pair the same version ran first, so a machine that becomes slower or faster over time looks like a "
            "difference of the versions. Change the order from pair to pair: A B B A."
        )
    apart = max((abs((a.started_at - b.started_at).total_seconds()) for a, b in pairing.pairs), default=0.0)
    if apart > LONG_BETWEEN:
        yield (
            f"The runs of a pair are up to {format_duration(apart)} apart. What changed on the machine meanwhile is a part of "
            "the difference."
        )


def _percentile(given: str, problems: list[str]) -> float:
    try:
        percent = float(given.removeprefix("p"))
    except ValueError:
        percent = 0.0
    if not 0 < percent < 100 or not given.startswith("p"):  # noqa: PLR2004  per cent
        problems.append(f"--percentile {given}: not a percentile; write for example p50, p95 or p99")
    return percent / 100


def _percentage(option: str, given: str, problems: list[str]) -> float:
    found = quantity(given)
    if found is None or found[1] != "%" or not 0 <= found[0] < 100:  # noqa: PLR2004  per cent
        problems.append(f"{option} {given}: not a percentage; write for example 5%")
        return 0.0
    return found[0] / 100
