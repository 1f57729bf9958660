"""The queueing formulas agree with closed forms of the textbooks."""

import math

import pytest

from harness.planning.queueing import erlang_c, mean_wait, until_broken, until_recovered, weeks_left


def test_at_one_server_the_share_that_waits_is_its_load():
    assert erlang_c(1, 0.7) == pytest.approx(0.7)
    assert erlang_c(2, 1.0) == pytest.approx(1 / 3)
    assert erlang_c(4, 4.0) == 1.0


def test_the_wait_at_one_server_is_that_of_pollaczek_and_khinchine():
    # load / (mu (1 - load)) for exponential service; half of it where service never varies; more where it varies more.
    assert mean_wait(1, 0.1, 8.0) == pytest.approx(0.8 * 0.1 / 0.2)
    assert mean_wait(1, 0.1, 8.0, variation=0.0) == pytest.approx(0.8 * 0.1 / 0.2 / 2)
    assert mean_wait(1, 0.1, 8.0, variation=4.0) == pytest.approx(0.8 * 0.1 / 0.2 * 2.5)
    assert mean_wait(2, 0.1, 20.0) == math.inf


def test_the_wait_at_24_servers_is_that_of_the_worked_example():
    rates = [24 / 0.4 * part for part in (0.8, 0.9, 0.95)]
    waits = [mean_wait(24, 0.4, rate, variation=1.5) for rate in rates]
    assert waits == pytest.approx([0.023, 0.108, 0.306], rel=0.02)


def test_two_seconds_of_patience_last_20_s_at_1_1_times_the_capacity():
    assert [until_broken(2.0, times) for times in (1.1, 1.2, 1.5)] == pytest.approx([20, 10, 4])
    assert until_broken(2.0, 1.0) == math.inf
    assert until_broken(-1.0, 2.0) == 0.0


def test_a_queue_shrinks_by_the_spare_capacity():
    assert until_recovered(1.5, 60, 0.5) == pytest.approx(60)
    assert until_recovered(2.0, 60, 0.8) == pytest.approx(300)
    assert until_recovered(1.1, 60, 1.0) == math.inf
    assert until_recovered(1.0, 60, 1.0) == 0.0


def test_growth_uses_up_the_headroom():
    assert weeks_left(200, 100, 0.1) == pytest.approx(math.log(2) / math.log(1.1))
    assert weeks_left(100, 100, 0.1) == 0.0
    assert weeks_left(200, 100, 0.0) == math.inf
