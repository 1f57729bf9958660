"""Locust's own percentiles have three digits, in every process that reads a locustfile."""

import pytest

from harness.locust_plugin.locust_precision import round_time


@pytest.mark.parametrize(
    ("milliseconds", "rounded"),
    [(0.0, 0.0), (1.234, 1.23), (14.68, 14.7), (147.4, 147), (1474.0, 1470), (14_749.0, 14_700), (147_499.0, 147_000)],
)
def test_times_have_three_digits(milliseconds, rounded):
    assert round_time(milliseconds) == rounded


def test_no_time_is_more_than_half_a_percent_off():
    times = [1.0 * 1.0137**step for step in range(850)]
    assert max(abs(round_time(one) / one - 1) for one in times) <= 0.0051
