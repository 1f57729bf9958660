"""Detects a wall clock that is set or drifts during a run, and measures how far the clocks of two hosts differ.

Times are measured with a monotonic clock, which cannot be set. But all workers start together at a moment of the wall
clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

MAX_READ_GAP = 0.001
"""The longest time in seconds between the two readings of a pair; after a longer one, the process was interrupted, and reads again."""
READ_ATTEMPTS = 5


@dataclass(slots=True)
class ClockDrift:
    """How far the wall clock and the monotonic clock drifted apart in ``watched`` seconds; all in seconds.

    ``drift`` is how much more time has passed by the wall clock. ``step`` is the largest jump between two readings, in
    either direction, and ``stepped_at`` its moment from the first reading.
    """

    watched: float = 0.0
    drift: float = 0.0
    step: float = 0.0
    stepped_at: float = 0.0

    @property
    def share(self) -> float:
        """The drift as a share of the time, without its sign."""
        return abs(self.drift) / self.watched if self.watched > 0 else 0.0

    def to_json(self) -> dict[str, Any]:
        """The drift as JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, d: Mapping[str, Any]) -> ClockDrift:
        """Read back what ``to_json`` wrote."""
        return cls(**d)


class ClockWatch:
    """Compares the two clocks about once a second; ``seen`` is the result so far."""

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.perf_counter) -> None:
        self._wall = wall
        self._steady = steady
        self._first: tuple[float, float] | None = None
        self.seen = ClockDrift()

    def look(self) -> None:
        """Read both clocks; a pair that could not be read together is left out."""
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
    """A message to another host and its reply, in seconds: ``sent`` and ``back`` by our clock, the others by theirs."""

    sent: float
    received: float
    answered: float
    back: float

    @property
    def network_time(self) -> float:
        """The time that both messages took on the network."""
        return (self.back - self.sent) - (self.answered - self.received)


class ClockOffset(NamedTuple):
    """How far the other host's clock is ahead, and the largest possible error of that; in seconds."""

    seconds: float
    error: float

    @property
    def min_seconds(self) -> float:
        """The least difference of the clocks in seconds, in either direction."""
        return max(0.0, abs(self.seconds) - self.error)

    @property
    def correction(self) -> float:
        """What to add to a moment of our clock to get theirs; 0 if the two may show the same time."""
        return self.seconds if self.min_seconds else 0.0


def best_offset(exchanges: Iterable[ClockExchange]) -> ClockOffset | None:
    """The offset from the exchange with the shortest network time; None if no exchange is usable.

    The formula is that of NTP. It is exact if both ways took equally long, and never wrong by more than half of the
    network time. If a clock was set during an exchange, its network time may be negative; it is left out.
    """
    usable = [each for each in exchanges if each.network_time >= 0]
    if not usable:
        return None
    best = min(usable, key=lambda each: each.network_time)
    ahead = ((best.received - best.sent) + (best.answered - best.back)) / 2
    return ClockOffset(ahead, best.network_time / 2)
