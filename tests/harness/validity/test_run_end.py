"""How a run ended: unreachable targets, stop rules, and bugs of checkload."""

import pytest
from checked_runs import conditions, problems, run_of

from harness.measurement.recorder import Recorder
from harness.measurement.sample import PageSample, Window
from harness.objectives.verdict import Severity
from harness.validity.checks import check


def test_a_target_is_unreachable_when_every_connection_failed():
    assert "all 200 connections failed" in problems(run_of(page_outcome="connection"))["target"].message
    some = run_of(page_outcome="connection")
    some.page(PageSample("P", "gpay", "http_5xx", "shop", 1.0, 1.0, 1.1))
    assert "target" not in problems(some)


def test_an_unreachable_target_is_the_only_finding():
    facts = conditions(target_unreachable="connection refused", requests_sent=0, load_duration=0.0, expected_offered=0)
    found = [finding for finding in check(Recorder(Window(0, 0, 1)), facts) if finding.level is Severity.INVALID]
    assert [finding.check for finding in found] == ["target"]


@pytest.mark.parametrize(
    ("run", "end", "users"),
    [
        ({"number": 20, "dropped": 200}, Severity.WARNING, Severity.INVALID),
        ({"number": 200, "dropped": 0, "outcome": "http_5xx", "blame": "shop"}, Severity.FAILED, None),
        ({"number": 200, "dropped": 20, "outcome": "http_5xx", "blame": "shop"}, Severity.FAILED, None),
        ({"number": 20, "dropped": 200, "time": 9.0}, Severity.FAILED, None),
    ],
)
@pytest.mark.parametrize("steady_from", [0.0, 90.0])
def test_a_stop_rule_fails_the_shop_unless_there_were_too_few_users(run, end, users, steady_from):
    recorder = run_of(**run, steady_from=steady_from)
    found = problems(recorder, conditions(stop_rule='the stop rule "failures > 50% for 10s" held for 10 s'))
    assert found["end"].level is end
    assert ("users" in found) is (users is not None)
    assert users is None or found["users"].level is users
    if end is Severity.WARNING:
        assert "no failure of the shop" in found["end"].message
        assert found["end"].remedy.startswith("raise arrivals.users")


@pytest.mark.parametrize("outcome", ["bug", "host_refused", "something_new"])
def test_a_bug_of_checkload_makes_the_run_invalid(outcome):
    assert outcome in problems(run_of(outcome=outcome, blame="harness"))["bugs"].message


def test_a_connection_that_could_not_be_opened_is_no_bug():
    assert "bugs" not in problems(run_of(outcome="no_socket", blame="harness"))


def test_a_run_that_a_person_stopped_is_judged_as_far_as_it_went_and_says_so():
    stopped = conditions(stopped="a person stopped it in the web UI", load_duration=6.0)
    found = problems(run_of(), stopped)["end"]
    assert found.level is Severity.WARNING
    assert "the load ended after 6 s of" in found.message
    assert "a person stopped it in the web UI; only that much is judged" in found.message
