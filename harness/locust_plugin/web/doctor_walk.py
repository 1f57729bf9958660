"""Runs ``checkload doctor`` in a process of its own for the web UI, so that a walk never holds up Locust."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import gevent
import orjson
from gevent import subprocess

from harness.errors import UsageError
from harness.results.store import new_folder

SCENARIO, REPORT, DOCUMENT = "own.toml", "doctor.html", "doctor.json"
"""The files that a walk leaves in its folder."""

MOST_LINES = 200
LONGEST_LINE = 1000
PATIENCE = 20.0
"""Seconds that a stopped walk may take for its report; then it is killed."""

_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa0-\uffff]")
_USAGE_ERROR = 2


class WalkStatus(NamedTuple):
    """What the page shows of the latest walk.

    ``state`` is ``none``, ``walking`` or ``over``; ``kind`` is the verdict, or ``error`` if there is no report. ``title`` says
    what was found, in one sentence. ``folder`` is where the files are; ``scenario``: a scenario was written.
    """

    state: str = "none"
    kind: str = ""
    title: str = ""
    seconds: int = 0
    lines: Sequence[str] = ()
    report: bool = False
    scenario: bool = False
    folder: str = ""


class DoctorWalk:
    """The walks of one web UI, one at a time. ``command`` starts the doctor; it takes the options of ``checkload doctor``."""

    def __init__(self, command: Sequence[str], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._command = command
        self._clock = clock
        self._process: Any = None
        self._folder = Path()
        self._lines: deque[str] = deque(maxlen=MOST_LINES)
        self._started = self._seconds = 0.0
        self._stopped = False
        self._over = WalkStatus()

    @property
    def walking(self) -> bool:
        """Whether a walk is under way."""
        return self._process is not None

    def start(self, options: Sequence[str], results: Path) -> None:
        """Start a walk that leaves its files in a new folder in ``results``; raises ``UsageError``."""
        try:
            self._folder = new_folder(results, "doctor", datetime.now(UTC))
            written = {"--write": SCENARIO, "--json": DOCUMENT, "--html": REPORT}
            files = [f"{option}={self._folder / name}" for option, name in written.items()]
            self._process = subprocess.Popen(
                [*self._command, *options, *files],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C in the terminal is for Locust
            )
        except OSError as error:
            raise UsageError(f"The doctor could not be started: {error.strerror}.") from None
        self._lines.clear()
        self._started, self._stopped = self._clock(), False
        gevent.spawn(self._watch, self._process)

    def stop(self) -> None:
        """Ask the walk to end; it still writes its report."""
        process = self._process
        if process is not None and not self._stopped:
            self._stopped = True
            process.terminate()
            gevent.spawn_later(PATIENCE, self._kill, process)

    def status(self) -> WalkStatus:
        """The latest walk at this moment."""
        if self._process is None:
            return self._over
        title = "Stopping: the report is being written." if self._stopped else "Walking through the shop."
        seconds = round(self._clock() - self._started)
        return WalkStatus("walking", "walking", title, seconds, list(self._lines), folder=str(self._folder))

    def file(self, name: str) -> bytes | None:
        """A file of the latest walk; ``None`` if it did not write this one."""
        try:
            return (self._folder / name).read_bytes() if self._over.state == "over" else None
        except OSError:
            return None

    def _kill(self, process: Any) -> None:
        if process is self._process:
            process.kill()

    def _watch(self, process: Any) -> None:
        """Collect what the walk says until it has ended."""
        while line := process.stderr.readline(LONGEST_LINE):
            self._lines.append(_UNPRINTABLE.sub(" ", line.decode(errors="replace")).rstrip())
        code = process.wait()
        process.stderr.close()
        self._over = self._ended(code)
        self._process = None

    def _ended(self, code: int) -> WalkStatus:
        lines, seconds = list(self._lines), round(self._clock() - self._started)
        exists = {name: (self._folder / name).is_file() for name in (REPORT, SCENARIO)}
        status = WalkStatus("over", "error", "", seconds, lines, exists[REPORT], exists[SCENARIO], str(self._folder))
        if exists[REPORT] and code >= 0:
            try:
                found = orjson.loads((self._folder / DOCUMENT).read_bytes())
                return status._replace(kind=str(found["verdict"]), title=str(found["headline"]))
            except (OSError, ValueError, KeyError):
                pass  # the report is there, and says it
        if code == _USAGE_ERROR:
            return status._replace(title="The doctor could not start.")
        why = "was stopped" if self._stopped else f"ended with the exit code {code}"
        return status._replace(title=f"The doctor {why} before it had a report.")
