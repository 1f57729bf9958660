#!/usr/bin/env python3
"""Writes the generated parts of README.md and docs/: tables made from the code, and the output of real runs.

python docs/make.py [--runs] [--check]

A generated part stands between two comments and is named by the first. ``--runs`` also runs the scenario ``baseline`` (a
minute, on loopback only) and shows its output. ``--check`` writes nothing, and ends with 1 if a table is not current.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import itertools
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from harness import exits
from harness.demand import LABELS, METRICS
from harness.validity import CHECKS
from scenarios.reference import reference
from shop.contract import Blame, Outcome
from shop.settings import FaultName

ROOT = Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
BIN = Path(sys.executable).parent
END = "<!-- made by docs/make.py: end -->"
PART = re.compile(
    r"(?P<begin><!-- made by docs/make\.py: (?P<name>[a-z-]+) -->\n)(?P<body>.*?)" + re.escape(END), re.DOTALL
)
ROWS = 6
"""Rows of a table that an excerpt shows."""


def exit_codes() -> str:
    """What each exit code means, and what to do."""
    advice = {
        "PASSED": "Ship it.",
        "FAILED": "Read *What was not kept* in the report.",
        "INVALID": "Read *About the instrument* in the report: it has the cause and the remedy.",
        "INCONCLUSIVE": "Run longer or at a higher rate. The report says how many more samples it needs.",
        "MISUSED": "Read the message: it names the key, the value and the remedy.",
        "CRASHED": "Report it.",
    }
    said = _docstrings(exits.Exit)
    rows = [(str(int(code)), code.name.lower(), said[code.name], advice[code.name]) for code in exits.Exit]
    rows.sort(key=lambda row: list(advice).index(row[1].upper()))
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
    text = _output(BIN / "locust", "--help")
    return _block(text.split("\ncheckload:\n")[1].split("\nExamples:")[0].strip("\n"))


def plan_help() -> str:
    """The keys of a forecast."""
    return _block(_output(BIN / "checkload", "plan", "--help").strip())


def faults() -> str:
    """The names of all faults of the embedded shop."""
    return ", ".join(f"`{name.value}`" for name in FaultName) + "."


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
        Blame.SHOPPER: "the shopper's luck: no failure of the shop",
        Blame.SHOP: "the shop: a failure",
        Blame.HARNESS: "checkload itself: it makes the run invalid, except `aborted`",
    }
    return _table(
        ("who caused it", "outcomes"),
        [(said, ", ".join(f"`{one}`" for one in Outcome if one.blame is blame)) for blame, said in words.items()],
    )


def checks() -> str:
    """What each check of validity asks, in their order."""
    firsts = (" ".join((inspect.getdoc(check) or "").split("\n\n")[0].split()) for check in CHECKS)
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
}
"""The parts that are made from the code, by name."""


def baseline() -> dict[str, str]:
    """The parts that show a run of ``baseline``."""
    command = (BIN / "locust", "--headless", "--scenario", "baseline", "--metrics-port", "0")
    log, report = output_of_run(*command)
    lines = log.splitlines()
    return {
        "baseline-progress": _block("\n".join([*lines[:4], "…"])),
        "baseline-report": _block(excerpt(report)),
        "baseline-short": _block(short(lines, report)),
    }


RUNS = ("baseline-progress", "baseline-report", "baseline-short")
"""The parts that show a real run."""


def output_of_run(*command: str | Path) -> tuple[str, str]:
    """What checkload says during a run, without the log's time stamps, and the report at the end of it."""
    text = _output(*command)
    log = re.findall(r"^\[[^\]]*\] \S+/(?:INFO|WARNING)/checkload: (.*)$", text, re.MULTILINE)
    found = re.search(r"^(?:PASSED|FAILED|INVALID|INCONCLUSIVE): .*?^Results: .*?$", text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise SystemExit(f"the run left no report:\n{text[-3000:]}")
    return "\n".join(log), found[0]


def excerpt(report: str, rows: int = ROWS) -> str:
    """The report with the first rows of each table, and its last row where that is the sum."""
    parts = []
    for part in report.split("\n\n"):
        lines = part.splitlines()
        if len(lines) > 2 and set(lines[2]) <= {"-", " "}:  # noqa: PLR2004 - a title, a header, a rule
            kept, left = lines[: 3 + rows], lines[3 + rows :]
            if left:
                lines = [*kept, "…", *(left[-1:] if left[-1].startswith("all ") else [])]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def short(log: Iterable[str], report: str) -> str:
    """A dozen lines of a run: how it goes, the verdict, and the first objectives."""
    progress = [line for line in log if re.match(r" *\d+ of ", line)][:2]
    head, facts, objectives, *_ = excerpt(report, 5).split("\n\n")
    return "\n".join(
        [*progress, "…", head, "", *facts.splitlines(), "", *objectives.splitlines(), "", report.splitlines()[-1]]
    )


def written(text: str, made: Mapping[str, str]) -> str:
    """The text of a page with these parts in their places; a part that is not among them stays as it is."""
    return PART.sub(
        lambda part: f"{part['begin']}\n{made[part['name']]}\n\n{END}" if part["name"] in made else part[0], text
    )


def _docstrings(enum: type) -> dict[str, str]:
    """The docstring below each member of an enum."""
    body = ast.parse(inspect.getsource(enum)).body[0].body  # type: ignore[attr-defined]
    return {
        member.targets[0].id: said.value.value
        for member, said in itertools.pairwise(body)
        if isinstance(member, ast.Assign) and isinstance(said, ast.Expr)
    }


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    cells = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(" ".join(cell.split()) for cell in row) + " |" for row in cells)


def _block(text: str) -> str:
    return f"```text\n{text}\n```"


def _output(*command: str | Path) -> str:
    environment = os.environ | {"COLUMNS": "100"}
    ended = subprocess.run(  # noqa: S603 - commands of our own
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    return ended.stdout


def main() -> int:
    """Write the parts, or check them."""
    parser = argparse.ArgumentParser(description="Write the generated parts of README.md and docs/.")
    parser.add_argument("--runs", action="store_true", help="also run the scenario baseline and show its output")
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 if a table is not current")
    asked = parser.parse_args()
    made = {name: make() for name, make in CURRENT.items()} | (baseline() if asked.runs else {})
    old = {page: page.read_text(encoding="utf-8") for page in PAGES}
    stale = [page for page, text in old.items() if written(text, made) != text]
    for page in stale:
        sys.stdout.write(f"{page.relative_to(ROOT)}: {'not current' if asked.check else 'written'}\n")
        if not asked.check:
            page.write_text(written(old[page], made), encoding="utf-8")
    return 1 if asked.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
