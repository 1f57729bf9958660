from collections import Counter

import pytest

from harness.objectives.model import Metric
from harness.schedule.arrivals import ProfileSchedule
from scenarios.loading.scenario import names, read
from shop.contract import PAYMENT_OPTIONS
from users.journeys.catalogue import JOURNEYS
from users.population.journey_spec import SmsScript
from users.sampling import Casting


def test_the_promised_scenarios_are_there():
    assert {"smoke", "baseline", "peak", "spike", "soak"} <= set(names())


@pytest.mark.parametrize("name", names())
def test_each_is_in_order_described_and_demands_something(name):
    scenario = read(name)
    assert scenario.description
    assert scenario.objectives
    assert scenario.target.allowed == ()


@pytest.mark.parametrize("name", ["smoke", "baseline"])
def test_an_order_by_every_option_is_demanded(name):
    counted = {objective.label("payment") for objective in read(name).objectives if objective.metric is Metric.COUNT}
    assert set(PAYMENT_OPTIONS) <= counted


def test_smoke_walks_everything_once_in_a_few_seconds():
    smoke = read("smoke")
    assert smoke.mix.cover
    assert 20 <= smoke.profile().expected <= 40
    assert smoke.duration <= 10
    assert smoke.think.mean() == 0.0


def test_baseline_takes_about_45_seconds_and_leaves_out_no_option_no_sms_path_and_no_journey():
    baseline = read("baseline")
    assert 38 <= baseline.duration <= 45
    assert all(count >= 8 for count in (baseline.mix.minimum[option] for option in PAYMENT_OPTIONS))
    assert set(baseline.mix.sms) == set(SmsScript)
    assert set(baseline.mix.journeys) == set(JOURNEYS)
    settings = baseline.shop_settings
    assert settings.sms.share == 1.0
    assert "pay_on_delivery" in settings.sms.options
    # The shopper who waits for her code to expire must be done before the run is.
    assert settings.sms.code_lifetime < baseline.drain


def test_every_option_is_walked_often_enough_whatever_the_seed():
    baseline = read("baseline")
    for seed in (1, 2):
        total = len(ProfileSchedule(baseline.profile(), baseline.process, seed))
        casting = Casting(baseline.mix, seed, total)
        drawn = Counter(casting.itinerary(number).payment_option for number in range(total))
        assert min(drawn[option] for option in PAYMENT_OPTIONS) >= 8


@pytest.mark.parametrize("name", names())
def test_each_can_be_drawn(name):
    scenario = read(name)
    casting = Casting(scenario.mix, scenario.seed, round(scenario.profile().expected))
    assert casting.itinerary(0).payment_option in PAYMENT_OPTIONS


def test_smoke_has_an_arrival_for_each_journey_it_walks():
    smoke = read("smoke")
    schedule = ProfileSchedule(smoke.profile(), smoke.process, smoke.seed)
    assert len(schedule) == len(Casting(smoke.mix, smoke.seed, len(schedule)).coverage_specs)


def test_baseline_is_far_below_what_its_shop_can_carry():
    baseline = read("baseline")
    settings = baseline.shop_settings
    capacity = settings.workers / settings.service.default
    assert baseline.profile().peak_rate * 15 < 0.25 * capacity


def test_soak_lasts_an_hour_and_spike_jumps_at_least_fourfold():
    assert read("soak").duration == 3600.0
    rates = [(stage.rate_from, stage.rate_to) for stage in read("spike").profile().stages]
    assert any(to >= 4 * before for before, to in rates)
