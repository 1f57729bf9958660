"""When shoppers arrive: a rate that changes over time, and the due moment of every single arrival.

The whole schedule is fixed before the run by profile, process and seed. Every worker computes the same one and keeps
each ``workers``-th arrival of it, so that the same shoppers come at the same moments however many workers there are.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class RateStage:
    """A stretch of time over which the rate goes in a straight line from one value to another.

    ``duration`` in seconds, rates in journeys per second; ValueError if the duration is not over 0 or a rate below 0.
    """

    duration: float
    rate_from: float
    rate_to: float

    def __post_init__(self) -> None:
        if not (self.duration > 0 and math.isfinite(self.duration)):
            raise ValueError(f"a stage lasts longer than 0 seconds and not for ever, not {self.duration} s")
        for rate in (self.rate_from, self.rate_to):
            if not (rate >= 0 and math.isfinite(rate)):
                raise ValueError(f"a rate is 0 or more journeys per second, not {rate}")

    @property
    def expected(self) -> float:
        """How many journeys the stage brings."""
        return self.duration * (self.rate_from + self.rate_to) / 2


class Profile:
    """The arrival rate over a whole run, stage after stage; a ValueError without any stage."""

    def __init__(self, stages: Sequence[RateStage]) -> None:
        if not stages:
            raise ValueError("a profile needs at least one stage")
        self.stages = tuple(stages)
        self._ends = list(accumulate(stage.duration for stage in stages))
        self._totals = list(accumulate(stage.expected for stage in stages))

    @property
    def duration(self) -> float:
        """The length of the run in seconds."""
        return self._ends[-1]

    @property
    def expected(self) -> float:
        """The number of journeys that the profile asks for: the area under the rate, seldom a whole number."""
        return self._totals[-1]

    @property
    def peak_rate(self) -> float:
        """The highest rate that is reached, in journeys per second."""
        return max(max(stage.rate_from, stage.rate_to) for stage in self.stages)

    def rate(self, t: float) -> float:
        """The rate at ``t`` seconds from the start, in journeys per second; 0 outside the run."""
        if not 0 <= t < self.duration:
            return 0.0
        index = bisect_right(self._ends, t)
        stage = self.stages[index]
        share = (t - self._ends[index] + stage.duration) / stage.duration
        return stage.rate_from + share * (stage.rate_to - stage.rate_from)

    def until(self, t: float) -> float:
        """How many journeys are expected in the first ``t`` seconds."""
        if t <= 0:
            return 0.0
        if t >= self.duration:
            return self.expected
        index = bisect_right(self._ends, t)
        stage = self.stages[index]
        inside = t - self._ends[index] + stage.duration
        return self._totals[index] - stage.expected + inside * (stage.rate_from + self.rate(t)) / 2

    def inverse(self, y: float) -> float:
        """The moment, in seconds from the start, at which ``y`` journeys are due in total; ``0 <= y <= expected``.

        The first such moment where the rate rests at 0. Outside the range a ValueError.
        """
        if not 0 <= y <= self.expected:
            raise ValueError(f"the profile brings between 0 and {self.expected:g} journeys, not {y}")
        index = bisect_left(self._totals, y)
        stage = self.stages[index]
        begin = self._ends[index] - stage.duration
        rest = y - (self._totals[index] - stage.expected)
        if rest <= 0:
            return begin
        # Multiplied out with the conjugate: no difference of like numbers, whether the rate rests, rises or starts at 0.
        slope = (stage.rate_to - stage.rate_from) / stage.duration
        root = math.sqrt(max(0.0, stage.rate_from**2 + 2 * slope * rest))
        return min(begin + 2 * rest / (stage.rate_from + root), self._ends[index])


MOST_COUNTED = 1_000_000
"""Arrivals that are counted one by one before a run; about a quarter of a second."""


class ArrivalProcess(StrEnum):
    """How arrivals are strewn along the profile: evenly, or by chance as strangers come."""

    UNIFORM = "uniform"
    POISSON = "poisson"


@dataclass(frozen=True)
class ProfileSchedule:
    """The due moments of all arrivals of a run, in seconds from its start, rising.

    Nothing is stored: moments are computed while they are iterated over, the same ones each time. ``len`` counts them one
    by one; for a Poisson process it is drawn, too, and differs between seeds.
    """

    profile: Profile
    process: ArrivalProcess
    seed: int

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[float]:
        return (due for _, due in self.share(0, 1))

    def share(self, worker: int, workers: int) -> Iterator[tuple[int, float]]:
        """The arrivals of one worker of several: number in the whole schedule (from 0) and due moment.

        Worker ``w`` gets the numbers ``k`` with ``k % workers == w``; ValueError unless ``0 <= worker < workers``.
        """
        _check_share(worker, workers)
        inverse = self.profile.inverse
        return ((k, inverse(y)) for k, y in enumerate(self._positions()) if k % workers == worker)

    @property
    def min_count(self) -> int:
        """How many arrivals come at least: all of them where that can be counted at once, else six deviations below the mean."""
        expected = self.profile.expected
        if expected <= MOST_COUNTED:
            return len(self)
        return math.floor(expected - 6 * math.sqrt(expected))

    @cached_property
    def _length(self) -> int:
        return sum(1 for _ in self._positions())

    def _positions(self) -> Iterator[float]:
        """How many journeys were expected by each arrival: the schedule on a clock on which the rate is always 1."""
        expected = self.profile.expected
        if self.process is ArrivalProcess.UNIFORM:
            yield from (k + 0.5 for k in range(max(0, math.ceil(expected - 0.5))))
            return
        # A string as seed: hashed, so that neighbouring seeds have nothing in common; random() is the same on
        # every version of Python, which is promised of no other method.
        draw = random.Random(f"arrivals {self.seed}").random
        y = -math.log1p(-draw())
        while y < expected:
            yield y
            y -= math.log1p(-draw())


@dataclass(frozen=True)
class TraceSchedule:
    """Due moments that were recorded elsewhere and are replayed, ``speed`` times as fast.

    ``moments`` in seconds from the start of the record; ValueError unless rising, not negative, and ``speed`` over 0.
    """

    moments: Sequence[float]
    speed: float = 1.0

    def __post_init__(self) -> None:
        if not (self.speed > 0 and math.isfinite(self.speed)):
            raise ValueError(f"a trace is replayed at a speed over 0, not {self.speed}")
        before = 0.0
        for number, moment in enumerate(self.moments):
            if not before <= moment < math.inf:
                raise ValueError(f"moment {number} of the trace is {moment}: moments rise from 0 and are finite")
            before = moment

    def __len__(self) -> int:
        return len(self.moments)

    @property
    def min_count(self) -> int:
        """How many arrivals come: all of them are known."""
        return len(self.moments)

    def __iter__(self) -> Iterator[float]:
        return (due for _, due in self.share(0, 1))

    def share(self, worker: int, workers: int) -> Iterator[tuple[int, float]]:
        """The arrivals of one worker of several, as of a ``ProfileSchedule``."""
        _check_share(worker, workers)
        return ((k, self.moments[k] / self.speed) for k in range(worker, len(self.moments), workers))


ArrivalSchedule = ProfileSchedule | TraceSchedule
"""The due moments of a run, computed or recorded."""


def users_needed(rate: float, journey_time: float, stall: float = 5.0) -> int:
    """How many virtual users serve arrivals of this rate without letting one wait.

    By Little's law ``rate * journey_time`` (per second, seconds) are busy on average; four standard deviations of a
    Poisson number are added for chance, and a stall of the shop of ``stall`` seconds is survived.
    """
    busy = rate * journey_time
    return math.ceil(busy + 4 * math.sqrt(busy) + rate * stall)


def _check_share(worker: int, workers: int) -> None:
    if not 0 <= worker < workers:
        raise ValueError(f"there is no worker {worker} among {workers}: they count from 0")
