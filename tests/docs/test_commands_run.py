"""The short commands of README and docs/ are run as they are shown, on loopback, on the results of one short run.

The run is the scenario ``baseline`` for some seconds, with an access log. Its output must have the labels that the pages show.
"""

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import make as making
import pytest
import real_runs
from documents import PAGES, ROOT, blocks, commands

from harness.run.workload import Choices
from scenarios.runtime.scenario_folder import ScenarioFolder

pytestmark = pytest.mark.end_to_end

BIN = Path(sys.executable).parent
RESULT = "results/baseline-20261125T065157Z"
"""The folder of results in the examples."""
VERDICTS = ("PASSED", "FAILED", "INVALID", "INCONCLUSIVE")
SECTIONS_OF_THE_DAY = ("About the measurement", "Objectives not met")
"""Parts of a report that appear only if there is something to report."""


@pytest.fixture
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with what the examples take: a result, an access log."""
    folder = tmp_path_factory.mktemp("docs")
    text = (ROOT / "scenarios" / "baseline.toml").read_text(encoding="utf-8")
    logged = text.replace("[shop]\n", f'[shop]\naccess_log = "{folder / "access.log"}"\n')
    (folder / "baseline.toml").write_text(logged, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def run(folder):
    """The output of the short run, and the report at its end."""
    command = (BIN / "locust", "--headless", "--scenario", folder / "baseline.toml", "-t", "8s", "--metrics-port", "0")
    found = real_runs.output_of_run(*command, "--results", folder / "out")
    (made_by_run,) = (folder / "out").iterdir()
    for name in (RESULT, "results/before", "results/after"):
        shutil.copytree(made_by_run, folder / name)
    return found


def labels(text):
    """The words of an output without its numbers: sentences, titles of tables with their headers, parts of lines of progress."""
    found = set()
    for part in text.split("\n\n"):
        lines = [line for line in part.splitlines() if line != "…"]
        rule = next((at for at, line in enumerate(lines) if re.fullmatch(r"[- ]{5,}", line)), None)
        if rule is not None:
            found |= {plain(line) for line in lines[:rule]}
        elif not part.startswith((*VERDICTS, "Results: ", *SECTIONS_OF_THE_DAY)):
            found |= {plain(sentence) for sentence in re.split(r"(?<=[.;])\s+", " ".join(lines))}
    return found - {""}


def progress(log):
    """The parts of all lines of progress, without those that appear, or find no room, if there is something to report."""
    lines = [line for line in log.splitlines() if re.match(r" *\d+ of ", line)]
    parts = {plain(part) for line in lines for part in line.split(", ")}
    return parts - {"# ended", "# orders", "# waiting", "# dropped", "# from sending"}


def arrivals(line):
    """A line of ``calibrate`` without its numbers, and without the parts that need a longer log."""
    return re.sub(r", widened by.*?(?=\))", "", re.sub(r"Arrivals: [a-z ]+ \(", "Arrivals: # (", plain(line)))


def plain(text):
    return " ".join(re.sub(r"\d[\d.,]*(?<![.,])( ?(ms|s|%)(?!\w))?", "#", text).split())


def made(name):
    (body, *_) = [
        part["body"] for page in PAGES for part in making.PART.finditer(page.read_text("utf-8")) if part["name"] == name
    ]
    return body.strip().removeprefix("```text\n").removesuffix("\n```")


def test_the_report_that_is_shown_has_the_labels_of_a_real_one(run):
    _, report = run
    shown = labels(made("baseline-report"))
    assert len(shown) > 15
    assert shown - labels(report) == set()


def test_the_short_form_in_the_readme_is_taken_from_a_real_one(run):
    log, report = run
    head, _, rest = made("baseline-short").partition("\n…\n")
    assert progress(head)
    assert progress(head) <= progress(log)
    assert labels(rest) <= labels(report)


def test_the_lines_of_progress_have_the_labels_of_real_ones(run):
    log, _ = run
    first, *_ = shown = made("baseline-progress").splitlines()
    assert first == log.splitlines()[0]
    said = {plain(line) for line in log.splitlines()}
    assert [line for line in shown if not re.match(r" *\d+ of |…", line) and plain(line) not in said] == []
    assert progress("\n".join(shown)) <= progress(log)


def test_a_label_that_no_run_prints_would_be_found(run):
    _, report = run
    shown = made("baseline-report").replace("Arrivals: ", "Comings: ").replace("samples\n", "specimens\n")
    assert len(labels(shown) - labels(report)) >= 2


@pytest.mark.parametrize(
    "command", list(dict.fromkeys(one for _, one in commands() if one.startswith("checkload report")))
)
def test_a_finished_run_is_shown_again(run, folder, command):
    ended = called(command, folder)
    assert ended.stdout.startswith((*VERDICTS, "<?xml", "The report is in")), ended.stderr
    wanted = json.loads((folder / RESULT / "result.json").read_text())["exit_code"] if "--exit-code" in command else 0
    assert ended.returncode == wanted


def test_an_access_log_makes_the_scenario_that_is_shown(run, folder):
    (shown,) = [one.body for page in PAGES for one in blocks(page) if "checkload calibrate access.log" in one.body]
    calibrate, grep = (line.removeprefix("$ ") for line in shown.splitlines() if line.startswith("$ "))
    said = called(calibrate, folder)
    assert said.returncode == 0, said.stderr
    printed = said.stderr + said.stdout + called(grep, folder).stdout
    real = {arrivals(line) for line in printed.splitlines()}
    lines = [line for line in shown.splitlines() if not line.startswith(("$ ", "…"))]
    assert len(lines) >= 8
    assert [line for line in lines if arrivals(line) not in real] == []


def test_the_shop_is_started_and_broken_as_shown(folder, free_port):
    start, put = dict.fromkeys(one for _, one in commands() if one.startswith(("python -m shop", "curl --request PUT")))
    shop = shlex.split(start.replace("8765", str(free_port)))
    with subprocess.Popen([sys.executable, *shop[1:]], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline().endswith(f":{free_port}\n")
            _, _, method, _, header, _, data, url = shlex.split(put.replace("8765", str(free_port)))
            request = urllib.request.Request(url, data.encode(), dict([header.split(": ")]), method=method)
            with urllib.request.urlopen(request, timeout=10) as reply:
                assert reply.status == 200
        finally:
            process.terminate()


def test_a_run_takes_the_change_that_is_shown():
    (shown,) = {one for _, one in commands() if one.startswith("curl") and "/checkload/steer" in one}
    words = shlex.split(shown)
    workload = ScenarioFolder().choose(Choices(scenario="baseline"))
    steered = workload.steer(json.loads(words[words.index("-d") + 1]), 10.0, embedded=True)
    assert {one.name: one.after for one in steered.quantities} == {"arrival_rate": "30/s", "sms_share": "50 %"}


def test_the_dashboards_are_written_as_they_are():
    before = {path: path.read_bytes() for path in (ROOT / "dashboards" / "grafana").rglob("*.json")}
    assert before
    ended = called("python -m dashboards.boards", ROOT)
    assert ended.returncode == 0, ended.stderr
    assert {path: path.read_bytes() for path in before} == before


def called(command, folder):
    program, *rest = shlex.split(command)
    first = [sys.executable] if program == "python" else [BIN / program if (BIN / program).exists() else program]
    return subprocess.run(
        [*first, *rest], cwd=folder, env=os.environ, capture_output=True, text=True, timeout=60, check=False
    )
