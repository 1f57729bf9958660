"""How slow and how full the shop is: so many workers, a queue before them, a service time per page.

Requests are served first come, first served. As each one's service time is drawn when it arrives, its departure is
known there and then, so the whole queue is arithmetic and needs no waiting to be tested. With Poisson arrivals and
exponential service times it is M/M/c, otherwise M/G/c; its capacity is ``workers / mean service time``. The
computer's own time for a request is not part of this and comes on top, outside the queue.
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
    """How long a worker is busy with this page on average, seconds; a page outside the shop takes none unless named."""
    if page is None:
        return settings.default
    return settings.pages.get(page, 0.0 if page in OUTSIDE_PAGES else settings.default)


def draw_service_time(settings: ServiceSettings, page: Page | None, rng: random.Random) -> float:
    """How long a worker is busy with this very request, seconds."""
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
    """A stretch of time, from ``start`` to ``end``, in which nothing moves."""

    start: float = math.inf
    end: float = math.inf

    def work_start(self, moment: float) -> float:
        """When work can begin that was to begin at this moment."""
        return self.end if self.start <= moment < self.end else moment

    def work_end(self, begun: float, service_time: float) -> float:
        """When work is done that was begun at that moment."""
        end = begun + service_time
        return end + self.end - self.start if begun < self.start < end else end


class QueueFull(Exception):
    """All workers are busy and the queue is full."""


class Workers:
    """The workers and their queue. Moments are seconds of one clock and must not go back.

    ``count`` is ``None`` for any number of workers, ``queue`` for a queue of any length.
    """

    def __init__(self, count: int | None, queue: int | None) -> None:
        self._count = count
        self._queue = queue
        self._free_at: list[float] = [0.0] * (count or 0)
        self._starts: deque[float] = deque()
        self._freeze = Freeze()

    def freeze(self, freeze: Freeze) -> None:
        """Stand still for this stretch of time; who is being served already when this is said keeps her moment."""
        self._freeze = freeze

    def resize(self, count: int | None, queue: int | None) -> None:
        """Work with another number of workers from now on; who is being served, or waits, keeps her moment."""
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
        """The moment at which a request that arrives now will have been served; ``Full`` if it may not even wait."""
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
        """How many requests wait for a worker at this moment."""
        while self._starts and self._starts[0] <= now:
            self._starts.popleft()
        return len(self._starts)


def workers_of(settings: Settings) -> Workers:
    """The workers and the queue that the settings ask for."""
    return Workers(settings.workers, settings.queue)
