"""When shoppers arrive: a rate that changes over time, and the due moment of every arrival.

Profile, process and seed fix the whole schedule before the run. Every worker computes the same schedule and serves its
partition of it (see ``partition``). So the same shoppers arrive at the same moments with any number of workers.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import accumulate, count


@dataclass(frozen=True, slots=True)
class RateStage:
    """A stretch of time in which the rate changes linearly from one value to another.

    ``duration`` is in seconds, the rates are in journeys per second. A duration that is not over 0 is a ValueError, and so is
    a rate below 0.
    """

    duration: float
    rate_from: float
    rate_to: float

    def __post_init__(self) -> None:
        if not (self.duration > 0 and math.isfinite(self.duration)):
            raise ValueError(f"the duration of a stage is over 0 seconds and finite, not {self.duration} s")
        for rate in (self.rate_from, self.rate_to):
            if not (rate >= 0 and math.isfinite(rate)):
                raise ValueError(f"a rate is 0 or more journeys per second, not {rate}")

    @property
    def expected(self) -> float:
        """The number of journeys that the stage asks for."""
        return self.duration * (self.rate_from + self.rate_to) / 2


class Profile:
    """The arrival rate over a whole run, stage by stage; no stage is a ValueError."""

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
        """The number of journeys that the profile asks for: the area under the rate, usually not a whole number."""
        return self._totals[-1]

    @property
    def peak_rate(self) -> float:
        """The highest rate of the profile, in journeys per second."""
        return max(max(stage.rate_from, stage.rate_to) for stage in self.stages)

    def rate(self, t: float) -> float:
        """The rate at ``t`` seconds from the start, in journeys per second; 0 outside the run."""
        if not 0 <= t < self.duration:
            return 0.0
        index = bisect_right(self._ends, t)
        stage = self.stages[index]
        share = (t - self._ends[index] + stage.duration) / stage.duration
        return stage.rate_from + share * (stage.rate_to - stage.rate_from)

    def with_rate_from(self, moment: float, rate: float) -> Profile:
        """The same profile up to ``moment``, and this constant rate from then on; ``0 < moment < duration``, or a ValueError."""
        if not 0 < moment < self.duration:
            raise ValueError(f"the rate changes between 0 and {self.duration:g} s, not at {moment}")
        kept, begin = [], 0.0
        for stage in self.stages:
            left = min(stage.duration, moment - begin)
            if left <= 0:
                break
            share = left / stage.duration
            rate_to = stage.rate_from + share * (stage.rate_to - stage.rate_from)
            kept.append(RateStage(left, stage.rate_from, rate_to))
            begin += stage.duration
        return Profile([*kept, RateStage(self.duration - moment, rate, rate)])

    def inverse(self, y: float) -> float:
        """The moment, in seconds from the start, at which ``y`` journeys are due in total; ``0 <= y <= expected``.

        Where the rate stays at 0, it is the first such moment. A ``y`` out of range is a ValueError.
        """
        if not 0 <= y <= self.expected:
            raise ValueError(f"the profile brings between 0 and {self.expected:g} journeys, not {y}")
        index = bisect_left(self._totals, y)
        stage = self.stages[index]
        begin = self._ends[index] - stage.duration
        remaining = y - (self._totals[index] - stage.expected)
        if remaining <= 0:
            return begin
        # Expanded with the conjugate: it subtracts no nearly equal numbers, whether the rate is constant, rises or starts at 0.
        slope = (stage.rate_to - stage.rate_from) / stage.duration
        root = math.sqrt(max(0.0, stage.rate_from**2 + 2 * slope * remaining))
        return min(begin + 2 * remaining / (stage.rate_from + root), self._ends[index])


MOST_COUNTED = 1_000_000
"""The number of arrivals up to which they are counted one by one before a run; this takes about 0.25 s."""


class ArrivalProcess(StrEnum):
    """How arrivals are spread along the profile: evenly, or at random as independent shoppers come."""

    UNIFORM = "uniform"
    POISSON = "poisson"


@dataclass(frozen=True)
class ProfileSchedule:
    """The due moments of all arrivals of a run, in seconds from its start, in rising order.

    Nothing is stored: each iteration computes the same moments again. ``len`` counts them one by one. For a Poisson process
    the number is random, too, and differs between seeds.
    """

    profile: Profile
    process: ArrivalProcess
    seed: int

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[float]:
        return map(self.profile.inverse, self._positions())

    @property
    def min_count(self) -> int:
        """The least number of arrivals: the exact number if it is quick to count, else six standard deviations below the mean."""
        expected = self.profile.expected
        if expected <= MOST_COUNTED:
            return len(self)
        return math.floor(expected - 6 * math.sqrt(expected))

    @cached_property
    def _length(self) -> int:
        return sum(1 for _ in self._positions())

    def positions(self) -> Iterator[float]:
        """How many journeys are expected up to each arrival, without end: the schedule on a clock where the rate is always 1.

        They do not depend on the profile. So an arrival keeps its number when the rate changes.
        """
        if self.process is ArrivalProcess.UNIFORM:
            for k in count():
                yield k + 0.5
        # The seed is a string, because Python hashes it: neighbouring seeds then have nothing in common. Of all methods,
        # Python promises only for random() that it gives the same numbers in every version.
        draw = random.Random(f"arrivals {self.seed}").random
        y = 0.0
        while True:
            y -= math.log1p(-draw())
            yield y

    def _positions(self) -> Iterator[float]:
        expected = self.profile.expected
        for position in self.positions():
            if position >= expected:
                return
            yield position


@dataclass(frozen=True)
class TraceSchedule:
    """Recorded due moments, replayed ``speed`` times as fast.

    ``moments`` are in seconds from the start of the record. A ValueError unless they rise from 0 and ``speed`` is over 0.
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
        """The number of arrivals, which is known exactly."""
        return len(self.moments)

    def __iter__(self) -> Iterator[float]:
        return (moment / self.speed for moment in self.moments)


ArrivalSchedule = ProfileSchedule | TraceSchedule
"""The due moments of a run: computed or recorded."""


def users_needed(rate: float, journey_time: float, stall: float = 5.0) -> int:
    """How many virtual users it takes so that no arrival at this rate has to wait.

    By Little's law ``rate * journey_time`` (per second, seconds) are busy on average. To these come four standard deviations of
    a Poisson number, and the arrivals of a stall of the shop of ``stall`` seconds.
    """
    busy = rate * journey_time
    return math.ceil(busy + 4 * math.sqrt(busy) + rate * stall)
