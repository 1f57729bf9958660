"""The shop feels an arrival rate after a journey's length, and until then a known part of it."""

import math

import pytest

from harness.capacity.effective_rate import EffectiveRate
from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, Window


def felt_rate(*lengths):
    """An effective rate with journeys of these lengths in seconds."""
    recorder = Recorder(Window(0.0, 0.0, math.inf))
    for length in lengths:
        recorder.journey(JourneySample("guest", "card", "ok", "nobody", 0.0, 0.0, length, ordered=True))
    felt = EffectiveRate()
    felt.update(recorder)
    return felt


def test_the_shop_feels_a_step_gradually_over_the_length_of_a_journey():
    felt = felt_rate(100.0)
    felt.extend_schedule(2.0, 300.0)
    felt.extend_schedule(4.0, 300.0)
    assert [felt.at(moment) for moment in (0.0, 50.0, 100.0, 300.0)] == pytest.approx([0.0, 1.0, 2.0, 2.0], abs=0.01)
    assert [felt.at(moment) for moment in (350.0, 375.0, 400.0, 600.0)] == pytest.approx([3.0, 3.5, 4.0, 4.0], rel=0.01)
    assert felt.during(300.0, 400.0) == pytest.approx(3.0, rel=0.01)


def test_long_and_short_journeys_count_by_the_time_that_they_take():
    felt = felt_rate(*[10.0] * 50, *[110.0] * 50)
    felt.extend_schedule(1.0, 1000.0)
    felt.extend_schedule(2.0, 1000.0)
    # After 10 s both kinds have had 10 s of their time: 10 of the 60 that a journey takes on average.
    assert felt.journey == pytest.approx(60.0, rel=0.02)
    assert felt.at(1010.0) == pytest.approx(1 + 10 / 60, rel=0.02)


@pytest.mark.parametrize(("target", "most"), [(2.2, 3.3), (1.9, 2.85)])
def test_the_shop_reaches_a_rate_within_a_level_and_within_limits(target, most):
    felt = felt_rate(100.0)
    felt.extend_schedule(2.0, 300.0)
    rate = felt.rate_to_reach(target, 20.0)
    assert 0.1 * target <= rate <= most
    felt.extend_schedule(rate, 20.0)
    assert felt.at(320.0) == pytest.approx(target, rel=0.02)


def test_a_rate_out_of_reach_is_approached():
    felt = felt_rate(100.0)
    felt.extend_schedule(2.0, 300.0)
    assert felt.rate_to_reach(4.0, 10.0) == pytest.approx(6.0)
    assert felt.rate_to_reach(0.5, 10.0) == pytest.approx(0.05)


def test_a_rate_has_settled_when_the_shop_feels_it_and_continues_to():
    felt = felt_rate(100.0)
    felt.extend_schedule(2.0, 300.0)
    assert felt.settling_time(2.0) == 0.0
    assert felt.settling_time(4.0) == pytest.approx(94.0, abs=3.0)
    # Felt as 2 on average at this moment, and on the way to something else.
    felt.extend_schedule(3.0, 50.0)
    felt.extend_schedule(1.0, 50.0)
    assert felt.at(400.0) == pytest.approx(2.0, rel=0.02)
    assert felt.settling_time(2.0) > 90.0


def test_short_or_unknown_journeys_do_not_lag():
    assert not felt_rate(4.0).lags(10.0)
    assert felt_rate(6.0).lags(10.0)
    unknown = EffectiveRate()
    unknown.extend_schedule(2.0, 10.0)
    assert (unknown.lags(10.0), unknown.at(5.0), unknown.settling_time(3.0)) == (False, 0.0, 0.0)
    unknown.update(Recorder(Window(0.0, 0.0, math.inf)))
    assert not unknown.lags(10.0)
