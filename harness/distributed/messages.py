"""The messages between master and workers: custom messages of Locust.

| message            | from   | what it says                                                                        |
|--------------------|--------|-------------------------------------------------------------------------------------|
| ``checkload_begin``  | master | who serves what, and when to begin, on the wall clock                                 |
| ``checkload_counts`` | worker | what has been counted so far, every second; ``final``: all users are home, nothing follows |
| ``checkload_end``    | master | let nobody in any more, see everybody home within so many seconds, then say the last word |
| ``checkload_thanks`` | master | the last word has arrived; ``whole``: but others have not, so please say everything  |
| ``checkload_refuse`` | worker | why it cannot take part                                                               |
| ``checkload_wait``   | master | a run is on without this worker                                                       |
| ``checkload_echo``   | master | what time it is; sent all along                                                       |
| ``checkload_level``  | master | the next stretch of a search for capacity: so many arrivals a second, for so many seconds |
| ``checkload_echoed`` | worker | the same, and what time it is there                                                   |
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
    """A message in the name of a worker, without the key that this worker was told."""
