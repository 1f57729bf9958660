"""A shopper's HTTP client that keeps every exchange, and stops a walk that takes too long."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import parse_qsl

import orjson

from harness.measurement.outcomes import Outcome
from scenarios.doctor.exchange import Exchange
from users.http.transport import HttpResponse, Transport

MOST_EXCHANGES = 1000
"""The most requests that one walk sends."""

_FAILURES: Mapping[Outcome, str] = {
    Outcome.TIMEOUT: "no complete reply in time",
    Outcome.TOO_LARGE: "the reply is too long",
    Outcome.ENCODING: "the compression of the reply cannot be read",
    Outcome.NO_SOCKET: "this machine has no file or port left for a connection",
}


class ObservedTransport(Transport, Protocol):
    """A transport that knows the headers of its last exchange."""

    sent: Mapping[str, str]
    received: Mapping[str, str]


class WalkEnded(Exception):
    """The walk has used up its time or its requests; the message is half a sentence."""


class Recorder:
    """The exchanges of a whole walk, one after another; ``seconds`` limits how long it takes."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self.exchanges: list[Exchange] = []
        self._limit = seconds
        self._started = clock()

    @property
    def left(self) -> float:
        """Seconds that the walk may still take."""
        return self._limit - (self.clock() - self._started)

    def check(self) -> None:
        """Raise ``WalkEnded`` if no more requests may be sent."""
        if self.left <= 0:
            raise WalkEnded(f"took the {self._limit:.0f} s that it may take")
        if len(self.exchanges) >= MOST_EXCHANGES:
            raise WalkEnded(f"sent the {MOST_EXCHANGES} requests that it may send")


class RecordingTransport:
    """Sends through another transport, one request at a time, and records each exchange."""

    def __init__(self, inner: ObservedTransport, recorder: Recorder) -> None:
        self._inner = inner
        self._recorder = recorder
        self.cookie = inner.cookie
        self.clear_cookies = inner.clear_cookies
        self.close = inner.close

    def send(self, page: str, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HttpResponse:
        """Send one request; raises ``WalkEnded`` instead if the walk has used up its time."""
        recorder, inner = self._recorder, self._inner
        recorder.check()
        began = recorder.clock()
        response = inner.send(page, method, url, headers, body)
        ended = response.received_at if response.received_at is not None else recorder.clock()
        failure = response.failure
        recorder.exchanges.append(
            Exchange(
                method,
                url,
                inner.sent or dict(headers),
                sent_fields(headers.get("content-type", ""), body or b""),
                response.status,
                inner.received,
                response.body,
                max(0.0, ended - began),
                began,
                "" if failure is None else _FAILURES.get(failure, "the connection failed"),
            )
        )
        return response

    def report(self, outcome: Outcome, *, failed: bool) -> None:
        """Report nothing: there is no Locust."""

    def open_parallel(self) -> Transport:
        """The same transport: a walk sends one request at a time."""
        return self


def sent_fields(content_type: str, body: bytes) -> Mapping[str, Any]:
    """The fields of a form or of a JSON object; empty for anything else."""
    if "json" in content_type:
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            return {}
        return document if isinstance(document, dict) else {}
    if "form-urlencoded" in content_type:
        return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    return {}
