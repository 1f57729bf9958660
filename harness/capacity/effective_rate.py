"""The effective rate: the arrival rate that the shop feels, which lags behind the schedule by the length of a journey.

A shopper with think time asks for the last page a journey's length after the first. So the pages of one moment come from all
arrivals of a journey's length before it. Each arrival counts by the share of journeys that last that long. Pure: moments are
seconds from the start of the load, rates are journeys per second.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from itertools import accumulate

from harness.measurement.histogram import Histogram
from harness.measurement.recorder import Recorder

PARTS = 50
"""The number of steps into which the longest journey is divided."""
LAG_SHARE = 0.5
"""The share of a level from which journeys are so long that the shop still feels the level before."""
NEAR = 0.03
"""The relative distance from a rate at which the shop counts as feeling it."""
MOST, LEAST = 1.5, 0.1
"""The highest and lowest arrival rate to reach an effective rate, as multiples of it."""
MOMENTS = 6
"""The number of moments whose mean stands for an interval."""


class EffectiveRate:
    """Computes what the shop feels of a schedule; ``extend_schedule`` adds to the schedule, ``update`` measures journeys."""

    def __init__(self) -> None:
        self._ends = [0.0]  # the end of each part of the schedule
        self._expected = [0.0]  # the number of arrivals expected until then
        self._lasting: list[float] = []  # the share of journeys that last longer than the middle of each step
        self.longest = 0.0
        self.journey = 0.0

    def extend_schedule(self, rate: float, seconds: float) -> None:
        """The next stretch of the load."""
        self._ends.append(self._ends[-1] + seconds)
        self._expected.append(self._expected[-1] + rate * seconds)

    def update(self, recorder: Recorder) -> None:
        """Update the length of journeys from all that have ended: ``longest`` is the 99th percentile, ``journey`` the mean."""
        whole = Histogram()
        for series in list(recorder.journeys.values()):
            whole.add(series.service)
        if not whole.total:
            return
        self.longest = whole.quantile(0.99)
        step = self.longest / PARTS
        ended = [0] * (
            PARTS + 1
        )  # before the middle of each step; one pass, because a histogram has hundreds of values
        for length, number in whole.values():
            ended[min(PARTS, math.ceil(length / step - 0.5)) if length > step / 2 else 0] += number
        self._lasting = [1 - before / whole.total for before in accumulate(ended[:PARTS])]
        self.journey = math.fsum(self._lasting) * step

    def lags(self, seconds: float) -> bool:
        """Whether journeys are so long that in a level of this length the shop still feels the level before."""
        return self.longest > LAG_SHARE * seconds

    def at(self, moment: float) -> float:
        """The effective rate at a moment if the schedule is not extended."""
        if not self.journey:
            return 0.0
        step = self.longest / PARTS
        arrived = (
            (self._until(moment - place * step) - self._until(moment - (place + 1) * step)) * lasting
            for place, lasting in enumerate(self._lasting)
            if lasting
        )
        return math.fsum(arrived) / self.journey

    def during(self, start: float, end: float) -> float:
        """The mean effective rate between two moments."""
        step = (end - start) / MOMENTS
        return math.fsum(self.at(start + (place + 0.5) * step) for place in range(MOMENTS)) / MOMENTS

    def rate_to_reach(self, target: float, seconds: float) -> float:
        """The arrival rate that makes the shop feel the target after this many seconds, between ``LEAST`` and ``MOST``."""
        missing = target - self.at(self._ends[-1] + seconds)
        return min(MOST * target, max(LEAST * target, missing / max(self._share(seconds), 1e-9)))

    def settling_time(self, rate: float) -> float:
        """For how many seconds arrivals must come at a rate before the shop feels it and continues to."""
        step = self.longest / PARTS
        for place in range(PARTS, 0, -1):
            seconds = place * step
            felt = self.at(self._ends[-1] + seconds) + rate * self._share(seconds)
            if abs(felt / rate - 1) > NEAR:
                return min(self.longest, seconds + step)
        return 0.0

    def _until(self, moment: float) -> float:
        """The number of arrivals expected until a moment."""
        place = bisect_left(self._ends, moment)
        if not 0 < place < len(self._ends):
            return self._expected[min(place, len(self._ends) - 1)]
        start, end = self._ends[place - 1], self._ends[place]
        before, after = self._expected[place - 1], self._expected[place]
        return before + (after - before) * (moment - start) / (end - start)

    def _share(self, seconds: float) -> float:
        """The share of the effective rate that comes from the arrivals of the last ``seconds``."""
        if not self.journey:
            return 1.0
        step = self.longest / PARTS
        inside = (
            lasting * min(step, seconds - place * step)
            for place, lasting in enumerate(self._lasting)
            if seconds > place * step
        )
        return math.fsum(inside) / self.journey
