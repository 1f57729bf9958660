"""While a run is on, it is said that it will be invalid, once that is clear."""

import math

import pytest
from fake_time import Shopper, Time
from workloads import FakeWorkload

from harness.locust_plugin.web.invalid_so_far import InvalidSoFar, invalid_so_far
from harness.locust_plugin.web.tabs import objective_rows
from harness.locust_plugin.web.ui_state import UiState
from harness.measurement.sample import JourneySample
from harness.objectives.parser import parse
from harness.run.collaborators import TimeSource
from harness.run.driver import drive_alone
from harness.yield_to_load import NEVER


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def state(time):
    """A run that is ten seconds old, five of them steady, and has served every arrival."""
    objectives = [parse("page response_time p95 < 300ms")]
    workload = FakeWorkload(arrival_rate=10.0, users=20, warm_up=5.0, steady=55.0, objectives=objectives)
    driver = drive_alone(workload, None, TimeSource(clock=time.clock, sleep=time.sleep))
    for _ in range(20):
        driver.load.wait_for_arrival(Shopper(driver.load, time))
    driver.start(20)
    time.until(driver.run.recorder.window.start + 10.0)
    return UiState(driver.run, driver=driver)


def drop(state, number, after):
    recorder = state.run.recorder
    due = recorder.window.start + after
    for _ in range(number):
        recorder.offered(due)
        recorder.dropped(due)
        recorder.journey(JourneySample("guest", "gpay", "dropped", "shop", due, math.inf, math.inf))


def test_a_run_without_dropped_arrivals_is_not_doubted(state):
    assert invalid_so_far(state) is None
    drop(state, 3, after=1.0)  # in the warm-up, which is not judged
    assert invalid_so_far(state) is None


def test_a_run_with_too_few_users_will_be_invalid_and_the_tab_says_so(state):
    drop(state, 3, after=6.0)
    invalid = invalid_so_far(state)
    assert invalid.check == "users"
    assert invalid.message.startswith("3 of ")
    assert "raise arrivals.users" in invalid.remedy
    row = objective_rows(state, NEVER)[1]
    assert (row["demand"], row["verdict"]) == ("validity: enough virtual users", "will be invalid")
    state.run.end()
    assert invalid_so_far(state) is None


def test_journeys_without_an_account_make_the_run_invalid_too(state):
    due = state.run.recorder.window.start + 6.0
    state.run.recorder.journey(JourneySample("guest", "gpay", "no_account", "harness", due, due, due))
    assert invalid_so_far(state).check == "accounts"


def test_the_checks_run_once_in_two_seconds(state, time):
    invalid = InvalidSoFar(time.clock)
    assert invalid(state) is None
    drop(state, 3, after=6.0)
    assert invalid(state) is None
    time.until(time.clock() + 2.0)
    assert invalid(state) is not None
