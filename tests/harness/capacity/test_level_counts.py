"""Arrivals that the load generator has not released do not count against the shop."""

from dataclasses import replace

import pytest

from harness.capacity.estimate import ObjectiveCounts
from harness.capacity.level_counts import LevelCounter, LevelCounts
from harness.measurement.recorder import Recorder
from harness.measurement.sample import Window
from harness.objectives.parser import parse
from harness.yield_to_load import NEVER

OBJECTIVE = parse("journey response_time p95 < 4s")
NOTHING = LevelCounts(counted=((0, 0),), taken=0, late=0, waited=0, absent=0, missing=0, dropped=0)


class SteadyRun:
    """A run with arrivals at a steady rate; the first of them have been released."""

    yield_to_load = NEVER

    def __init__(self, rate=0.0, released=0):
        self.rate = rate
        self.recorder = Recorder(Window(0.0, 0.0, 100.0))
        self.recorder.offered(1.0, released)

    def due_between(self, start, end):
        return int((end - start) * self.rate)


def level_counter(rate=0.0, released=0):
    return LevelCounter([OBJECTIVE], SteadyRun(rate, released))


def trouble(over, *, absent, missing):
    last = replace(NOTHING, taken=1000, absent=absent, missing=missing)
    return level_counter().trouble(NOTHING, last, [ObjectiveCounts(OBJECTIVE.text, 1000, over, 0.05)], 0.5)


@pytest.mark.parametrize("over", [20, 190])
def test_missing_arrivals_excuse_as_many_slow_samples(over):
    assert "add a worker" in trouble(over, absent=100, missing=200)


def test_a_shop_with_more_slow_samples_than_missing_arrivals_is_the_limit():
    assert trouble(600, absent=100, missing=200) == ""


def test_without_absent_arrivals_the_reports_are_only_late():
    counts = level_counter(rate=100.0, released=990).count(10.0, ())
    assert (counts.absent, counts.missing) == (0, 0)


def test_with_absent_arrivals_all_unreported_ones_may_be_missing():
    counts = level_counter(rate=100.0, released=400).count(10.0, ())
    assert (counts.absent, counts.missing) == (450, 600)
