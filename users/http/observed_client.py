"""The HTTP client with all headers kept, for one look at a shop; a load has no use for them, and they cost time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.measurement.outcomes import Outcome
from users.http.client import HttpClient
from users.http.connection import Connection
from users.http.origin import InvalidRequest, Origin
from users.http.request import serialize_request
from users.http.response import ResponseReader
from users.http.target_headers import NO_HEADERS, TargetHeaders
from users.http.timeouts import HttpLimits
from users.http.transport import HttpResponse

MAX_KEPT = 200
"""The most headers of a reply that are kept."""


class _HeaderReader(ResponseReader):
    """Keeps the headers of a reply; of two with the same name, both, on two lines."""

    def begin(self, *, bodiless: bool) -> None:
        self.headers: dict[str, str] = {}
        super().begin(bodiless=bodiless)

    def on_message_begin(self) -> None:
        if not self.complete:
            self.headers.clear()
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1").strip()
        if not self.complete and len(self.headers) < MAX_KEPT:
            self.headers[key] = f"{self.headers[key]}\n{text}" if key in self.headers else text
        super().on_header(name, value)

    def _read_cached(self, data: bytes) -> bool:  # noqa: ARG002 - a cached head has no headers
        return False


class ObservedClient(HttpClient):
    """Sends as ``HttpClient`` does, and reports nothing to Locust.

    ``sent`` and ``received`` are the headers of the last exchange, with names in lower case. ``received`` is empty
    without a reply.
    """

    def __init__(
        self,
        target: str,
        limits: HttpLimits,
        target_headers: TargetHeaders = NO_HEADERS,
        **clocks: Any,
    ) -> None:
        super().__init__(target, None, limits, target_headers=target_headers, **clocks)
        self.sent: Mapping[str, str] = {}
        self.received: Mapping[str, str] = {}

    def send(self, page: str, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HttpResponse:
        """Fetch one URL and keep the headers."""
        self.sent, self.received = self._headers_to_send(method, url, headers, body), {}
        response = super().send(page, method, url, headers, body)
        reader = self._reader(method, url)
        if response.status and isinstance(reader, _HeaderReader):
            self.received = dict(reader.headers)
        return response

    def report(self, outcome: Outcome, *, failed: bool) -> None:
        """Report nothing: there is no Locust."""

    def _headers_to_send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> dict[str, str]:
        try:
            head = self._heads.find(method, url)
            cookies = self._jar.header_line(head.origin, head.path, self._clock())
            request = serialize_request(head, cookies, headers, body)
        except InvalidRequest:
            return {}
        lines = request.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}

    def _reader(self, method: str, url: str) -> ResponseReader | None:
        try:
            connection = self._connections.get(self._heads.find(method, url).origin)
        except InvalidRequest:
            return None
        return connection.reader if connection else None

    def _new_connection(self, origin: Origin) -> Connection:
        connection = super()._new_connection(origin)
        connection.reader = _HeaderReader(self._limits.largest_reply)
        return connection
