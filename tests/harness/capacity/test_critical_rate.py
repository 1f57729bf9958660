"""The share over a bound is made to rise with the rate, so that noise cannot make a shop look better at more load."""

import random

import pytest

from harness.capacity.controller import FinishedLevel
from harness.capacity.critical_rate import critical_rates, pool_adjacent_violators
from harness.capacity.model import Purpose
from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, Window
from harness.objectives.parser import parse


def test_what_rises_is_left_alone():
    assert pool_adjacent_violators([(10.0, 100, 1), (20.0, 100, 2), (30.0, 100, 9)]) == [
        (10.0, 0.01),
        (20.0, 0.02),
        (30.0, 0.09),
    ]


def test_neighbours_that_fall_are_counted_together():
    assert pool_adjacent_violators([(10.0, 100, 6), (20.0, 100, 2), (30.0, 100, 9)]) == [
        (10.0, 0.04),
        (20.0, 0.04),
        (30.0, 0.09),
    ]


def test_the_order_in_which_levels_were_tried_does_not_matter():
    levels = [(30.0, 100, 9), (10.0, 100, 6), (20.0, 300, 2)]
    assert (
        pool_adjacent_violators(levels)
        == pool_adjacent_violators(sorted(levels))
        == [(10.0, 0.02), (20.0, 0.02), (30.0, 0.09)]
    )


def test_no_level_is_no_curve():
    assert pool_adjacent_violators([]) == []


def test_levels_at_the_same_rate_are_one():
    assert pool_adjacent_violators([(10.0, 100, 0), (10.0, 100, 2), (20.0, 100, 3)]) == [(10.0, 0.01), (20.0, 0.03)]


def test_a_stricter_bound_is_over_at_least_as_often_at_every_rate():
    chance = random.Random(1)
    for _ in range(50):
        levels = [(chance.choice([10.0, 20.0, 25.0, 40.0]), chance.randint(50, 500)) for _ in range(8)]
        lax = [(rate, total, chance.randint(0, total // 2)) for rate, total in levels]
        strict = [(rate, total, over + chance.randint(0, total // 2)) for rate, total, over in lax]
        for (_, seldom), (_, often) in zip(pool_adjacent_violators(lax), pool_adjacent_violators(strict), strict=True):
            assert often >= seldom - 1e-12


def test_a_level_in_which_a_queue_grew_is_no_proof_that_a_laxer_bound_holds():
    recorder = Recorder(Window(0.0, 0.0, 40.0))
    # 10 a second for 20 s, all of them home after one second; then 20 a second, of which 10 get done: none waits for over 11 s.
    for number in range(200):
        recorder.journey(_one(number / 10, 1.0))
    for number in range(400):
        recorder.journey(_one(20.0 + number / 20, 1.0 + number / 40))
    steps = [
        FinishedLevel(Purpose.WIDEN, rate, start, start, start + 20.0, (), 0.0, "", None, broken)
        for rate, start, broken in ((10.0, 0.0, False), (20.0, 20.0, True))
    ]
    found = critical_rates([parse("journey response_time p95 < 8s")], steps, recorder)
    strict, asked, lax = found.crossings
    assert not lax.at_least
    assert 600 <= strict.rate <= asked.rate <= lax.rate < 1200
    steps[1] = FinishedLevel(Purpose.WIDEN, 20.0, 20.0, 20.0, 40.0, (), 0.0, "", None, broken=False)
    *_, lax = critical_rates([parse("journey response_time p95 < 8s")], steps, recorder).crossings
    assert lax.at_least
    assert lax.rate == pytest.approx(1200)


def _one(due, took):
    return JourneySample("guest", "gpay", "ok", "nobody", due, due, due + took, True, 0)
