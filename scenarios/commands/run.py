"""The command ``checkload run``: starts a load with Locust, from any folder."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from harness.errors import UsageError

EPILOG = """
options of locust that most runs need:
  --host URL           the shop; without it, the embedded shop is started for the run
  --allow-target HOST  a host that may be loaded; [target] allowed does the same. This machine always may
  --results FOLDER     where the run makes a folder for its results (default: results)
  --run-time TIME      how long the run lasts, in place of the scenario's time, such as 5m
  --arrival-rate RATE  one constant rate of journeys, in place of the scenario's, such as 20/s
  --max-orders NUMBER  a ceiling: the load ends before it can place more orders

checkload run smoke --host https://staging.example.com --allow-target staging.example.com --results out
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    parser.add_argument(
        "scenario", metavar="SCENARIO", help="a scenario that checkload brings, or the path of a TOML file"
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    parser.add_argument("--web-ui", action="store_true", help="start the load from Locust's web UI instead of at once")
    parser.add_argument(
        "options",
        nargs=argparse.REMAINDER,
        metavar="…",
        help="options of locust, such as --host URL; see locust --help",
    )


def run(arguments: argparse.Namespace) -> int:
    """Replace this process with Locust; the exit code of Locust is that of the run."""
    os.execv(sys.executable, command_line(arguments.scenario, arguments.options, headless=not arguments.web_ui))


def command_line(scenario: str, options: Sequence[str], *, headless: bool = True) -> list[str]:
    """The command that runs a scenario with Locust; raises ``UsageError`` if checkload is not installed completely."""
    spec = find_spec("locustfile")
    if spec is None or spec.origin is None:
        raise UsageError("checkload is not installed completely: locustfile.py is missing; install it again")
    head = ["--headless"] if headless else []
    return [sys.executable, "-m", "locust", "-f", spec.origin, *head, "--scenario", scenario, *options]
