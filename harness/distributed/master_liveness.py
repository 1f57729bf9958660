"""Detects in a worker that its master is gone: killed, stopped, or unreachable.

Locust's own worker waits for a minute, and loads the target meanwhile. Pure; the plugin calls it several times a second.
"""

from __future__ import annotations

from collections.abc import Callable

MASTER_TIMEOUT = 4.0
"""Seconds of silence after which the master counts as gone; it answers a heartbeat each second."""
MASTER_CHECK_INTERVAL = 0.2
"""Seconds between two checks."""


class MasterLiveness:
    """Adds up for how long the master has been silent while this process was listening.

    A worker that was stopped, or on a machine that slept, was not listening: a late check counts as two intervals at most.
    ``parent`` returns the id of the process that forked this one; None: the worker was started by hand.
    """

    def __init__(self, clock: Callable[[], float], parent: Callable[[], int] | None) -> None:
        self._clock, self._parent = clock, parent
        self._parent_at_start = parent() if parent is not None else 0
        self._looked_at = clock()
        self.silent = 0.0

    def heard_from_master(self) -> None:
        """Record a message of the master."""
        self.silent = 0.0

    def check(self, *, loading: bool) -> str:
        """Why the master counts as gone, as half a sentence; empty: it is there. Silence counts only while loading."""
        now = self._clock()
        self.silent += min(now - self._looked_at, 2 * MASTER_CHECK_INTERVAL)
        self._looked_at = now
        if self.orphaned:
            return "the process that forked this worker has ended"
        return (
            f"the master has been silent for {self.silent:.0f} s" if loading and self.silent >= MASTER_TIMEOUT else ""
        )

    @property
    def orphaned(self) -> bool:
        """Whether the process that forked this one is gone."""
        return self._parent is not None and self._parent() != self._parent_at_start
