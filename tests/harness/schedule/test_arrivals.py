"""Arrivals follow the profile and depend on nothing but profile, process and seed."""

import itertools
import math
from bisect import bisect_left

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.special import kolmogorov

from harness.schedule.arrivals import ArrivalProcess, Profile, ProfileSchedule, RateStage, TraceSchedule, users_needed

CONSTANT = Profile([RateStage(30, 10, 10)])
FLASH_SALE = Profile(
    [RateStage(10, 0, 20), RateStage(5, 20, 20), RateStage(5, 0, 0), RateStage(2, 80, 80), RateStage(10, 80, 0)]
)

durations = st.floats(0.01, 1e5)
rates = st.one_of(st.just(0.0), st.floats(1e-6, 1e4))
stages = st.builds(RateStage, durations, rates, rates)


def expected_until(profile, t):
    """How many journeys the profile asks for in its first ``t`` seconds."""
    total = begin = 0.0
    for stage in profile.stages:
        inside = min(max(0.0, t - begin), stage.duration)
        rate_there = stage.rate_from + (stage.rate_to - stage.rate_from) * inside / stage.duration
        total += inside * (stage.rate_from + rate_there) / 2
        begin += stage.duration
    return total


def test_uniform_arrivals_are_in_the_middle_of_equal_gaps():
    due = list(ProfileSchedule(Profile([RateStage(2, 5, 5)]), ArrivalProcess.UNIFORM, 0))
    assert due == pytest.approx([0.1, 0.3, 0.5, 0.7, 0.9, 1.1, 1.3, 1.5, 1.7, 1.9])


@pytest.mark.parametrize(
    ("stage", "number", "why"),
    [
        (RateStage(10, 1, 1), 10, "a whole number is met exactly"),
        (RateStage(1, 10.5, 10.5), 10, "the eleventh would be due as the run ends"),
        (RateStage(1, 10.6, 10.6), 11, "more than half a journey is one"),
        (RateStage(1, 0.4, 0.4), 0, "less than half a journey is none"),
        (RateStage(10, 0, 0), 0, "no journey at a rate of 0"),
    ],
)
def test_uniform_total_is_the_area_under_the_rate(stage, number, why):
    schedule = ProfileSchedule(Profile([stage]), ArrivalProcess.UNIFORM, 0)
    assert len(schedule) == len(list(schedule)) == number, why


def test_uniform_arrivals_follow_the_rate_in_every_window():
    due = list(ProfileSchedule(FLASH_SALE, ArrivalProcess.UNIFORM, 0))
    for begin in range(32):
        there = bisect_left(due, begin + 1) - bisect_left(due, begin)
        asked = expected_until(FLASH_SALE, begin + 1) - expected_until(FLASH_SALE, begin)
        assert abs(there - asked) <= 1, f"second {begin}"


def test_a_rate_of_zero_brings_no_arrival():
    for process in ArrivalProcess:
        assert not [due for due in ProfileSchedule(FLASH_SALE, process, 9) if 15 < due < 20]


def test_a_ramp_from_zero_brings_its_first_arrival_late_and_the_rest_faster():
    due = list(ProfileSchedule(Profile([RateStage(10, 0, 10)]), ArrivalProcess.UNIFORM, 0))
    assert len(due) == 50
    assert due[0] == pytest.approx(1.0)  # half a journey under a slope of one per second squared
    assert due[-1] == pytest.approx(math.sqrt(99))
    gaps = [b - a for a, b in itertools.pairwise(due)]
    assert gaps == sorted(gaps, reverse=True)


@pytest.mark.parametrize("profile", [CONSTANT, FLASH_SALE], ids=["constant", "flash sale"])
def test_poisson_arrivals_are_spread_along_the_profile_at_random(profile):
    # Given their number, the moments of a Poisson process, on the clock of the expected number, are uniform draws.
    rejected = 0
    for seed in range(40):
        places = [
            expected_until(profile, due) / profile.expected
            for due in ProfileSchedule(profile, ArrivalProcess.POISSON, seed)
        ]
        n = len(places)
        distance = max(max((i + 1) / n - place, place - i / n) for i, place in enumerate(places))
        rejected += kolmogorov(math.sqrt(n) * distance) < 0.05
    assert rejected <= 6  # of 40 tests at 5 %, more than that in fewer than 1 of 100 such rows


