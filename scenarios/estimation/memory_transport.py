"""Carries one shopper's requests to an embedded shop in the same process: no socket, and time of its own."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson

from harness.measurement.outcomes import Outcome
from shop.app import Shop
from shop.http_messages import Refused, Reply, Request
from shop.routes import route
from users.http.transport import HttpResponse

ADDRESS = "127.0.0.1"
URL = f"http://{ADDRESS}"
_NONE: Mapping[str, Mapping[str, Any]] = MappingProxyType({})


class WalkingClock:
    """A clock that moves only when a shopper waits; ``now`` is in seconds."""

    def __init__(self) -> None:
        self.now = 0.0
        self.shop_seconds = 0.0
        """Processor seconds of the shop, which are no part of what the shoppers cost."""

    def __call__(self) -> float:
        """The time of the clock."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let this time pass."""
        self.now += seconds


class MemoryTransport:
    """Answers requests from ``shop``; each reply takes ``page_seconds``. Keeps cookies by name, as there is one host.

    ``answers`` are JSON replies by path, for what only another shop has.
    """

    def __init__(
        self, shop: Shop, clock: WalkingClock, page_seconds: float, answers: Mapping[str, Mapping[str, Any]] = _NONE
    ) -> None:
        self._shop = shop
        self._clock = clock
        self._page_seconds = page_seconds
        self._answers = answers
        self._cookies: dict[str, str] = {}

    def send(self, _page: str, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HttpResponse:
        """The shop's reply; see ``users.http.transport.Transport``."""
        began = time.process_time()
        parts = urlsplit(url)
        request = Request(
            method,
            unquote(parts.path),
            dict(parse_qsl(parts.query)),
            self._cookies,
            {"host": ADDRESS} | {name.lower(): value for name, value in headers.items()},
            body or b"",
        )
        if (known := self._answers.get(request.path)) is not None:
            self._clock.sleep(self._page_seconds)
            return HttpResponse(200, orjson.dumps(known), "")
        try:
            asked = route(method, request.path, request.query)
            reply = self._shop.handle(request, asked, self._clock.now)
        except Refused as refusal:
            reply = Reply(dict(refusal.document), refusal.status)
        self._keep(reply)
        self._clock.sleep(self._page_seconds)
        answer = HttpResponse(int(reply.status), reply.body(), reply.location or "")
        self._clock.shop_seconds += time.process_time() - began
        return answer

    def _keep(self, reply: Reply) -> None:
        for line in reply.cookies:
            pair, _, attributes = line.partition(";")
            name, _, value = pair.partition("=")
            if "max-age=0" in attributes.lower():
                self._cookies.pop(name, None)
            else:
                self._cookies[name] = value

    def report(self, outcome: Outcome, *, failed: bool) -> None:
        """Nothing reads statistics of a walk."""

    def cookie(self, name: str) -> str:
        """The value of a cookie; empty if there is none."""
        return self._cookies.get(name, "")

    def clear_cookies(self) -> None:
        """Drop all cookies."""
        self._cookies.clear()

    def open_parallel(self) -> MemoryTransport:
        """This transport: nothing runs in parallel in one process."""
        return self

    def close(self) -> None:
        """There is no connection to close."""
