"""The command ``checkload plan``: whether the measured capacity is enough for a forecast peak."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import orjson
from tabulate import tabulate

from harness import files
from harness.errors import UsageError
from harness.planning import plan_report
from harness.planning.planner import make_plan
from harness.planning.shop_measurements import ResultSource, combine_results
from harness.results.store import ResultError, read
from scenarios.loading import forecast
from scenarios.schema.forecast_file import ForecastDocument
from scenarios.schema.problems import ScenarioError
from scenarios.schema.reference import key_rows
from shop.contract import OUTSIDE_PAGES, Page

BANK_PAGES = frozenset({Page.BANK.value})

EXIT_CODE_HELP = """
exit codes: 0 the peak fits, with the confidence you asked for; 3 it does not fit; 5 inconclusive; 4 no result is valid;
2 wrong options or a wrong file. An invalid result is named and not used.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    parser.add_argument(
        "results", nargs="+", metavar="RESULT", help="the folder of a run's results, or its result.json"
    )
    parser.add_argument(
        "--forecast",
        required=True,
        type=Path,
        metavar="FILE",
        help="the forecast: the peak that the shop must carry (TOML)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file as JSON")
    parser.add_argument(
        "--html", type=Path, metavar="FILE", help="write the plan to this file as an HTML page with charts"
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f"every key of a forecast file:\n\n{reference()}\n{EXIT_CODE_HELP}"


def reference() -> str:
    """A table of every key of a forecast file, with its default and its meaning."""
    plain = [tuple(cell.replace("`", "") for cell in row) for row in key_rows(ForecastDocument)]
    return tabulate(plain, ("key", "when left out", "meaning"), tablefmt="simple", maxcolwidths=[None, 12, 70])


def run(arguments: argparse.Namespace) -> int:
    """Make the plan and print it; returns the exit code."""
    given: Sequence[str] = list(dict.fromkeys(arguments.results))
    problems, found = [], []
    for name in given:
        try:
            found.append((name, read(Path(name))))
        except ResultError as error:
            problems.append(str(error))
    try:
        options = {option for _, result in found for option in result.counts.journeys_by_option}
        asked = forecast.read_forecast(arguments.forecast, given, options)
    except ScenarioError as error:
        problems.append(str(error))
    if problems:
        raise UsageError("\n\n".join(problems))
    sources = [
        ResultSource(name=_short(name), result=result, instances=asked.instances[name]) for name, result in found
    ]
    made = make_plan(combine_results(sources, external_pages=OUTSIDE_PAGES), asked.forecast, bank_pages=BANK_PAGES)
    # The files are written first: if one fails, the answer must not look complete.
    _write(arguments.json, orjson.dumps(plan_report.to_json(made), option=orjson.OPT_INDENT_2) + b"\n", "--json")
    _write(arguments.html, plan_report.html(made), "--html")
    sys.stdout.write(plan_report.console(made))
    return int(made.verdict.exit)


def _write(path: Path | None, content: bytes, option: str) -> None:
    if path is not None:
        files.write_file(option, path, content)


def _short(name: str) -> str:
    path = Path(name)
    return (path.parent.name or str(path)) if path.suffix == ".json" else path.name or str(path)
