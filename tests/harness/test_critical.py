"""The share over a bound is made to rise with the rate, so that noise cannot make a shop look better at more load."""

import random

from harness.critical import rising


def test_what_rises_is_left_alone():
    assert rising([(10.0, 100, 1), (20.0, 100, 2), (30.0, 100, 9)]) == [(10.0, 0.01), (20.0, 0.02), (30.0, 0.09)]


def test_neighbours_that_fall_are_counted_together():
    assert rising([(10.0, 100, 6), (20.0, 100, 2), (30.0, 100, 9)]) == [
        (10.0, 0.04),
        (20.0, 0.04),
        (30.0, 0.09),
    ]


def test_the_order_in_which_levels_were_tried_does_not_matter():
    levels = [(30.0, 100, 9), (10.0, 100, 6), (20.0, 300, 2)]
    assert rising(levels) == rising(sorted(levels)) == [(10.0, 0.02), (20.0, 0.02), (30.0, 0.09)]


def test_no_level_is_no_curve():
    assert rising([]) == []


def test_levels_at_the_same_rate_are_one():
    assert rising([(10.0, 100, 0), (10.0, 100, 2), (20.0, 100, 3)]) == [(10.0, 0.01), (20.0, 0.03)]


def test_a_stricter_bound_is_over_at_least_as_often_at_every_rate():
    chance = random.Random(1)
    for _ in range(50):
        levels = [(chance.choice([10.0, 20.0, 25.0, 40.0]), chance.randint(50, 500)) for _ in range(8)]
        lax = [(rate, total, chance.randint(0, total // 2)) for rate, total in levels]
        strict = [(rate, total, over + chance.randint(0, total // 2)) for rate, total, over in lax]
        for (_, seldom), (_, often) in zip(rising(lax), rising(strict), strict=True):
            assert often >= seldom - 1e-12
