"""Levels decided one by one bring the same arrivals as a schedule known in advance."""

import pytest

from harness.schedule.arrivals import ArrivalProcess, Profile, ProfileSchedule, RateStage
from harness.schedule.stepped import SteppedSchedule

RATES = [(20.0, 3.0), (5.0, 2.0), (80.0, 1.5)]


@pytest.mark.parametrize("process", ArrivalProcess)
def test_levels_bring_what_the_same_profile_known_in_advance_brings(process):
    levels = SteppedSchedule(process, 7)
    made = [one for rate, seconds in RATES for one in levels.extend(rate, seconds)]
    whole = ProfileSchedule(Profile([RateStage(seconds, rate, rate) for rate, seconds in RATES]), process, 7)
    assert [number for number, _ in made] == list(range(len(whole)))
    assert [due for _, due in made] == pytest.approx(list(whole))
    assert (levels.count, levels.length) == (len(whole), 6.5)


def test_a_level_in_two_parts_is_the_same_level():
    whole, parts = SteppedSchedule(ArrivalProcess.POISSON, 1), SteppedSchedule(ArrivalProcess.POISSON, 1)
    together = whole.extend(30.0, 4.0)
    apart = parts.extend(30.0, 1.25) + parts.extend(30.0, 2.75)
    assert [number for number, _ in apart] == [number for number, _ in together]
    assert [due for _, due in apart] == pytest.approx([due for _, due in together])


def test_arrivals_due_between_two_moments_are_counted():
    levels = SteppedSchedule(ArrivalProcess.UNIFORM, 1)
    levels.extend(10.0, 2.0)
    levels.extend(20.0, 1.0)
    assert [levels.due_between(*between) for between in ((0.0, 2.0), (1.0, 2.5), (2.0, 3.0), (3.0, 9.0))] == [
        20,
        20,
        20,
        0,
    ]


def test_another_seed_brings_other_arrivals():
    assert SteppedSchedule(ArrivalProcess.POISSON, 1).extend(30.0, 4.0) != SteppedSchedule(
        ArrivalProcess.POISSON, 2
    ).extend(30.0, 4.0)


@pytest.mark.parametrize(("rate", "seconds"), [(0.0, 1.0), (1.0, 0.0), (float("inf"), 1.0), (-1.0, 1.0)])
def test_a_level_without_rate_or_length_is_refused(rate, seconds):
    with pytest.raises(ValueError, match="over 0"):
        SteppedSchedule(ArrivalProcess.UNIFORM, 1).extend(rate, seconds)
