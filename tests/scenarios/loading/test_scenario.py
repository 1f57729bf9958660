"""A scenario file gives the values that a run uses."""

import json

import pytest

from harness.schedule.arrivals import ArrivalProcess, users_needed
from scenarios.loading.reader import build_scenario
from scenarios.loading.scenario import SECONDS_PER_PAGE
from scenarios.schema.load import PAGES_PER_JOURNEY
from shop.contract import PAYMENT_OPTIONS
from users.journeys.catalogue import JOURNEYS
from users.population.journey_spec import ExternalPages, SmsScript

OBJECTIVE = 'objectives = ["journey failures < 1%"]\n'


OPEN = '[arrivals]\nrate = "10/s"\nduration = "1m"\n'


def test_a_minimal_scenario_gets_sensible_defaults(written):
    scenario = written(OBJECTIVE + OPEN)
    assert (scenario.name, scenario.seed, scenario.is_open) == ("own", 1, True)
    assert (scenario.duration, scenario.warm_up, scenario.steady, scenario.drain) == (60.0, 0.0, 60.0, 30.0)
    assert scenario.arrival_process is ArrivalProcess.POISSON
    assert scenario.profile().peak_rate == 10.0
    assert set(scenario.mix.payments) == set(PAYMENT_OPTIONS)
    assert set(scenario.mix.journeys) == set(JOURNEYS)
    assert scenario.mix.sms == {SmsScript.RIGHT: 1.0}
    assert scenario.target.verify_tls is True
    assert scenario.target.allowed == ()
    assert scenario.objectives[0].text == "journey failures < 1%"
    assert scenario.accounts_file is None


def test_every_key_of_an_open_scenario_is_used(written, tmp_path):
    (tmp_path / "people.csv").write_text("email\n")
    scenario = written("""
        description = "all of it"
        seed = 7
        objectives = ["journey response_time p99 < 4s", "journey[payment=masterpass] failures < 0.5%"]
        [arrivals]
        process = "uniform"
        warm_up = "5s"
        stages = [{ duration = "40s", rate = "30/s" }, { duration = 10, from = "1800/min", to = "60/s" }]
        users = 200
        longest_wait = "2s"
        drain = "20s"
        [journeys]
        guest = 5
        abandoning = 0.5
        [payments]
        credit_card = 30
        gpay = 0
        [payments.minimum]
        bkm_express = 5
        [sms]
        right = 9
        late = 1
        share = "50%"
        code = "123456"
        poll = "100ms"
        patience = "3s"
        [cards]
        three_d = 0.3
        declined = "2%"
        [external]
        mode = "return"
        allowed_hosts = ["Bank.example.com"]
        [think]
        median = "400ms"
        sigma = 0.7
        scale = 2
        [think.pages]
        BinNumberPage = "1s"
        [accounts]
        file = "people.csv"
        sign_in = "user"
        [conduct]
        content_type = "fail"
        option_value = "pk"
        fallback = "gpay"
        products = ["9"]
        locale = "tr"
        [target]
        allowed = ["staging.example.com"]
        highest_rate = "60/s"
        most_users = 200
        verify_tls = false
        connect_timeout = "1s"
        read_timeout = "2s"
        largest_reply = 4096
        [stop]
        rules = ["failures > 50% for 10s"]
        [shop]
        workers = 4
        [shop.sms]
        options = ["gpay"]
    """)
    first, second = scenario.profile().stages
    assert (first.duration, first.rate_from, first.rate_to) == (40.0, 30.0, 30.0)
    assert (second.duration, second.rate_from, second.rate_to) == (10.0, 30.0, 60.0)
    assert (scenario.duration, scenario.warm_up, scenario.steady, scenario.drain) == (50.0, 5.0, 45.0, 20.0)
    assert (scenario.users, scenario.longest_wait, scenario.arrival_process) == (200, 2.0, ArrivalProcess.UNIFORM)
    mix = scenario.mix
    assert mix.journeys == {"guest": 5.0, "abandoning": 0.5}
    assert mix.payments == {"credit_card": 30.0, "gpay": 0.0}
    assert mix.minimum == {"bkm_express": 5}
    assert mix.sms == {SmsScript.RIGHT: 9.0, SmsScript.LATE: 1.0}
    assert (mix.three_d, mix.declined, mix.cover) == (0.3, 0.02, False)
    conduct = scenario.policy
    assert (conduct.external, conduct.allowed_hosts) == (ExternalPages.RETURN, frozenset({"bank.example.com"}))
    assert (conduct.option_value, conduct.fallback, scenario.products.pks) == ("pk", "gpay", ("9",))
    assert (conduct.sms_code, conduct.sms_poll, conduct.sms_patience) == ("123456", 0.1, 3.0)
    assert (conduct.sign_in_once, conduct.locale) == (True, "tr")
    assert conduct.json_as_json is True
    think = scenario.think
    assert (think.median, think.sigma, think.scale, dict(think.pages)) == (0.4, 0.7, 2.0, {"BinNumberPage": 1.0})
    assert scenario.accounts_file == tmp_path / "people.csv"
    target = scenario.target
    assert (target.allowed, target.highest_rate, target.most_users) == (("staging.example.com",), 60.0, 200)
    assert (target.verify_tls, target.connect_timeout, target.read_timeout) == (False, 1.0, 2.0)
    assert target.largest_reply == 4096
    assert [rule.text for rule in scenario.stop_rules] == ["journey failures > 50% for 10s"]
    shop = scenario.shop_settings
    assert (shop.workers, shop.sms.share, shop.sms.options, shop.seed) == (4, 0.5, ("gpay",), 7)
    assert shop.accounts_file == str(tmp_path / "people.csv")


