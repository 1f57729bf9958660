"""The claims about the checks of the load generator: too much lateness is found, and a little does not make a run invalid."""

import random
from collections.abc import Callable, Iterator

from checked_runs import conditions_of
from claims import Row, share_row

from harness.measurement.histogram import Histogram
from harness.measurement.recorder import Recorder
from harness.measurement.sample import Window
from harness.objectives.verdict import Severity
from harness.validity.evidence import Conditions, Evidence
from harness.validity.generator import arrival_lateness, event_loop_lag

SIZES = (150, 1_200, 12_000)
"""Arrivals, or probes of the event loop, in the steady part."""
WARM_UP, STEADY = 600.0, 40.0
"""Seconds; the warm-up is ten clean minutes."""
STALL = 0.3
"""The length of a stall of the load generator in seconds."""

Lateness = Callable[[int, random.Random], Iterator[tuple[float, float]]]
"""Due moments and the lateness of each, for this many arrivals in the steady part."""


def one_by_one(share: float) -> Lateness:
    """Each arrival is late independently, with this probability."""

    def drawn(number: int, chance: random.Random) -> Iterator[tuple[float, float]]:
        for place in range(number):
            yield WARM_UP + STEADY * place / number, 0.1 if chance.random() < share else 0.001

    return drawn


def by_stalls(share: float) -> Lateness:
    """The load generator stalls for this share of the time, at random moments."""

    def drawn(number: int, chance: random.Random) -> Iterator[tuple[float, float]]:
        begin = WARM_UP + chance.expovariate(share / STALL)
        for place in range(number):
            due = WARM_UP + STEADY * place / number
            while due >= begin + STALL:
                begin += STALL + chance.expovariate(share / STALL)
            yield due, begin + STALL - due if due >= begin else 0.001

    return drawn


def one_stall(number: int, chance: random.Random) -> Iterator[tuple[float, float]]:
    """One stall at a random moment."""
    begin = WARM_UP + chance.uniform(0.0, STEADY - STALL)
    for place in range(number):
        due = WARM_UP + STEADY * place / number
        yield due, begin + STALL - due if begin <= due < begin + STALL else 0.001


def arrivals_called_late(lateness: Lateness, number: int, chance: random.Random) -> bool:
    """Whether a run with such arrivals is invalid."""
    recorder = Recorder(Window(0.0, WARM_UP, WARM_UP + STEADY))
    for place in range(number):
        recorder.started(WARM_UP * place / number, 0.0005, 0.0)
    for due, by in lateness(number, chance):
        recorder.started(due, by, 0.0)
    return any(finding.level is Severity.INVALID for finding in arrival_lateness(Evidence(recorder, Conditions())))


def loop_called_late(share: float, number: int, chance: random.Random) -> bool:
    """Whether a run with this many late probes of the event loop is invalid."""
    lag = Histogram()
    for _ in range(number):
        lag.record(0.1 if chance.random() < share else 0.001)
    facts = conditions_of(loop_lag=lag)
    return any(
        finding.level is Severity.INVALID for finding in event_loop_lag(Evidence(Recorder(Window(0, 0, 1)), facts))
    )


def rows(*, quick: bool) -> Iterator[Row]:
    """How often a run is invalid with too little and with too much lateness in the steady part, after ten clean minutes."""
    seed = 31_000
    for number in SIZES[:2] if quick else SIZES:
        runs = 60 if quick else 1_000 if number < SIZES[-1] else 300
        for what, lateness in (
            ("0.5 % late one by one", one_by_one(0.005)),
            ("stalls of 300 ms for 0.5 % of the time", by_stalls(0.005)),
            ("one stall of 300 ms in 40 s", one_stall),
        ):
            chances = (random.Random(f"{what} {seed + run}") for run in range(runs))
            wrong = sum(arrivals_called_late(lateness, number, chance) for chance in chances)
            yield share_row(f"{what}, {number:,} arrivals: called invalid", wrong, runs, seed, at_most=0.01)
        chances = (random.Random(seed + run) for run in range(runs))
        wrong = sum(loop_called_late(0.005, number, chance) for chance in chances)
        yield share_row(f"0.5 % of {number:,} probes of the loop late: called invalid", wrong, runs, seed, at_most=0.01)
        for what, lateness in (
            ("10 % late one by one", one_by_one(0.1)),
            *([("stalls of 300 ms for 10 % of the time", by_stalls(0.1))] if number > SIZES[0] else []),
        ):
            chances = (random.Random(f"{what} {seed + run}") for run in range(runs))
            right = sum(arrivals_called_late(lateness, number, chance) for chance in chances)
            yield share_row(f"{what}, {number:,} arrivals: found invalid", right, runs, seed, at_least=0.95)
        chances = (random.Random(seed + run) for run in range(runs))
        right = sum(loop_called_late(0.1, number, chance) for chance in chances)
        yield share_row(f"10 % of {number:,} probes of the loop late: found invalid", right, runs, seed, at_least=0.95)
