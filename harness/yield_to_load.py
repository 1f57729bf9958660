"""Lets the load have the processor while the same process calculates something long.

All greenlets of a process share one thread: a calculation that does not pause delays every shopper.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


class YieldToLoad:
    """Called between two steps of a calculation: sleeps ``pause`` seconds once ``after`` seconds of work are done.

    With ``after`` make a new object for each calculation: the time since the last pause counts as work.
    """

    def __init__(
        self,
        sleep: Callable[[float], object],
        pause: float,
        *,
        after: float = 0.0,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._sleep = sleep
        self._pause = pause
        self._after = after
        self._clock = clock
        self._working_since = clock() if after else 0.0

    def __call__(self) -> None:
        """Sleep, if it is time to."""
        if not self._after:
            self._sleep(self._pause)
        elif self._clock() - self._working_since >= self._after:
            self._sleep(self._pause)
            self._working_since = self._clock()

    def every(self, number: int, items: Iterable[Item]) -> Iterator[Item]:
        """The items, with a call before the first and after each ``number`` of them."""
        for place, item in enumerate(items):
            if place % number == 0:
                self()
            yield item


NEVER = YieldToLoad(lambda _seconds: None, 0.0)
"""For a process without load."""
