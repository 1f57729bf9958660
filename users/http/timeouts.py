"""One timer for all connections: it looks every few hundredths of a second at those whose time is up.

A timer of its own for each receive costs more than the receive, so a timeout may come up to ``PERIOD`` late. While
nobody waits for anything the timer stands still.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

from gevent import get_hub

from users.http.dns import DnsCache

PERIOD = 0.05
"""Seconds between two looks."""


class HasDeadline(Protocol):
    """Something that waits until ``deadline`` (a moment of the clock) at the longest."""

    deadline: float

    def overdue(self, now: float) -> None:
        """The deadline has passed: give up, or set another."""


class Sweep:
    """Whatever waits is in ``waiting``; ``wake`` must be called once something has been put there.

    One belongs to each event loop (``current_scanner``); with it the looked-up ``addresses`` are shared.
    """

    def __init__(self, hub: Any, clock: Callable[[], float] = time.perf_counter) -> None:
        self.hub = hub
        self.waiting: set[HasDeadline] = set()
        self.running = False
        self.clock = clock
        self.addresses = DnsCache(clock)
        self._timer = hub.loop.timer(PERIOD, PERIOD)

    def wake(self) -> None:
        """Begin to look, if nobody was waiting before."""
        if not self.running:
            self.running = True
            self._timer.start(self._look)

    def _look(self) -> None:
        if not self.waiting:
            self._timer.stop()
            self.running = False
            return
        now = self.clock()
        for one in [one for one in self.waiting if one.deadline <= now]:
            # Giving up on one may have ended another.
            if one in self.waiting and one.deadline <= now:
                one.overdue(now)


def current_scanner() -> Sweep:
    """The sweep of this thread's event loop, the same one every time."""
    return _scanner_of(get_hub())


@cache
def _scanner_of(hub: Any) -> Sweep:
    return Sweep(hub)
