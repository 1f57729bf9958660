"""checkload's own HTTP client: HTTP/1.1 on gevent, with as little work per request as possible and exact times.

It does not speak HTTP/2 or to proxies (a proxy is refused at the start). It reports redirects and never follows one.
Locust sees every request through ``events.request``, as it sees the requests of its own clients.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from harness.measurement.outcomes import Outcome
from users.http import timestamps
from users.http.connection import Connection
from users.http.cookies import CookieStore
from users.http.locust.stats import LocustStats
from users.http.origin import InvalidRequest, Origin, parse_origin, refuse_proxy
from users.http.request import RequestHead, request_heads, serialize_request
from users.http.target_headers import NO_HEADERS, TargetHeaders
from users.http.timeouts import HttpLimits, current_scanner
from users.http.tls import TlsConnection
from users.http.transport import HttpResponse

__all__ = ["HttpClient", "HttpLimits"]

_new_response: Final = tuple.__new__  # a NamedTuple's own constructor takes twice as long


class HttpClient:
    """One virtual user's connections and cookies: at most one connection to each server, one exchange at a time.

    ``target`` is the URL of the target; ``user`` a Locust user (``environment`` and ``context()`` are used).
    ``target_headers`` go with every request to the target. ``statistics``, shared by all users of a process, reports
    requests to Locust in batches. ``on_resource_exhausted`` is called with the name of a resource that this machine has
    run out of (``EMFILE``). ``clock`` times the samples, ``wall`` is the time of day. Raises ``ValueError`` for a target
    that is not an http or https URL, and for one that the environment sets a proxy for.
    """

    __slots__ = (
        "_clock",
        "_connections",
        "_heads",
        "_jar",
        "_last",
        "_limits",
        "_on_resource_exhausted",
        "_read",
        "_read_at",
        "_scanner",
        "_statistics",
        "_user",
        "_wall",
    )

    def __init__(
        self,
        target: str,
        user: Any,
        limits: HttpLimits,
        *,
        target_headers: TargetHeaders = NO_HEADERS,
        statistics: LocustStats | None = None,
        on_resource_exhausted: Callable[[str], None] = lambda _resource: None,
        clock: Callable[[], float] = time.perf_counter,
        wall: Callable[[], float] = time.time,
    ) -> None:
        origin = parse_origin(target)
        refuse_proxy(origin)
        self._user = user
        self._limits = limits
        self._on_resource_exhausted = on_resource_exhausted
        self._clock = clock
        self._wall = wall
        self._heads = request_heads(origin, target_headers)
        self._scanner = current_scanner()
        self._jar = CookieStore(wall, origin, target_headers)
        self._connections: dict[Origin, Connection] = {}
        self._statistics = statistics
        self._last: tuple[str, str, str, HttpResponse, float] | None = None
        self._read = self._read_at = 0.0  # when the last response was read, by clock and by wall

    def send(self, page: str, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HttpResponse:
        """Fetch one URL; follow no redirect.

        A kept connection that the server has closed is replaced before anything is sent. Once a byte has been sent,
        nothing is sent again: the server may have read it, and a retry would hide a fault.
        """
        self._last = None
        began = self._clock()
        try:
            head = self._heads.find(method, url)
            origin = head.origin
            request = serialize_request(head, self._jar.header_line(origin, head.path, began), headers, body)
        except InvalidRequest:
            self._read, self._read_at = began, self._wall()
            response = _no_response(Outcome.CONNECTION)
        else:
            connection = self._connections.get(origin)
            failure: Outcome | None = Outcome.CONNECTION
            fresh = connection is None or connection.stale(began)
            if connection is not None and not fresh:
                failure = connection.exchange(request, bodiless=head.bodiless, began=began, now=began)
                fresh = failure is Outcome.CONNECTION and connection.unsent
            if connection is None or fresh:
                connection, failure = self._exchange(head, request, began)
            response = (
                self._response(connection, head, began)
                if failure is None
                else self._failed_response(connection, failure)
            )
        self._last = page, method, url, response, began
        return response

    def report(self, outcome: Outcome, *, failed: bool) -> None:
        """Report the last response to Locust; the outcome's name is the whole failure message."""
        if self._last is None:
            return
        page, method, url, response, began = self._last
        self._last = None
        spent = ((self._read if response.received_at is None else response.received_at) - began) * 1000
        statistics = self._statistics
        if not failed and statistics is not None and statistics.is_only_listener():
            statistics.buffer(method, page, (spent, len(response.body), self._read_at))
            return
        self._user.environment.events.request.fire(
            request_type=method,
            name=page,
            response_time=spent,
            response_length=len(response.body),
            response=response,
            context=self._user.context(),
            exception=_failure(outcome) if failed else None,
            start_time=self._read_at - (self._read - began),
            url=url if url.startswith(("http://", "https://")) else f"{self._heads.target.url}{url}",
        )

    def cookie(self, name: str) -> str:
        """The value of the target's cookie of this name; empty if there is none."""
        return self._jar.value(self._heads.target, name)

    def clear_cookies(self) -> None:
        """Drop all cookies."""
        self._jar.clear()

    def open_parallel(self) -> HttpClient:
        """A transport with the same cookies and its own connections, for requests that run in parallel to these."""
        # Its own connections, unlike the cookies. (copy.copy() cannot copy a compiled class.)
        other = HttpClient.__new__(HttpClient)
        # ruff: disable[SLF001]
        other._user, other._limits, other._statistics = self._user, self._limits, self._statistics
        other._on_resource_exhausted = self._on_resource_exhausted
        other._clock, other._wall, other._scanner = self._clock, self._wall, self._scanner
        other._heads, other._jar = self._heads, self._jar
        other._connections, other._last = {}, None
        other._read = other._read_at = 0.0
        # ruff: enable[SLF001]
        return other

    def close(self) -> None:
        """Close all connections and flush what Locust's statistics do not have yet."""
        connections, self._connections = self._connections, {}
        for connection in connections.values():
            connection.close()
        if self._statistics is not None:
            self._statistics.flush()

    def _exchange(self, head: RequestHead, request: bytes, began: float) -> tuple[Connection, Outcome | None]:
        """Send a request over a new connection, and keep that connection."""
        connection = self._connections[head.origin] = self._new_connection(head.origin)
        failure = connection.open(began)
        if failure is None:
            failure = connection.exchange(request, bodiless=head.bodiless, began=began, now=self._clock())
        return connection, failure

    def _new_connection(self, origin: Origin) -> Connection:
        kind = TlsConnection if origin.secure else Connection
        return kind(origin, self._limits, self._scanner)

    def _response(self, connection: Connection, head: RequestHead, began: float) -> HttpResponse:
        self._read = now = self._clock()
        self._read_at = wall = self._wall()
        reader, ancillary = connection.reader, connection.ancillary
        received_at = timestamps.receive_time(ancillary, began, now, wall) if ancillary else None
        if reader.cookies:
            for cookie in reader.cookies:
                self._jar.store(head.origin, head.path, cookie, now)
        body = reader.body()  # may set reader.failure
        return _new_response(
            HttpResponse, (reader.status, body, reader.location, reader.failure, received_at, reader.media)
        )

    def _failed_response(self, connection: Connection, failure: Outcome) -> HttpResponse:
        self._read, self._read_at = self._clock(), self._wall()
        if failure is Outcome.NO_SOCKET:
            self._on_resource_exhausted(connection.exhausted_resource)
        # A response that is too large still has a status.
        return (
            HttpResponse(connection.reader.status, b"", "", failure)
            if failure is Outcome.TOO_LARGE
            else _no_response(failure)
        )


def _no_response(failure: Outcome) -> HttpResponse:
    return HttpResponse(0, b"", "", failure)


@cache
def _failure(outcome: Outcome) -> Exception:
    # Imported late: importing Locust patches the standard library.
    from locust.exception import CatchResponseError  # noqa: PLC0415

    return CatchResponseError(str(outcome))
