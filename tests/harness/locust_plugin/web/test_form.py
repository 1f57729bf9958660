import pytest
from locust_environments import locust_options

from harness.errors import UsageError
from harness.locust_plugin.web import form
from harness.locust_plugin.web.form import UserSettings, read, with_form_labels

SHOWN = {"user_count": "285", "spawn_rate": "100", "host": "", "run_time": "", "profile": "", "scenario": "baseline"}


def test_typed_values_become_options_of_a_copy():
    before = locust_options(scenario="peak", payment_mix="masterpass=1")
    form = {**SHOWN, "scenario": "smoke", "payment_mix": " gpay=1 ", "run_time": "1m30s", "host": "http://127.0.0.1:80"}
    asked, problems = read(before, form)
    assert problems == []
    assert (asked.scenario, asked.payment_mix, asked.run_time) == ("smoke", "gpay=1", 90)
    assert (UserSettings().users(asked), asked.host) == (285, "http://127.0.0.1:80")
    assert (before.scenario, before.payment_mix) == ("peak", "masterpass=1")
    assert UserSettings().users(before) is None


def test_an_emptied_field_means_the_scenarios_value():
    asked, problems = read(
        locust_options(run_time=6, payment_mix="gpay=1", host="http://127.0.0.1:80"), {**SHOWN, "payment_mix": ""}
    )
    assert problems == []
    assert (asked.run_time, asked.payment_mix, asked.host) == (None, "", "")


def test_all_wrong_values_are_reported_at_once():
    _, problems = read(locust_options(), {"user_count": "many", "spawn_rate": "0", "run_time": "soon"})
    assert len(problems) == 3
    for problem, reported in zip(problems, ("'many'", "'0'", "'soon'"), strict=True):
        assert reported in problem


def test_the_form_has_the_budget_of_a_search():
    asked, problems = read(locust_options(), {**SHOWN, "scenario": "capacity", "budget": "3m"})
    assert (asked.scenario, asked.budget, problems) == ("capacity", "3m", [])
    assert with_form_labels("--budget: no duration") == "Budget: no duration"


@pytest.mark.parametrize(
    "time",
    ["100000h", "9" * 400, "9" * 5000, f"{'9' * 400}h", f"{'9' * 5000}h", "9" * 400 + "x", "1h" * 5000, "-1", "1e9"],
)
def test_a_run_time_that_is_too_long_is_refused(time):
    asked, (problem,) = read(locust_options(run_time=6), {"run_time": time})
    assert problem.startswith("Run time: ")
    assert len(problem) < 150
    assert asked.run_time == 6


@pytest.mark.parametrize("ramp", ["0", "-1", "nan", "inf", "fast", "1e300", "100001", "9" * 5000])
def test_a_ramp_is_a_number_above_zero(ramp):
    assert read(locust_options(), {"spawn_rate": ramp})[1]


@pytest.mark.parametrize("key", ["allow_target", "no_verify_tls", "results", "stop_file", "headless", "web_host"])
def test_options_that_are_not_in_the_form_cannot_be_set_through_it(key):
    asked, problems = read(locust_options(), {**SHOWN, key: "shop.example"})
    assert len(problems) == 1
    assert key in problems[0]
    assert asked.allow_target == []


def typed(**form_values):
    asked, problems = read(locust_options(), {**SHOWN, **form_values})
    assert problems == []
    return asked


def test_an_empty_number_means_that_of_the_scenario_and_no_number_is_magic():
    pool = UserSettings()
    assert (pool.users(locust_options()), pool.ramp(locust_options())) == (None, None)
    asked = typed(user_count="", spawn_rate=" ")
    assert (pool.users(asked), pool.ramp(asked)) == (None, None)
    asked = typed(user_count="285", spawn_rate="5")
    assert (pool.users(asked), pool.ramp(asked)) == (285, 5.0)


def test_a_number_of_the_command_line_holds_until_another_is_typed():
    pool = UserSettings(50, 4.0)
    assert (pool.users(locust_options()), pool.ramp(locust_options())) == (50, 4.0)
    asked = typed(user_count="60", spawn_rate="")
    assert (pool.users(asked), pool.ramp(asked)) == (60, None)


def test_headless_defaults_of_locust_do_not_count_as_choices():
    assert UserSettings().users(locust_options(headless=True, num_users=1)) is None
    assert UserSettings().ramp(locust_options(headless=True, spawn_rate=1)) is None
    assert UserSettings(7, 2.0).users(locust_options(headless=True, num_users=7)) == 7


def test_a_wrong_ramp_of_the_command_line_is_a_usage_error():
    with pytest.raises(UsageError, match=r"--spawn-rate 0.*above 0"):
        UserSettings(5, 0.0)


def test_a_problem_names_the_labels_of_the_form():
    reported = form.with_form_labels('--payment-mix = "bitcoin": no such option\nchoose --users, or --users-of-mine')
    assert reported == 'Payment mix = "bitcoin": no such option\nchoose Number of users, or --users-of-mine'
    assert set(form.LABELS) >= {f"--{name.replace('_', '-')}" for name in form.CHOICES}
    assert form.FIELDS["--users"] == "userCount"
    assert form.FIELDS["--payment-mix"] == "paymentMix"
    assert form.FIELDS["--host"] == "host"
