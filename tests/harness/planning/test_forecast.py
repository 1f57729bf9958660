"""A forecast becomes a load with its uncertainty."""

import math
import random
from dataclasses import replace

import pytest

from harness.planning.forecast import Forecast, Peak, needs, quantile, work
from harness.planning.load_levels import PaymentMix

MIX = PaymentMix(
    journeys_by_option={"card": 600, "gpay": 400},
    pages_by_option={"card": 6000, "gpay": 2000},
    journeys=100_000,
    orders=50_000,
)
SURE = Forecast(peak=Peak(rate=10.0), draws=400)


def middle(values):
    return quantile(values, 0.5)


def test_orders_become_journeys_by_the_share_of_buyers():
    need = needs(SURE, MIX)
    assert set(need.orders) == {10.0}
    assert middle(need.journeys) == pytest.approx(20.0, rel=0.01)
    assert need.conversion == pytest.approx(0.5)


def test_a_share_from_few_counts_is_uncertain():
    few, many = (needs(replace(SURE, bought=count // 2, begun=count), MIX).journeys for count in (20, 20_000))
    assert quantile(few, 0.95) / quantile(few, 0.05) > 1.5
    assert quantile(many, 0.95) / quantile(many, 0.05) < 1.05


def test_growth_and_retries_and_the_peak_factor_multiply():
    grown = replace(SURE, growth=0.1, weeks=2, retries=0.05, peak=Peak(rate=10.0, factor=1.5))
    need = needs(grown, MIX)
    assert middle(need.orders) == pytest.approx(10 * 1.5 * 1.21)
    assert middle(need.journeys) == pytest.approx(10 * 1.5 * 1.21 * 2 * 1.05, rel=0.01)


def test_an_uncertainty_covers_nine_of_ten_draws():
    peak = Peak(rate=100.0, rate_uncertainty=0.2)
    chance = random.Random(1)
    drawn = [peak.draw(chance) for _ in range(20_000)]
    assert sum(100 / 1.2 <= one <= 120 for one in drawn) / len(drawn) == pytest.approx(0.9, abs=0.01)


def test_a_future_day_differs_as_past_days_did_and_more_with_few_of_them():
    few = Peak(past=(80, 90, 100, 110, 120))
    many = Peak(past=(80, 90, 100, 110, 120) * 8)

    def range_of(peak):
        chance = random.Random(1)
        drawn = [peak.draw(chance) for _ in range(4_000)]
        return quantile(drawn, 0.05), quantile(drawn, 0.95)

    assert range_of(few)[0] < 75
    assert range_of(few)[1] > 130
    assert range_of(many)[0] > range_of(few)[0]
    assert few.usual == pytest.approx(50)


def test_a_mix_of_longer_journeys_is_more_work():
    assert work({"card": 1}, MIX) == pytest.approx(10 / 8)
    assert work({"gpay": 3}, MIX) == pytest.approx(5 / 8)
    assert work({"card": 6, "gpay": 4}, MIX) == pytest.approx(1.0)
    assert work({}, MIX) == 1.0
    assert work({"card": 1, "never walked": 1}, MIX) == pytest.approx((10 + 8) / 2 / 8)
    assert work({"card": 1}, PaymentMix()) == 1.0


def test_a_mix_from_more_counts_varies_less():
    def spread(times):
        need = needs(replace(SURE, payments={"card": 6.0 * times, "gpay": 4.0 * times}), MIX)
        return quantile(need.journeys, 0.95) / quantile(need.journeys, 0.05)

    assert spread(1) > 1.2
    assert spread(1_000) < 1.05


def test_the_draws_depend_on_the_seed():
    asked = replace(SURE, peak=Peak(rate=10.0, rate_uncertainty=0.1))
    assert needs(asked, MIX) == needs(asked, MIX)
    assert needs(asked, MIX) != needs(replace(asked, seed=2), MIX)


def test_results_without_an_order_give_a_very_high_need():
    need = needs(replace(SURE, bought=0, begun=1000), MIX)
    assert middle(need.journeys) > 1_000
    assert all(math.isfinite(one) for one in need.journeys)


@pytest.mark.parametrize(
    ("values", "q", "weights", "expected"),
    [
        ([3.0, 1.0, 2.0], 0.5, [], 2.0),
        ([3.0, 1.0, 2.0], 0.67, [], 3.0),
        ([float(number) for number in range(1, 101)], 0.07, [], 7.0),
        ([1.0, 2.0], 0.9, [9.0, 1.0], 1.0),
        ([2.0, 1.0], 0.9, [1.1, 9.0], 2.0),
    ],
)
def test_a_quantile_is_the_first_value_that_a_share_does_not_exceed(values, q, weights, expected):
    assert quantile(values, q, weights) == expected
