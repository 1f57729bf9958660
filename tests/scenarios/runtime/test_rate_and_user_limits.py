"""Loads above the limits are refused at once, with key, value and remedy."""

import time
from textwrap import dedent

import pytest

from harness.errors import UsageError
from harness.run.workload import Choices
from scenarios.runtime.scenario_folder import ScenarioFolder

OBJECTIVE = 'objectives = ["journey failures < 1%"]\n'
OPEN = '[arrivals]\nrate = "10/s"\nduration = "1m"\n'


@pytest.fixture
def choose(tmp_path):
    """The workload of a scenario, as far as it is made before a run; no longer than a second."""

    def made(text, **choices):
        path = tmp_path / "own.toml"
        path.write_text(dedent(text), encoding="utf-8")
        before = time.process_time()
        try:
            workload = ScenarioFolder().choose(Choices(scenario=str(path), **choices))
            workload.population.worker_context(0, 1)
            workload.population.kind_of(0)
            return workload
        finally:
            assert time.process_time() - before < 5

    return made


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[arrivals]\nrate = "10/s"\nduration = 1e300', "arrivals.duration"),
        ('[arrivals]\nrate = "10/s"\nduration = "100000h"', "arrivals.duration"),
        (f'[arrivals]\nrate = "10/s"\nduration = "{"9" * 400}h"', "arrivals.duration"),
        ('[arrivals]\nrate = 1e300\nduration = "1m"', "arrivals.rate"),
        ('[arrivals]\nrate = "999999999/ms"\nduration = "1m"', "arrivals.rate"),
        ('[arrivals]\nrate = 1e-300\nduration = "1m"', "arrivals.rate"),
        ("[arrivals]\nrate = 5e-324\n\n", "arrivals.rate"),
        ("[arrivals]\nrate = 0xffffffffffffffffffffffffffffffff\nduration = 60", "arrivals.rate"),
        ("[arrivals]\nstages = [" + "{duration='700h', rate=1}," * 40 + "]", "arrivals.stages"),
        ("[arrivals]\nrate = 90000\nduration = '700h'\n[target]\nhighest_rate = 100000", "arrivals.duration"),
        (OPEN + "users = 99999999999999999999", "arrivals.users"),
        (OPEN + "[target]\nmost_users = 1000000000000000000000000", "target.most_users"),
        (OPEN + "[target]\nhighest_rate = 1e200", "target.highest_rate"),
        ("[closed]\nusers = 9999999999\nduration = '1m'", "closed.users"),
        ("[closed]\nusers = 5\nduration = '1m'\nspawn_rate = 1e300", "closed.spawn_rate"),
        ("[closed]\nusers = 5\nduration = '1m'\nspawn_rate = 1e-300", "closed.spawn_rate"),
        ("[closed]\nusers = 5\nduration = 1e18", "closed.duration"),
        (OPEN + "drain = 1e300", "arrivals.drain"),
        (OPEN + "[accounts]\nreturning = 1000000000000", "accounts.returning"),
        (OPEN + "[payments.minimum]\ngpay = 1000000000", "payments.minimum.gpay"),
        (OPEN + "[journeys]\nguest = 1e308", "journeys.guest"),
        (OPEN + "[think]\nmedian = 1e300", "think.median"),
        ("[capacity]\nstart = 1\nmost = 2\nbudget = 1e300\n[arrivals]\n", "capacity.budget"),
    ],
)
def test_a_scenario_above_the_limits_is_refused(choose, text, key):
    with pytest.raises(UsageError) as usage_error:
        choose(OBJECTIVE + text)
    assert key in str(usage_error.value)


@pytest.mark.parametrize(
    ("choices", "option"),
    [
        ({"duration": 360_000_000.0}, "--run-time"),
        ({"duration": 1e300}, "--run-time"),
        ({"arrival_rate": "1e300/s"}, "--arrival-rate"),
        ({"arrival_rate": "9" * 400 + "/s"}, "--arrival-rate"),
        ({"users": 10**30}, "--users"),
        ({"users": 10**400}, "--users"),
        ({"seed": "9" * 6000}, "--seed"),
        ({"seed": str(2**64)}, "--seed"),
        ({"seed": "1e400"}, "--seed"),
        ({"think_scale": "1e300"}, "--think-scale"),
        ({"payment_mix": "gpay=1e308,credit_card=1e308"}, "--payment-mix"),
        ({"payment_mix": "gpay=" + "9" * 5000}, "--payment-mix"),
        ({"sms_share": "1e400"}, "--sms-share"),
    ],
)
def test_an_option_above_the_limits_is_refused_by_name(choose, choices, option):
    with pytest.raises(UsageError) as usage_error:
        choose(OBJECTIVE + OPEN, **choices)
    assert option in str(usage_error.value)
    assert len(str(usage_error.value)) < 1_000


def test_a_run_of_thirty_days_is_ready_at_once(choose):
    minimum = "[payments.minimum]\ngpay = 5\n"
    workload = choose(OBJECTIVE + "[arrivals]\nrate = '150/s'\nduration = '720h'\n" + minimum)
    schedule = workload.schedule.due_times()
    expected = 150 * 30 * 86_400
    assert expected - 10 * expected**0.5 < schedule.min_count < expected
    assert next(iter(schedule)) > 0
    assert workload.judging.planned_minimum == {"gpay": 5}
    assert workload.population.planned_counts({}) == {}


def test_every_seed_that_fits_in_a_result_is_accepted(choose):
    assert choose(OBJECTIVE + OPEN, seed="9007199254740993").seed == 9007199254740993
    assert choose(OBJECTIVE + OPEN, seed=str(2**63 - 1)).seed == 2**63 - 1
