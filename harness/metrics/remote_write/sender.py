"""Sends the metrics of a run to Prometheus every few seconds, for runs that no Prometheus scrapes.

Failures are counted, and the log reports them once after the run. They never change the run or its verdict.
"""

from __future__ import annotations

import http.client
import logging
import ssl
from collections.abc import Callable

import gevent

from harness.metrics.collector import SCRAPE_PAUSE, RunCollector
from harness.metrics.remote_write.destination import Destination
from harness.metrics.remote_write.requests import HEADERS, RequestEncoder
from harness.yield_to_load import YieldToLoad

logger = logging.getLogger("checkload")

INTERVAL = 5.0
"""Seconds between two deliveries."""
TIMEOUT = 5.0
"""The longest wait for an answer in seconds."""
LAST_TRIES = 3
"""Attempts to deliver the last values, a second apart."""

_GOOD = range(200, 300)

SendRequest = Callable[[bytes], int]


class RemoteWriter:
    """Delivers the metrics of one run from ``start`` to ``finish``; ``wall_clock`` is the time of day.

    ``post`` sends the body of a request and returns the HTTP status of the answer, or raises ``OSError`` or ``HTTPException``.
    """

    def __init__(
        self,
        collector: RunCollector,
        post: SendRequest,
        where: str,
        wall_clock: Callable[[], float],
        sleep: Callable[[float], object] = gevent.sleep,
    ) -> None:
        self._collector = collector
        self._post = post
        self._where = where
        self._wall_clock = wall_clock
        self._sleep = sleep
        self._yield_to_load = YieldToLoad(sleep, SCRAPE_PAUSE)
        self._requests = RequestEncoder()
        self._deliveries = self._failed = 0
        self._why = ""
        self._last = 0.0
        self._greenlet: gevent.Greenlet[[], None] | None = None

    def start(self) -> None:
        """Deliver the metrics now, and again at every interval."""
        self._greenlet = gevent.spawn(self._run)

    def finish(self) -> None:
        """Deliver the last values, with the verdict, and log how many deliveries failed."""
        if self._greenlet is not None:
            self._greenlet.kill()
            self._greenlet = None
        tries = 1
        while not (arrived := self._deliver()) and tries < LAST_TRIES:
            tries += 1
            self._sleep(1.0)
        if self._failed:
            end = "The last values arrived." if arrived else "The last values did not arrive."
            logger.warning(
                "--remote-write: %d of %d deliveries to %s failed (the last one: %s). %s The verdict does not depend on it.",
                self._failed,
                self._deliveries,
                self._where,
                self._why,
                end,
            )

    def _run(self) -> None:
        while True:
            self._deliver()
            self._sleep(INTERVAL)

    def _deliver(self) -> bool:
        self._deliveries += 1
        self._last = at = max(self._wall_clock(), self._last + 0.001)
        try:
            for body in self._requests.bodies(self._collector.families(self._yield_to_load), at, self._yield_to_load):
                status = self._post(body)
                if status not in _GOOD:
                    return self._fail(f"HTTP status {status}")
        except (OSError, http.client.HTTPException) as error:
            return self._fail(getattr(error, "strerror", None) or type(error).__name__)
        return True

    def _fail(self, why: str) -> bool:
        self._failed += 1
        self._why = why
        return False


def http_sender(to: Destination) -> SendRequest:
    """Sends each request over a new connection, and follows no redirect."""
    context = ssl.create_default_context() if to.secure else None
    headers = HEADERS | ({"Authorization": to.authorization} if to.authorization else {})

    def post(body: bytes) -> int:
        connection = (
            http.client.HTTPConnection(to.host, to.port, timeout=TIMEOUT)
            if context is None
            else http.client.HTTPSConnection(to.host, to.port, timeout=TIMEOUT, context=context)
        )
        try:
            connection.request("POST", to.path, body, headers)
            return connection.getresponse().status
        finally:
            connection.close()

    return post
