"""Starts one load after another, each as a process of its own, and reads the results."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UsageError
from harness.exits import Exit
from harness.judging.finish import CANDIDATE
from harness.regression.pairing import Side
from harness.results.result import Result
from harness.results.store import ResultError, read, run_folder

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

    def run(self, side: Side, name: str) -> Result:
        """Run one load against this version, with its results in the folder ``name``; UsageError if it does not end well."""
        host = self.hosts.get(side, "")
        return self._run(name, "--host", host) if host else self._run(name)

    def run_pair(self, name: str) -> tuple[Result, Result]:
        """Run one load against both versions at the same time; returns the results of baseline and candidate."""
        hosts = "--host", self.hosts[Side.BASELINE], "--candidate", self.hosts[Side.CANDIDATE]
        return self._run(name, *hosts), _read(self.folder / name, CANDIDATE)

    def _run(self, name: str, *targets: str) -> Result:
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        command = [*self.command, *targets, "--results", str(folder), "--metrics-port", "0"]
        with (folder / LOG).open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)  # noqa: S603
        load = LoadProcess(process, folder)
        try:
            return load.result()
        finally:
            load.stop()


@dataclass(frozen=True, slots=True)
class LoadProcess:
    """A load that runs, and the folder of its results."""

    process: subprocess.Popen[bytes]
    folder: Path

    def result(self) -> Result:
        """Wait for the end and read the result; UsageError if the load did not start or did not end well."""
        code = self.process.wait()
        if code in {Exit.PASSED, Exit.FAILED, Exit.INVALID, Exit.INCONCLUSIVE}:
            return _read(self.folder)
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


def _read(folder: Path, part: str = "") -> Result:
    try:
        return read(run_folder(folder) / part)
    except ResultError as error:
        raise UsageError(str(error)) from None
