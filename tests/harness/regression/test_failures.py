"""Shares of failed journeys: a rise is found, a cluster counts once, and too few journeys prove nothing."""

import random

import pytest

from harness.regression.failures import failure_shares


def spread(total, failed, slices=60):
    """A run whose failures are spread evenly."""
    return [(total // slices, failed * (index + 1) // slices - failed * index // slices) for index in range(slices)]


def test_one_journey_of_a_hundred_against_none_is_found():
    shares = failure_shares([spread(1200, 0)], [spread(1200, 12)])
    assert shares.rise == pytest.approx(0.01)
    assert shares.p_rise(0.001) < 0.0005
    assert shares.high(0.003) > 0.01


def test_equal_shares_are_no_rise():
    shares = failure_shares([spread(1200, 30)], [spread(1200, 30)])
    assert shares.p_rise(0.001) == 1.0
    assert shares.low(0.01) < 0 < shares.high(0.01)


def test_a_rise_too_small_to_matter_is_none():
    assert failure_shares([spread(600_000, 0)], [spread(600_000, 300)]).p_rise(0.001) == 1.0


def test_a_burst_of_failures_counts_as_one_event():
    burst = [(20, 20 if index == 30 else 0) for index in range(60)]
    shares = failure_shares([spread(1200, 0)], [burst])
    assert shares.p_rise(0.001) > 0.1


def test_few_journeys_do_not_show_that_failures_are_rare():
    assert failure_shares([spread(120, 0)], [spread(120, 0)]).high(0.003) > 0.01
    assert failure_shares([spread(1200, 0)], [spread(1200, 0)]).high(0.003) < 0.01
    assert failure_shares([[]], [[]]).high(0.003) == 1.0
    assert failure_shares([[]], [[]]).p_rise(0.0) == 1.0


def test_everything_failed_on_both_sides():
    shares = failure_shares([spread(600, 600)], [spread(600, 600)])
    assert (shares.rise, shares.p_rise(0.001)) == (0.0, 1.0)


@pytest.mark.parametrize("share", [0.002, 0.05])
def test_equal_shops_seldom_seem_to_fail_more(share):
    chance = random.Random(4)

    def a_run():
        return [(20, sum(chance.random() < share for _ in range(20))) for _ in range(60)]

    alarms = sum(failure_shares([a_run()], [a_run()]).p_rise(0.001) <= 0.01 for _ in range(300))
    assert alarms <= 9
