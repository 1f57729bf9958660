"""Sends the spans of journeys in the background: it never lets a journey wait, and counts what it has to drop."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import TypeAlias

import gevent
from gevent.event import Event

from harness.results.result import SpanCounts
from harness.tracing.journey_trace import JourneyTrace, TracedPage

logger = logging.getLogger("checkload")

MOST_QUEUED = 4096
"""The most spans that wait to be sent."""
BATCH = 32
"""The most spans of one request: to encode more would hold up the event loop for too long."""
LONGEST_EXPORT = 5.0
"""The most seconds that one request may take."""
LONGEST_END = 2.0
"""The most seconds that sending goes on after the run."""
PAUSE_FACTOR = 4.0
"""The pause after a request, as a multiple of the processor time that it took: the load needs the rest."""
PAUSE_AFTER_FAILURE = 1.0  # seconds

Span: TypeAlias = tuple[JourneyTrace, TracedPage | None]
"""The span of one page, or of the whole journey (``None``)."""
Export: TypeAlias = Callable[[Sequence[Span]], bool]
"""Sends these spans; false: they did not arrive."""


class SpanSender:
    """Sends spans to ``where`` with ``export``, in a greenlet of its own."""

    def __init__(self, export: Export, where: str, *, most_queued: int = MOST_QUEUED) -> None:
        self.counts = SpanCounts()
        self._export = export
        self._where = where
        self._most_queued = most_queued
        self._queue: deque[Span] = deque()
        self._filled = Event()
        self._under_way = 0
        self._ending = False
        self._greenlet = gevent.spawn(self._run)

    def add(self, trace: JourneyTrace) -> bool:
        """Queue the spans of a journey, or drop them if the queue is full; whether they are queued."""
        number = 1 + len(trace.pages)
        if self._ending or len(self._queue) + number > self._most_queued:
            self.counts.dropped += number
            return False
        self._queue.append((trace, None))
        self._queue.extend((trace, page) for page in trace.pages)
        self._filled.set()
        return True

    def finish(self, longest: float = LONGEST_END) -> None:
        """Send what is queued, for so many seconds at most; the rest is dropped. The log says how much was dropped."""
        if self._ending:
            return
        self._ending = True
        self._filled.set()
        self._greenlet.join(longest)
        self._greenlet.kill()
        self.counts.dropped += len(self._queue) + self._under_way
        self._queue.clear()
        if self.counts.dropped:
            every = self.counts.sent + self.counts.dropped
            logger.warning(
                "--otlp: %d of %d spans did not reach %s. The verdict does not depend on it.",
                self.counts.dropped,
                every,
                self._where,
            )

    def _run(self) -> None:
        while self._queue or not self._ending:
            if not self._queue:
                self._filled.clear()
                self._filled.wait()
                continue
            began = time.thread_time()
            arrived = self._send()
            if self._ending:
                continue
            gevent.sleep(PAUSE_FACTOR * (time.thread_time() - began) if arrived else PAUSE_AFTER_FAILURE)

    def _send(self) -> bool:
        batch = [self._queue.popleft() for _ in islice(self._queue.copy(), BATCH)]
        self._under_way = len(batch)
        arrived = False
        limit = gevent.Timeout(LONGEST_EXPORT)
        try:
            with limit:
                arrived = self._export(batch)
        except gevent.Timeout as over:
            if over is not limit:
                raise
        except Exception as error:  # noqa: BLE001 - no error here may end the sending, or the load
            logger.debug("--otlp: %s: %s", type(error).__name__, error)
        self._under_way = 0
        if arrived:
            self.counts.sent += len(batch)
        else:
            self.counts.dropped += len(batch)
        return arrived
