"""Locust's HTTP client within limits: it sends each request once, and reads no more of a response than is allowed.

Unchanged, it decompresses without a limit and reads heads without end. It takes a second response that arrives with the
first for a part of it. And it repeats a GET whose connection broke, which hides the fault.
"""

from __future__ import annotations

import contextlib
import errno
from http.cookiejar import Cookie, CookieJar
from typing import Any, cast

from geventhttpclient.client import HTTPClient, HTTPClientPool
from geventhttpclient.connectionpool import ConnectionPool
from geventhttpclient.header import Headers
from geventhttpclient.response import HTTPParseError, HTTPResponse, HTTPSocketPoolResponse
from geventhttpclient.url import URL
from geventhttpclient.useragent import ConnectionError as GeventConnectionError
from locust.contrib.fasthttp import FastResponse, LocustUserAgent

from harness.measurement.outcomes import Outcome
from users.http.decoding import TooLarge, Undecodable, decode
from users.http.response import MAX_FRAMING_PER_BYTE, MAX_HEAD_SIZE

_GONE = (errno.ECONNRESET, errno.EPIPE)


class InvalidResponse(GeventConnectionError):
    """A response that cannot be used, because of ``outcome``. Locust treats it as a broken connection."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(None, str(outcome))
        self.outcome = outcome


class BoundedSocketResponse(HTTPSocketPoolResponse):
    """One response with a body of at most ``largest`` bytes; any bytes behind it make its connection unusable."""

    def __init__(self, sock: Any, pool: ConnectionPool, largest: int, *, method: str, spoiled: bool) -> None:
        self.largest = largest
        self._spoiled = spoiled
        self._received = self._size = self._final = 0
        super().__init__(sock, pool, method=method)

    def get_code(self) -> int:
        """The status of the response, and not of anything behind it."""
        return self._final or super().get_code()

    def should_close(self) -> bool:
        """Whether the connection cannot be used again."""
        return self._spoiled or super().should_close()

    def feed(self, data: str | bytes) -> None:
        """Take the next bytes; raises ``InvalidResponse`` once there are too many."""
        self._received += len(data)
        try:
            HTTPResponse.feed(self, data)
        except HTTPParseError:
            if not self._final:
                raise
            self._spoiled = True
        if self._size > self.largest or (
            not self._final and self._received - self._size > MAX_HEAD_SIZE + MAX_FRAMING_PER_BYTE * self._size
        ):
            self._spoiled = True
            raise InvalidResponse(Outcome.TOO_LARGE if self._is_headed() else Outcome.CONNECTION)
        if self._final:
            # TLS may have read more bytes than were asked for.
            pending = getattr(self._sock, "pending", None)
            self._spoiled = self._spoiled or bool(pending is not None and pending())
            self.release()

    def _is_headed(self) -> bool:
        return self.headers_complete and self.get_code() >= 200  # noqa: PLR2004 - 1xx are interim responses

    # Called by the parser

    def _on_message_begin(self) -> None:
        if self._final:
            raise HTTPParseError("a second response")
        super()._on_message_begin()

    def _on_headers_complete(self) -> int | bool | None:
        bodiless = super()._on_headers_complete()
        for coding in self._headers_index.getlist("transfer-encoding"):
            if coding.strip().lower() != "chunked":
                raise HTTPParseError("the end of the body is unknown")
        return bodiless

    def _on_body(self, buf: bytearray) -> None:
        self._size += len(buf)
        super()._on_body(buf)

    def _on_message_complete(self) -> None:
        self.message_complete = True
        if self._is_headed():
            self._final = super().get_code()


class BoundedClient(HTTPClient):
    """Sends each request once; ``largest`` limits the body of a response, in bytes."""

    def __init__(self, *arguments: Any, largest: int, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.largest = largest

    def request(self, method: str, request_uri: str, body: Any = b"", headers: Any = None) -> BoundedSocketResponse:
        """Send a request and read the head of its response."""
        method, body = method.upper(), body or b""
        head = self._build_request(method, request_uri, body=body, headers=headers)
        pool = self._connection_pool
        sock: Any = pool.get_socket()
        # A fault can cut a connection at any byte. A response that ends with its connection must end with TLS's close message.
        if self.ssl:
            sock.suppress_ragged_eofs = False
        half_sent = False
        try:
            sock.sendall(head.encode("latin-1") + body)
        except OSError as error:
            # A server that did not read all of the request may still have sent a response.
            if error.errno not in _GONE:
                pool.release_socket(sock)
                raise
            half_sent = True
        except BaseException:
            pool.release_socket(sock)
            raise
        response = BoundedSocketResponse(sock, pool, self.largest, method=method, spoiled=half_sent)
        response._sent_request = head  # noqa: SLF001 - the library sets it from outside, too
        return response


class BoundedPool(HTTPClientPool):
    """The clients of one virtual user, one for each server."""

    def get_client(self, url: str | URL) -> HTTPClient:
        """The client for the server that this URL names."""
        place = URL(url) if isinstance(url, str) else url
        key = place.host, place.port
        client = self.clients.get(key)
        if client is None:
            client = self.clients[key] = BoundedClient.from_url(place, **self.client_args)
        return client


class LenientCookieJar(CookieJar):
    """The library's cookies, without invalid ones: on an overflowing number the library prints a traceback and loses all."""

    def _cookies_from_attrs_set(self, attrs_set: Any, request: Any) -> list[Cookie]:
        kept: list[Cookie] = []
        for attrs in attrs_set:
            with contextlib.suppress(OverflowError, ValueError):
                kept += super()._cookies_from_attrs_set([attrs], request)  # type: ignore[misc]
        return kept


class BoundedResponse(FastResponse):
    """A response as Locust returns it. Its ``content`` is decoded within limits, or raises ``InvalidResponse``."""

    def _content(self) -> bytes:
        response, headers = cast("BoundedSocketResponse", self._response), cast("Headers", self.headers)
        try:
            return decode(response.read(), ",".join(headers.getlist("content-encoding")), response.largest)
        except Undecodable:
            raise InvalidResponse(Outcome.ENCODING) from None
        except TooLarge:
            raise InvalidResponse(Outcome.TOO_LARGE) from None


class BoundedUserAgent(LocustUserAgent):
    """Locust's user agent with ``BoundedResponse``.

    It accepts every status: the checks decide what is correct. Locust would decode the body of another status to quote it.
    """

    response_type = BoundedResponse
    valid_response_codes = frozenset(range(1000))
