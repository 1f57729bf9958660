from collections import Counter

import pytest

from harness.objectives.model import Metric
from harness.schedule.arrivals import ProfileSchedule
from scenarios.loading.files import scenario_names
from scenarios.loading.reader import read_scenario
from shop.contract import PAYMENT_OPTIONS
from users.journeys.catalogue import JOURNEYS
from users.population.journey_spec import SmsScript
from users.sampling import JourneySampler


def test_the_documented_scenarios_exist():
    assert {"smoke", "baseline", "peak", "spike", "soak"} <= set(scenario_names())


@pytest.mark.parametrize("name", scenario_names())
def test_each_scenario_is_valid_with_description_and_objectives(name):
    scenario = read_scenario(name)
    assert scenario.description
    assert scenario.objectives
    assert scenario.target.allowed == ()


@pytest.mark.parametrize("name", ["smoke", "baseline"])
def test_every_payment_option_has_an_objective(name):
    counted = {
        objective.label("payment") for objective in read_scenario(name).objectives if objective.metric is Metric.COUNT
    }
    assert set(PAYMENT_OPTIONS) <= counted


def test_smoke_runs_everything_once_in_a_few_seconds():
    smoke = read_scenario("smoke")
    assert smoke.mix.cover
    assert 20 <= smoke.profile().expected <= 40
    assert smoke.duration <= 10
    assert smoke.think.mean() == 0.0


def test_baseline_covers_everything_in_about_45_seconds():
    baseline = read_scenario("baseline")
    assert 38 <= baseline.duration <= 45
    assert all(count >= 8 for count in (baseline.mix.minimum[option] for option in PAYMENT_OPTIONS))
    assert set(baseline.mix.sms) == set(SmsScript)
    assert set(baseline.mix.journeys) == set(JOURNEYS)
    settings = baseline.shop_settings
    assert settings.sms.share == 1.0
    assert "pay_on_delivery" in settings.sms.options
    # Shoppers who wait until their code has expired must finish before the run ends.
    assert settings.sms.code_lifetime < baseline.drain


def test_every_option_has_enough_journeys_for_any_seed():
    baseline = read_scenario("baseline")
    for seed in (1, 2):
        total = len(ProfileSchedule(baseline.profile(), baseline.arrival_process, seed))
        sampler = JourneySampler(baseline.mix, seed, total)
        drawn = Counter(sampler.spec_for(number).payment_option for number in range(total))
        assert min(drawn[option] for option in PAYMENT_OPTIONS) >= 8


@pytest.mark.parametrize("name", scenario_names())
def test_each_can_be_drawn(name):
    scenario = read_scenario(name)
    sampler = JourneySampler(scenario.mix, scenario.seed, round(scenario.profile().expected))
    assert sampler.spec_for(0).payment_option in PAYMENT_OPTIONS


def test_smoke_has_an_arrival_for_each_journey():
    smoke = read_scenario("smoke")
    schedule = ProfileSchedule(smoke.profile(), smoke.arrival_process, smoke.seed)
    assert len(schedule) == len(JourneySampler(smoke.mix, smoke.seed, len(schedule)).coverage_specs)


def test_baseline_is_far_below_what_its_shop_can_carry():
    baseline = read_scenario("baseline")
    settings = baseline.shop_settings
    capacity = settings.workers / settings.service.default
    assert baseline.profile().peak_rate * 15 < 0.25 * capacity


def test_soak_lasts_an_hour_and_spike_jumps_at_least_fourfold():
    assert read_scenario("soak").duration == 3600.0
    rates = [(stage.rate_from, stage.rate_to) for stage in read_scenario("spike").profile().stages]
    assert any(to >= 4 * before for before, to in rates)
