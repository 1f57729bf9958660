"""Leaves out requests with a wrong time. One line of the year 9998 would make every later request late."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from scenarios.calibration.logged_request import LoggedRequest

JUMP = 1800.0
"""A jump ahead by more seconds needs a second request that confirms it."""

YEAR = 366 * 86_400.0
"""A log is never silent for so long after its first request, in seconds."""

AHEAD = YEAR
"""How far the clock of a server may be ahead of this machine's, in seconds."""


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