def test_a_closed_load_has_users_and_no_rate(written):
    scenario = written(OBJECTIVE + '[closed]\nusers = 50\nspawn_rate = "25/s"\nwarm_up = "2s"\nduration = "10s"\n')
    assert (scenario.is_open, scenario.profile(), scenario.users, scenario.spawn_rate) == (False, None, 50, 25.0)
    assert (scenario.duration, scenario.steady) == (10.0, 8.0)
    assert scenario.generated_accounts == {"returning": 200, "first_time": 200}, "a person may raise the load later"


def test_virtual_users_are_estimated_from_the_highest_rate(written):
    scenario = written(
        OBJECTIVE
        + '[arrivals]\nstages = [{ duration = "9s", from = "1/s", to = "20/s" }]\n[think]\nmedian = "1s"\nsigma = 0'
    )
    assert scenario.users == users_needed(20.0, PAGES_PER_JOURNEY * (SECONDS_PER_PAGE + 1.0))


def test_the_estimated_users_stay_within_the_limit(written):
    scenario = written(OBJECTIVE + OPEN + "[target]\nmost_users = 11\n")
    assert scenario.users == 11


def test_an_own_seed_of_the_shop_stays(written):
    assert written("seed = 3\n" + OBJECTIVE + OPEN + "[shop]\nseed = 9\n").shop_settings.seed == 9


def test_cover_runs_everything_once_with_uniform_arrivals(written):
    scenario = written("cover = true\n" + OBJECTIVE + '[arrivals]\nrate = "5/s"\n')
    assert scenario.mix.cover is True
    assert scenario.arrival_process is ArrivalProcess.UNIFORM
    # each option, four more SMS scripts, 3-D Secure, a declined card, leaving early
    assert scenario.profile().expected == pytest.approx(len(PAYMENT_OPTIONS) + 4 + 2 + 1)
    assert scenario.profile().peak_rate == 5.0


def test_with_cover_a_weight_of_0_excludes_a_name(written):
    scenario = written(
        "cover = true\n" + OBJECTIVE + '[arrivals]\nrate = "5/s"\n[payments]\ngpay = 0\n[sms]\nlate = 0\n'
    )
    assert scenario.profile().expected == pytest.approx(len(PAYMENT_OPTIONS) + 7 - 2)


def test_the_recorded_scenario_is_json_and_can_be_read_again(written):
    scenario = written(OBJECTIVE + OPEN + '[payments]\ngpay = 1\n[shop.sms]\ncode_lifetime = "3s"\n')
    asked = json.loads(json.dumps(scenario.as_asked()))
    assert asked["arrivals"]["rate"] == 10.0
    assert asked["payments"] == {"minimum": {}, "gpay": 1.0}
    assert asked["shop"]["sms"]["code_lifetime"] == 3.0
    again = build_scenario(asked, name="own")
    assert again.as_asked() == asked
    assert (again.mix, again.policy, again.shop_settings) == (scenario.mix, scenario.policy, scenario.shop_settings)


def test_the_recorded_scenario_hides_the_sms_code(written):
    text = OBJECTIVE + OPEN + '[sms]\ncode = "887766"\n[shop.sms]\nfixed_code = "665544"\n'
    asked = json.dumps(written(text).as_asked())
    assert "887766" not in asked
    assert "665544" not in asked
