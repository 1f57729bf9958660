"""Leaves out a request whose moment fits none beside it: one line of the year 9998 would make all that follow late."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from scenarios.calibration.logged_request import LoggedRequest

JUMP = 1800.0
"""Seconds by which a request may come later than those before it without another that confirms it."""

YEAR = 366 * 86_400.0
"""Seconds that no log is silent for after its first request."""

AHEAD = YEAR
"""Seconds by which a server's clock may be ahead of this machine's."""


class OutlierFilter:
    """Lets requests through as soon as they are confirmed; ``complain`` is told place and reason of each that is left out.

    A request that comes after a long silence is held back until the next one: that one comes later still, or shortly before,
    or else the moment that was held back is wrong. So is the first moment where the second comes more than a year later.
    ``now`` is the time of day.
    """

    def __init__(self, complain: Callable[[str, str], None], now: float) -> None:
        self._complain = complain
        self._highest = now + AHEAD
        self._latest: float | None = None
        self._held: tuple[str, LoggedRequest] | None = None

    def take(self, place: str, request: LoggedRequest) -> Iterator[LoggedRequest]:
        """What may pass, now that this request is known."""
        if not 0 <= request.ended_at <= self._highest:
            self._complain(place, "no plausible moment")
            return
        if self._held is not None:
            where, held = self._held
            self._held = None
            begins = self._latest is None
            if held.ended_at - JUMP <= request.ended_at and not (begins and request.ended_at > held.ended_at + YEAR):
                yield self._pass(held)
            else:
                self._complain(where, "no plausible moment")
        if self._latest is None or request.ended_at > self._latest + JUMP:
            self._held = place, request
        else:
            yield self._pass(request)

    def flush(self) -> Iterator[LoggedRequest]:
        """The last request, if it had to wait for one that never came."""
        if self._held is not None:
            where, held = self._held
            if self._latest is None:
                yield held
            else:
                self._complain(where, "no plausible moment")

    def _pass(self, request: LoggedRequest) -> LoggedRequest:
        self._latest = request.ended_at if self._latest is None else max(self._latest, request.ended_at)
        return request
