"""Adds requests to Locust's own statistics in batches: once a second, and whenever a user stops.

Locust counts each request twice and one at a time, which costs more than sending it. Here requests are buffered and then
added to its entries as its master adds a worker's report. The web UI, the console and the files on disk show the same
numbers, at most a second later. If anything else listens to ``events.request``, each request is reported at once, as
Locust's own clients do. Failures are always reported at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, TypeAlias

from gevent import get_hub

FLUSH_INTERVAL = 1.0
"""Seconds after which a request is in Locust's statistics, at most."""

_MAX_BUFFERED = (
    256  # responses of one page and method; with more, the first leave the processor's cache before they are added
)
_ATTRIBUTE = "checkload_statistics"
_OWN = "locust.runners"  # the module of Locust's own listener


BufferedResponse: TypeAlias = tuple[float, int, float]
"""One response: response time in milliseconds, length in bytes, the time of day when it was read."""


class LocustStats:
    """The buffered requests of a Locust ``environment``; one serves all users of a process.

    Make it after the runner. It flushes before a worker reports to its master and when Locust stops a test. An
    ``HttpClient`` flushes it on close. Call ``flush`` before you use the numbers at any other time. When Locust resets
    its statistics, the buffer is emptied, too.
    """

    def __init__(self, environment: Any) -> None:
        self._environment = environment
        self._hook = environment.events.request
        self._buffered: dict[tuple[str, str], list[BufferedResponse]] = {}
        self._known: Any = None  # Locust's own listener, once seen
        self._waiting = False
        self._timer = get_hub().loop.timer(FLUSH_INTERVAL, FLUSH_INTERVAL, ref=False)
        # Before Locust's own listener, which sends the entries and clears them.
        environment.events.report_to_master._handlers.insert(0, self._on_flush)  # noqa: SLF001 - Locust can only append listeners
        environment.events.test_stopping.add_listener(self._on_flush)
        environment.events.test_stop.add_listener(self._on_flush)
        environment.events.reset_stats.add_listener(self._on_reset)
        environment.events.spawning_complete.add_listener(self._on_spawning_complete)

    def is_only_listener(self) -> bool:
        """Whether only Locust's own statistics listen to requests."""
        handlers = self._hook._handlers  # noqa: SLF001 - Locust has no public list of listeners
        if len(handlers) != 1:
            return False
        if handlers[0] is not self._known:
            if getattr(handlers[0], "__module__", "") != _OWN:
                return False
            self._known = handlers[0]
        return True

    def buffer(self, method: str, page: str, response: BufferedResponse) -> None:
        """Buffer one correct response; only while ``is_only_listener``."""
        responses = self._buffered.get((page, method))
        if responses is None:
            responses = self._buffered[page, method] = []
        responses.append(response)
        if len(responses) >= _MAX_BUFFERED:
            self._add((page, method), self._buffered.pop((page, method)))
        if not self._waiting:
            self._waiting = True
            # Not ``start``: that continues with the rest of a timer's time, and a timer that has fired has none left.
            self._timer.again(self.flush)

    def count_failure(self, page: str, outcome: str) -> None:
        """Count a request that is already in the statistics as a failure: what its reply led to failed the journey."""
        self.flush()
        stats = self._environment.stats
        method = next((method for name, method in stats.entries if name == page), "")
        stats.log_error(method, page, outcome)

    def flush(self) -> None:
        """Add everything to Locust's statistics, now."""
        self._waiting = False
        self._timer.stop()
        buffered, self._buffered = self._buffered, {}
        for kind, responses in buffered.items():
            self._add(kind, responses)

    def _add(self, kind: tuple[str, str], responses: list[BufferedResponse]) -> None:
        from locust.stats import StatsEntry, bucket_response_time  # noqa: PLC0415 - it patches the standard library

        stats, page, method = self._environment.stats, str(kind[0]), kind[1]
        entry = _fill_entry(StatsEntry(stats, page, method), responses, bucket_response_time)
        stats.entries[page, method].extend(entry)
        stats.total.extend(entry)

    def _on_flush(self, **_: Any) -> None:
        self.flush()

    def _on_reset(self, **_: Any) -> None:
        self._buffered.clear()

    def _on_spawning_complete(self, **_: Any) -> None:
        if self._environment.reset_stats:
            self._on_reset()


def _fill_entry(entry: Any, responses: list[BufferedResponse], bucket: Callable[[float], int]) -> Any:
    """Fill an empty entry with these responses."""
    times, lengths, moments = zip(*responses, strict=True)
    entry.num_requests = len(responses)
    entry.total_response_time = sum(times)
    entry.min_response_time, entry.max_response_time = min(times), max(times)
    entry.total_content_length = sum(lengths)
    entry.response_times.update(Counter(map(bucket, times)))
    entry.num_reqs_per_sec.update(Counter(map(int, moments)))
    entry.start_time, entry.last_request_timestamp = moments[0], moments[-1]
    return entry


def locust_stats_of(environment: Any) -> LocustStats:
    """The statistics of this Locust environment, made on first use."""
    found: LocustStats | None = getattr(environment, _ATTRIBUTE, None)
    if found is None:
        found = LocustStats(environment)
        setattr(environment, _ATTRIBUTE, found)
    return found
