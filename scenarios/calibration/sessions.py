"""Tells the sessions of a log apart, in one pass and in room for those that are open only."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scenarios.calibration.logged_request import Request
from scenarios.calibration.observed_journey import Journey
from scenarios.calibration.page_matching import UnknownPaths, is_asset, page_of
from shop.contract import Page

GAP = 1800.0
"""After so many seconds of silence a session is over (the web's usual half an hour)."""

LONGEST = 4 * 3600.0
"""A session that lasts longer is a machine's; it is cut there, so that it cannot hold back what came after it."""

MOST_OPEN = 200_000
"""Sessions that are open at a time; beyond it the one that was silent the longest is closed early."""

_FAILED = 400


@dataclass(slots=True)
class OpenSession:
    """A session under way: its journey, its last request, and whether she is known to have an account."""

    journey: Journey | None
    since: float
    seen: float
    done: float
    signed_in: bool = False


@dataclass(slots=True)
class Counts:
    """What became of the requests of a log."""

    requests: int = 0
    assets: int = 0
    failed: int = 0
    late: int = 0
    by_cookie: int = 0
    by_address: int = 0
    timed: int = 0
    fine: int = 0
    crowded: int = 0
    opened: int = 0
    most_open: int = 0


class Sessions:
    """Feeds requests to the journeys they belong to, and yields each journey when it is over.

    Requests come in order of time; what comes more than a gap late is counted as ``late`` and left out.
    """

    def __init__(self, gap: float = GAP, prefix: str = "", most_open: int = MOST_OPEN) -> None:
        self._gap = gap
        self._prefix = prefix
        self._most_open = most_open
        self._open: OrderedDict[int, OpenSession] = OrderedDict()
        self._now = 0.0
        self.counts = Counts()
        self.unknown = UnknownPaths()
        self.began: float | None = None

    @property
    def now(self) -> float:
        """The latest moment seen, seconds since the epoch."""
        return self._now

    def oldest(self) -> float:
        """When the first of the journeys began that are still under way; no arrival before it is yet to come."""
        return min((one.journey.began for one in self._open.values() if one.journey), default=self._now - self._gap)

    def take(self, requests: Iterable[Request]) -> Iterator[Journey]:
        """The journeys that these requests end."""
        for request in requests:
            yield from self._take(request)

    def rest(self) -> Iterator[tuple[Journey, float]]:
        """At the end of the log: the journeys still open, with how long each had been silent; seconds."""
        for one in self._open.values():
            if one.journey is not None:
                yield one.journey, self._now - one.seen
        self._open.clear()

    def _take(self, request: Request) -> Iterator[Journey]:
        counts = self.counts
        counts.requests += 1
        if request.came < self._now - self._gap:
            counts.late += 1
            return
        if self.began is None:
            self.began = request.came
        self._now = max(self._now, request.came)
        yield from self._close_silent()
        target = request.target.removeprefix(self._prefix) or "/"
        page = page_of(request.method, target)
        if page is None:
            if is_asset(target):
                counts.assets += 1
            else:
                self.unknown.add(target)
            return
        counts.by_cookie += request.by_cookie
        counts.by_address += not request.by_cookie
        counts.timed += request.timed
        counts.fine += request.fine
        yield from self._add_page(request, page)

    def _add_page(self, request: Request, page: Page) -> Iterator[Journey]:
        one = self._open.get(request.who)
        if one is not None and request.came - one.since > LONGEST:
            yield from self._close(request.who)
            one = None
        if one is None:
            one = self._open[request.who] = OpenSession(None, request.came, request.came, request.done)
            yield from self._make_room()
        if request.status >= _FAILED:
            self.counts.failed += 1
        else:
            if one.journey is not None and one.journey.ends_at(page):
                yield one.journey
                one.journey = None
            gap = None
            if one.journey is None:
                one.journey = Journey(request.came, page, signed_in=one.signed_in)
            else:
                gap = request.came - one.done
            one.journey.visit(page, posts=request.method == "POST", gap=gap)
            one.signed_in = one.journey.signed_in
        one.seen = max(one.seen, request.came)
        one.done = max(one.done, request.done)
        self._open.move_to_end(request.who)

    def _make_room(self) -> Iterator[Journey]:
        self.counts.opened += 1
        self.counts.most_open = max(self.counts.most_open, len(self._open))
        if len(self._open) > self._most_open:
            self.counts.crowded += 1
            yield from self._close(next(iter(self._open)))

    def _close_silent(self) -> Iterator[Journey]:
        while self._open:
            who = next(iter(self._open))
            if self._open[who].seen >= self._now - self._gap:
                return
            yield from self._close(who)

    def _close(self, who: int) -> Iterator[Journey]:
        journey = self._open.pop(who).journey
        if journey is not None:
            yield journey
