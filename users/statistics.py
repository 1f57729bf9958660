"""Locust's own statistics, told of many requests at once: once a second, and whenever a shopper is done.

Locust books each request twice and one by one, which costs more than sending it. Here they are put by and added to its
entries as its master adds a worker's report, so that the web UI, the console and the files on disk show the same
numbers, a second later at the most. As soon as anybody else listens to ``events.request``, everything is told at once
and one by one, as Locust's own clients do; so are all failures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from gevent import get_hub

PERIOD = 1.0
"""Seconds after which a request is in Locust's statistics at the latest."""

_OWN = "locust.runners"  # where Locust's own listener comes from


class Heard(NamedTuple):
    """One reply: response time in milliseconds, length in bytes, the time of day at which it had been read."""

    response_time: float
    length: int
    moment: float


class Statistics:
    """What is still to be added to the statistics of a Locust ``environment``; one serves all users of a process.

    It has to be made after the runner. Whoever judges or ends a run calls ``flush`` first; a ``Swift`` that is closed
    does so by itself. When Locust throws its statistics away, what is put by is thrown away too.
    """

    def __init__(self, environment: Any) -> None:
        self._environment = environment
        self._hook = environment.events.request
        self._put_by: dict[tuple[str, str], list[Heard]] = {}
        self._waiting = False
        self._timer = get_hub().loop.timer(PERIOD, ref=False)
        environment.events.reset_stats.add_listener(self._forget)
        environment.events.spawning_complete.add_listener(self._spawned)

    def alone(self) -> bool:
        """Whether nobody but Locust's own statistics listens to requests."""
        handlers = self._hook._handlers  # noqa: SLF001 - Locust has no other way to say who listens
        return len(handlers) == 1 and getattr(handlers[0], "__module__", "") == _OWN

    def note(self, method: str, page: str, heard: Heard) -> None:
        """Put one reply by that was in order; only while ``alone``."""
        key = page, method
        put_by = self._put_by.get(key)
        if put_by is None:
            put_by = self._put_by[key] = []
        put_by.append(heard)
        if not self._waiting:
            self._waiting = True
            self._timer.start(self.flush)

    def flush(self) -> None:
        """Add everything to Locust's statistics, now."""
        from locust.stats import StatsEntry, bucket_response_time  # noqa: PLC0415 - it patches the standard library

        self._waiting = False
        self._timer.stop()
        put_by, self._put_by = self._put_by, {}
        stats = self._environment.stats
        for (page, method), replies in put_by.items():
            entry = _fold(StatsEntry(stats, str(page), method), replies, bucket_response_time)
            stats.entries[str(page), method].extend(entry)
            stats.total.extend(entry)

    def _forget(self, **_: Any) -> None:
        self._put_by.clear()

    def _spawned(self, **_: Any) -> None:
        if self._environment.reset_stats:
            self._forget()


def _fold(entry: Any, replies: list[Heard], bucket: Callable[[float], int]) -> Any:
    """The entry, of no requests yet, after all these."""
    times = [reply.response_time for reply in replies]
    entry.num_requests = len(replies)
    entry.total_response_time = sum(times)
    entry.min_response_time, entry.max_response_time = min(times), max(times)
    entry.total_content_length = sum(reply.length for reply in replies)
    for spent in times:
        entry.response_times[bucket(spent)] += 1
    for reply in replies:
        entry.num_reqs_per_sec[int(reply.moment)] += 1
    entry.start_time, entry.last_request_timestamp = replies[0].moment, replies[-1].moment
    return entry
