"""Starts one load after another, or two at once, as processes of their own, and reads their results."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from harness.errors import UsageError
from harness.exits import Exit
from harness.regression.pairing import Side
from harness.results.result import Result
from harness.results.store import ResultError, read

LOG = "run.log"
LAST_LINES = 5
STOP_SECONDS = 30.0
"""How long a load that is told to stop may take."""


@dataclass(frozen=True, slots=True)
class LoadRuns:
    """How to start a load: the command without its target, the host of each version, and the folder of all results."""

    command: Sequence[str]
    hosts: Mapping[Side, str]
    folder: Path

    def start(self, side: Side, name: str) -> LoadProcess:
        """Start one load against this version; its results go to the folder ``name``."""
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        host = self.hosts.get(side, "")
        target = ("--host", host) if host else ()
        command = [*self.command, *target, "--results", str(folder), "--metrics-port", "0"]
        with (folder / LOG).open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)  # noqa: S603
        return LoadProcess(process, folder)


@dataclass(frozen=True, slots=True)
class LoadProcess:
    """A load that runs, and the folder of its results."""

    process: subprocess.Popen[bytes]
    folder: Path

    def result(self) -> Result:
        """Wait for the end and read the result; UsageError if the load did not start or did not end well."""
        code = self.process.wait()
        if code in {Exit.PASSED, Exit.FAILED, Exit.INVALID, Exit.INCONCLUSIVE}:
            try:
                return read(self.folder)
            except ResultError as error:
                raise UsageError(str(error)) from None
        said = (self.folder / LOG).read_text("utf-8", "replace").strip().splitlines()
        last = "\n".join(f"  {line}" for line in said[-LAST_LINES:])
        raise UsageError(
            f"a load ended with exit code {code}, so nothing can be compared; {self.folder / LOG} ends:\n{last}"
        )

    def stop(self) -> None:
        """End the load if it still runs."""
        if self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def run_all(starts: Sequence[Callable[[], LoadProcess]]) -> list[Result]:
    """Start these loads and return their results; if one fails, or this process is stopped, all are stopped."""
    loads: list[LoadProcess] = []
    try:
        for start in starts:
            loads.append(start())  # noqa: PERF401 - a load that has started is known even if the next one fails
        return [load.result() for load in loads]
    finally:
        for load in loads:
            load.stop()


@contextlib.contextmanager
def terminated_like_interrupted() -> Iterator[None]:
    """Within this block, SIGTERM stops this process as Ctrl-C does, so that no load is left behind."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
