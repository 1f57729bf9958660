"""One request of a log, in the same form for every kind of log. A number stands for the session."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request of a log. Times are seconds since the epoch.

    Without a duration in the log, ``started_at`` equals ``ended_at``. ``by_cookie`` says whether ``session_number`` comes from
    the session of the shop, and not from an address with a browser. ``has_subseconds`` says whether times are finer than a
    second.
    """

    started_at: float
    ended_at: float
    method: str
    target: str
    status: int
    session_number: int
    by_cookie: bool
    has_duration: bool
    has_subseconds: bool


LONGEST = 86_400.0
"""The longest duration of a request, in seconds; a longer one is an error in the log."""


class StampedAt(StrEnum):
    """Whether the time of a line is that of the start or of the end of its request."""

    START = "start"
    END = "end"


class DurationUnit(StrEnum):
    """The unit of durations in a log."""

    SECONDS = "s"
    MILLISECONDS = "ms"
    MICROSECONDS = "us"

    @property
    def seconds(self) -> float:
        """The unit in seconds."""
        return {"s": 1.0, "ms": 1e-3, "us": 1e-6}[self.value]


class LineReader(Protocol):
    """Reads the lines of one kind of log."""

    def read(self, line: str) -> LoggedRequest:
        """Read a line; raises ``ValueError`` if it is not of this kind."""


class SessionNumbers:
    """Gives every session a number. The number is keyed, so it means nothing outside this process."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(16)

    def number(self, *parts: str) -> int:
        """The number of the session with these texts."""
        digest = blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=8, key=self._key).digest()
        return int.from_bytes(digest, "big")


def status_of(value: Any) -> int:
    """Read an HTTP status; raises ``ValueError``."""
    status = int(value)
    if not 100 <= status <= 999:  # noqa: PLR2004  three digits
        raise ValueError("no status")
    return status


def checked_duration(seconds: float) -> float:
    """Check the duration of a request in seconds; raises ``ValueError`` below 0 and above a day."""
    if not 0 <= seconds <= LONGEST:
        raise ValueError("no plausible length")
    return seconds


def request_span(moment: float, took: float | None, stamped: StampedAt) -> tuple[float, float]:
    """The start and the end of a request, from the time of its line and its duration (``None``: unknown)."""
    if took is None:
        return moment, moment
    return (moment, moment + took) if stamped is StampedAt.START else (moment - took, moment)
