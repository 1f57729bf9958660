import random
from itertools import islice

import pytest
from shop_logs import moments

from scenarios.calibration.arrival_statistics import ArrivalStatistics, LoggedArrival
from scenarios.calibration.estimates import Reservoir, quantile, quantile_interval, wilson
from scenarios.calibration.load_estimate import arrival_pattern
from scenarios.calibration.scenario_writer import dispersion_comment
from scenarios.calibration.think_times import fit_lognormal
from users.population.think import ThinkTimes


def sample(values, room=10_000):
    made = Reservoir(random.Random(1), room)
    for value in values:
        made.add(value)
    return made


def counted(arrivals):
    comings = ArrivalStatistics()
    for moment in arrivals:
        comings.add(LoggedArrival(moment, "", "guest"))
    comings.close()
    return comings


@pytest.mark.parametrize(("median", "sigma"), [(7.0, 1.0), (0.15, 0.5), (30.0, 0.2)])
def test_the_fit_recovers_the_distribution_of_think_times(median, sigma):
    chance = random.Random(3)
    times = ThinkTimes(median, sigma)
    found = fit_lognormal(sample(times.draw("", chance) for _ in range(8_000)))
    assert found.median == pytest.approx(median, rel=0.03)
    assert found.sigma == pytest.approx(sigma, rel=0.04)
    assert found.median_interval[0] < median < found.median_interval[1]
    assert found.sigma_interval[0] < sigma < found.sigma_interval[1]


def test_a_few_long_breaks_change_the_fit_little():
    chance = random.Random(3)
    times = ThinkTimes(7.0, 0.5)
    found = fit_lognormal(sample([*(times.draw("", chance) for _ in range(2_000)), *([1_500.0] * 20)]))
    assert found.median == pytest.approx(7.0, rel=0.05)
    assert found.sigma == pytest.approx(0.5, rel=0.06)


def test_requests_of_the_browser_are_no_think_time():
    found = fit_lognormal(sample([0.0, 0.001, 0.002, 0.005, 0.01, 0.5]))
    assert (found.median, found.sigma) == (0.0, 0.0)


def test_the_reservoir_is_fair_and_bounded():
    made = sample(range(100_000), room=1_000)
    ranked = made.ranked()
    assert (len(ranked), made.count) == (1_000, 100_000)
    assert quantile(ranked, 0.5) == pytest.approx(50_000, rel=0.1)
    assert ranked[0] < 1_000
    assert ranked[-1] > 99_000


def test_quantiles_and_their_intervals():
    ranked = [float(n) for n in range(1, 101)]
    assert quantile(ranked, 0.5) == 50.5
    low, high = quantile_interval(ranked, 0.5)
    assert (low, high) == (40.0, 61.0)  # the textbook's ranks: 50 -+ 1.96 * 5
    assert quantile_interval([3.0], 0.5) == (3.0, 3.0)


def test_wilson_intervals_match_known_values():
    assert wilson(5, 100) == (pytest.approx(0.0215, abs=1e-4), pytest.approx(0.1118, abs=1e-4))
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("seed", range(5))
def test_dispersion_separates_poisson_bursts_and_uniform_arrivals(seed):
    chance = random.Random(seed)
    assert arrival_pattern(counted(islice(moments(0.5, chance), 3_000))) == "poisson"
    assert arrival_pattern(counted(islice(moments(0.5, chance, burst=5), 3_000))) == "bursty"
    assert arrival_pattern(counted(n * 2.0 for n in range(3_000))) == "uniform"


@pytest.mark.parametrize(("arrivals", "apart"), [(20, 1.0), (100, 0.25)])
def test_too_few_windows_give_no_arrival_pattern(arrivals, apart):
    comings = counted(n * apart for n in range(arrivals))
    assert arrival_pattern(comings) == "too few windows to tell"
    assert "too few windows to tell, so independent arrivals (Poisson) are assumed" in "".join(
        dispersion_comment(comings, "")
    )


def test_a_daily_cycle_is_not_a_burst():
    chance = random.Random(9)
    night, day = list(islice(moments(0.2, chance), 1_000)), list(islice(moments(2.0, chance), 10_000))
    comings = counted([*night, *(night[-1] + moment - day[0] for moment in day)])
    assert arrival_pattern(comings) == "poisson"
    assert comings.widest_reliable.width == 60.0


def test_empty_windows_count():
    comings = counted([*(float(n) for n in range(10)), *(float(n) for n in range(600, 610))])
    ten = next(one for one in comings.dispersion_windows if one.width == 10.0)
    # 10, then 59 empty windows, then 10 that is not closed yet.
    assert (ten.windows, ten.arrivals) == (60, 10)
    assert ten.index == pytest.approx(100 / 2 / 59 / (10 / 60))


def test_arrivals_are_emitted_in_order():
    seen = []
    comings = ArrivalStatistics(seen.append)
    for moment in (30.0, 10.0, 20.0):
        comings.add(LoggedArrival(moment, "gpay", "guest"))
    comings.count_until(until=15.0)
    assert [one.moment for one in seen] == [10.0]
    comings.close()
    assert [one.moment for one in seen] == [10.0, 20.0, 30.0]
    assert (comings.total, comings.length) == (3, 20.0)


def test_peak_and_best_hour_are_found_in_one_pass():
    quiet, rush = [60.0 * n for n in range(100)], [3_000 + 2.0 * n for n in range(300)]
    comings = counted(sorted(quiet + rush))
    assert comings.most_a_minute == 31
    assert comings.peak.count == 310
    assert sum(comings.best_hour) == 360
    assert not counted([0.0, 30.0]).peak.is_known


@pytest.mark.parametrize(
    ("until", "counted", "minutes", "short"),
    [(600.0, 10, 10, False), (480.0, 8, 8, True), (475.0, 7, 7, True), (1_200.0, 10, 20, False), (30.0, 10, 10, False)],
)
def test_arrivals_after_the_given_end_are_not_counted(until, counted, minutes, short):
    comings = ArrivalStatistics()
    for minute in range(10):
        comings.add(LoggedArrival(minute * 60.0, "", "guest"))
    comings.close(until)
    assert (comings.counted, comings.minutes, comings.is_cut) == (counted, minutes, short)
    assert comings.mean * 60 == pytest.approx(counted / minutes)
