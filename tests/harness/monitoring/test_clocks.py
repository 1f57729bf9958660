"""A clock that is set or drifts is detected, and the offset of two clocks is measured as NTP does it."""

import random

import pytest

from harness.monitoring.clocks import ClockDrift, ClockExchange, ClockOffset, ClockWatch, best_offset


class Clocks:
    """A monotonic clock, and a wall clock that a test sets."""

    def __init__(self):
        self.now = 500.0
        self.ahead = 1_700_000_000.0
        self.interruption = 0.0
        self.watch = ClockWatch(self.wall, lambda: self.now)

    def wall(self):
        self.now += self.interruption
        return self.now + self.ahead

    def go(self, seconds, *, fast=0.0):
        for _ in range(seconds):
            self.now += 1
            self.ahead += fast
            self.watch.look()


def test_clocks_that_agree_show_no_drift():
    clocks = Clocks()
    clocks.watch.look()
    clocks.go(60)
    seen = clocks.watch.seen
    assert seen.watched == 60
    assert (seen.drift, seen.step) == (pytest.approx(0, abs=1e-6), pytest.approx(0, abs=1e-6))


def test_a_fast_clock_drifts():
    clocks = Clocks()
    clocks.watch.look()
    clocks.go(100, fast=0.02)
    assert clocks.watch.seen.drift == pytest.approx(2.0)
    assert clocks.watch.seen.share == pytest.approx(0.02)
    assert clocks.watch.seen.step == pytest.approx(0.02, abs=1e-5)


def test_a_step_counts_even_if_it_is_reversed():
    clocks = Clocks()
    clocks.watch.look()
    clocks.go(10)
    clocks.ahead -= 3
    clocks.go(5)
    clocks.ahead += 2.9
    clocks.go(5)
    seen = clocks.watch.seen
    assert seen.step == pytest.approx(-3, abs=1e-5)
    assert seen.stepped_at == 11
    assert seen.drift == pytest.approx(-0.1, abs=1e-5)


def test_an_interruption_between_two_readings_is_no_step():
    clocks = Clocks()
    clocks.watch.look()
    clocks.go(5)
    clocks.interruption = 0.7
    clocks.go(3)
    clocks.interruption = 0.0
    clocks.go(5)
    assert clocks.watch.seen.step == pytest.approx(0, abs=1e-6)
    assert clocks.watch.seen.watched > 13


def test_drift_reads_back_from_json():
    drift = ClockDrift(10.0, 0.1, -0.2, 3.0)
    assert ClockDrift.from_json(drift.to_json()) == drift


def test_without_readings_there_is_no_drift():
    assert ClockDrift().share == 0.0


def exchange(ahead, there, back, *, at=1000.0, working=0.003):
    received = at + there
    answered = received + working
    return ClockExchange(at, received + ahead, answered + ahead, answered + back)


def test_the_offset_is_exact_if_both_ways_take_equally_long():
    assert best_offset([exchange(5.0, 0.010, 0.010)]) == (pytest.approx(5.0), pytest.approx(0.010))


def test_the_exchange_with_the_shortest_network_time_counts():
    slow, quick = exchange(-2.0, 0.4, 0.01), exchange(-2.0, 0.002, 0.001)
    assert best_offset([slow, quick, slow]).seconds == pytest.approx(-2.0, abs=0.001)


def test_the_offset_is_never_wrong_by_more_than_its_error():
    chance = random.Random(3)
    for _ in range(500):
        truth = chance.uniform(-5, 5)
        exchanges = [exchange(truth, chance.expovariate(50), chance.expovariate(50)) for _ in range(4)]
        found = best_offset(exchanges)
        assert abs(found.seconds - truth) <= found.error + 1e-9


def test_an_exchange_with_negative_network_time_is_left_out():
    impossible = ClockExchange(10.0, 10.001, 12.0, 10.003)
    assert best_offset([impossible]) is None
    assert best_offset([]) is None
    assert best_offset([impossible, exchange(1.0, 0.01, 0.01)]) == ClockOffset(pytest.approx(1.0), pytest.approx(0.01))


@pytest.mark.parametrize(("seconds", "min_seconds"), [(2.0, 1.5), (-2.0, 1.5), (0.4, 0.0)])
def test_the_least_difference_of_two_clocks(seconds, min_seconds):
    assert ClockOffset(seconds, 0.5).min_seconds == min_seconds


@pytest.mark.parametrize(("seconds", "correction"), [(0.8, 0.8), (-0.8, -0.8), (0.4, 0.0)])
def test_only_a_certain_offset_is_corrected(seconds, correction):
    assert ClockOffset(seconds, 0.5).correction == correction
