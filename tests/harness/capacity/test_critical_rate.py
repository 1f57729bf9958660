"""The estimated share over a bound rises with the rate: noise does not make a shop look better with more load."""

import random

import pytest

from harness.capacity.critical_rate import critical_rates, pool_adjacent_violators
from harness.capacity.estimate import ObjectiveCounts
from harness.capacity.model import LevelOutcome, Purpose, SearchLevel
from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, Window
from harness.objectives.parser import parse


def test_rising_shares_are_unchanged():
    assert pool_adjacent_violators([(10.0, 100, 1), (20.0, 100, 2), (30.0, 100, 9)]) == [
        (10.0, 0.01),
        (20.0, 0.02),
        (30.0, 0.09),
    ]


def test_adjacent_levels_with_a_falling_share_are_pooled():
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


def test_without_levels_there_is_no_curve():
    assert pool_adjacent_violators([]) == []


def test_levels_at_the_same_rate_are_pooled():
    assert pool_adjacent_violators([(10.0, 100, 0), (10.0, 100, 2), (20.0, 100, 3)]) == [(10.0, 0.01), (20.0, 0.03)]


def test_more_samples_are_over_a_stricter_bound_at_every_rate():
    chance = random.Random(1)
    for _ in range(50):
        levels = [(chance.choice([10.0, 20.0, 25.0, 40.0]), chance.randint(50, 500)) for _ in range(8)]
        lax = [(rate, total, chance.randint(0, total // 2)) for rate, total in levels]
        strict = [(rate, total, over + chance.randint(0, total // 2)) for rate, total, over in lax]
        for (_, seldom), (_, often) in zip(pool_adjacent_violators(lax), pool_adjacent_violators(strict), strict=True):
            assert often >= seldom - 1e-12


def test_a_level_with_a_growing_queue_breaks_every_bound():
    recorder = Recorder(Window(0.0, 0.0, 40.0))
    # For 20 s, 10 come a second and each ends after one second. Then 20 come a second and 10 end: each takes up to 11 s.
    for number in range(200):
        recorder.journey(_one(number / 10, 1.0))
    for number in range(400):
        recorder.journey(_one(20.0 + number / 20, 1.0 + number / 40))
    levels = [_level(10.0, 0.0), _level(20.0, 20.0, over=50)]
    found = critical_rates([parse("journey response_time p95 < 8s")], levels, recorder)
    strict, asked, lax = found.crossings
    assert not lax.at_least
    assert 600 <= strict.rate <= asked.rate <= lax.rate < 1200
    levels[1] = _level(20.0, 20.0)
    *_, lax = critical_rates([parse("journey response_time p95 < 8s")], levels, recorder).crossings
    assert lax.at_least
    assert lax.rate == pytest.approx(1200)


def _level(rate, start, over=0):
    """A level of 20 s; with 50 of 100 samples over the bound it broke its objective."""
    counts = ObjectiveCounts("journey response_time p95 < 8s", 100, over, 0.05)
    level = SearchLevel(Purpose.WIDEN, rate, 20.0)
    return LevelOutcome(level, rate, start, start, start + 20.0, (counts,), under_way=0.0, spent=start + 20.0)


def _one(due, took):
    return JourneySample("guest", "gpay", "ok", "nobody", due, due, due + took, True, 0)
