"""The command ``checkload doctor``: walks through a shop once, and says what a scenario for it needs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import gevent
import orjson

from harness import files
from harness.allowed_targets import target_refusal
from harness.errors import UsageError
from harness.results.redact import Redactor
from scenarios.commands.output_files import output_problems, scenario_name_problems
from scenarios.doctor.facts import ShopFacts
from scenarios.doctor.har.document import recording_document
from scenarios.doctor.har.examination import examine_recording
from scenarios.doctor.live import Options, examine, plain_tables
from scenarios.doctor.reporting.document import Document, document
from scenarios.doctor.reporting.page import html_page
from scenarios.doctor.reporting.text import terminal_text
from scenarios.doctor.writing import scenario_text
from scenarios.loading.overrides import apply_overrides
from scenarios.loading.reader import build_scenario, read_scenario
from scenarios.loading.scenario import Scenario
from scenarios.schema.problems import ScenarioError
from scenarios.schema.quantities import InvalidQuantity, positive_seconds

STANDARD_OUTPUT = "-"

EXIT_CODE_HELP = """
exit codes: 0 every path ended as known; 3 a path stopped, or the scenario has to change; 5 too little was walked to tell;
4 the shop could not be reached; 2 wrong options or a wrong file. To the shop of a scenario that passed, the code is 0 again.
With --har: 0 the recording shows a purchase, and all of it is as known; 3 the scenario has to change; 5 it shows no purchase.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    parser.add_argument("--host", metavar="URL", default="", help="the shop (default: the embedded shop)")
    parser.add_argument(
        "--allow-target",
        metavar="HOST",
        action="append",
        default=[],
        help="a host that may be called, beside this machine; may be given several times",
    )
    parser.add_argument(
        "--scenario", metavar="SCENARIO", help="walk as the shoppers of this scenario do (default: find out what works)"
    )
    parser.add_argument(
        "--har", metavar="FILE", type=Path, help="send nothing; learn from a browser's recording of a checkout (HAR)"
    )
    parser.add_argument(
        "--accounts",
        metavar="FILE",
        type=Path,
        help="with --har: a CSV file of test accounts, for a customer who signs in",
    )
    parser.add_argument("--no-orders", action="store_true", help="leave before each payment; nothing is ordered")
    parser.add_argument("--no-verify-tls", action="store_true", help="accept any TLS certificate of the shop")
    parser.add_argument(
        "--time-limit", metavar="TIME", default="10m", help="end the walk after this time (default: %(default)s)"
    )
    parser.add_argument("--write", metavar="FILE", help="write a scenario with everything that works to this file")
    parser.add_argument("--overwrite", action="store_true", help="replace existing files")
    parser.add_argument(
        "--json",
        metavar="FILE",
        nargs="?",
        const=STANDARD_OUTPUT,
        help="print everything as JSON instead of the report, or write it to this file beside the report",
    )
    parser.add_argument("--html", metavar="FILE", help="write the report to this file as an HTML page")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXIT_CODE_HELP


def run(arguments: argparse.Namespace) -> int:
    """Walk, print the report and write the files; raises ``UsageError`` before anything is sent."""
    if arguments.har is not None:
        return _examine_recording(arguments)
    scenario, options = _checked(arguments)
    hub = gevent.get_hub()
    hub.NOT_ERROR = (*type(hub).NOT_ERROR, KeyboardInterrupt)  # else gevent prints a traceback when the walk is ended
    found, secrets = examine(scenario, options)
    written, problem = _written(found.facts, arguments)
    # Some order numbers have the form of a card number.
    own_words = [walked.receipt.order_number for walked in found.orders if walked.receipt]
    _show(Redactor(secrets, own_words).redact_value(document(found, written)), arguments)
    sys.stderr.write(problem)
    return int(found.exit)


def _examine_recording(arguments: argparse.Namespace) -> int:
    if problems := [*_file_problems(arguments), *_recording_problems(arguments)]:
        raise UsageError("\n".join(problems))
    folder = Path(arguments.write).parent if arguments.write else Path()
    found = examine_recording(arguments.har, arguments.host, arguments.accounts, folder)
    written, problem = _written(found.facts, arguments)
    _show(Redactor().redact_value(recording_document(found, written)), arguments)
    sys.stderr.write(problem)
    return int(found.exit)


