"""A simulated shop: queues whose properties are known by formula or by exact measurement.

Times are in seconds, rates per second. Everything drawn comes from a ``random.Random`` that is passed in.
"""

import heapq
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from harness.measurement.pending import PendingAge
from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, Window
from harness.schedule.dispatch import Arrival, ArrivalDispatcher, Assignment
from harness.yield_to_load import NEVER, YieldToLoad

Draw = Callable[[], float]


# -- closed form ------------------------------------------------------------------------------------------------------


def erlang_c(servers: int, load: float) -> float:
    """The share of customers of an M/M/c queue that must wait; ``load`` is arrival rate over service rate, below ``servers``."""
    blocked = 1.0
    for busy in range(1, servers + 1):
        blocked = load * blocked / (busy + load * blocked)  # Erlang B, from one server to the next
    return servers * blocked / (servers - load * (1 - blocked))


def tail(t: float, servers: int, arrivals: float, service: float) -> float:
    """The share of customers of an M/M/c queue that stay longer than ``t`` seconds; rates per second.

    The stay is the wait, which is over at once for all but a share ``C`` and exponential for those, and the service.
    """
    load = arrivals / service
    spare = servers - 1 - load
    wait = erlang_c(servers, load)
    if abs(spare) < 1e-9:
        return math.exp(-service * t) * (1 + wait * service * t)
    return math.exp(-service * t) * (1 + wait / spare * -math.expm1(-service * t * spare))


def stay_exceeded_by(share: float, servers: int, arrivals: float, service: float) -> float:
    """The time that this share of the customers of an M/M/c queue exceeds."""
    low, high = 0.0, 1.0
    while tail(high, servers, arrivals, service) > share:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if tail(middle, servers, arrivals, service) > share else (low, middle)
    return high


# -- queues -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Freeze:
    """An interval in which the shop does no work."""

    start: float
    length: float

    def begin(self, moment: float) -> float:
        """When work that should begin at this moment can begin."""
        return self.start + self.length if self.start <= moment < self.start + self.length else moment

    def end(self, begun: float, work: float) -> float:
        """When work that began at a moment is done."""
        done = begun + work
        return done + self.length if begun < self.start < done else done


NO_FREEZE = Freeze(math.inf, 0.0)


@dataclass
class Counter:
    """The servers of the shop: first come, first served."""

    servers: int
    freeze: Freeze = NO_FREEZE
    free: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self.free = [0.0] * self.servers

    def serve(self, moment: float, work: float) -> float:
        """When a customer that comes at this moment is done; customers must come in order."""
        begun = self.freeze.begin(max(moment, self.free[0]))
        done = self.freeze.end(begun, work)
        heapq.heapreplace(self.free, done)
        return done


def poisson(rate: float, until: float, chance: random.Random) -> Iterator[float]:
    """The moments of a Poisson process."""
    moment = chance.expovariate(rate)
    while moment < until:
        yield moment
        moment += chance.expovariate(rate)


def lognormal(mean: float, sigma: float, chance: random.Random) -> Draw:
    """Draws times of this mean, with this standard deviation of the logarithm."""
    mu = math.log(mean) - sigma**2 / 2
    return lambda: chance.lognormvariate(mu, sigma)


def exponential(mean: float, chance: random.Random) -> Draw:
    """Draws exponential times of this mean."""
    return lambda: chance.expovariate(1 / mean)


def queue(moments: Sequence[float], work: Draw, counter: Counter) -> list[float]:
    """G/G/c: how long each customer stays, given the moments of their arrivals."""
    serve = counter.serve
    return [serve(moment, work()) - moment for moment in moments]


# -- a search ---------------------------------------------------------------------------------------------------------


@dataclass
class SimulatedRun:
    """The run that a capacity search reads, with a simulated clock and a fast load generator."""

    recorder: Recorder
    due_between: Callable[[float, float], int]
    under_way: int = 0
    processor_share: float = 0.2
    waiting: Sequence[PendingAge] = ()
    yield_to_load: YieldToLoad = NEVER

    def labels_of(self, _number: int) -> tuple[str, str]:
        """Journey and payment option of an arrival; all are of one kind."""
        return "guest", ""


# -- a pool of users before the shop ----------------------------------------------------------------------------------


class User:
    """A virtual user that is free until it gets an arrival."""

    kind = "guest"

    def __init__(self, taken: list[tuple["User", Assignment]]) -> None:
        self._taken = taken

    def take(self, assignment: Assignment) -> None:
        self._taken.append((self, assignment))


def paced(
    due_times: Sequence[tuple[int, float]],
    work: Sequence[float],
    *,
    users: int,
    counter: Counter,
    window: Window,
    longest_wait: float = math.inf,
    watch: Callable[[Recorder, ArrivalDispatcher], None] = lambda _recorder, _pacing: None,
) -> Recorder:
    """What the harness measures: its dispatcher gives arrivals to users, and these go to the servers.

    ``due_times`` as ``ProfileSchedule.share`` gives them, ``work`` how long the arrival of each number keeps a server busy;
    ``watch`` is called after each event.
    """
    recorder = Recorder(window)

    def drop(arrival: Arrival) -> None:
        recorder.journey(JourneySample("guest", "card", "dropped", "shop", arrival.due, math.inf, math.inf))

    dispatcher = ArrivalDispatcher(due_times, lambda _number: "guest", longest_wait, recorder, drop)
    taken: list[tuple[User, Assignment]] = []
    ends: list[tuple[float, int, User, Assignment, float]] = []
    for _ in range(users):
        dispatcher.wait_for_arrival(User(taken), 0.0)
    now, wake = 0.0, dispatcher.advance(0.0)
    while ends or wake < math.inf:
        if ends and ends[0][0] <= wake:
            now, _, user, assignment, started = heapq.heappop(ends)
            recorder.journey(
                JourneySample("guest", "card", "ok", "nobody", assignment.arrival.due, started, now, ordered=True)
            )
            dispatcher.end()
            dispatcher.wait_for_arrival(user, now)
        else:
            now = wake
        wake = dispatcher.advance(now)
        for user, assignment in taken:
            dispatcher.begin(assignment, now)
            number = assignment.arrival.number
            heapq.heappush(ends, (counter.serve(now, work[number]), number, user, assignment, now))
        taken.clear()
        watch(recorder, dispatcher)
    return recorder
