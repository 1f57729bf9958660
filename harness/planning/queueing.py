"""Queueing formulas: the wait at several servers, and the queue of an overloaded shop.

Times are in seconds, rates per second. The waiting formulas are for M/G/k in the steady state (Erlang C, with Allen and Cunneen's
correction for service times that vary more or less than exponential ones). The overload formulas use a fluid approximation.
"""

from __future__ import annotations

import math


def erlang_c(servers: int, load: float) -> float:
    """The share of arrivals at M/M/k that must wait; ``load`` is arrival rate times service time, below ``servers``."""
    if load >= servers:
        return 1.0
    blocked = 1.0
    for busy in range(1, servers + 1):
        blocked = load * blocked / (busy + load * blocked)  # Erlang B, from one server to the next
    return servers * blocked / (servers - load * (1 - blocked))


def mean_wait(servers: int, service: float, rate: float, variation: float = 1.0, burstiness: float = 1.0) -> float:
    """The mean wait in M/G/k; ``inf`` for a load that is too high.

    ``variation`` and ``burstiness`` are the squared coefficients of variation of the service times and of the gaps between
    arrivals: 1 if exponential, 0 if constant.
    """
    load = rate * service
    if load >= servers:
        return math.inf
    return erlang_c(servers, load) * service / (servers - load) * (variation + burstiness) / 2


def until_broken(patience: float, overload: float) -> float:
    """After how many seconds the wait exceeds ``patience`` at ``overload`` times the capacity; ``inf`` without an overload.

    The queue grows by ``overload - 1`` seconds of work a second: at 1.1 times, it reaches 2 s after 20 s.
    """
    return max(0.0, patience) / (overload - 1) if overload > 1 else math.inf


def until_recovered(overload: float, lasts: float, afterwards: float) -> float:
    """How long after an overload the queue is empty; ``afterwards`` is the load then, as a share of the capacity.

    ``inf`` if that load leaves no spare capacity.
    """
    if overload <= 1:
        return 0.0
    return (overload - 1) * lasts / (1 - afterwards) if afterwards < 1 else math.inf


def weeks_left(carries: float, needed: float, growth: float) -> float:
    """After how many weeks the need exceeds the capacity; 0 if it does already, ``inf`` if it does not grow."""
    if needed >= carries:
        return 0.0
    return math.log(carries / needed) / math.log1p(growth) if growth > 0 and needed > 0 else math.inf
