"""What a person sees on a real terminal while a load runs, and that the terminal is as before when it ends."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from pseudo_terminal import PseudoTerminal
from running import QUICK, ROOT
from scraping import a_free_port

pytestmark = pytest.mark.end_to_end


@contextmanager
def started(terminal, command, **variables):
    """A load on this terminal."""
    environment = {name: value for name, value in os.environ.items() if name not in {"CI", "NO_COLOR"}}
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**environment, "TERM": "xterm-256color", **variables},
        stdin=terminal.slave,
        stdout=terminal.slave,
        stderr=terminal.slave,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def ended(terminal, process, timeout=60):
    """Read until the process ends, and return its exit code."""
    end = time.monotonic() + timeout
    while process.poll() is None:
        assert time.monotonic() < end, "\n".join(terminal.lines)
        terminal.read(0.1)
    terminal.read(0.1)
    return process.returncode


@pytest.fixture
def terminal():
    one = PseudoTerminal(rows=30)
    yield one
    one.close()


@pytest.mark.parametrize("processes", [1, 2])
def test_a_panel_stands_below_the_log_and_is_gone_after_ctrl_c(terminal, scenario, tmp_path, processes):
    command = [str(Path(sys.executable).with_name("checkload")), "run"]
    path = scenario(QUICK.replace('duration = "6s"', 'duration = "60s"'))
    options = ["--metrics-port", "0", "--results", str(tmp_path / "out")]
    if processes > 1:
        port = str(a_free_port())
        options += ["--processes", str(processes), "--master-bind-port", port, "--master-port", port]
    with started(terminal, [*command, path, *options]) as process:
        terminal.until("25/s wanted", timeout=60)
        terminal.until(" orders, ", timeout=10)
        terminal.until("so far: ", timeout=10)
        terminal.read(2.5)
        # One panel, whole, at the bottom: no line of the log, of a worker or of an earlier panel is in it.
        place = max(number for number, line in enumerate(terminal.lines) if line.endswith("→ the embedded shop"))
        assert [line.split(" ")[0] for line in terminal.lines[place + 2 : place + 7]] == [
            "Rate",
            "Journeys",
            "Page",
            "Failures",
            "Objectives",
        ]
        assert "\n".join(terminal.lines).count("25/s wanted") == 1
        assert all(len(line) <= 80 for line in terminal.lines)
        os.kill(process.pid, signal.SIGINT)
        assert ended(terminal, process) == 4
    shown = "\n".join(terminal.lines)
    assert "wanted" not in shown
    assert "INVALID" in shown
    assert "interrupted by Ctrl-C" in shown
    assert "Traceback" not in shown
    assert terminal.modes_restored


def test_a_dumb_terminal_gets_plain_lines(terminal, scenario, tmp_path):
    command = [sys.executable, "-m", "locust", "--headless", "--scenario", scenario(), "--metrics-port", "0"]
    with started(terminal, [*command, "--results", str(tmp_path / "out")], TERM="dumb") as process:
        assert ended(terminal, process) in (0, 4, 5)
    assert "\x1b" not in terminal.raw
    progress = [line for line in terminal.lines if " of 6 s, " in line]
    assert progress
    assert all(line.startswith("  ") and len(line) <= 80 for line in progress)
