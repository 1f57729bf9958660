"""Simulated shops whose capacity is known by formula: servers, a queue that fills up, a slow option, a slow page.

Each is fed shopper by shopper, in the order in which they come. Times are in seconds, rates per second.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from simulator import Counter, tail

OTHER, SLOW, BUSY = "card", "wallet", "BusyPage"


class Served(NamedTuple):
    """The result of one shopper: when it was done, its payment option, whether the shop refused it, and its pages."""

    done: float
    option: str = OTHER
    refused: bool = False
    pages: tuple[tuple[str, float, float], ...] = ()


class Shop(Protocol):
    """Serves shoppers that come in order."""

    def serve(self, moment: float, chance: random.Random) -> Served:
        """The result of a shopper that comes at this moment."""


@dataclass
class Counters:
    """M/M/c: one queue before several servers."""

    servers: int
    mean: float
    counter: Counter = field(init=False)

    def __post_init__(self) -> None:
        self.counter = Counter(self.servers)

    def serve(self, moment: float, chance: random.Random) -> Served:
        return Served(self.counter.serve(moment, chance.expovariate(1 / self.mean)))


@dataclass
class Full:
    """M/M/c/K: a shopper that finds the queue full is refused at once."""

    servers: int
    mean: float
    room: int
    counter: Counter = field(init=False)

    def __post_init__(self) -> None:
        self.counter = Counter(self.servers)
        self._inside: list[float] = []

    def serve(self, moment: float, chance: random.Random) -> Served:
        self._inside = [end for end in self._inside if end > moment]
        if len(self._inside) >= self.servers + self.room:
            return Served(moment, refused=True)
        done = self.counter.serve(moment, chance.expovariate(1 / self.mean))
        self._inside.append(done)
        return Served(done)


@dataclass
class SlowOption:
    """One payment option has its own servers, which are the first to be too slow."""

    share: float
    mean: float
    clerks: int = 2
    counter: Counter = field(init=False)

    def __post_init__(self) -> None:
        self.counter = Counter(self.clerks)

    def serve(self, moment: float, chance: random.Random) -> Served:
        if chance.random() < self.share:
            return Served(self.counter.serve(moment, chance.expovariate(1 / self.mean)), SLOW)
        return Served(moment + chance.expovariate(10 / self.mean))


@dataclass
class Collapsing:
    """Two pages, one after the other; the second has few servers. By Burke's theorem it is an M/M/c queue, too."""

    mean: float
    clerks: int = 2
    counter: Counter = field(init=False)

    def __post_init__(self) -> None:
        self.counter = Counter(self.clerks)
        self._last = 0.0

    def serve(self, moment: float, chance: random.Random) -> Served:
        done = self.counter.serve(moment, chance.expovariate(1 / self.mean))
        other = chance.expovariate(10 / self.mean)
        return Served(done + other, pages=((BUSY, moment, done), ("LightPage", done, done + other)))


@dataclass(frozen=True)
class Case:
    """A kind of shop, its objective, and the highest rate at which it keeps the objective."""

    name: str
    kind: str
    fresh: Callable[[], Shop]
    objective: str
    truth: float


def highest(holds: Callable[[float], bool], most: float) -> float:
    """The highest number up to ``most`` for which a condition holds that does not hold above it."""
    low, high = 0.0, most
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def counters(servers: int, percentile: int, busy: float, rate: float) -> Case:
    """An M/M/c shop that keeps its objective up to this ``rate``, at which its servers have the utilisation ``busy``."""
    allowed, load = 1 - percentile / 100, busy * servers
    times = highest(lambda times: tail(times, servers, load, 1.0) > allowed, 1000.0)
    mean = load / rate
    objective = f"journey response_time p{percentile} < {times * mean * 1000:.6f}ms"
    return Case(
        f"M/M/{servers}, p{percentile}",
        f"M/M/{servers}, p95 and p99 together",
        lambda: Counters(servers, mean),
        objective,
        rate,
    )


def refused(servers: int, room: int, load: float) -> float:
    """The share of customers of an M/M/c/K queue that are refused; ``load`` is arrival rate over service rate."""
    weights, weight = [1.0], 1.0
    for inside in range(1, servers + room + 1):
        weight *= load / min(inside, servers)
        weights.append(weight)
    return weight / math.fsum(weights)


def full(servers: int, room: int, rate: float) -> Case:
    """A queue that fills up: at this ``rate`` one in a hundred is refused."""
    load = highest(lambda load: refused(servers, room, load) <= 0.01, 10.0 * servers)
    mean, name = load / rate, f"M/M/{servers} with a queue of {room}, failures"
    return Case(name, name, lambda: Full(servers, mean, room), "journey failures < 1%", rate)


def slow_option(rate: float, share: float = 0.2) -> Case:
    """One payment option has its own servers; a p95 of all shoppers is then in the slowest quarter of its shoppers."""
    times = 4.0

    def holds(load: float) -> bool:
        of_all = share * tail(times, 2, load * share, 1.0) + (1 - share) * math.exp(-10 * times)
        return of_all <= 0.05

    load = highest(holds, 2 / share * (1 - 1e-9))
    mean = load / rate
    objective = f"journey response_time p95 < {times * mean * 1000:.6f}ms"
    return Case("a slow payment option", "a slow payment option", lambda: SlowOption(share, mean), objective, rate)


def collapsing(rate: float) -> Case:
    """One page of two has too few servers."""
    times = 6.0
    load = highest(lambda load: tail(times, 2, load, 1.0) <= 0.05, 2 * (1 - 1e-9))
    mean = load / rate
    objective = f"page.{BUSY} response_time p95 < {times * mean * 1000:.6f}ms"
    return Case("a page that collapses", "a page that collapses", lambda: Collapsing(mean), objective, rate)
