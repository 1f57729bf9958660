#!/usr/bin/env python3
"""Writes the generated parts of README.md and docs/: tables made from the code, and the output of real runs.

python docs/make.py [--run baseline] [--run calibrate] [--run capacity] [--check]

A generated part stands between two comments and is named by the first. Without options, only the tables are made. ``--run``
also makes a real run, on loopback only, and shows its output: a minute each, ``capacity`` five. Make them on a quiet machine.
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
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from harness import exits
from harness.measurement.outcomes import Blame, Outcome
from harness.objectives.model import LABELS, METRICS
from harness.validity.checks import CHECKS
from scenarios.schema.reference import reference
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
    """A run of ``baseline``, as ``make load`` has it."""
    log, report = output_of_run(BIN / "locust", "--headless", "--scenario", "baseline", "--metrics-port", "0")
    lines = log.splitlines()
    return {
        "baseline-progress": _block("\n".join([*lines[:4], "…"])),
        "baseline-report": _block(extract_interval(report)),
        "baseline-short": _block(short(lines, report)),
    }


MIX = """
objectives = ["journey failures < 1%"]
[arrivals]
rate = "30/s"
duration = "30s"
[journeys]
guest = 50
returning = 25
first_time = 15
abandoning = 10
[think]
median = "100ms"
[shop]
access_log = "access.log"
"""
"""The scenario that writes the access log of the example."""


def calibrate() -> dict[str, str]:
    """An access log that the embedded shop writes, and the scenario that is made of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "mix.toml").write_text(MIX, encoding="utf-8")
        locust = (BIN / "locust", "-f", ROOT / "locustfile.py", "--headless", "--scenario", "mix.toml")
        _output(*locust, "--metrics-port", "0", folder=folder)
        shown = ["$ checkload calibrate access.log -o own.toml --load mean"]
        shown += _output(BIN / "checkload", *shown[0].split()[2:], folder=folder).splitlines()
        own = (folder / "own.toml").read_text(encoding="utf-8").splitlines()
    weights = own.index("[journeys]")
    rate = next(line for line in own if line.startswith("rate = "))
    shown += [r"$ grep -A4 '^rate\|^.journeys' own.toml", rate, "…", *own[weights : weights + 5]]
    return {"calibrate": _block("\n".join(shown), "console")}


def capacity() -> dict[str, str]:
    """A search for the capacity of the embedded shop, beside the truth."""
    with tempfile.TemporaryDirectory() as folder:
        command = (BIN / "locust", "--headless", "--scenario", "capacity", "--budget", "4m", "--metrics-port", "0")
        _, report = output_of_run(*command, "--results", folder)
        result = json.loads((Path(folder) / "result.json").read_text(encoding="utf-8"))
    return {"capacity": capacity_text(report, result["counts"])}


KNOWN_RATE = 364.0
"""Pages a second up to which 95 of 100 take less than 150 ms: an M/M/16 queue of 40 ms a page."""
ELSEWHERE = ("Bank", "SmsInbox")
"""Pages that no worker of the shop is busy with."""


def capacity_text(report: str, counts: Mapping[str, Any]) -> str:
    """The answer of a search, and how far it is from the truth; ``counts`` are those of its ``result.json``."""
    served = counts["pages"] - sum(counts["pages_by_page"].get(page, 0) for page in ELSEWHERE)
    pages = served / counts["journeys"]
    truth = KNOWN_RATE * 60 / pages
    verdict, facts, *_ = report.split("\n\n")
    answer = re.search(
        r"^Confirmed.*?^First to give way.*?(?=^Journeys|^In the whole)", facts, re.MULTILINE | re.DOTALL
    )
    found = re.search(r"gives way at ([\d,]+) journeys", facts)
    if answer is None or found is None:
        raise SystemExit(f"the search found no limit:\n{report}")
    limit = float(found[1].replace(",", ""))
    shown = _block(f"{verdict}\n\n…\n{answer[0]}…")
    return (
        f"{shown}\n\n"
        "**Is it right?** The capacity of this shop is known. 16 workers at 40 ms a page are an M/M/16 queue. In such a queue, 95 of 100\n"
        f"pages take less than 150 ms up to {KNOWN_RATE:.0f} pages a second. At {pages:.1f} pages a journey, that is {truth:,.0f} journeys a minute.\n"
        f"This run found {limit:,.0f}, which is {abs(limit / truth - 1):.1%} off."
    )


RUNS: Mapping[str, Callable[[], dict[str, str]]] = {"baseline": baseline, "calibrate": calibrate, "capacity": capacity}
"""The runs whose output is shown."""
SHOWN = ("baseline-progress", "baseline-report", "baseline-short", "calibrate", "capacity")
"""The parts that show them."""


def output_of_run(*command: str | Path) -> tuple[str, str]:
    """What checkload says during a run, without the log's time stamps, and the report at the end of it."""
    text = _output(*command)
    log = re.findall(r"^\[[^\]]*\] \S+/(?:INFO|WARNING)/checkload: (.*)$", text, re.MULTILINE)
    found = re.search(r"^(?:PASSED|FAILED|INVALID|INCONCLUSIVE)\b.*?^Results: .*?$", text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise SystemExit(f"the run left no report:\n{text[-3000:]}")
    return "\n".join(log), found[0]


def extract_interval(report: str, rows: int = ROWS) -> str:
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
    head, facts, objectives, *_ = extract_interval(report, 5).split("\n\n")
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


def _block(text: str, kind: str = "text") -> str:
    return f"```{kind}\n{text}\n```"


def _output(*command: str | Path, folder: Path = ROOT) -> str:
    environment = os.environ | {"COLUMNS": "100"}
    ended = subprocess.run(  # noqa: S603 - commands of our own
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    return ended.stdout


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
