"""Due moments for a rate that is decided level by level while the run goes on.

Whoever makes the same levels from the same seed has the same moments, so master and workers need only tell each other
the levels.
"""

from __future__ import annotations

import bisect
import math
import random

from harness.schedule.arrivals import ArrivalProcess


class SteppedSchedule:
    """The schedule so far; ``extend`` adds a level to its end.

    ``length`` is in seconds from the start of the run, ``count`` the number of arrivals up to there.
    """

    def __init__(self, process: ArrivalProcess, seed: int) -> None:
        self.length = 0.0
        self.count = 0
        self._due: list[float] = []
        self._poisson = process is ArrivalProcess.POISSON
        self._draw = random.Random(f"arrivals {seed}").random
        # On a clock on which the rate is always 1: where the last level ended, and where the next arrival is.
        self._expected = 0.0
        self._next = self._gap() if self._poisson else 0.5

    def extend(self, rate: float, seconds: float) -> list[tuple[int, float]]:
        """Number and due moment of each arrival of a level at this rate (per second), in seconds from the start of the run."""
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
        """How many arrivals were due from one moment on and before another, both in seconds from the start of the run."""
        return bisect.bisect_left(self._due, end) - bisect.bisect_left(self._due, start)

    def _gap(self) -> float:
        return -math.log1p(-self._draw())
