"""The command ``checkload compare``: whether a candidate is slower than a baseline, and how certain that is."""

from __future__ import annotations

import argparse
import math
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from tabulate import tabulate

from harness import files
from harness.errors import UsageError
from harness.measurement.histogram import Histogram
from harness.measurement.recorder import Recorder
from harness.objectives.verdict import Severity, Verdict
from harness.planning.plan_report import finite
from harness.reporting.tables import NO_VALUE
from harness.results.comparison import (
    RUN_EFFECT,
    PercentileEstimate,
    Ratio,
    Tolerance,
    compare,
    journey_slices,
    overall_verdict,
    page_slices,
    percentile_estimate,
)
from harness.results.result import Result
from harness.results.store import ResultError, read
from harness.units import format_duration, format_percent, quantity
from shop.contract import OUTSIDE_PAGES

EXIT_CODE_HELP = """
Two runs of the same shop also differ. So one pair of runs shows only a large difference. For a smaller one, run baseline and
candidate in turn (A B B A ...), and add each further pair with --and.

exit codes: 0 no regression; 3 a regression; 5 inconclusive; 4 a result is invalid; 2 wrong options, or runs that cannot be
compared.
"""
COMPARED_KEYS = ("arrivals", "closed", "journeys", "payments", "sms", "cards", "external", "think", "shop", "cover")
"""The parts of a scenario that must be equal in runs that are compared."""


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
    parser.add_argument("--percentile", default="p95", metavar="pN", help="the percentile to compare (default: p95)")
    parser.add_argument(
        "--harmless", default="3%", metavar="N%", help="a smaller slowdown is no regression (default: 3%%)"
    )
    parser.add_argument(
        "--harmful", default="10%", metavar="N%", help="a larger slowdown must not pass (default: 10%%)"
    )
    parser.add_argument(
        "--run-effect", default=f"{RUN_EFFECT:.0%}", metavar="N%",
        help="how much two runs of the same shop differ; used with up to three pairs (default: 6%%, for a shared machine)",
    )  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file as JSON")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXIT_CODE_HELP


def run(arguments: argparse.Namespace) -> int:
    """Read and compare the runs, and print the answer; returns the exit code."""
    problems: list[str] = []
    q = _percentile(arguments.percentile, problems)
    shares = [
        _percentage(f"--{name}", getattr(arguments, name.replace("-", "_")), problems)
        for name in ("harmless", "harmful", "run-effect")
    ]
    if not problems and shares[0] >= shares[1]:
        problems.append("--harmless must be less than --harmful; between the two, the comparison is inconclusive")
    places = [(arguments.baseline, arguments.candidate), *map(tuple, arguments.more)]
    pairs = [tuple(_read(place, problems) for place in pair) for pair in places]
    if problems:
        raise UsageError("\n".join(problems))
    known = [(baseline, candidate) for baseline, candidate in pairs if baseline and candidate]
    problems += _incomparable([one for pair in known for one in pair], [place for pair in places for place in pair])
    if problems:
        raise UsageError("\n".join(problems))
    invalid = list(_invalid(known, places))
    ratios = [] if invalid else list(_ratios(known, q, Tolerance(shares[0], shares[1]), shares[2]))
    verdict = Verdict.INVALID if invalid else overall_verdict(ratios, GATED)
    _write(arguments.json, verdict, ratios)
    sys.stdout.write(_text(verdict, ratios, invalid, arguments.percentile, len(known)))
    return int(verdict.exit)


GATED = ("journeys", "all pages")
"""The subjects that a pass must prove. Single pages can only fail the comparison, and need stronger evidence: they are many."""


def _ratios(
    pairs: Sequence[tuple[Result, Result]], q: float, tolerance: Tolerance, run_effect: float
) -> Iterator[Ratio]:
    pages = sorted({key.page for pair in pairs for one in pair for key in one.recorder.pages} - OUTSIDE_PAGES)
    subjects: list[tuple[str, Callable[[Recorder], Mapping[int, Histogram]]]] = [
        (GATED[0], journey_slices),
        (GATED[1], partial(page_slices, pages=pages)),
        *((page, partial(page_slices, pages=(page,))) for page in pages),
    ]
    for name, slices in subjects:
        estimates = [
            (percentile_estimate(slices(a.recorder), q), percentile_estimate(slices(b.recorder), q)) for a, b in pairs
        ]
        seen: list[tuple[PercentileEstimate, PercentileEstimate]] = [
            (a, b) for a, b in estimates if a is not None and b is not None
        ]
        if len(seen) == len(pairs):
            among = 1 if name in GATED else len(pages)
            yield compare(name, seen, tolerance=tolerance, run_effect=run_effect, among=among)


