"""Sends requests of one shopper in parallel: each runs on a connection of its own."""

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
    """The further transports of one virtual user; they share its cookies and are kept from journey to journey."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._side_transports: list[Transport] = []

    def fetch(self, parallel: ParallelRequests, browser: Browser) -> None:
        """Run ``parallel`` until no request is in flight.

        After a failure nothing new starts. Requests in flight are awaited, then the first failure is raised. If the
        shopper is stopped, the requests in flight are stopped, too.
        """
        start: Sequence[PageRequest] = parallel.initial()
        while len(start) == 1:  # a single request needs no greenlet
            start = parallel.on_response(start[0], browser.fetch(start[0]))
        if start:
            self._fetch_parallel(parallel, start, browser)

    def close(self) -> None:
        """Close all connections."""
        transports, self._side_transports = self._side_transports, []
        for transport in transports:
            transport.close()

    def _fetch_parallel(self, parallel: ParallelRequests, start: Sequence[PageRequest], browser: Browser) -> None:
        done: SimpleQueue[_FetchResult] = SimpleQueue()
        in_flight: dict[int, Greenlet[..., None]] = {}
        free: list[Browser] = [browser.with_transport(transport) for transport in self._side_transports]
        failure: BaseException | None = None
        try:
            while start or in_flight:
                for request in start:
                    side_browser = free.pop() if free else self._new_side_browser(browser)
                    side_browser.due = browser.pace.now()
                    in_flight[id(side_browser)] = gevent.spawn(_fetch, side_browser, request, done)
                start = ()
                result = done.get()
                del in_flight[id(result.side_browser)]
                free.append(result.side_browser)
                browser.due = max(browser.due, result.side_browser.due)
                if result.response is None:
                    failure = failure or result.failure
                elif failure is None:
                    try:
                        start = parallel.on_response(result.request, result.response)
                    except JourneyFailed as failed:
                        failure = failed
        finally:
            gevent.killall(list(in_flight.values()))
        if failure is not None:
            raise failure

    def _new_side_browser(self, browser: Browser) -> Browser:
        transport = self._transport.open_parallel()
        self._side_transports.append(transport)
        return browser.with_transport(transport)


def _fetch(side_browser: Browser, request: PageRequest, done: SimpleQueue[_FetchResult]) -> None:
    result = _FetchResult(side_browser, request)
    try:
        result.response = side_browser.fetch(request)
    except JourneyFailed as failure:
        result.failure = failure
    except Exception as bug:  # noqa: BLE001 - raised again in the shopper's own greenlet
        result.failure = bug
    done.put(result)
