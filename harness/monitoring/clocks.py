"""Notices a clock that is set during a run, and how far the clocks of two hosts are apart.

Times are measured with a steady clock that nobody can set; but the moment at which all workers start together is told
by the wall clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

MAX_READ_GAP = 0.001
"""Seconds that the two readings of a pair may lie apart; else we were interrupted between them, and read anew."""
READ_ATTEMPTS = 5


@dataclass(slots=True)
class ClockDrift:
    """How far wall clock and steady clock went apart, in seconds, while ``watched`` seconds went by.

    ``drift`` is how much more time the wall clock says has gone by, ``step`` the largest jump from one look to the next,
    either way, and ``stepped_at`` when that was (seconds from the first look).
    """

    watched: float = 0.0
    drift: float = 0.0
    step: float = 0.0
    stepped_at: float = 0.0

    @property
    def share(self) -> float:
        """The drift as a share of the time, never below 0."""
        return abs(self.drift) / self.watched if self.watched > 0 else 0.0

    def to_json(self) -> dict[str, Any]:
        """The drift as JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, d: Mapping[str, Any]) -> ClockDrift:
        """Read back what ``to_json`` wrote."""
        return cls(**d)


class ClockWatch:
    """Compares the two clocks about once a second; ``seen`` holds the result so far."""

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.perf_counter) -> None:
        self._wall = wall
        self._steady = steady
        self._first: tuple[float, float] | None = None
        self.seen = ClockDrift()

    def look(self) -> None:
        """Read both clocks; a pair that was not read together says nothing and is left out."""
        pair = self._pair()
        if pair is None:
            return
        if self._first is None:
            self._first = pair
            return
        watched, walled = (now - then for now, then in zip(pair, self._first, strict=True))
        seen = self.seen
        step = walled - watched - seen.drift
        if abs(step) > abs(seen.step):
            seen.step, seen.stepped_at = step, watched
        seen.watched, seen.drift = watched, walled - watched

    def _pair(self) -> tuple[float, float] | None:
        for _ in range(READ_ATTEMPTS):
            before = self._steady()
            wall = self._wall()
            after = self._steady()
            if after - before <= MAX_READ_GAP:
                return (before + after) / 2, wall
        return None


class ClockExchange(NamedTuple):
    """A message to another host and its reply: sent (our clock), received and answered (theirs), back (ours); seconds."""

    sent: float
    received: float
    answered: float
    back: float

    @property
    def network_time(self) -> float:
        """How long both messages were on their way together."""
        return (self.back - self.sent) - (self.answered - self.received)


class ClockOffset(NamedTuple):
    """How much later it is over there, and by how much that may be wrong at most (seconds)."""

    seconds: float
    error: float

    @property
    def min_seconds(self) -> float:
        """By how many seconds the clocks are apart at the least, either way."""
        return max(0.0, abs(self.seconds) - self.error)

    @property
    def correction(self) -> float:
        """What to add to a moment of our clock for theirs: nothing where the two may well show the same time."""
        return self.seconds if self.min_seconds else 0.0


def best_offset(exchanges: Iterable[ClockExchange]) -> ClockOffset | None:
    """The best answer of several exchanges: the one whose messages travelled least; None if none is of any use.

    The formula is NTP's: exact if both ways took equally long, and never wrong by more than half of both together. An
    exchange with a clock set in the middle seems to have travelled for less than no time; it is left out.
    """
    sound = [each for each in exchanges if each.network_time >= 0]
    if not sound:
        return None
    best = min(sound, key=lambda each: each.network_time)
    ahead = ((best.received - best.sent) + (best.answered - best.back)) / 2
    return ClockOffset(ahead, best.network_time / 2)
