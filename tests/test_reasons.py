import json
import subprocess
from pathlib import Path

import pytest
from reasons import CROWD, HARNESS, ROOT, SHOP, TIMING, Run, reason

from harness.objectives.parser import parse
from harness.validity.checks import TIMING_CHECKS
from shop.settings import _money

HERE = Path(__file__)
TRACEBACK = "Traceback (most recent call last):\n"


def result(verdict="passed", reason="All objectives were kept.", **findings):
    found = [{"check": name, "level": "invalid", "message": message} for name, message in findings.items()]
    return {"judgement": {"verdict": verdict, "reason": reason, "findings": found}}


LATE = result("invalid", "The load came late.", lateness="arrivals were 80 ms late")
LOST = result("invalid", "A worker was lost.", workers="worker 1 was lost", lateness="arrivals were 80 ms late")
SLOW = result("failed", "The shop was too slow.")
DEAD = result("invalid", "The shop ended.", target="the embedded shop ended during the run")


def error(kind=AssertionError, *given):
    with pytest.raises(kind) as raised:
        raise kind(*given)
    return raised


@pytest.mark.parametrize(
    ("runs", "who", "why"),
    [
        ([Run(4, "", LATE)], CROWD, "80 ms late"),
        ([Run(0, "", result()), Run(4, "", LATE)], CROWD, "80 ms late"),
        ([Run(4, "", LOST)], HARNESS, "no run was disturbed"),  # the first finding is the cause
        ([Run(1, TRACEBACK, LATE)], HARNESS, "traceback"),
        ([Run(3, "", SLOW)], SHOP, "too slow"),
        ([Run(4, "", DEAD)], SHOP, "The shop ended"),
        ([Run(3, "", SLOW, shop_may_fail=True)], HARNESS, "no shop did what it should not"),
        ([Run(None, "", {})], HARNESS, "no run was disturbed"),
    ],
)
def test_the_runs_of_a_test_tell_the_reason(runs, who, why):
    found, said = reason(error(), runs, 0.1, HERE)
    assert found == who
    assert why in said


@pytest.mark.parametrize(
    "run", [Run(4, "", LOST), Run(4, "Worker w_1 failed to send heartbeat, setting state to missing.", {})]
)
def test_a_worker_that_was_lost_tells_nothing_if_the_processors_were_busy(run):
    assert reason(error(), [run], 0.9, HERE)[0] == CROWD
    assert reason(error(), [run], 0.3, HERE)[0] == HARNESS


@pytest.mark.parametrize(
    ("failure", "crowd", "who"),
    [
        (error(subprocess.TimeoutExpired, "sleep", 60), 0.9, CROWD),
        (error(TimeoutError), 0.9, CROWD),
        (error(AssertionError, "ended, or was killed after 60 s"), 0.9, CROWD),
        (error(subprocess.TimeoutExpired, "sleep", 60), 0.3, HARNESS),
        (error(), 0.9, HARNESS),
    ],
)
def test_what_took_too_long_tells_nothing_if_the_processors_were_busy(failure, crowd, who):
    assert reason(failure, [Run(None, "", {})], crowd, HERE)[0] == who


def test_without_runs_the_place_of_the_error_or_of_the_test_tells():
    for calls, who in ((lambda: parse("nonsense"), HARNESS), (lambda: _money("much"), SHOP)):
        with pytest.raises(ValueError) as raised:  # noqa: PT011 - only its place matters
            calls()
        assert reason(raised, [], 0.1, HERE)[0] == who
    assert reason(error(), [], 0.1, ROOT / "tests" / "shop" / "test_app.py")[0] == SHOP
    assert reason(error(), [], 0.1, ROOT / "tests" / "users" / "test_funnel.py")[0] == HARNESS


def test_the_findings_of_a_crowd_are_those_of_checkload():
    assert TIMING_CHECKS - {"users"} == TIMING  # users are missing where the shop is slow


@pytest.mark.end_to_end
@pytest.mark.parametrize(
    ("arguments", "left", "reason", "run"),
    [
        ((), LATE, "a crowded machine: arrivals were 80 ms late", "exit code 4, invalid: The load came late."),
        (("-n", "1"), LATE, "a crowded machine: arrivals were 80 ms late", "exit code 4, invalid: The load came late."),
        ((), None, "the harness: no run was disturbed, and no shop did what it should not", "exit code 4, no result"),
    ],
    ids=["one process", "pytest-xdist", "a run that leaves no result"],
)
def test_the_reason_is_the_first_line_of_a_failure_and_in_the_summary(
    pytester, monkeypatch, arguments, left, reason, run
):
    monkeypatch.setenv("PYTHONPATH", str(HERE.parent))
    (pytester.path / "out").mkdir()
    if left is not None:
        (pytester.path / "out" / "result.json").write_text(json.dumps(left))
    pytester.makepyfile(
        running=f"""
        from pathlib import Path
        from types import SimpleNamespace
        process = SimpleNamespace(poll=lambda: 4)
        run = SimpleNamespace(results=Path({str(pytester.path)!r}) / "out", output="", process=process, arguments=())
        Locust = SimpleNamespace(made=[("test_late.py::test_late", run)])
        """,
        test_late="""
        import running
        def test_late():
            assert running is None
        """,
    )
    done = pytester.runpytest_subprocess("-p", "reasons", "-p", "no:cacheprovider", *arguments)
    lines = done.outlines
    heading = next(number for number, line in enumerate(lines) if "_ test_late _" in line)
    shown = [line for line in lines[heading + 1 :] if line and not line.startswith("[gw")]
    assert shown[:2] == [f"REASON: {reason}", f"run 1: {run}"]
    done.stdout.fnmatch_lines([f"FAILED test_late.py::test_late - {reason.partition(':')[0]}: *"])
