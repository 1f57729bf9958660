"""A rate that changes while the run is on: all processes agree on the arrivals, and none is lost or doubled."""

import pytest

from harness.schedule.arrivals import ArrivalProcess, Profile, ProfileSchedule, RateStage
from harness.schedule.partition import partitions
from harness.schedule.steerable import SteerableDueTimes

START = 100.0
RAMP = Profile([RateStage(10.0, 0.0, 10.0), RateStage(30.0, 10.0, 10.0)])


def kind_of(number):
    return "guest" if number % 3 else "returning"


def streams(process, workers=2):
    """The due times of each worker; the second has more users."""
    users = [{"guest": 3 + worker, "returning": 1} for worker in range(workers)]
    schedule = ProfileSchedule(RAMP, process, 5)
    return [SteerableDueTimes(schedule, one.stream(kind_of), START) for one in partitions(users)]


def released(due_times, until):
    """What a dispatcher lets in before a moment; it always holds the next one."""
    taken = []
    for number, due in due_times:
        if due >= until:
            break
        taken.append((number, due))
    return taken


@pytest.mark.parametrize("process", ArrivalProcess)
@pytest.mark.parametrize(("first", "second"), [(30.0, 5.0), (2.0, 60.0), (0.5, 0.7), (10.0, 10.0)])
def test_workers_together_serve_exactly_the_arrivals_of_the_changed_profile(process, first, second):
    changed = RAMP.with_rate_from(15.0, first)
    again = changed.with_rate_from(25.0, second)
    served = []
    for due_times in streams(process):
        served += released(due_times, START + 14.2)
        due_times.change(changed)
        served += released(due_times, START + 24.2)
        due_times.change(again)
        served += released(due_times, START + 1000)
    expected = [(number, START + due) for number, due in enumerate(ProfileSchedule(again, process, 5))]
    assert [number for number, _ in sorted(served)] == [number for number, _ in expected]
    assert [due for _, due in sorted(served)] == pytest.approx([due for _, due in expected])


def test_arrivals_before_the_change_stay_where_they_were():
    one, two = ProfileSchedule(RAMP, ArrivalProcess.POISSON, 5), RAMP.with_rate_from(15.0, 40.0)
    before = [due for due in one if due < 15.0]
    other = list(ProfileSchedule(two, ArrivalProcess.POISSON, 5))
    assert other[: len(before)] == pytest.approx(before)
    assert len([due for due in other if 15.0 <= due < 40.0]) == pytest.approx(1000, abs=150)


def test_a_worker_that_hears_of_the_change_late_neither_repeats_nor_skips_an_arrival():
    changed = RAMP.with_rate_from(15.0, 30.0)
    (alone,) = streams(ArrivalProcess.POISSON, workers=1)
    early = released(alone, START + 18.0)
    alone.change(changed)
    late = released(alone, START + 1000)
    numbers = [number for number, _ in early + late]
    assert numbers == list(range(len(ProfileSchedule(changed, ArrivalProcess.POISSON, 5))))
    assert late[0][1] < START + 18.0, "what it should have let in by now is due at once"


def test_a_rate_that_brings_no_more_arrivals_can_be_raised_again():
    (alone,) = streams(ArrivalProcess.UNIFORM, workers=1)
    early = released(alone, START + 14.0)
    slow = RAMP.with_rate_from(14.5, 0.0)
    alone.change(slow)
    rest = released(alone, START + 1000)
    assert len(early + rest) == len(ProfileSchedule(slow, ArrivalProcess.UNIFORM, 5))
    again = slow.with_rate_from(20.0, 10.0)
    alone.change(again)
    late = released(alone, START + 1000)
    assert [number for number, _ in early + rest + late] == list(
        range(len(ProfileSchedule(again, ArrivalProcess.UNIFORM, 5)))
    )
    assert late[0][1] >= START + 20.0


@pytest.mark.parametrize("moment", [0.0, -1.0, 40.0, 41.0, float("nan")])
def test_a_rate_changes_only_within_the_profile(moment):
    with pytest.raises(ValueError, match="between 0 and 40 s"):
        RAMP.with_rate_from(moment, 1.0)


def test_a_changed_profile_keeps_its_length_and_its_rates_before():
    changed = RAMP.with_rate_from(4.0, 20.0)
    assert changed.duration == pytest.approx(RAMP.duration)
    assert changed.rate(2.0) == pytest.approx(RAMP.rate(2.0))
    assert changed.rate(3.999) == pytest.approx(4.0, abs=0.01)
    assert {changed.rate(4.0), changed.rate(12.0), changed.rate(39.9)} == {20.0}
