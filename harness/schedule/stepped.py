"""Due moments for a rate that is decided level by level during the run.

The same levels and the same seed give the same moments. So the master sends only the levels to the workers.
"""

from __future__ import annotations

import bisect
import math
import random

from harness.schedule.arrivals import ArrivalProcess


class SteppedSchedule:
    """The schedule so far; ``extend`` appends a level.

    ``length`` is how long the schedule is in seconds, ``count`` how many arrivals it has.
    """

    def __init__(self, process: ArrivalProcess, seed: int) -> None:
        self.length = 0.0
        self.count = 0
        self._due: list[float] = []
        self._poisson = process is ArrivalProcess.POISSON
        self._draw = random.Random(f"arrivals {seed}").random
        # On a clock where the rate is always 1: where the last level ended, and where the next arrival is.
        self._expected = 0.0
        self._next = self._gap() if self._poisson else 0.5

    def extend(self, rate: float, seconds: float) -> list[tuple[int, float]]:
        """Append a level at this rate (per second); returns number and due moment (seconds from the start) of its arrivals."""
        if not (rate > 0 and seconds > 0 and math.isfinite(rate * seconds)):
            raise ValueError(f"a level has a rate and a length over 0, not {rate} for {seconds} s")
        until = self._expected + rate * seconds
        made = []
        while self._next < until:
            due = self.length + (self._next - self._expected) / rate
            made.append((self.count, due))
            self._due.append(due)
            self.count += 1
            self._next += self._gap() if self._poisson else 1.0
        self._expected = until
        self.length += seconds
        return made

    def due_between(self, start: float, end: float) -> int:
        """How many arrivals are due in ``start <= due < end``, in seconds from the start of the run."""
        return bisect.bisect_left(self._due, end) - bisect.bisect_left(self._due, start)

    def _gap(self) -> float:
        return -math.log1p(-self._draw())
