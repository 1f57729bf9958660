"""The messages between master and workers: custom messages of Locust.

| message            | from   | content                                                                             |
|--------------------|--------|-------------------------------------------------------------------------------------|
| ``checkload_begin``  | master | the partition of the arrivals, and when to begin                                      |
| ``checkload_counts`` | worker | the counts so far, every second; ``final``: all users are gone, the last report |
| ``checkload_end``    | master | end the load, drain for so many seconds, then send the final report |
| ``checkload_thanks`` | master | the final report has arrived; ``whole``: an earlier one is missing, send everything  |
| ``checkload_refuse`` | worker | why the worker cannot join                                                            |
| ``checkload_wait``   | master | a run is on; join the next one                                                        |
| ``checkload_echo``   | master | the master's time; sent all along                                                       |
| ``checkload_level``  | master | the next level of a capacity search: arrivals a second, and for how many seconds |
| ``checkload_echoed`` | worker | the same, with the worker's time                                                      |
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

BEGIN, REPORT, END, REPORT_RECEIVED, REFUSE, NEXT_RUN_ONLY, CLOCK_REQUEST, CLOCK_REPLY, EXTEND_SCHEDULE = (
    "checkload_begin",
    "checkload_counts",
    "checkload_end",
    "checkload_thanks",
    "checkload_refuse",
    "checkload_wait",
    "checkload_echo",
    "checkload_echoed",
    "checkload_level",
)

Send = Callable[[str, Any, str | None], None]
"""Sends a message: its type, its data, and the worker's id (``None``: to all workers)."""


class ForgedMessage(Exception):
    """A message under the name of a worker, without that worker's key."""
