"""Writes the generated parts of README.md and docs/: tables made from the code, and the output of real runs.

python docs/make.py [--run baseline] [--run calibrate] [--run capacity] [--check]

A generated part stands between two comments and is named by the first. Without options, only the tables are made. ``--run``
also makes a real run, on loopback only, and shows its output: a minute each, ``capacity`` five. Make them on a quiet machine.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import inspect
import io
import itertools
import json
import os
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping

from locust.argument_parser import get_parser
from real_runs import ROOT, RUNS, block

from harness import exits
from harness.locust_plugin.options import add_options
from harness.measurement.outcomes import Blame, Outcome
from harness.objectives.model import LABELS, METRICS
from harness.validity.checks import CHECKS
from scenarios.commands import cli
from scenarios.runtime.scenario_folder import ScenarioFolder
from scenarios.schema.reference import reference, shop_reference
from shop.settings import FaultName

PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
END = "<!-- made by docs/make.py: end -->"
PART = re.compile(
    r"(?P<begin><!-- made by docs/make\.py: (?P<name>[a-z-]+) -->\n)(?P<body>.*?)" + re.escape(END), re.DOTALL
)


def exit_codes() -> str:
    """What each exit code means, and what to do."""
    advice = {
        0: "Ship it.",
        3: "Read *Objectives not met* in the report.",
        4: "Read *About the measurement* in the report: it has the cause and the remedy.",
        5: "Run longer or at a higher rate. The report says how many more samples it needs.",
        2: "Read the message: it names the key, the value and the remedy.",
        1: "Report it.",
    }
    said = _docstrings(exits.Exit)
    codes = sorted(exits.Exit, key=list(advice).index)
    rows = [(str(int(code)), code.name.lower().replace("_", " "), said[code.name], advice[code]) for code in codes]
    return _table(("exit code", "verdict", "meaning", "what to do"), rows)


def scenarios() -> str:
    """The scenarios that come with checkload."""
    files = sorted((ROOT / "scenarios").glob("*.toml"))
    return _table(
        ("scenario", "what it is for"),
        [(f"`{file.stem}`", tomllib.loads(file.read_text(encoding="utf-8"))["description"]) for file in files],
    )


def options() -> str:
    """The group ``checkload`` of ``locust --help``."""
    parser = get_parser(default_config_files=[])
    add_options(parser, ScenarioFolder().names())
    text = _at_width(parser.format_help)
    return block(text.split("\ncheckload:\n")[1].split("\nExamples:")[0].strip("\n"))


def plan_help() -> str:
    """What ``checkload plan --help`` prints."""

    def printed() -> str:
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.suppress(SystemExit):
            cli.main(["plan", "--help"])
        return out.getvalue()

    return block(_at_width(printed).strip())


def faults() -> str:
    """What each fault of the embedded shop does."""
    said = _docstrings(FaultName)
    rows = [(f"`{name.value}`", said[name.name].replace("``", "`")) for name in FaultName]
    return _table(("fault", "what happens"), rows)


def result_fields() -> str:
    """The fields at the top of ``result.json``."""
    (schema,) = (ROOT / "harness").rglob("result.schema.json")
    fields = json.loads(schema.read_text(encoding="utf-8"))["properties"]
    return _table(("field", "what it is"), [(f"`{name}`", field["description"]) for name, field in fields.items()])


def objectives() -> str:
    """What an objective can be about."""
    rows = []
    for subject, metrics in METRICS.items():
        named = {"page": "a page, as `page.BinNumberPage`", "journey": "a journey, as `journey.guest`"}.get(
            subject.value, ""
        )
        labels = ", ".join(f"`{label}`" for label in LABELS[subject])
        rows.append((f"`{subject.value}`", named, labels, ", ".join(f"`{metric.value}`" for metric in metrics)))
    return _table(("subject", "name", "labels", "metrics"), rows)


def outcomes() -> str:
    """Who causes each outcome."""
    words = {
        Blame.NOBODY: "nothing went wrong",
        Blame.SHOPPER: "the shopper: no failure of the shop",
        Blame.SHOP: "the shop: a failure",
        Blame.HARNESS: "checkload itself: it makes the run invalid, except `aborted`",
    }
    return _table(
        ("who caused it", "outcomes"),
        [(said, ", ".join(f"`{one}`" for one in Outcome if one.blame is blame)) for blame, said in words.items()],
    )


def checks() -> str:
    """What each check of validity asks, in their order."""
    firsts = (" ".join((inspect.getdoc(check.find) or "").split("\n\n")[0].split()) for check in CHECKS)
    questions = (re.split("[;:.]", first)[0].replace("``", "`") for first in firsts)
    return "\n".join(f"{number}. {question}." for number, question in enumerate(questions, 1))


CURRENT: Mapping[str, Callable[[], str]] = {
    "checks": checks,
    "exit-codes": exit_codes,
    "faults": faults,
    "objectives": objectives,
    "options": options,
    "outcomes": outcomes,
    "plan-help": plan_help,
    "reference": lambda: reference().rstrip(),
    "result-fields": result_fields,
    "scenarios": scenarios,
    "shop-reference": lambda: shop_reference().rstrip(),
}
"""The parts that are made from the code, by name."""


def written(text: str, made: Mapping[str, str]) -> str:
    """The text of a page with these parts in their places; a part that is not among them stays as it is."""
    return PART.sub(
        lambda part: f"{part['begin']}\n{made[part['name']]}\n\n{END}" if part["name"] in made else part[0], text
    )


def _docstrings(enum: type) -> dict[str, str]:
    """The docstring below each member of an enum."""
    found = {}
    for pair in itertools.pairwise(ast.walk(ast.parse(inspect.getsource(enum)).body[0])):
        match pair:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = text
    return found


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    cells = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(" ".join(cell.split()) for cell in row) + " |" for row in cells)


def _at_width(make: Callable[[], str]) -> str:
    """What is made for a terminal of 100 columns."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "100"
    try:
        return make()
    finally:
        if before is None:
            del os.environ["COLUMNS"]
        else:
            os.environ["COLUMNS"] = before


def asked_for(arguments: list[str] | None = None) -> argparse.Namespace:
    """What these arguments ask for."""
    parser = argparse.ArgumentParser(description="Write the generated parts of README.md and docs/.")
    parser.add_argument(
        "--run", action="append", default=[], choices=RUNS, help="also make this run and show its output"
    )
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 if a table is not current")
    return parser.parse_args(arguments)


def main() -> int:
    """Write the parts, or check them."""
    asked = asked_for()
    made = {name: make() for name, make in CURRENT.items()}
    for name in asked.run:
        made |= RUNS[name]()
    stale = 0
    for page in PAGES:
        old = page.read_text(encoding="utf-8")
        new = written(old, made)
        if new == old:
            continue
        stale += 1
        sys.stdout.write(f"{page.relative_to(ROOT)}: {'not current' if asked.check else 'written'}\n")
        if not asked.check:
            page.write_text(new, encoding="utf-8")
    return 1 if asked.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
