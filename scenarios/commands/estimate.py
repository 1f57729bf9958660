"""The command ``checkload estimate``: what a run will send, need and prove, before it starts."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import orjson
from tabulate import tabulate

from harness import files
from harness.errors import UsageError
from harness.exits import Exit
from harness.reporting.tables import NO_VALUE
from harness.run.workload import Choices
from harness.units import format_count, format_duration, parse_duration
from scenarios.estimation.estimate import BUSIEST, Estimate, estimate, planned_arrivals
from scenarios.estimation.walk import MOST_WALKED, walk
from scenarios.loading.scenario import SECONDS_PER_PAGE
from scenarios.runtime.scenario_folder import ScenarioFolder

WIDTH = 80
ENOUGH = 0.8
"""The share of the needed users below which a warning is due: the number needed is a rule of thumb."""
EPILOG = f"""
No request is sent. checkload walks up to {MOST_WALKED:,} of the scenario's journeys through the embedded shop inside this process, and
assumes that each page takes {format_duration(SECONDS_PER_PAGE)}. Another shop may show more or fewer pages.
"""
_OPTIONS = {
    "--payment-mix": ("OPTION=WEIGHT,…", "weights of the payment options, in place of the scenario's"),
    "--sms-share": ("0..1", "share of orders for which the shop asks for an SMS code"),
    "--arrival-rate": ("RATE", "one constant arrival rate, in place of the scenario's profile, e.g. 20/s"),
    "--seed": ("NUMBER", "seed of all random numbers"),
    "--think-scale": ("FACTOR", "factor for all think times"),
    "--budget": ("DURATION", "how long a search for the capacity may take"),
}
BY_SCENARIO = "(default: as the scenario says)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    parser.add_argument("scenario", metavar="SCENARIO", help="the name of a scenario, or the path of a TOML file")
    for option, (metavar, words) in _OPTIONS.items():
        parser.add_argument(option, metavar=metavar, default="", help=f"{words} {BY_SCENARIO}")
    parser.add_argument("-u", "--users", type=int, metavar="N", help=f"the number of virtual users {BY_SCENARIO}")
    parser.add_argument(
        "-t", "--run-time", metavar="DURATION", default="", help=f"the length of the run, e.g. 10m {BY_SCENARIO}"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file as JSON")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG


def run(arguments: argparse.Namespace) -> int:
    """Print the estimate; returns 0. Raises ``UsageError`` for a scenario that cannot run."""
    problems: list[str] = []
    choices = _choices(arguments, problems)
    try:
        workload = ScenarioFolder().choose(choices)
    except UsageError as error:
        problems.append(str(error))
    if problems:
        raise UsageError("\n".join(problems))
    total = int(planned_arrivals(workload))
    if total < 1:
        raise UsageError("no arrival becomes due: raise the arrival rate, or let the run last longer")
    found = estimate(workload, walk(workload, total))
    if arguments.json is not None:
        content = orjson.dumps({"schema_version": 1, **asdict(found)}, option=orjson.OPT_INDENT_2)
        files.write_file("--json", arguments.json, content + b"\n")
    sys.stdout.write(text(found))
    return int(Exit.PASSED)


def _choices(arguments: argparse.Namespace, problems: list[str]) -> Choices:
    length = parse_duration(arguments.run_time) if arguments.run_time else None
    if arguments.run_time and length is None:
        problems.append(f"--run-time {arguments.run_time}: not a duration; write for example 10m")
    return Choices(
        scenario=arguments.scenario,
        payment_mix=arguments.payment_mix,
        sms_share=arguments.sms_share,
        arrival_rate=arguments.arrival_rate,
        users=arguments.users,
        duration=length.seconds if length else None,
        seed=arguments.seed,
        think_scale=arguments.think_scale,
        budget=arguments.budget,
    )


def text(found: Estimate) -> str:
    """The estimate as text of 80 columns."""
    parts = [_length(found), _figures(found), *_warnings(found), _objectives(found), *_undecidable(found)]
    return "\n\n".join(parts) + "\n"


def _length(found: Estimate) -> str:
    phases = [f"{format_duration(found.warm_up)} of warm-up"] if found.warm_up else []
    phases += [f"{format_duration(found.steady)} judged", f"up to {format_duration(found.drain)} for the last journeys"]
    whole = format_duration(found.warm_up + found.steady)
    return _wrapped(f"Scenario {found.scenario} takes {whole}: {', '.join(phases)}.")


def _figures(found: Estimate) -> str:
    most = "at most " if found.at_most else ""
    about = f"{most}{found.requests:,.0f}"
    if found.requests_error >= 1 and not found.at_most:
        about += f" ± {found.requests_error:,.0f}"
    users = f"{found.users:,} (a busy moment needs {found.users_needed:,})"
    rows = [
        ("journeys", f"{most}{found.arrivals:,.0f}", _rate(found.peak_rate)),
        ("requests", about, _rate(found.peak_requests)),
        ("orders", f"{most}{sum(found.orders.values()):,.0f}", ""),
        ("SMS codes", f"{most}{found.sms_codes:,.0f}", ""),
        ("requests to banks and providers", f"{most}{found.outside_requests:,.0f}", ""),
        ("length of a journey", format_duration(found.journey_seconds), ""),
        ("virtual users", "", users),
        ("processes on this machine", "", f"{found.processes} ({found.cores / found.processes:.0%} of a core each)"),
        ("size of result.json", f"{found.result_bytes / 1e6:,.1f} MB", ""),
    ]
    table = tabulate(rows, ("", "whole run", "at the peak"), tablefmt="simple", disable_numparse=True)
    options = [f"{option} {count:,.0f}" for option, count in sorted(found.orders.items(), key=lambda each: -each[1])]
    return f"{table}\n\n{_wrapped('Orders by payment option: ' + ', '.join(options) + '.')}" if options else table


def _rate(per_second: float) -> str:
    return f"{per_second:,.0f} a second" if per_second >= 100 else f"{per_second:.3g} a second"  # noqa: PLR2004


def _warnings(found: Estimate) -> Iterator[str]:
    if found.unexpected:
        ends = ", ".join(f"{outcome} ({count})" for outcome, count in found.unexpected.items())
        yield _wrapped(
            f"Warning: some of the journeys failed at the embedded shop: {ends}. The figures hold only if your shop differs; "
            "run `checkload doctor` against it."
        )
    if found.users < ENOUGH * found.users_needed:
        yield _wrapped(
            f"Warning: {found.users:,} virtual users may be too few at the peak; leave out `users`, or set it to "
            f"{found.users_needed:,}."
        )
    if found.processes > 1:
        yield _wrapped(
            f"Warning: one process would use more than {BUSIEST:.0%} of its core. Start {found.processes} with "
            f"--processes {found.processes}, if the machine has so many cores to spare."
        )


def _objectives(found: Estimate) -> str:
    rows = [
        (
            "\n".join(textwrap.wrap(one.text, 36)),
            f"{one.expected:,.0f}",
            NO_VALUE if one.needed is None else f"{one.needed:,}",
            _shortest(one.shortest),
        )
        for one in found.objectives
    ]
    headings = ("objective", "samples", "a pass needs", "shortest run")
    return tabulate(
        rows, headings, tablefmt="simple", disable_numparse=True, colalign=("left", "right", "right", "right")
    )


def _shortest(seconds: float | None) -> str:
    if seconds is None:
        return "none"
    return format_duration(seconds) if seconds else "any"


def _undecidable(found: Estimate) -> Iterator[str]:
    wrong = [one for one in found.objectives if not one.decidable]
    if not wrong:
        yield "This run is long enough to pass every objective."
        return
    yield _wrapped(f"This run cannot pass {format_count(len(wrong), 'objective')}: it is inconclusive at best.")
    lines = []
    for one in wrong:
        remedy = "no journey of the scenario gives a sample; change the scenario or the objective"
        if one.shortest:
            remedy = f"let the judged part last at least {format_duration(one.shortest)}"
        lines.append(textwrap.fill(f"- {one.text}: {remedy}.", WIDTH, subsequent_indent="  "))
    yield "\n".join(lines)


def _wrapped(words: str) -> str:
    return textwrap.fill(words, WIDTH, break_long_words=False, break_on_hyphens=False)
