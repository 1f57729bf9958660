"""Locust's own statistics, told of many requests at once: once a second, and whenever a shopper is done.

Locust books each request twice and one by one, which costs more than sending it. Here they are put by and added to its
entries as its master adds a worker's report, so that the web UI, the console and the files on disk show the same
numbers, a second later at the most. As soon as anybody else listens to ``events.request``, everything is told at once
and one by one, as Locust's own clients do; so are all failures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, TypeAlias

from gevent import get_hub

FLUSH_INTERVAL = 1.0
"""Seconds after which a request is in Locust's statistics at the latest."""

_MAX_BUFFERED = 256  # replies of a kind; more of them would long have left the processor's cache when they are added
_ATTRIBUTE = "checkload_statistics"
_OWN = "locust.runners"  # where Locust's own listener comes from


BufferedResponse: TypeAlias = tuple[float, int, float]
"""One reply: response time in milliseconds, length in bytes, the time of day at which it had been read."""


class LocustStats:
    """What is still to be added to the statistics of a Locust ``environment``; one serves all users of a process.

    It has to be made after the runner. It adds what was put by before a worker reports to its master and when Locust
    stops a test; whoever judges or shows numbers at any other time calls ``flush`` first, and a ``HttpClient`` that is closed
    does so by itself. When Locust throws its statistics away, what is put by is thrown away too.
    """

    def __init__(self, environment: Any) -> None:
        self._environment = environment
        self._hook = environment.events.request
        self._buffered: dict[tuple[str, str], list[BufferedResponse]] = {}
        self._known: Any = None  # Locust's own listener, once it was seen
        self._waiting = False
        self._timer = get_hub().loop.timer(FLUSH_INTERVAL, FLUSH_INTERVAL, ref=False)
        # Ahead of Locust's own listener, which takes the entries away with it.
        environment.events.report_to_master._handlers.insert(0, self._on_flush)  # noqa: SLF001 - listeners are only ever added last
        environment.events.test_stopping.add_listener(self._on_flush)
        environment.events.test_stop.add_listener(self._on_flush)
        environment.events.reset_stats.add_listener(self._on_reset)
        environment.events.spawning_complete.add_listener(self._on_spawning_complete)

    def is_only_listener(self) -> bool:
        """Whether nobody but Locust's own statistics listens to requests."""
        handlers = self._hook._handlers  # noqa: SLF001 - Locust has no other way to say who listens
        if len(handlers) != 1:
            return False
        if handlers[0] is not self._known:
            if getattr(handlers[0], "__module__", "") != _OWN:
                return False
            self._known = handlers[0]
        return True

    def buffer(self, method: str, page: str, response: BufferedResponse) -> None:
        """Put one reply by that was in order; only while ``is_only_listener``."""
        replies = self._buffered.get((page, method))
        if replies is None:
            replies = self._buffered[page, method] = []
        replies.append(response)
        if len(replies) >= _MAX_BUFFERED:
            self._add((page, method), self._buffered.pop((page, method)))
        if not self._waiting:
            self._waiting = True
            # Not ``start``: a timer that has run is started with what was left of its time, which is nothing.
            self._timer.again(self.flush)

    def flush(self) -> None:
        """Add everything to Locust's statistics, now."""
        self._waiting = False
        self._timer.stop()
        put_by, self._buffered = self._buffered, {}
        for kind, replies in put_by.items():
            self._add(kind, replies)

    def _add(self, kind: tuple[str, str], replies: list[BufferedResponse]) -> None:
        from locust.stats import StatsEntry, bucket_response_time  # noqa: PLC0415 - it patches the standard library

        stats, page, method = self._environment.stats, str(kind[0]), kind[1]
        entry = _fill_entry(StatsEntry(stats, page, method), replies, bucket_response_time)
        stats.entries[page, method].extend(entry)
        stats.total.extend(entry)

    def _on_flush(self, **_: Any) -> None:
        self.flush()

    def _on_reset(self, **_: Any) -> None:
        self._buffered.clear()

    def _on_spawning_complete(self, **_: Any) -> None:
        if self._environment.reset_stats:
            self._on_reset()


def _fill_entry(entry: Any, replies: list[BufferedResponse], bucket: Callable[[float], int]) -> Any:
    """The entry, of no requests yet, after all these."""
    times, lengths, moments = zip(*replies, strict=True)
    entry.num_requests = len(replies)
    entry.total_response_time = sum(times)
    entry.min_response_time, entry.max_response_time = min(times), max(times)
    entry.total_content_length = sum(lengths)
    entry.response_times.update(Counter(map(bucket, times)))
    entry.num_reqs_per_sec.update(Counter(map(int, moments)))
    entry.start_time, entry.last_request_timestamp = moments[0], moments[-1]
    return entry


def locust_stats_of(environment: Any) -> LocustStats:
    """The one of this Locust environment, made when it is first asked for."""
    found: LocustStats | None = getattr(environment, _ATTRIBUTE, None)
    if found is None:
        found = LocustStats(environment)
        setattr(environment, _ATTRIBUTE, found)
    return found
