"""The command ``checkload judge``: judges a finished run again, by other objectives."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from harness.errors import UsageError
from harness.exits import Exit
from harness.objectives import parser as objective_parser
from harness.objectives.counting import is_sliced
from harness.objectives.evaluate import evaluate_run
from harness.objectives.model import Objective, ObjectiveError
from harness.objectives.verdict import Finding, Severity
from harness.results.result import Result
from harness.results.store import ResultError, read
from harness.shop_metrics.objective import is_metric_objective
from harness.units import closest_name
from harness.validity.checks import TIMING_CHECKS
from scenarios.commands import report
from scenarios.loading.files import read_toml
from scenarios.schema.objective_texts import objective_errors
from scenarios.schema.problems import ScenarioError

KEY = "objectives"
EPILOG = """
The file is a scenario, or a TOML file with nothing but: objectives = ["page response_time p95 < 300ms"]. The samples and the
findings about validity are those of the run; an invalid run stays invalid. The stored result does not change.

exit codes: 0 passed; 3 failed; 4 the run is invalid; 5 inconclusive; 2 wrong options, or a result that cannot be judged again.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    report.add_result_arguments(parser)
    parser.add_argument(
        "--objectives", type=Path, required=True, metavar="FILE", help="the TOML file with the objectives to judge by"
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG


def run(arguments: argparse.Namespace) -> int:
    """Print the report of the run under the other objectives; returns the exit code of the new verdict."""
    problems: list[str] = []
    objectives = _objectives(arguments.objectives, problems)
    result: Result | None = None
    try:
        result = read(arguments.result)
    except ResultError as error:
        problems.append(str(error))
    if result is not None:
        problems += _cannot_be_judged(result, arguments.result)
        problems += _lacks_slices(result, objectives, arguments)
    if problems or result is None:
        raise UsageError("\n".join(problems))
    judged = judge_again(result, objectives)
    sys.stdout.write(report.rendered(judged, arguments.format, str(arguments.result)))
    return int(judged.exit)


def judge_again(result: Result, objectives: tuple[Objective, ...]) -> Result:
    """The result with the verdict that these objectives give; samples and findings stay."""
    findings = [*result.judgement.findings, *_doubts(result)]
    judgement = evaluate_run(result.recorder, objectives, findings, timing_checks=TIMING_CHECKS)
    scenario = {**result.asked.scenario, KEY: [each.text for each in objectives]}
    return replace(
        result,
        judgement=judgement,
        exit=judgement.verdict.exit,
        asked=replace(result.asked, scenario=scenario, overrides={**result.asked.overrides, "set_aside": []}),
    )


def _doubts(result: Result) -> Iterator[Finding]:
    """A warning for a run whose length depends on its samples, because other objectives did not choose that length."""
    if result.stopped:
        yield Finding(
            "judged_again",
            Severity.WARNING,
            f"the run ended early ({result.stopped}), and the objectives of this verdict did not decide when; it is less "
            "certain than its confidence says",
            "run the scenario to its end with these objectives",
        )


def _objectives(path: Path, problems: list[str]) -> tuple[Objective, ...]:
    """The objectives in a file; adds every error to ``problems``."""
    try:
        document = read_toml(path, KEY)
    except ScenarioError as error:
        problems.append(str(error))
        return ()
    texts = document.get(KEY)
    if not isinstance(texts, list) or not texts:
        misspelled = closest_name(KEY, document) if KEY not in document else ""
        remedy = f"rename {misspelled} to {KEY}" if misspelled else f'write {KEY} = ["{objective_parser.EXAMPLE}"]'
        problems.append(f"{path}: {KEY}: expected a list with at least one objective; {remedy}")
        return ()
    faults = [f"{path}: {KEY}[{index}]: {fault}" for index, text in enumerate(texts) for fault in _faults(text)]
    problems += faults
    return () if faults else tuple(map(objective_parser.parse, texts))


def _faults(text: object) -> Iterator[str]:
    if not isinstance(text, str):
        yield f'expected a text; write "{objective_parser.EXAMPLE}"'
        return
    if is_metric_objective(text):
        yield f'"{text}": checkload asks Prometheus only at the end of a run, so it cannot judge a metric again; leave it out'
        return
    errors: list[ObjectiveError] = objective_errors(text)
    yield from map(str, errors)


def _cannot_be_judged(result: Result, place: Path) -> Iterator[str]:
    if result.capacity is not None:
        yield f"{place} is a search for capacity: its rates depend on its objectives; search again with other objectives"
    if result.exit is Exit.CRASHED:
        yield f"{place} is a run that crashed: its samples may be incomplete; run it again"


def _lacks_slices(result: Result, objectives: tuple[Objective, ...], arguments: argparse.Namespace) -> Iterator[str]:
    for objective in objectives:
        if not is_sliced(result.recorder, objective):
            yield (
                f'{arguments.objectives}: "{objective.text}": {arguments.result} kept the pages of this payment option over time only '
                "together with those of others; name the option in an objective of the scenario, and run it again"
            )
