"""Recorded arrivals are scaled in number and in time."""

import random

import pytest

from harness.schedule.trace_scaling import JITTER, profile_of, scale_trace

CHANCE = random.Random(4)
POISSON = sorted(CHANCE.uniform(0, 1_000) for _ in range(5_000))


def test_a_scale_of_one_changes_nothing():
    moments = [0.0, 0.25, 0.25, 7.125]
    assert scale_trace(moments, rate_scale=1.0, time_scale=1.0, seed=3) == (moments, [0, 1, 2, 3])


def test_time_scale_stretches_the_clock():
    assert scale_trace([0.0, 1.0, 4.0], rate_scale=1.0, time_scale=0.5, seed=3) == ([0.0, 0.5, 2.0], [0, 1, 2])


def test_a_rate_scale_below_one_keeps_some_arrivals_unchanged():
    moments, places = scale_trace(POISSON, rate_scale=0.3, time_scale=1.0, seed=3)
    assert len(moments) == pytest.approx(1_500, rel=0.06)
    assert moments == [POISSON[place] for place in places]


def test_a_rate_scale_above_one_adds_copies_near_each_arrival():
    moments, places = scale_trace(POISSON, rate_scale=2.5, time_scale=1.0, seed=3)
    assert len(moments) == pytest.approx(12_500, rel=0.02)
    assert moments == sorted(moments)
    assert set(POISSON) <= set(moments)
    assert all(abs(moment - POISSON[place]) <= JITTER for moment, place in zip(moments, places, strict=True))
    assert len(set(moments)) == len(moments)


def test_copies_stay_within_the_record():
    moments, _ = scale_trace([0.0, 0.0, 10.0], rate_scale=50.0, time_scale=1.0, seed=3)
    assert (min(moments), max(moments)) == (0.0, 10.0)


def test_the_result_depends_on_the_seed():
    once = scale_trace(POISSON, rate_scale=1.5, time_scale=1.0, seed=3)
    assert scale_trace(POISSON, rate_scale=1.5, time_scale=1.0, seed=3) == once
    assert scale_trace(POISSON, rate_scale=1.5, time_scale=1.0, seed=4) != once


def test_the_profile_of_a_record_has_its_number_of_arrivals_and_its_length():
    profile = profile_of(POISSON)
    assert profile.expected == pytest.approx(5_000)
    assert profile.duration == pytest.approx(1_000, abs=1)
    assert len(profile.stages) == 300
    assert profile.peak_rate < 2 * 5.0


@pytest.mark.parametrize("moments", [[0.0], [0.0, 0.0], [0.0, 0.999]])
def test_the_shortest_record_lasts_a_second(moments):
    profile = profile_of(moments)
    assert (profile.duration, profile.peak_rate) == (1.0, len(moments))
