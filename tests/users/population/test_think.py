import math
import random
from statistics import fmean, median

import pytest

from users.population.think import TRUNCATION_QUANTILE, ThinkTimes


def drawn(think, page="BinNumberPage", count=20_000):
    rng = random.Random(7)
    return [think.draw(page, rng) for _ in range(count)]


def test_half_of_the_shoppers_think_shorter_than_the_median_and_none_endlessly():
    times = drawn(ThinkTimes(median=0.4, sigma=0.5))
    assert median(times) == pytest.approx(0.4 * math.exp(0.5 * -0.01253), rel=0.02)  # of the lower 99 %
    assert max(times) <= 0.4 * math.exp(0.5 * 2.32635)
    assert max(times) > 0.4 * math.exp(0.5 * 2.0)
    assert min(times) > 0


def test_the_stated_mean_is_the_mean_that_is_drawn():
    for think in (ThinkTimes(0.4, 0.5), ThinkTimes(7.0, 1.0), ThinkTimes(2.0, 0.0), ThinkTimes(1.0, 0.5, scale=0.25)):
        assert fmean(drawn(think)) == pytest.approx(think.mean(), rel=0.02)


def test_a_page_may_have_a_median_of_its_own():
    think = ThinkTimes(median=0.4, sigma=0.0, scale=2.0, pages={"VerifySmsPage": 6.0, "ThankYouPage": 0.0})
    rng = random.Random(1)
    assert think.draw("BinNumberPage", rng) == pytest.approx(0.8)
    assert think.draw("VerifySmsPage", rng) == pytest.approx(12.0)
    assert think.draw("ThankYouPage", rng) == 0.0


def test_a_scale_of_zero_means_no_think_time():
    assert set(drawn(ThinkTimes(median=5.0, scale=0.0), count=10)) == {0.0}
    assert ThinkTimes(median=5.0, scale=0.0).mean() == 0.0


def test_every_draw_takes_one_number_so_that_the_rest_of_a_journey_does_not_shift():
    one, other = random.Random(3), random.Random(3)
    ThinkTimes(median=0.4).draw("BinNumberPage", one)
    other.random()
    assert one.random() == other.random()


def test_the_smallest_random_number_still_gives_a_time():
    class Zero(random.Random):
        def random(self):
            return 0.0

    assert 0 < ThinkTimes(median=1.0).draw("BinNumberPage", Zero()) < 1.0
    assert TRUNCATION_QUANTILE < 1
