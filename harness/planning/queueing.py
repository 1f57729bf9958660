"""What queues do: waiting at a number of counters, and a shop that is asked for more than it can carry.

Times are in seconds, rates per second. The waiting formulae are for M/G/k in the steady state (Erlang C; Allen and Cunneen's
correction for service times that vary more or less than exponential ones); the overload formulae treat shoppers as water.
"""

from __future__ import annotations

import math


def erlang_c(servers: int, load: float) -> float:
    """The share of those who come to M/M/k who must wait; ``load`` is arrival rate times service time, below ``servers``."""
    if load >= servers:
        return 1.0
    blocked = 1.0
    for busy in range(1, servers + 1):
        blocked = load * blocked / (busy + load * blocked)  # Erlang B, from one server to the next
    return servers * blocked / (servers - load * (1 - blocked))


def mean_wait(servers: int, service: float, rate: float, variation: float = 1.0, burstiness: float = 1.0) -> float:
    """The mean wait in M/G/k; ``inf`` where more comes than can be served.

    ``variation`` and ``burstiness`` are the squared coefficients of variation of service and of the gaps between
    arrivals: 1 where exponential, 0 where always the same.
    """
    load = rate * service
    if load >= servers:
        return math.inf
    return erlang_c(servers, load) * service / (servers - load) * (variation + burstiness) / 2


def until_broken(patience: float, overload: float) -> float:
    """After how many seconds the wait exceeds ``patience``, when ``overload`` times what the shop can carry comes.

    The queue grows by ``overload - 1`` seconds of work a second: 2 s are reached after 20 s at 1.1 times.
    ``inf`` where nothing grows.
    """
    return max(0.0, patience) / (overload - 1) if overload > 1 else math.inf


def until_recovered(overload: float, lasts: float, afterwards: float) -> float:
    """How long after an overload the queue is gone; ``afterwards`` is the load then, as a share of what the shop carries.

    ``inf`` where the shop is not left any capacity to catch up with.
    """
    if overload <= 1:
        return 0.0
    return (overload - 1) * lasts / (1 - afterwards) if afterwards < 1 else math.inf


def weeks_left(carries: float, needed: float, growth: float) -> float:
    """After how many weeks the need outgrows what is carried; 0 if it has already, ``inf`` if it does not grow."""
    if needed >= carries:
        return 0.0
    return math.log(carries / needed) / math.log1p(growth) if growth > 0 and needed > 0 else math.inf
