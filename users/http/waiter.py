"""How a connection waits: for bytes, for room to send, or until its deadline.

The timeout scanner keeps the event loop alive while something waits; an idle connection does not.
"""

from __future__ import annotations

import socket
from typing import Any

from gevent import getcurrent

from users.http.timeouts import TimeoutScanner

WRITE = 2


class SocketWaiter:
    """A socket that one greenlet at a time waits for, until ``deadline`` (a moment of the scanner's clock) at most.

    A subclass decides what happens to the bytes, and what to do ``on_deadline``.
    """

    __slots__ = ("_timed_out", "_waiter", "_woken", "deadline", "scanner", "sock")

    def __init__(self, scanner: TimeoutScanner) -> None:
        self.scanner = scanner
        self.sock: socket.socket | None = None
        self.deadline = 0.0
        self._waiter: Any = None
        self._woken = False
        self._timed_out = False

    def on_deadline(self, now: float) -> None:
        """Called by the scanner once the deadline has passed."""
        raise NotImplementedError

    def _wait(self) -> None:
        """Wait until woken: by the bytes that complete a response, by the scanner, or by ``close``."""
        self._woken = False
        self._waiter = getcurrent()
        scanner = self.scanner
        scanner.waiting.add(self)
        if not scanner.running:
            scanner.start()
        try:
            while not self._woken:
                scanner.hub.switch()
        finally:
            self._waiter = None
            scanner.waiting.discard(self)

    def _wait_to_write(self) -> None:
        assert self.sock is not None  # noqa: S101 - only called with an open socket
        writing = self.scanner.hub.loop.io(self.sock.fileno(), WRITE, ref=False)
        writing.start(self._wake)
        try:
            self._wait()
        finally:
            writing.stop()
            writing.close()

    def _wake(self) -> None:
        self._woken = True
        if self._waiter is not None:
            self._waiter.switch()

    def _resume(self, waiter: Any) -> None:
        if self._waiter is waiter:
            waiter.switch()
