"""A transport of our own for gevent: HTTP/1.1 with as little work for a request as can be, and honest about time.

What it does not speak: proxies (refused when it is made), HTTP/2, and redirections, which it reports and never follows.
Locust hears of every request through ``events.request``, as it does of its own clients' requests.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from harness.measurement.outcomes import Outcome
from users.http import timestamps
from users.http.connection import Connection
from users.http.cookies import CookieStore
from users.http.locust_stats import LocustStats
from users.http.origin import InvalidRequest, Origin, parse_origin, refuse_proxy
from users.http.request import RequestHead, request_heads, serialize_request
from users.http.target_headers import NO_HEADERS, TargetHeaders
from users.http.timeouts import HttpLimits, current_scanner
from users.http.tls import TlsConnection
from users.http.transport import HttpResponse

__all__ = ["HttpClient", "HttpLimits"]

_new_response = tuple.__new__  # what a NamedTuple does for each of its fields by name takes twice as long


class HttpClient:
    """One virtual user's connections and cookies: at most one connection to a server, one exchange at a time.

    ``target`` is the URL of the shop; ``user`` a Locust user (its ``environment`` and ``context()`` are used).
    ``target_headers`` goes with every request to the shop. ``statistics``, shared by all users of a process, saves telling Locust of each request apart. ``on_resource_exhausted`` is told by name what
    this machine has run out of (``EMFILE``). ``clock`` is the one that samples are timed by, ``wall`` the time of day. Raises ``ValueError`` for a target that
    is no http or https URL, and for one that the environment wants a proxy for.
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
        self._read = self._read_at = 0.0  # when the last reply had been read, by the clock and by the time of day

    def send(self, page: str, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HttpResponse:
        """Fetch one URL; nothing is followed.

        A connection kept from before that the server has closed is replaced before anything is sent. Once a byte
        has left, nothing is sent again: the shop may have read it, and a fault that is repeated away is a fault unseen.
        """
        self._last = None
        began = self._clock()
        try:
            head = self._heads.find(method, url)
            origin = head.origin
            request = serialize_request(head, self._jar.header_line(origin, head.path, began), headers, body)
        except InvalidRequest:
            self._read, self._read_at = began, self._wall()
            reply = _no_response(Outcome.CONNECTION)
        else:
            connection = self._connections.get(origin)
            failure: Outcome | None = Outcome.CONNECTION
            fresh = connection is None or connection.stale(began)
            if connection is not None and not fresh:
                failure = connection.exchange(request, bodiless=head.bodiless, began=began, now=began)
                fresh = failure is Outcome.CONNECTION and connection.unsent
            if connection is None or fresh:
                connection, failure = self._exchange(head, request, began)
            reply = (
                self._response(connection, head, began)
                if failure is None
                else self._failed_response(connection, failure)
            )
        self._last = page, method, url, reply, began
        return reply

    def report(self, outcome: Outcome, *, failed: bool) -> None:
        """Tell Locust's statistics and listeners of the last reply; the outcome's name is the whole failure message."""
        if self._last is None:
            return
        page, method, url, reply, began = self._last
        self._last = None
        spent = ((self._read if reply.received_at is None else reply.received_at) - began) * 1000
        statistics = self._statistics
        if not failed and statistics is not None and statistics.is_only_listener():
            statistics.buffer(method, page, (spent, len(reply.body), self._read_at))
            return
        self._user.environment.events.request.fire(
            request_type=method,
            name=page,
            response_time=spent,
            response_length=len(reply.body),
            response=reply,
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
        """The same virtual user with the same cookies, and with connections of its own: its requests may overlap these."""
        other = copy.copy(self)
        other._connections, other._last = {}, None  # noqa: SLF001 - its own, unlike the cookies
        return other

    def close(self) -> None:
        """Close all connections; what Locust's statistics have not been told yet they are told now."""
        connections, self._connections = self._connections, {}
        for connection in connections.values():
            connection.close()
        if self._statistics is not None:
            self._statistics.flush()

    def _exchange(self, head: RequestHead, request: bytes, began: float) -> tuple[Connection, Outcome | None]:
        """Over a connection of its own, which is kept."""
        kind = TlsConnection if head.origin.secure else Connection
        connection = self._connections[head.origin] = kind(head.origin, self._limits, self._scanner)
        failure = connection.open(began)
        if failure is None:
            failure = connection.exchange(request, bodiless=head.bodiless, began=began, now=self._clock())
        return connection, failure

    def _response(self, connection: Connection, head: RequestHead, began: float) -> HttpResponse:
        self._read = now = self._clock()
        self._read_at = wall = self._wall()
        reader, ancillary = connection.reader, connection.ancillary
        received_at = timestamps.receive_time(ancillary, began, now, wall) if ancillary else None
        if reader.cookies:
            for cookie in reader.cookies:
                self._jar.store(head.origin, head.path, cookie, now)
        body = reader.body()  # which may fail
        return _new_response(
            HttpResponse, (reader.status, body, reader.location, reader.failure, received_at, reader.media)
        )

    def _failed_response(self, connection: Connection, failure: Outcome) -> HttpResponse:
        self._read, self._read_at = self._clock(), self._wall()
        if failure is Outcome.NO_SOCKET:
            self._on_resource_exhausted(connection.exhausted_resource)
        # What was too large has a status all the same.
        return (
            HttpResponse(connection.reader.status, b"", "", failure)
            if failure is Outcome.TOO_LARGE
            else _no_response(failure)
        )


def _no_response(failure: Outcome) -> HttpResponse:
    return HttpResponse(0, b"", "", failure)


@cache
def _failure(outcome: Outcome) -> Exception:
    # Not imported before it is needed: to import Locust is to have the standard library patched.
    from locust.exception import CatchResponseError  # noqa: PLC0415

    return CatchResponseError(str(outcome))
