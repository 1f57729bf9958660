"""The command `checkload gate`: repeats undecided runs, publishes the last one, and follows the policy of the pipeline."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from finished_runs import a_run

from harness.reporting.report import RENDERINGS
from harness.results.store import write
from scenarios.commands import gate
from scenarios.commands.cli import main

ROOT = Path(__file__).parents[3]
LOAD = """
import shutil, sys
from pathlib import Path
folder = Path(sys.argv[sys.argv.index("--results") + 1])
kind = {kinds!r}[int(folder.name.removeprefix("attempt-")) - 1]
if kind == "refused":
    print("the scenario cannot be used", file=sys.stderr)
    sys.exit(2)
if kind != "version":
    shutil.copytree({runs!r} + "/" + kind, folder / "run")
    sys.exit(int((folder / "run" / "exit").read_text()))
"""
SETTINGS = {"passed": {}, "failed": {"page": 0.2}, "invalid": {"invalid": True}, "inconclusive": {"rate": 0.2}}
CHECKS = ("target", "requests", "shop", "end", "bugs")


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """The results of runs with each verdict, one folder each; a load copies one of them, which takes little time."""
    folder = tmp_path_factory.mktemp("runs")
    results = {kind: a_run(**settings) for kind, settings in SETTINGS.items()}
    invalid = results["invalid"]
    for check in CHECKS:
        finding = replace(invalid.judgement.findings[0], check=check)
        judgement = replace(invalid.judgement, findings=(finding,))
        results[f"invalid:{check}"] = replace(invalid, judgement=judgement)
    for kind, result in results.items():
        write(result, folder / kind, (), RENDERINGS)
        (folder / kind / "exit").write_text(str(int(result.exit)))
    return str(folder)


@pytest.fixture
def gated(monkeypatch, tmp_path, capfd, runs):
    """Runs the gate with a load that ends with the given verdicts, one for each attempt."""

    def run(*kinds, options=()):
        code = LOAD.format(runs=runs, kinds=kinds)

        def command_line(scenario, words):
            return [sys.executable, "-I", "-S", "-c", code, "--scenario", scenario, *words]

        monkeypatch.setattr(gate, "command_line", command_line)
        code = main(["gate", "--results", str(tmp_path / "out"), *options, "own"])
        return code, tmp_path / "out", capfd.readouterr().err

    return run


def test_a_pass_is_published_without_a_retry(gated):
    code, out, _ = gated("passed")
    assert code == 0
    assert {one.name for one in out.iterdir()} >= {"attempt-1", "comment.md", "summary.md", "junit.xml"}
    assert not (out / "attempt-2").exists()
    lines = (out / "comment.md").read_text().splitlines()
    assert lines[0] == "<!-- checkload baseline -->"
    assert lines[1] == "### ✅ checkload baseline: passed"


def test_a_failure_is_not_repeated(gated):
    code, out, _ = gated("failed", "passed")
    assert code == 3
    assert not (out / "attempt-2").exists()
    assert "| failed" in (out / "comment.md").read_text()


def test_an_undecided_run_is_repeated_and_the_comment_counts_it(gated):
    code, out, said = gated("invalid", "passed")
    assert code == 0
    assert "Attempt 2 follows" in said
    assert "- Attempt 1: invalid. The harness used 99 %" in (out / "comment.md").read_text()


@pytest.mark.parametrize(("policy", "code"), [("fail", 4), ("warn", 0)])
def test_the_policy_decides_about_a_run_that_stays_undecided(gated, policy, code):
    got, out, said = gated("inconclusive", "invalid", options=("--undecided", policy))
    assert got == code
    text = (out / "comment.md").read_text()
    assert ("only warns of runs that decide nothing" in text) == (policy == "warn")
    assert ("WARNING" in said) == (policy == "warn")
    assert "### ⚠️ checkload baseline: invalid" in text


def test_no_retry_is_made_without_leave(gated):
    code, out, _ = gated("inconclusive", "passed", options=("--retries", "0"))
    assert code == 5
    assert not (out / "attempt-2").exists()


def test_a_load_that_does_not_start_is_not_repeated(gated):
    code, out, said = gated("refused", "passed")
    assert (code, out.exists()) == (2, False)
    assert "the scenario cannot be used" in said


def test_every_wrong_option_is_named_at_once(tmp_path, capsys):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    options = ("--retries", "9", "--link", "javascript:x", "--results", str(tmp_path / "full"))
    assert main(["gate", *options, "smoke", "--results", "elsewhere"]) == 2
    said = capsys.readouterr().err
    for words in ("--retries 9", "--link javascript:x", "full: exists already", "write it before SCENARIO"):
        assert words in said


WAITING = """
import signal, sys, time
from pathlib import Path
signal.signal(signal.SIGTERM, lambda *_: sys.exit(4))
Path(sys.argv[1]).touch()
time.sleep(60)
"""


def test_a_signal_reaches_the_load(tmp_path):
    program = (
        f"import sys; from scenarios.commands import gate\n"
        f"gate.command_line = lambda scenario, words: [sys.executable, '-c', {WAITING!r}, {str(tmp_path / 'on')!r}]\n"
        f"from scenarios.commands.cli import main; sys.exit(main(['gate', '--results', {str(tmp_path / 'out')!r}, 'own']))"
    )
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=os.environ)
    deadline = time.monotonic() + 60
    while not (tmp_path / "on").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 4


@pytest.mark.parametrize("check", CHECKS)
def test_no_policy_forgives_a_run_that_measured_nothing(gated, check):
    code, out, _ = gated(f"invalid:{check}", options=("--undecided", "warn", "--retries", "0"))
    assert code == 4
    assert "only warns" not in (out / "comment.md").read_text()


def test_an_attempt_without_a_result_does_not_hide_the_one_before(gated):
    code, out, _ = gated("inconclusive", "refused")
    assert code == 2
    assert "inconclusive" in (out / "comment.md").read_text()


def test_a_program_that_only_prints_its_version_is_no_pass(gated):
    assert gated("version")[0] == 4


def test_an_abbreviated_results_option_is_refused(capsys):
    assert main(["gate", "smoke", "--result", "elsewhere"]) == 2
    assert "write it before SCENARIO" in capsys.readouterr().err
