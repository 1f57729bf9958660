"""Splits a log into sessions, in one pass. Memory holds only the open sessions."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scenarios.calibration.logged_request import LoggedRequest
from scenarios.calibration.observed_journey import ObservedJourney
from scenarios.calibration.page_matching import UnknownPaths, is_asset, page_of
from shop.contract import Page

SESSION_GAP = 1800.0
"""A session ends after this time without a request, in seconds."""

LONGEST = 4 * 3600.0
"""A longer session is a program's. It ends here, so that it does not hold back later arrivals."""

MOST_OPEN = 200_000
"""The most open sessions. With more, the one that was silent the longest ends early."""

_LOWEST_ERROR_STATUS = 400


@dataclass(slots=True)
class OpenSession:
    """An open session: its journey, its last request, and whether the shopper has an account."""

    journey: ObservedJourney | None
    since: float
    seen: float
    ended_at: float
    signed_in: bool = False


@dataclass(slots=True)
class LogCounts:
    """Counts of the requests of a log."""

    requests: int = 0
    failed: int = 0
    late: int = 0
    by_cookie: int = 0
    by_address: int = 0
    timed: int = 0
    fine: int = 0
    evicted: int = 0
    opened: int = 0
    most_open: int = 0


class Sessions:
    """Adds each request to its journey, and yields a journey when it is over.

    Requests come in order of time. One that is late by more than the session gap counts as ``late`` and is left out.
    """

    def __init__(self, gap: float = SESSION_GAP, prefix: str = "", most_open: int = MOST_OPEN) -> None:
        self._gap = gap
        self._prefix = prefix
        self._most_open = most_open
        self._open: OrderedDict[int, OpenSession] = OrderedDict()
        self._now = 0.0
        self.counts = LogCounts()
        self.unknown = UnknownPaths()
        self.began: float | None = None

    @property
    def now(self) -> float:
        """The latest moment seen, seconds since the epoch."""
        return self._now

    def oldest(self) -> float:
        """When the oldest open journey began. No earlier arrival is still to come."""
        return min((one.journey.began for one in self._open.values() if one.journey), default=self._now - self._gap)

    def take(self, requests: Iterable[LoggedRequest]) -> Iterator[ObservedJourney]:
        """Yield the journeys that these requests end."""
        for request in requests:
            yield from self._take(request)

    def close_all(self) -> Iterator[tuple[ObservedJourney, float]]:
        """End all sessions: yield each open journey, with the seconds since its last request."""
        for one in self._open.values():
            if one.journey is not None:
                yield one.journey, self._now - one.seen
        self._open.clear()

    def _take(self, request: LoggedRequest) -> Iterator[ObservedJourney]:
        counts = self.counts
        counts.requests += 1
        if request.started_at < self._now - self._gap:
            counts.late += 1
            return
        if self.began is None:
            self.began = request.started_at
        self._now = max(self._now, request.started_at)
        yield from self._close_silent()
        target = request.target.removeprefix(self._prefix) or "/"
        page = page_of(request.method, target)
        if page is None:
            if not is_asset(target):
                self.unknown.add(target)
            return
        counts.by_cookie += request.by_cookie
        counts.by_address += not request.by_cookie
        counts.timed += request.has_duration
        counts.fine += request.has_subseconds
        yield from self._add_page(request, page)

    def _add_page(self, request: LoggedRequest, page: Page) -> Iterator[ObservedJourney]:
        one = self._open.get(request.session_number)
        if one is not None and request.started_at - one.since > LONGEST:
            yield from self._close(request.session_number)
            one = None
        if one is None:
            one = self._open[request.session_number] = OpenSession(
                None, request.started_at, request.started_at, request.ended_at
            )
            yield from self._make_room()
        if request.status >= _LOWEST_ERROR_STATUS:
            self.counts.failed += 1
        else:
            if one.journey is not None and one.journey.ends_at(page):
                yield one.journey
                one.journey = None
            gap = None
            if one.journey is None:
                one.journey = ObservedJourney(request.started_at, page, signed_in=one.signed_in)
            else:
                gap = request.started_at - one.ended_at
            one.journey.add_page(page, posts=request.method == "POST", gap=gap)
            one.signed_in = one.journey.signed_in
        one.seen = max(one.seen, request.started_at)
        one.ended_at = max(one.ended_at, request.ended_at)
        self._open.move_to_end(request.session_number)

    def _make_room(self) -> Iterator[ObservedJourney]:
        self.counts.opened += 1
        self.counts.most_open = max(self.counts.most_open, len(self._open))
        if len(self._open) > self._most_open:
            self.counts.evicted += 1
            yield from self._close(next(iter(self._open)))

    def _close_silent(self) -> Iterator[ObservedJourney]:
        while self._open:
            who = next(iter(self._open))
            if self._open[who].seen >= self._now - self._gap:
                return
            yield from self._close(who)

    def _close(self, who: int) -> Iterator[ObservedJourney]:
        journey = self._open.pop(who).journey
        if journey is not None:
            yield journey