def test_poisson_gaps_are_exponential():
    due = list(ProfileSchedule(Profile([RateStage(200, 10, 10)]), ArrivalProcess.POISSON, seed=3))
    gaps = sorted(b - a for a, b in itertools.pairwise([0.0, *due]))
    n = len(gaps)
    distance = max(max((i + 1) / n - c, c - i / n) for i, c in enumerate(1 - math.exp(-10 * gap) for gap in gaps))
    assert kolmogorov(math.sqrt(n) * distance) > 0.05


def test_poisson_totals_vary_as_poisson_totals_do():
    totals = [len(ProfileSchedule(CONSTANT, ArrivalProcess.POISSON, seed)) for seed in range(200)]
    mean = sum(totals) / 200
    variance = sum((total - mean) ** 2 for total in totals) / 199
    assert mean == pytest.approx(300, abs=5)
    assert 0.7 < variance / mean < 1.4


def test_the_schedule_depends_on_the_seed_only():
    assert list(ProfileSchedule(CONSTANT, ArrivalProcess.POISSON, 1)) == list(
        ProfileSchedule(CONSTANT, ArrivalProcess.POISSON, 1)
    )
    first = set(ProfileSchedule(CONSTANT, ArrivalProcess.POISSON, 1))
    assert first.isdisjoint(ProfileSchedule(CONSTANT, ArrivalProcess.POISSON, 2))


def test_a_seed_always_gives_the_same_arrivals():
    # Results name their seed; it must give the same arrivals in every later version.
    due = list(itertools.islice(ProfileSchedule(CONSTANT, ArrivalProcess.POISSON, 7), 3))
    assert due == pytest.approx([0.06970593870198924, 0.3185962230816085, 0.3435798938817123], rel=1e-12)


@given(st.lists(stages, min_size=1, max_size=5), st.floats(0, 1))
@example([RateStage(10, 5, 5)], 0.5)
@example([RateStage(1e5, 1e4, 1e4 + 1e-9)], 0.999999)
@example([RateStage(10, 5, 0)], 1.0)
@example([RateStage(10, 0, 0)], 0.0)
@settings(max_examples=200, deadline=None)
def test_inverse_undoes_the_area_under_the_rate(these, share):
    profile = Profile(these)
    y = share * profile.expected

    t = profile.inverse(y)

    assert 0 <= t <= profile.duration * (1 + 1e-12)
    # A moment late in a long run is only known to so many digits, and a high rate makes much of that.
    digits = 4 * math.ulp(profile.duration) * profile.peak_rate
    assert expected_until(profile, t) == pytest.approx(y, rel=1e-9, abs=1e-9 * (1 + profile.expected) + digits)


def test_a_rate_that_barely_changes_is_as_exact_as_a_constant_one():
    steady, tilted = Profile([RateStage(1000, 50, 50)]), Profile([RateStage(1000, 50, math.nextafter(50, 51))])
    for y in (0.5, 17_000.5, 49_999.5):
        assert tilted.inverse(y) == pytest.approx(steady.inverse(y), rel=1e-14)


@pytest.mark.parametrize("y", [-0.1, 300.1])
def test_inverse_refuses_journeys_that_the_profile_does_not_bring(y):
    with pytest.raises(ValueError, match="between 0 and 300"):
        CONSTANT.inverse(y)


def test_the_rate_follows_the_stages_and_is_zero_outside():
    moments = (-1, 0, 5, 10, 14.9, 17, 20, 27, 32)
    assert [FLASH_SALE.rate(t) for t in moments] == pytest.approx([0, 0, 10, 20, 20, 0, 80, 40, 0])
    assert FLASH_SALE.peak_rate == 80


@pytest.mark.parametrize("wrong", [(0, 1, 1), (-1, 1, 1), (math.inf, 1, 1), (1, -1, 1), (1, 1, math.nan)])
def test_a_stage_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=r"the duration of a stage|a rate is"):
        RateStage(*wrong)


def test_a_trace_is_replayed_faster():
    trace = TraceSchedule([0.0, 1.0, 1.0, 4.0], speed=2)
    assert list(trace) == [0.0, 0.5, 0.5, 2.0]
    assert len(trace) == 4


@pytest.mark.parametrize("moments", [[1.0, 0.5], [-1.0], [math.nan], [math.inf]])
def test_a_trace_that_runs_backwards_is_refused(moments):
    with pytest.raises(ValueError, match="moments rise"):
        TraceSchedule(moments)


def test_users_needed_covers_the_mean_chance_and_a_stall():
    assert users_needed(10, 2.5, stall=0) == 25 + 4 * 5
    assert users_needed(10, 2.5, stall=5) == 25 + 4 * 5 + 50
