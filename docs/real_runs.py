"""The parts of README.md and docs/ that show a real run, on loopback only."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
REPLAY_PORT = 19646
ROWS = 6
"""Rows of a table that an excerpt shows."""


def baseline() -> dict[str, str]:
    """A run of ``baseline``, as ``make load`` has it."""
    log, report = output_of_run(BIN / "locust", "--headless", "--scenario", "baseline", "--metrics-port", "0")
    if not report.startswith("PASSED"):
        raise SystemExit(f"the run did not pass; make it on a quiet machine:\n{report[-3000:]}")
    lines = log.splitlines()
    return {
        "baseline-progress": block("\n".join([*lines[:4], "…"])),
        "baseline-report": block(excerpt(report)),
        "baseline-short": block(short(lines, report)),
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
        output(*locust, "--metrics-port", "0", folder=folder)
        shown = ["$ checkload calibrate access.log -o own.toml --load mean"]
        shown += output(BIN / "checkload", *shown[0].split()[2:], folder=folder).splitlines()
        own = (folder / "own.toml").read_text(encoding="utf-8").splitlines()
    weights = own.index("[journeys]")
    rate = next(line for line in own if line.startswith("rate = "))
    shown += [r"$ grep -A4 '^rate\|^.journeys' own.toml", rate, "…", *own[weights : weights + 5]]
    return {"calibrate": block("\n".join(shown), "console")}


def capacity() -> dict[str, str]:
    """A search for the capacity of the embedded shop, beside the truth."""
    with tempfile.TemporaryDirectory() as folder:
        command = (BIN / "locust", "--headless", "--scenario", "capacity", "--budget", "4m", "--metrics-port", "0")
        _, report = output_of_run(*command, "--results", folder)
        (found,) = Path(folder).glob("*/result.json")
        result = json.loads(found.read_text(encoding="utf-8"))
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
        r"^Confirmed.*?^First objective to break.*?(?=^Journeys|^In the whole)", facts, re.MULTILINE | re.DOTALL
    )
    found = re.search(r"breaks at ([\d,]+) journeys", facts)
    if answer is None or found is None:
        raise SystemExit(f"the search found no limit:\n{report}")
    limit = float(found[1].replace(",", ""))
    shown = block(f"{verdict}\n\n…\n{answer[0]}…")
    return (
        f"{shown}\n\n"
        "**Is it right?** The capacity of this shop is known. 16 workers at 40 ms a page are an M/M/16 queue. In such a queue, 95 of 100\n"
        f"pages take less than 150 ms up to {KNOWN_RATE:.0f} pages a second. At {pages:.1f} pages a journey, that is {truth:,.0f} journeys a minute.\n"
        f"This run found {limit:,.0f}, which is {abs(limit / truth - 1):.1%} off."
    )


FAULTS = """faults = [
    { name = "server_error", share = 0.6, pages = ["MasterpassCompletePage"] },
    { name = "throttled", share = 0.01, pages = ["BinNumberPage"] },
]
"""
"""The faults of the shop whose report is shown."""
REPORT_VIEWS = {"report.png": ("desk", "light"), "report-phone.png": ("phone", "dark")}


def pictures() -> dict[str, str]:
    """Pictures of the report, the dashboards and the web UI of runs against a shop with faults; no part of a page shows them.

    They need Chromium and Prometheus.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = (ROOT / "scenarios" / "baseline.toml").read_text(encoding="utf-8")
        (folder / "broken.toml").write_text(text.replace("[shop]\n", f"[shop]\n{FAULTS}", 1), encoding="utf-8")
        command = (BIN / "locust", "-f", ROOT / "locustfile.py", "--headless", "--scenario", "broken.toml")
        output(*command, "--processes", "2", "--metrics-port", "0", "--results", "out", folder=folder)
        (report,) = folder.glob("out/*/report.html")
        refuse_doubtful(report.with_name("result.json"))
        for picture, view in REPORT_VIEWS.items():
            photograph(report, ROOT / "docs" / "pictures" / picture, *view)
        draw_dashboards(folder)
        photograph_web_ui(folder)
        for page in sorted(folder.glob("drawn/*.html")):
            photograph(page, ROOT / "dashboards" / "pictures" / f"{page.stem}.png", "board", "light")
    return {}


def refuse_doubtful(result: Path) -> None:
    """End the program if a check found this run invalid: the pictures would show a busy machine."""
    findings = json.loads(result.read_text(encoding="utf-8"))["judgement"]["findings"]
    doubts = [one["message"] for one in findings if one["level"] == "invalid"]
    if doubts:
        raise SystemExit("the run is in doubt; make the pictures on a quiet machine:\n" + "\n".join(doubts))


def photograph(page: Path, picture: Path, *view: str) -> None:
    """Write a picture of a page, with the browser of the tests."""
    sys.stdout.write(output(sys.executable, ROOT / "tests" / "end_to_end" / "report_browser.py", page, picture, *view))


def photograph_web_ui(folder: Path) -> None:
    """Write the pictures of the web UI, with the browser of the tests."""
    program = ROOT / "tests" / "end_to_end" / "web_ui_pictures.py"
    sys.stdout.write(output(sys.executable, program, "broken.toml", ROOT / "docs" / "pictures", folder=folder))


def draw_dashboards(folder: Path) -> None:
    """Draw the dashboards of the run in ``out``, from a Prometheus that has replayed it."""
    replay = subprocess.Popen(  # noqa: S603 - a command of our own
        [BIN / "checkload", "replay", "out", "--port", str(REPLAY_PORT)], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    try:
        assert replay.stdout is not None  # noqa: S101 - it is a pipe
        next(line for line in replay.stdout if line.startswith("http"))
        address = f"http://127.0.0.1:{REPLAY_PORT}"
        examine = (sys.executable, "-m", "dashboards.examine", "--prometheus", address, "--pictures", folder / "drawn")
        sys.stdout.write(output(*examine))
    finally:
        replay.terminate()
        replay.communicate()


RUNS: Mapping[str, Callable[[], dict[str, str]]] = {
    "baseline": baseline,
    "calibrate": calibrate,
    "capacity": capacity,
    "pictures": pictures,
}
"""The runs whose output is shown."""
SHOWN = ("baseline-progress", "baseline-report", "baseline-short", "calibrate", "capacity")
"""The parts that show them."""


def output_of_run(*command: str | Path) -> tuple[str, str]:
    """What checkload says during a run, without the log's time stamps, and the report at the end of it."""
    text = output(*command)
    found = re.search(r"^(?:PASSED|FAILED|INVALID|INCONCLUSIVE)\b.*?^Results: .*?$", text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise SystemExit(f"the run left no report:\n{text[-3000:]}")
    log = re.findall(
        r"^(?:\[[^\]]*\] \S+/(?:INFO|WARNING)/checkload: |(?= *\d+ of ))(.*)$", text[: found.start()], re.MULTILINE
    )
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


def block(text: str, kind: str = "text") -> str:
    """A fenced block of Markdown."""
    return f"```{kind}\n{text}\n```"


def output(*command: str | Path, folder: Path = ROOT) -> str:
    """Everything that a command prints."""
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
