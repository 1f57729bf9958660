"""One request as a log tells of it, whatever the log's form; who sent it is known by a number that says nothing."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """A request: when it came and was answered (seconds since the epoch), what it asked for, and whose it was.

    ``came`` equals ``done`` where the log does not say how long it took. ``by_cookie`` says that ``who`` is a session
    as the shop knows it, and not an address with a browser. ``fine`` says whether moments are finer than a second.
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
"""Seconds that a request may take; what says more is not the length of one."""


class StampedAt(StrEnum):
    """Of which end of a request a line's moment is."""

    START = "start"
    END = "end"


class DurationUnit(StrEnum):
    """In what a log counts how long requests took."""

    SECONDS = "s"
    MILLISECONDS = "ms"
    MICROSECONDS = "us"

    @property
    def seconds(self) -> float:
        """One of it in seconds."""
        return {"s": 1.0, "ms": 1e-3, "us": 1e-6}[self.value]


class LineReader(Protocol):
    """Reads the lines of one form of log."""

    def read(self, line: str) -> LoggedRequest:
        """What a line says; ValueError if it is no line of this form."""


class SessionNumbers:
    """Gives every session a number by which it is known again in this process, and by nobody else."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(16)

    def number(self, *parts: str) -> int:
        """The number of somebody known by these texts."""
        digest = blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=8, key=self._key).digest()
        return int.from_bytes(digest, "big")


def status_of(value: Any) -> int:
    """An HTTP status; ValueError for what is none."""
    status = int(value)
    if not 100 <= status <= 999:  # noqa: PLR2004  three digits, whatever a server makes of them
        raise ValueError("no status")
    return status


def checked_duration(seconds: float) -> float:
    """How long a request took, if any can have taken so long; ValueError for less than nothing and more than a day."""
    if not 0 <= seconds <= LONGEST:
        raise ValueError("no plausible length")
    return seconds


def request_span(moment: float, took: float | None, stamped: StampedAt) -> tuple[float, float]:
    """When a request came and was done, by its line's moment and how long it took (``None``: not said)."""
    if took is None:
        return moment, moment
    return (moment, moment + took) if stamped is StampedAt.START else (moment - took, moment)
