"""Simulated shops that no formula describes: service times with high or no variation, and a shop with occasional stalls.

How much they carry is still known: the bound of the objective is what a long simulation shows at that very rate. Times are in seconds,
rates per second.
"""

import bisect
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from capacity_claims import mean_row, searched
from claims import Row, share_row
from simulator import Counter
from stations import Case, Served, counters

RATE, SERVERS = 24.0, 8
LONG = 1800.0
Draw = Callable[[random.Random], float]


@dataclass
class Pauses:
    """The shop stands still for so many ``seconds``, on average once ``every`` so many seconds of work, at random.

    Between the two clocks, of time and of work done, each pause is a step.
    """

    every: float
    seconds: float
    chance: random.Random
    _starts: list[float] = field(default_factory=list)
    _worked: list[float] = field(default_factory=list)

    def work(self, moment: float) -> float:
        """How long the shop has worked until a moment."""
        while not self._starts or self._starts[-1] <= moment:
            self._extend()
        begun = bisect.bisect_right(self._starts, moment)
        if not begun:
            return moment
        return max(self._worked[begun - 1], moment - begun * self.seconds)

    def moment(self, work: float) -> float:
        """The moment at which the shop has worked for this long."""
        while not self._worked or self._worked[-1] <= work:
            self._extend()
        return work + bisect.bisect_left(self._worked, work) * self.seconds

    def _extend(self) -> None:
        worked = (self._worked[-1] if self._worked else 0.0) + self.chance.expovariate(1 / self.every)
        self._starts.append(worked + len(self._starts) * self.seconds)
        self._worked.append(worked)


@dataclass
class Disturbed:
    """One queue before several servers; ``draw`` gives the service time."""

    servers: int
    draw: Draw
    pauses: Pauses | None = None
    counter: Counter = field(init=False)

    def __post_init__(self) -> None:
        self.counter = Counter(self.servers)

    def serve(self, moment: float, chance: random.Random) -> Served:
        if self.pauses is None:
            return Served(self.counter.serve(moment, self.draw(chance)))
        return Served(self.pauses.moment(self.counter.serve(self.pauses.work(moment), self.draw(chance))))


def exponential(mean: float) -> Draw:
    """Exponential service times, as in M/M/c."""
    return lambda chance: chance.expovariate(1 / mean)


def always(mean: float) -> Draw:
    """Constant service times."""
    return lambda _chance: mean


def varied(mean: float, squared: float = 9.0) -> Draw:
    """Hyperexponential service times with this squared coefficient of variation: a few long ones are half of the work."""
    quick = (1 + ((squared - 1) / (squared + 1)) ** 0.5) / 2
    return lambda chance: chance.expovariate(2 * (quick if chance.random() < quick else 1 - quick) / mean)


def _case(name: str, bound: float, busy: float, kind: Callable[[float], Draw], *pauses: float) -> Case:
    """``bound`` is the 95th percentile at ``RATE`` in a simulation of millions of shoppers; ``test_disturbed.py`` holds it."""
    draw, seeds = kind(busy * SERVERS / RATE), random.Random(name)

    def fresh() -> Disturbed:
        return Disturbed(SERVERS, draw, Pauses(*pauses, random.Random(seeds.random())) if pauses else None)

    return Case(name, name, fresh, f"journey response_time p95 < {bound * 1000:.6f}ms", RATE)


STANDING = "M/M/8 that stands still for 3 s about every 2 minutes"


def cases() -> list[Case]:
    """The shops of the claims."""
    return [
        counters(24, 95, 0.9, 3 * RATE),
        _case("M/H2/8 with a squared coefficient of variation of 9", 3.5307, 0.85, varied),
        _case("M/D/8", 1.3721, 0.95, always),
        _case(STANDING, 2.4218, 0.8, exponential, 120.0, 3.0),
        _case("M/M/8 with pauses of 200 ms about every 5 s", 1.4226, 0.85, exponential, 5.0, 0.2),
    ]


def rows(*, quick: bool, searches: int = 300) -> Iterator[Row]:
    """The claims about such shops, in the size of the table or of the tests: searches of half an hour."""
    runs, seed = (1 if quick else searches), 14_000
    confirmed: list[float] = []
    for case in cases():
        record = searched(case, runs, seed, LONG)
        confirmed += record.confirmed
        claim = f"capacity in 30 minutes, {case.name}"
        # A shop with stalls has slow answers only in its stalls, about a dozen in all.
        most, missed = (0.10, " (5 % is wanted, and missed)") if case.name == STANDING else (0.05, "")
        yield mean_row(f"{claim}: error of the rate at which the demand gives way{missed}", record.where, seed, most)
        yield share_row(f"{claim}: the 95 % interval holds the truth", sum(record.held), runs, seed, at_least=0.90)
    over = sum(error > 0 for error in confirmed)
    claim = "capacity in 30 minutes, all of these shops: the rate that was confirmed is above the truth"
    yield share_row(claim, over, len(confirmed), seed, at_most=0.05)