def _text(verdict: Verdict, ratios: Sequence[Ratio], invalid: Sequence[str], percentile: str, pairs: int) -> str:
    parts = [textwrap.fill(f"{verdict.upper()}: {_reason(verdict, ratios, percentile)}", 100)]
    parts += invalid
    gated = [one for one in ratios if one.name in GATED]
    pages = sorted((one for one in ratios if one.name not in GATED), key=lambda one: -one.ratio)
    rows = [
        (
            one.name,
            one.verdict.value if one.name in GATED or one.verdict is Verdict.FAILED else NO_VALUE,
            format_duration(one.baseline),
            format_duration(one.candidate),
            *(_percent_change(each) for each in (one.ratio, one.low, one.high)),
        )
        for one in [*gated, *pages]
    ]
    headings = (f"{percentile} response time", "verdict", "baseline", "candidate", "slower by", "at least", "at most")
    if rows:
        sides = ("left", "left", *["right"] * 5)
        parts.append(tabulate(rows, headings, tablefmt="simple", colalign=sides, disable_numparse=True))
    needed = [one.pairs_needed for one in gated if one.pairs_needed]
    if verdict is Verdict.INCONCLUSIVE and needed:
        parts.append(
            textwrap.fill(
                f"About {max(needed)} pairs of runs like {'this one' if pairs == 1 else 'these'} would be conclusive. "
                "Run baseline and candidate in turn, and add each further pair with --and.",
                100,
            )
        )
    return "\n\n".join(parts) + "\n"


def _percent_change(ratio: float) -> str:
    return "no limit" if ratio == math.inf else f"{ratio - 1:+.1%}".replace("%", " %")


def _reason(verdict: Verdict, ratios: Sequence[Ratio], percentile: str) -> str:
    gated = [one for one in ratios if one.name in GATED]
    match verdict:
        case Verdict.INVALID:
            return "an invalid run says nothing about the shop"
        case Verdict.FAILED:
            worst = max((one for one in ratios if one.verdict is Verdict.FAILED), key=lambda one: one.low)
            if worst.ratio == math.inf:
                return f"too much of the candidate failed: {worst.name} have no {percentile}"
            return (
                f"the candidate is slower: {percentile} of {worst.name} by {format_percent(worst.ratio - 1)}, "
                f"certainly by more than {format_percent(worst.low - 1)}"
            )
        case Verdict.PASSED:
            return f"the candidate is not slower by more than {format_percent(max(0.0, max(one.high for one in gated) - 1))}"
        case _:
            if len(gated) < len(GATED):
                return "too few samples, or too many failures, to compare"
            return "these runs do not show whether the candidate is slower"


def _read(place: Path, problems: list[str]) -> Result | None:
    try:
        return read(place)
    except ResultError as error:
        problems.append(str(error))
        return None


def _invalid(pairs: Sequence[tuple[Result, Result]], places: Sequence[tuple[Path, ...]]) -> Iterator[str]:
    for pair, where in zip(pairs, places, strict=True):
        for one, place in zip(pair, where, strict=True):
            if one.judgement.verdict is Verdict.INVALID:
                causes = [each.message for each in one.judgement.findings if each.level is Severity.INVALID]
                yield f"{place} is invalid: {causes[0] if causes else one.judgement.reason}"


def _incomparable(results: Sequence[Result], places: Sequence[Path]) -> Iterator[str]:
    for one, place in zip(results, places, strict=True):
        if one.capacity is not None:
            yield f"{place} is a search for capacity: its times depend on the rates that it tried; compare runs of other scenarios"
    first = results[0]
    for one, place in zip(results[1:], places[1:], strict=True):
        theirs, ours = (_compared_choices(each) for each in (first, one))
        different = sorted(key for key in {*theirs, *ours} if theirs.get(key) != ours.get(key))
        if different:
            yield (
                f"{place} cannot be compared with {places[0]}: they differ in {', '.join(different)}; "
                "run both with the same scenario and the same options"
            )


def _compared_choices(result: Result) -> dict[str, Any]:
    scenario = {key: result.asked.scenario[key] for key in COMPARED_KEYS if key in result.asked.scenario}
    return {
        **scenario,
        "model": result.asked.model,
        **{f"--{key}": value for key, value in result.asked.overrides.items()},
    }


def _percentile(text: str, problems: list[str]) -> float:
    try:
        percent = float(text.removeprefix("p"))
    except ValueError:
        percent = 0.0
    if not 0 < percent < 100 or not text.startswith("p"):  # noqa: PLR2004  per cent
        problems.append(f"--percentile {text}: not a percentile; write for example p50, p95 or p99")
    return percent / 100


def _percentage(option: str, text: str, problems: list[str]) -> float:
    found = quantity(text)
    if found is None or found[1] != "%" or not 0 <= found[0] < 100:  # noqa: PLR2004  per cent
        problems.append(f"{option} {text}: not a percentage; write for example 5%")
        return 0.0
    return found[0] / 100


def _write(path: Path | None, verdict: Verdict, ratios: Sequence[Ratio]) -> None:
    if path is None:
        return
    document = {
        "schema_version": 1,
        "verdict": verdict,
        "exit_code": int(verdict.exit),
        "gated": GATED,
        "ratios": finite([asdict(one) for one in ratios]),
    }
    files.write_file("--json", path, orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
