"""The arrival rate that a shop feels: behind the one that is let in, for as long as journeys last.

A shopper who thinks between pages asks for the last one a journey's length after the first. So the pages that a shop serves at one
moment come from the arrivals of a whole journey's length before it; each arrival counts by the share of journeys that last until
then. Pure: moments are seconds from the start of the load, rates journeys per second.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from itertools import accumulate

from harness.measurement.histogram import Histogram
from harness.measurement.recorder import Recorder

PARTS = 50
"""Steps in which the longest journey is looked at."""
LAG_SHARE = 0.5
"""Of a level: longer journeys make the shop feel the level before."""
NEAR = 0.03
"""Of a rate: by how much less or more the shop may feel, and counts as feeling this one."""
MOST, LEAST = 1.5, 0.1
"""Of the rate that the shop is to feel: what is let in at most and at least to bring it there."""
MOMENTS = 6
"""Moments of a stretch of time whose mean stands for the stretch."""


class EffectiveRate:
    """Says what the shop feels of the rates that were ``let_in``; ``learn`` tells it how long journeys last."""

    def __init__(self) -> None:
        self._ends = [0.0]  # of each stretch, and how many arrivals are expected until then
        self._expected = [0.0]
        self._lasting: list[float] = []  # the share of journeys that last longer than the middle of each step
        self.longest = 0.0
        self.journey = 0.0

    def extend_schedule(self, rate: float, seconds: float) -> None:
        """The next stretch of the load."""
        self._ends.append(self._ends[-1] + seconds)
        self._expected.append(self._expected[-1] + rate * seconds)

    def update(self, recorder: Recorder) -> None:
        """How long journeys last: from all that have ended. ``longest`` is their 99th percentile, ``journey`` their mean."""
        whole = Histogram()
        for cell in list(recorder.journeys.values()):
            whole.add(cell.service)
        if not whole.total:
            return
        self.longest = whole.quantile(0.99)
        step = self.longest / PARTS
        ended = [0] * (PARTS + 1)  # before the middle of each step, at one go: a histogram has hundreds of values
        for length, number in whole.values():
            ended[min(PARTS, math.ceil(length / step - 0.5)) if length > step / 2 else 0] += number
        self._lasting = [1 - before / whole.total for before in accumulate(ended[:PARTS])]
        self.journey = math.fsum(self._lasting) * step

    def lags(self, seconds: float) -> bool:
        """Whether journeys last so long that the shop feels the level before one of this length."""
        return self.longest > LAG_SHARE * seconds

    def at(self, moment: float) -> float:
        """The rate that is felt at a moment if no more shoppers are let in."""
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
        """The rate that is felt between two moments, on average."""
        step = (end - start) / MOMENTS
        return math.fsum(self.at(start + (place + 0.5) * step) for place in range(MOMENTS)) / MOMENTS

    def rate_to_reach(self, target: float, seconds: float) -> float:
        """What to let in for so many seconds, so that the shop feels the target at their end; within reason."""
        missing = target - self.at(self._ends[-1] + seconds)
        return min(MOST * target, max(LEAST * target, missing / max(self._share(seconds), 1e-9)))

    def settling_time(self, rate: float) -> float:
        """For how many seconds a rate must be let in before the shop feels it and goes on to."""
        step = self.longest / PARTS
        for place in range(PARTS, 0, -1):
            seconds = place * step
            felt = self.at(self._ends[-1] + seconds) + rate * self._share(seconds)
            if abs(felt / rate - 1) > NEAR:
                return min(self.longest, seconds + step)
        return 0.0

    def _until(self, moment: float) -> float:
        """How many arrivals are expected until a moment."""
        place = bisect_left(self._ends, moment)
        if not 0 < place < len(self._ends):
            return self._expected[min(place, len(self._ends) - 1)]
        start, end = self._ends[place - 1], self._ends[place]
        before, after = self._expected[place - 1], self._expected[place]
        return before + (after - before) * (moment - start) / (end - start)

    def _share(self, seconds: float) -> float:
        """The share of what is felt that comes from the arrivals of the last so many seconds."""
        if not self.journey:
            return 1.0
        step = self.longest / PARTS
        inside = (
            lasting * min(step, seconds - place * step)
            for place, lasting in enumerate(self._lasting)
            if seconds > place * step
        )
        return math.fsum(inside) / self.journey
