"""What a signal does before Locust is ready, in real processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

NOTE = "import os, signal, sys, time\nfrom harness.locust_plugin import signals\nsignals.defer()\n"


def run(text, **keywords):
    return subprocess.run(
        [sys.executable, "-c", NOTE + text], capture_output=True, text=True, timeout=20, check=False, **keywords
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_deferred_until_it_is_delivered(number):
    ended = run(
        f"os.kill(os.getpid(), {int(number)})\nprint(signals.first_deferred(), flush=True)\nsignals.deliver_deferred()\ntime.sleep(9)"
    )
    assert ended.stdout == f"{'Ctrl-C' if number == signal.SIGINT else number.name}\n"
    assert ended.returncode == -number


def test_a_process_under_nohup_keeps_ignoring_sighup():
    ended = run(
        "os.kill(os.getpid(), signal.SIGHUP)\nprint(signals.first_deferred(), signals.ignored(signal.SIGHUP))",
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    assert ended.stdout == " True\n"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a worker checks its parent itself, once it is ready")
def test_a_forked_worker_ends_when_its_parent_is_killed():
    text = "signals.die_with_parent()\nif not os.fork():\n    print(os.getpid(), flush=True)\ntime.sleep(30)"
    with subprocess.Popen([sys.executable, "-c", NOTE + text], stdout=subprocess.PIPE, text=True) as parent:
        child = int(parent.stdout.readline())
        parent.kill()
        deadline = time.monotonic() + 5
        while _runs(child) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not _runs(child)


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_writing_to_a_closed_terminal_raises_no_error():
    ours, theirs = os.openpty()
    text = "print('ready', file=sys.stderr, flush=True)\nsys.stdin.readline()\nsignals.detach_terminal()\nprint('x' * 100_000, flush=True)"
    pipes = {"stdin": subprocess.PIPE, "stdout": theirs, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", NOTE + text], **pipes) as process:
        os.close(theirs)
        assert process.stderr.readline() == b"ready\n"
        os.close(ours)
        process.communicate(b"\n", timeout=20)
    assert process.returncode == 0
