"""One timer for all connections: it looks every few hundredths of a second at those whose time is up.

A timer of its own for each receive costs more than the receive, so a timeout may come up to ``SCAN_INTERVAL`` late. While
nobody waits for anything the timer stands still.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from gevent import get_hub

from users.http.dns import DnsCache


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """How long to wait, in seconds, how much to read, in bytes, and whether to verify certificates.

    ``connect_timeout`` bounds the way to an open connection (name, TCP and TLS), ``read_timeout`` the silence of a server that is
    expected to send, ``total_timeout`` a whole exchange from the first of these to the last byte. ``largest_reply`` bounds a body.
    """

    connect_timeout: float
    read_timeout: float
    total_timeout: float
    largest_reply: int
    verify_tls: bool = True


SCAN_INTERVAL = 0.05
"""Seconds between two looks."""


class HasDeadline(Protocol):
    """Something that waits until ``deadline`` (a moment of the clock) at the longest."""

    deadline: float

    def on_deadline(self, now: float) -> None:
        """The deadline has passed: give up, or set another."""


class TimeoutScanner:
    """Whatever waits is in ``waiting``; ``start`` must be called once something has been put there.

    One belongs to each event loop (``current_scanner``); with it the looked-up ``dns`` are shared.
    """

    def __init__(self, hub: Any, clock: Callable[[], float] = time.perf_counter) -> None:
        self.hub = hub
        self.waiting: set[HasDeadline] = set()
        self.running = False
        self.clock = clock
        self.dns = DnsCache(clock)
        self._timer = hub.loop.timer(SCAN_INTERVAL, SCAN_INTERVAL)

    def start(self) -> None:
        """Begin to look, if nobody was waiting before."""
        if not self.running:
            self.running = True
            self._timer.start(self._scan)

    def _scan(self) -> None:
        if not self.waiting:
            self._timer.stop()
            self.running = False
            return
        now = self.clock()
        for one in [one for one in self.waiting if one.deadline <= now]:
            # Giving up on one may have ended another.
            if one in self.waiting and one.deadline <= now:
                one.on_deadline(now)


def current_scanner() -> TimeoutScanner:
    """The sweep of this thread's event loop, the same one every time."""
    return _scanner_of(get_hub())


@cache
def _scanner_of(hub: Any) -> TimeoutScanner:
    return TimeoutScanner(hub)