def _recording_problems(arguments: argparse.Namespace) -> Iterator[str]:
    given = {
        "--scenario": arguments.scenario,
        "--no-orders": arguments.no_orders,
        "--allow-target": arguments.allow_target,
    }
    for name, value in given.items():
        if value:
            yield f"{name}: not with --har, which sends nothing; leave it out"
    if arguments.host and not _is_address(arguments.host):
        yield "--host: not the address of a shop; write it as https://staging.example.com"


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in url and url.isprintable()


def _checked(arguments: argparse.Namespace) -> tuple[Scenario, Options]:
    """The scenario and the options; raises ``UsageError`` with everything that is wrong."""
    problems = list(_file_problems(arguments))
    if arguments.accounts is not None:
        problems.append("--accounts: only with --har; without it, name the accounts in a scenario")
    seconds, scenario = 0.0, None
    try:
        seconds = positive_seconds(arguments.time_limit)
    except InvalidQuantity as error:
        problems.append(f"--time-limit {arguments.time_limit}: {error.expected}")
    try:
        scenario = _scenario(arguments)
        problems += _target_problems(arguments.host, scenario.target.allowed)
    except ScenarioError as error:
        problems.append(str(error))
    if problems or scenario is None:
        raise UsageError("\n".join(problems))
    options = Options(
        url=arguments.host,
        adapts_freely=arguments.scenario is None,
        places_orders=not arguments.no_orders,
        seconds=seconds,
        folder=Path(arguments.write).parent if arguments.write else Path(),
        tell=_tell,
    )
    return scenario, options


def _file_problems(arguments: argparse.Namespace) -> Iterator[str]:
    yield from scenario_name_problems("--write", arguments.write)
    written = {"--write": arguments.write, "--json": arguments.json, "--html": arguments.html}
    for option, name in written.items():
        if name != STANDARD_OUTPUT:
            yield from output_problems(option, name, overwrite=arguments.overwrite)


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _scenario(arguments: argparse.Namespace) -> Scenario:
    name = arguments.scenario
    scenario = read_scenario(name) if name else build_scenario(plain_tables(), name="doctor")
    chosen = {"allow_target": arguments.allow_target, "verify_tls": False if arguments.no_verify_tls else None}
    return apply_overrides(scenario, chosen)


def _target_problems(host: str, allowed: Collection[str]) -> Iterator[str]:
    if host and (problem := target_refusal(host, allowed)):
        # The part before an @ may be a password, and the path may hold a token.
        shown = f" {'/'.join(host.split('/')[:3])[:100]}" if "@" not in host and host.isprintable() else ""
        yield f"--host{shown}: {problem}: --allow-target HOST"


def _written(facts: ShopFacts, arguments: argparse.Namespace) -> tuple[str, str]:
    """The name of the written scenario, and why there is none; a report about orders must be shown in any case."""
    if not arguments.write:
        return "", ""
    try:
        name = _write_scenario(facts, arguments)
    except UsageError as error:
        return "", f"Not written: {arguments.write}: {error}\n"
    why = "because no payment option could be used. Do what stands first above, and try again."
    return name, "" if name else f"Not written: {arguments.write}, {why}\n"


def _write_scenario(facts: ShopFacts, arguments: argparse.Namespace) -> str:
    """Write the scenario and return its name; empty if nothing works that it could do."""
    if not any(option.covered for option in facts.options):
        return ""
    text, path = scenario_text(facts), Path(arguments.write)
    try:
        # Values of headers may come from variables that are set later.
        build_scenario(files.parse_toml(scenario_text(replace(facts, headers={}))), name=path.stem, folder=path.parent)
    except (ScenarioError, files.TomlError) as error:
        raise UsageError(f"the scenario made from the walk is not usable:\n{error}") from None
    files.write_file("--write", path, text.encode())
    return str(path)


def _show(found: Document, arguments: argparse.Namespace) -> None:
    as_json = orjson.dumps(found, option=orjson.OPT_INDENT_2).decode() + "\n"
    if arguments.json not in (None, STANDARD_OUTPUT):
        files.write_file("--json", Path(arguments.json), as_json.encode())
    if arguments.html:
        files.write_file("--html", Path(arguments.html), html_page(found).encode())
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    sys.stdout.write(as_json if arguments.json == STANDARD_OUTPUT else terminal_text(found, colour=colour))
