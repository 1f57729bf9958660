"""The share over a bound is made to rise with the rate, so that noise cannot make a shop look better at more load."""

import pytest

from harness.critical import rising


def test_what_rises_is_left_alone():
    assert rising([(10.0, 100, 1), (20.0, 100, 2), (30.0, 100, 9)]) == [(10.0, 0.01), (20.0, 0.02), (30.0, 0.09)]


def test_neighbours_that_fall_are_counted_together():
    assert rising([(10.0, 100, 6), (20.0, 100, 2), (30.0, 100, 9)]) == [(15.0, 0.04), (30.0, 0.09)]


def test_the_order_in_which_levels_were_tried_does_not_matter():
    levels = [(30.0, 100, 9), (10.0, 100, 6), (20.0, 300, 2)]
    assert rising(levels) == rising(sorted(levels)) == [(17.5, pytest.approx(0.02)), (30.0, 0.09)]


def test_no_level_is_no_curve():
    assert rising([]) == []
