"""Timeouts of the HTTP clients: the limits, and one timer that checks the deadlines of all connections.

A timer for each receive would cost more than the receive. So one timer looks at all of them, and a timeout may come up to
``SCAN_INTERVAL`` late. While nothing waits, the timer is stopped.
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
    """How long to wait, how much to read, and whether to verify certificates."""

    connect_timeout: float
    """Seconds for DNS lookup, TCP and TLS together."""
    read_timeout: float
    """Seconds without a byte from a server that has to send."""
    total_timeout: float
    """Seconds for the whole exchange, from the DNS lookup to the last byte."""
    largest_reply: int
    """The most bytes of a body."""
    verify_tls: bool = True


SCAN_INTERVAL = 0.05
"""Seconds between two scans."""


class HasDeadline(Protocol):
    """Something that waits until ``deadline`` (a moment of the clock) at most."""

    deadline: float

    def on_deadline(self, now: float) -> None:
        """The deadline has passed: give up, or set a new one."""


class TimeoutScanner:
    """Calls ``on_deadline`` of everything in ``waiting`` whose deadline has passed.

    Call ``start`` after you add something to ``waiting``. Each event loop has one scanner (``current_scanner``), and one
    ``dns`` cache with it.
    """

    def __init__(self, hub: Any, clock: Callable[[], float] = time.perf_counter) -> None:
        self.hub = hub
        self.waiting: set[HasDeadline] = set()
        self.running = False
        self.clock = clock
        self.dns = DnsCache(clock)
        self._timer = hub.loop.timer(SCAN_INTERVAL, SCAN_INTERVAL)

    def start(self) -> None:
        """Start the timer, unless it runs already."""
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
            # An earlier one in this list may have ended this one.
            if one in self.waiting and one.deadline <= now:
                one.on_deadline(now)


def current_scanner() -> TimeoutScanner:
    """The scanner of this thread's event loop, the same one every time."""
    return _scanner_of(get_hub())


@cache
def _scanner_of(hub: Any) -> TimeoutScanner:
    return TimeoutScanner(hub)
