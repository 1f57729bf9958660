"""The queue of the shop: a number of workers, a queue before them, and a service time for each page.

Requests are served in the order of their arrival. The service time is drawn at the arrival, so the departure is known at
once: the queue is pure arithmetic, and tests need no waiting. With Poisson arrivals and exponential service times it is
M/M/c, otherwise M/G/c. Its capacity is ``workers / mean service time``. The CPU time of a request comes on top.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from dataclasses import dataclass

from shop.contract import OUTSIDE_PAGES, Page
from shop.settings import ServiceSettings, Settings


def mean_service_time(settings: ServiceSettings, page: Page | None) -> float:
    """The mean service time of a page in seconds; 0 for a page outside the shop, unless the settings name it."""
    if page is None:
        return settings.default
    return settings.pages.get(page, 0.0 if page in OUTSIDE_PAGES else settings.default)


def draw_service_time(settings: ServiceSettings, page: Page | None, rng: random.Random) -> float:
    """Draw the service time of one request, in seconds."""
    mean = mean_service_time(settings, page)
    if mean <= 0:
        return 0.0
    match settings.distribution:
        case "constant":
            return mean
        case "exponential":
            return rng.expovariate(1 / mean)
        case "lognormal":
            # The mean of a lognormal is exp(mu + sigma^2 / 2).
            return rng.lognormvariate(math.log(mean) - settings.sigma**2 / 2, settings.sigma)


@dataclass(frozen=True, slots=True)
class Freeze:
    """A time from ``start`` to ``end`` in which no work is done."""

    start: float = math.inf
    end: float = math.inf

    def work_start(self, moment: float) -> float:
        """When work that was to start at this moment can start."""
        return self.end if self.start <= moment < self.end else moment

    def work_end(self, begun: float, service_time: float) -> float:
        """When work that started at this moment ends."""
        end = begun + service_time
        return end + self.end - self.start if begun < self.start < end else end


class QueueFull(Exception):
    """All workers are busy and the queue is full."""


class Workers:
    """The workers and their queue. Times are seconds of one clock that never goes back.

    A ``count`` of ``None`` means unlimited workers; a ``queue`` of ``None``, an unlimited queue.
    """

    def __init__(self, count: int | None, queue: int | None) -> None:
        self._count = count
        self._queue = queue
        self._free_at: list[float] = [0.0] * (count or 0)
        self._starts: deque[float] = deque()
        self._freeze = Freeze()

    def freeze(self, freeze: Freeze) -> None:
        """Do no work in this time. Requests that were admitted before keep their departure."""
        self._freeze = freeze

    def resize(self, count: int | None, queue: int | None) -> None:
        """Change the number of workers. Requests that were admitted before keep their departure."""
        self._queue = queue
        if count == self._count:
            return
        self._count = count
        if count is None:
            self._starts.clear()
        kept = sorted(self._free_at, reverse=True)[: count or 0]
        self._free_at = kept + [0.0] * ((count or 0) - len(kept))
        heapq.heapify(self._free_at)

    def admit(self, now: float, service_time: float) -> float:
        """Admit a request that arrives now, and return its departure; raises ``QueueFull`` if the queue is full."""
        if self._count is None:
            return self._freeze.work_end(self._freeze.work_start(now), service_time)
        start = self._freeze.work_start(max(now, self._free_at[0]))
        if start > now and self._queue is not None and self.waiting(now) >= self._queue:
            raise QueueFull
        if start > now:
            self._starts.append(start)
        end = self._freeze.work_end(start, service_time)
        heapq.heapreplace(self._free_at, end)
        return end

    def waiting(self, now: float) -> int:
        """The number of requests that wait for a worker now."""
        while self._starts and self._starts[0] <= now:
            self._starts.popleft()
        return len(self._starts)


def workers_of(settings: Settings) -> Workers:
    """The workers and the queue of these settings."""
    return Workers(settings.workers, settings.queue)
