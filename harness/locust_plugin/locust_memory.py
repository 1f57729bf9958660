"""Keeps Locust's own statistics small.

Locust never forgets the requests of any second, nor a point of its charts. For each page, it also keeps twenty copies of all
response times, which only the rows of ``--csv-full-history`` need.
"""

from __future__ import annotations

from typing import Any

SECONDS_KEPT = 60
"""Locust reads the last twelve seconds, for its current rates."""
MOST_POINTS = 720
"""Points of Locust's charts, one every five seconds: an hour. Then every other point goes."""


def shorten_statistics(stats: Any, *, full_history: bool) -> None:
    """Forget what Locust's ``RequestStats`` no longer needs; its totals stay as they are.

    ``full_history``: Locust writes the present percentiles of each page, too.
    """
    for entry in () if full_history else stats.entries.values():
        entry.use_response_times_cache, entry.response_times_cache = False, None
    for entry in (*stats.entries.values(), stats.total):
        first = int(entry.last_request_timestamp or 0) - SECONDS_KEPT
        for by_second in (entry.num_reqs_per_sec, entry.num_fail_per_sec):
            for second in [second for second in by_second if second < first]:
                del by_second[second]
    if len(stats.history) > MOST_POINTS:
        del stats.history[1:-1:2]
