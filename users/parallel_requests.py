"""Sends requests of one shopper side by side: each request that overlaps another has a connection of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import gevent
from gevent import Greenlet
from gevent.queue import SimpleQueue

from users.browser import Browser
from users.http.transport import Transport
from users.journeys.steps import JourneyFailed, PageRequest, PageResponse, ParallelRequests


@dataclass(slots=True)
class _FetchResult:
    side_browser: Browser
    request: PageRequest
    response: PageResponse | None = None
    failure: BaseException | None = None


class ParallelFetcher:
    """The transports of one virtual user beside its first one; they share its cookies and are kept from journey to journey."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._beside: list[Transport] = []

    def fetch(self, overlap: ParallelRequests, browser: Browser) -> None:
        """Drive ``overlap`` until no visit is under way.

        After a failure nothing new begins; what is under way is waited for, and the first failure is raised. A shopper
        who is stopped takes the requests under way along.
        """
        begin: Sequence[PageRequest] = overlap.initial()
        while len(begin) == 1:  # nothing overlaps: no greenlet is needed
            begin = overlap.on_response(begin[0], browser.fetch(begin[0]))
        if begin:
            self._fetch_parallel(overlap, begin, browser)

    def close(self) -> None:
        """Close all connections."""
        beside, self._beside = self._beside, []
        for transport in beside:
            transport.close()

    def _fetch_parallel(self, overlap: ParallelRequests, begin: Sequence[PageRequest], browser: Browser) -> None:
        ended: SimpleQueue[_FetchResult] = SimpleQueue()
        under_way: dict[int, Greenlet[..., None]] = {}
        free: list[Browser] = [browser.with_transport(transport) for transport in self._beside]
        failure: BaseException | None = None
        try:
            while begin or under_way:
                for request in begin:
                    side_browser = free.pop() if free else self._another(browser)
                    side_browser.due = browser.clock()
                    under_way[id(side_browser)] = gevent.spawn(_fetch, side_browser, request, ended)
                begin = ()
                end = ended.get()
                del under_way[id(end.side_browser)]
                free.append(end.side_browser)
                browser.due = max(browser.due, end.side_browser.due)
                if end.response is None:
                    failure = failure or end.failure
                elif failure is None:
                    try:
                        begin = overlap.on_response(end.request, end.response)
                    except JourneyFailed as failed:
                        failure = failed
        finally:
            gevent.killall(list(under_way.values()))
        if failure is not None:
            raise failure

    def _another(self, browser: Browser) -> Browser:
        transport = self._transport.open_parallel()
        self._beside.append(transport)
        return browser.with_transport(transport)


def _fetch(side_browser: Browser, request: PageRequest, ended: SimpleQueue[_FetchResult]) -> None:
    end = _FetchResult(side_browser, request)
    try:
        end.response = side_browser.fetch(request)
    except JourneyFailed as failure:
        end.failure = failure
    except Exception as bug:  # noqa: BLE001 - raised where the journey is driven
        end.failure = bug
    ended.put(end)
