"""Runs Locust as its users do: as a process of its own, from the repository's root."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pytest
from room import room_for_load
from scraping import a_free_port

from harness.results.store import run_folder

ROOT = Path(__file__).parents[2]
LONGEST = 120  # seconds after which a process that hangs is ended

QUICK = """
description = "A few seconds of everything."
objectives = ["journey failures < 5%", "page response_time p95 < 1s"]
[arrivals]
process = "uniform"
rate = "25/s"
duration = "6s"
warm_up = "1s"
drain = "15s"
[sms]
share = 1.0
[think]
scale = 0
"""


@dataclass
class Finished:
    """What a run left behind."""

    code: int
    output: str
    results: Path
    files: list[Path] = field(default_factory=list)

    @property
    def folder(self):
        """The folder of this process's only run."""
        return run_folder(self.results)

    @property
    def result(self):
        """The parsed result.json of this process's only run."""
        return json.loads((self.folder / "result.json").read_text())

    @property
    def sound(self):
        """Whether nothing failed and the books agree; on a busy machine the verdict may still be invalid."""
        return (
            "Traceback" not in self.output
            and self.code in (0, 4, 5)
            and self.result["counts"]["journeys"] > 0
            and self.result["counts"]["failed_journeys"] == 0
            and self.result["ledger"]["agrees"]
        )


class Locust:
    """One ``locust`` process."""

    made: ClassVar[list[tuple[str, "Locust"]]] = []
    """Each process, with the test that started it."""

    def __init__(self, results, *arguments, environment=None, cwd=ROOT):
        self.results = Path(results)
        self.arguments = arguments
        if "--processes" in arguments and "--master-bind-port" not in arguments:
            # Two runs at a time would use the same default port of Locust, or their workers would connect to the wrong master.
            port = str(a_free_port())
            arguments = (*arguments, "--master-bind-port", port, "--master-port", port)
        command = [sys.executable, "-m", "locust", "--metrics-port", "0", "--results", str(results), *arguments]
        # The second process of a test joins the load of the first.
        joins = any(one.process.poll() is None for _, one in self.made)
        with nullcontext() if joins else room_for_load():
            self.process = subprocess.Popen(
                command,
                cwd=cwd,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        self.made.append((os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0], self))
        self.output = ""

    def wait(self, timeout=LONGEST):
        """Wait for its end."""
        output, _ = self.process.communicate(timeout=timeout)
        self.output += output
        return Finished(self.process.returncode, self.output, self.results)

    def until(self, text, timeout=60):
        """Read its output until this text appears; a process that does not print it in time is killed."""
        watchdog = threading.Timer(timeout, self.process.kill)  # reading a line has no timeout of its own
        watchdog.start()
        try:
            while text not in self.output:
                line = self.process.stdout.readline()
                assert line, f"ended, or was killed after {timeout} s, without saying {text!r}:\n{self.output}"
                self.output += line
        finally:
            watchdog.cancel()

    def signal(self, number):
        """Send a signal to this process, and to no other."""
        self.process.send_signal(number)

    def close(self):
        """End it if it still runs."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.communicate(timeout=15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.communicate()
        self.process.stdout.close()


def needs(*programs):
    """Skip the test if one of these programs is missing; in CI, fail instead."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing and os.environ.get("CHECKLOAD_SKIP_NOTHING"):
        return pytest.mark.usefixtures("nothing_may_be_skipped")
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}")
