"""Other output does not damage the panel, and each way to end the process leaves the terminal as it was."""

import os
import signal
import subprocess
import sys
import time

import pytest
from pseudo_terminal import PseudoTerminal

from harness.locust_plugin.terminal.screen import Screen

PANEL = ["first line", "second line"]
PROGRAM = """
import os, signal, sys, time
from harness.locust_plugin.terminal.screen import Screen
screen = Screen()
screen.show(["first line", "second line"])
time.sleep(0.05)
{}
"""


@pytest.fixture
def terminal():
    one = PseudoTerminal()
    yield one
    one.close()


@pytest.fixture
def run(terminal):
    """Run a program that shows a panel and then does this; returns its exit code."""

    def start(then):
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM.format(then)],
            stdin=terminal.slave,
            stdout=terminal.slave,
            stderr=terminal.slave,
        )
        while process.poll() is None:
            terminal.read(0.02)
        terminal.read(0.05)
        return process.returncode

    return start


def test_lines_of_this_process_and_of_a_fork_stand_above_the_panel(run, terminal):
    code = run(
        """
print("printed")
sys.stderr.write("logged\\n")
if os.fork() == 0:
    print("forked", flush=True)
    os._exit(0)
os.wait()
screen.show(["first line", "third line"])
time.sleep(0.1)
os.kill(os.getpid(), signal.SIGKILL)
"""
    )
    assert code == -signal.SIGKILL
    assert [line for line in terminal.lines if line] == ["printed", "logged", "forked", "first line", "third line"]
    assert terminal.modes_restored


@pytest.mark.parametrize(
    ("then", "code", "last"),
    [
        ("print('the report')", 0, "the report"),
        ("raise SystemExit('stopped')", 1, "stopped"),
        ("1 / 0", 1, "ZeroDivisionError: division by zero"),
        ("os.kill(os.getpid(), signal.SIGINT)\ntime.sleep(1)", -signal.SIGINT, "KeyboardInterrupt"),
        ("screen.release()\nprint('the report')", 0, "the report"),
        ("print('without a newline', end='')", 0, "without a newline"),
    ],
)
def test_the_panel_is_gone_when_the_process_has_ended(run, terminal, then, code, last):
    assert run(then) == code
    assert terminal.lines[-1] == last or terminal.lines[-2] == last
    assert not set(PANEL) & set(terminal.lines)
    assert terminal.modes_restored


def test_a_terminal_that_does_not_read_stops_neither_the_panel_nor_the_log(terminal):
    with _screen(terminal) as (screen, descriptor):
        begin = time.monotonic()
        for number in range(2_000):
            screen.show([f"{number:79}"])
            os.write(descriptor, b"logged\n")
        assert time.monotonic() - begin < 5.0
        terminal.until("1999", timeout=10.0)
        assert terminal.lines.count("logged") == 2_000


def test_a_terminal_that_is_gone_is_no_error(terminal):
    with _screen(terminal) as (screen, descriptor):
        screen.show(PANEL)
        terminal.until(PANEL[-1])
        os.close(terminal.master)
        os.write(descriptor, b"logged\n")
        screen.show(PANEL)
        screen.close()
        terminal.master = os.open(os.devnull, os.O_RDONLY)


def test_the_size_is_that_of_the_terminal(terminal):
    with _screen(terminal) as (screen, _):
        assert tuple(screen.size) == (80, 24)


class _screen:  # noqa: N801 - reads as a function
    """A screen whose output is a copy of the terminal's descriptor, not that of the test."""

    def __init__(self, terminal):
        self._descriptor = os.dup(terminal.slave)

    def __enter__(self):
        self._screen = Screen([self._descriptor])
        return self._screen, self._descriptor

    def __exit__(self, *_):
        self._screen.close()
        os.close(self._descriptor)
