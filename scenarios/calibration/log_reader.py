"""Reads logs line by line: plain, compressed or from standard input; each line is text or JSON.

It also leaves out requests with a wrong time: one line of the year 9998 would make every later request late.
"""

from __future__ import annotations

import gzip
import io
import stat
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from harness.errors import UsageError
from scenarios.calibration.logged_request import LineReader, LoggedRequest

_LONGEST_LINE = 64 * 1024
_GZIP = b"\x1f\x8b"
_MOST_SHOWN = 5
_ENOUGH_TO_JUDGE = 1_000


JUMP = 1800.0
"""A jump ahead by more seconds needs a second request that confirms it."""

YEAR = 366 * 86_400.0
"""A log is never silent for so long after its first request, in seconds."""

AHEAD = YEAR
"""How far the clock of a server may be ahead of this machine's, in seconds."""


@dataclass(slots=True)
class LineCounts:
    """How many lines were read and how many were bad; the first bad ones with their place and the reason."""

    read: int = 0
    bad: int = 0
    shown: list[str] = field(default_factory=list)

    def add_bad_line(self, place: str, why: str) -> None:
        """Count a bad line."""
        self.bad += 1
        if len(self.shown) < _MOST_SHOWN:
            self.shown.append(f"{place}: {why}")

    def refuse_too_many_bad_lines(self, allowed: float) -> None:
        """Raise ``UsageError`` if more than this share of the lines is bad: then it is another kind of log."""
        if self.bad > allowed * max(self.read, 1):
            listed = "\n".join(f"  {line}" for line in self.shown)
            raise UsageError(
                f"{self.bad:,} of {self.read:,} lines are not requests, more than {allowed:.0%} (--bad-lines):\n{listed}\n"
                "  remedy: give an access log in the common or combined form or as JSON lines; --json-keys names keys"
            )


class OutlierFilter:
    """Passes on requests whose time is confirmed; calls ``complain`` with the place and the reason of the others.

    A request after a long silence is held back until the next one. If the next one is later, or only a little earlier, the
    time is right; else it is wrong. The first time is wrong if the second is more than a year later. ``now`` is the time of
    this machine.
    """

    def __init__(self, complain: Callable[[str, str], None], now: float) -> None:
        self._complain = complain
        self._highest = now + AHEAD
        self._latest: float | None = None
        self._held: tuple[str, LoggedRequest] | None = None

    def take(self, place: str, request: LoggedRequest) -> Iterator[LoggedRequest]:
        """Take a request, and yield those that are confirmed now."""
        if not 0 <= request.ended_at <= self._highest:
            self._complain(place, "no plausible time")
            return
        if self._held is not None:
            where, held = self._held
            self._held = None
            begins = self._latest is None
            if held.ended_at - JUMP <= request.ended_at and not (begins and request.ended_at > held.ended_at + YEAR):
                yield self._pass(held)
            else:
                self._complain(where, "no plausible time")
        if self._latest is None or request.ended_at > self._latest + JUMP:
            self._held = place, request
        else:
            yield self._pass(request)

    def flush(self) -> Iterator[LoggedRequest]:
        """Yield the last request if it is still held back and right."""
        if self._held is not None:
            where, held = self._held
            if self._latest is None:
                yield held
            else:
                self._complain(where, "no plausible time")

    def _pass(self, request: LoggedRequest) -> LoggedRequest:
        self._latest = request.ended_at if self._latest is None else max(self._latest, request.ended_at)
        return request


def read_requests(
    names: Sequence[str], text: LineReader, json: LineReader, lines: LineCounts, allowed: float
) -> Iterator[LoggedRequest]:
    """Yield every request of these logs; raises ``UsageError`` for an unreadable log or too many bad lines."""
    outliers = OutlierFilter(lines.add_bad_line, time.time())
    for name in names:
        with _opened(name) as file:
            for number, line in enumerate(_bounded(file), start=1):
                stripped = line.strip()
                if not stripped:
                    continue
                lines.read += 1
                reader = json if stripped.startswith("{") else text
                place = f"{name}, line {number}"
                try:
                    request = reader.read(stripped)
                except (ValueError, TypeError, IndexError, OverflowError, OSError) as error:
                    lines.add_bad_line(place, _why(error))
                else:
                    yield from outliers.take(place, request)
                if lines.read == _ENOUGH_TO_JUDGE:
                    # Stop early: the log may have gigabytes.
                    lines.refuse_too_many_bad_lines(max(allowed, 0.5))
    yield from outliers.flush()


def _why(error: Exception) -> str:
    # Only our own short reasons: an error of a parser may quote the line, with addresses and cookies.
    text = str(error)
    return (
        text
        if text.startswith(("no ", "not ")) and len(text) < len("not in the common or combined form") + 1
        else ("not readable")
    )


def _bounded(file: IO[str]) -> Iterable[str]:
    while line := file.readline(_LONGEST_LINE):
        yield line
        while len(line) == _LONGEST_LINE and not line.endswith("\n"):
            line = file.readline(_LONGEST_LINE)


@contextmanager
def _opened(name: str) -> Iterator[IO[str]]:
    if name == "-":
        # Not sys.stdin itself: bytes that are not UTF-8 must not end the reading.
        file = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="replace")
        try:
            yield file
        finally:
            file.detach()
        return
    try:
        _refuse_device(name)
        with Path(name).open("rb") as raw:
            start = raw.peek(2)[:2]
            inner: IO[bytes] = gzip.GzipFile(fileobj=raw) if start == _GZIP else raw  # type: ignore[assignment]
            with io.TextIOWrapper(inner, encoding="utf-8", errors="replace") as file:
                yield file
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise UsageError(f"{name}: the compressed file is cut off or damaged; copy it again") from None
    except OSError as error:
        raise UsageError(f"{name}: {(error.strerror or 'not readable').lower()}; give a readable log") from None


def _refuse_device(name: str) -> None:
    try:
        kind = Path(name).stat().st_mode
    except ValueError:
        raise UsageError(f"{name!r}: this cannot be the name of a file; give a readable log") from None
    if not (stat.S_ISREG(kind) or stat.S_ISFIFO(kind) or stat.S_ISDIR(kind)):  # reading a device may never end
        raise UsageError(f"{name}: it is not a file; give a readable log")
