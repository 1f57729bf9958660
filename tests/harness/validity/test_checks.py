"""All checks of validity together: a run is invalid when checkload failed, and only then."""

import pytest
from checked_runs import OBJECTIVES, conditions, histogram, problems, run_of

from harness.measurement.recorder import Recorder
from harness.measurement.sample import Window
from harness.objectives.verdict import Severity
from harness.validity.checks import CHECKS, check
from harness.validity.evidence import Conditions


def test_a_good_run_has_only_ok_findings():
    found = check(run_of(), conditions(loop_lag=histogram((0.001, 1000))), OBJECTIVES)
    assert {finding.level for finding in found} == {Severity.OK}
    assert {finding.check for finding in found} == {"requests", "end", "lateness", "loop", "cpu", "accounting"}
    assert all(finding.message and not finding.remedy for finding in found)


def test_a_run_without_a_request_is_invalid():
    found = check(Recorder(Window(0, 0, 10)), Conditions())
    assert [finding.check for finding in found if finding.level is Severity.INVALID] == ["requests"]


@pytest.mark.parametrize(
    ("changed", "name", "level", "words"),
    [
        ({"requests_sent": 0}, "requests", Severity.INVALID, "no request was sent"),
        ({"crashed": "KeyError"}, "harness", Severity.INVALID, "checkload crashed: KeyError"),
        (
            {"target_unreachable": "connection refused"},
            "target",
            Severity.INVALID,
            "could not be reached: connection refused",
        ),
        ({"ended_early": True, "embedded": True}, "shop", Severity.INVALID, "ended in the middle of the run"),
        ({"interrupted": "Ctrl-C", "load_duration": 12.0}, "end", Severity.INVALID, "interrupted after 12 s by Ctrl-C"),
        ({"stop_rule": 'the stop rule "x" held'}, "end", Severity.FAILED, 'the stop rule "x" held'),
        ({"load_duration": 60.0}, "end", Severity.INVALID, "lasted only 60 s of 100 s"),
        ({"exceptions": 2}, "bugs", Severity.INVALID, "2 internal errors"),
        ({"journeys_without_account": 7}, "accounts", Severity.INVALID, "7 journeys found no free account"),
        ({"cpu_ratio": 0.75}, "cpu", Severity.WARNING, "75 % of a core"),
        ({"cpu_ratio": 0.93}, "cpu", Severity.INVALID, "93 % of a core; above 90 %"),
        ({"loop_lag": histogram((0.001, 95), (0.03, 5))}, "loop", Severity.WARNING, "30 ms late"),
        ({"loop_lag": histogram((0.001, 95), (0.08, 5))}, "loop", Severity.INVALID, "80 ms late; 50 ms is allowed"),
        ({"loop_lag": histogram((0.001, 9999), (1.5, 1))}, "loop", Severity.INVALID, "blocked for 1.5 s"),
        ({"expected_offered": 201}, "accounting", Severity.INVALID, "201 arrivals were planned, but 200 were offered"),
        ({"truncated_journeys": 1}, "accounting", Severity.INVALID, "200 journeys began, but 201 ended"),
        ({"ledger": ["gpay: 9 sold, 8 measured"]}, "ledger", Severity.INVALID, "gpay: 9 sold, 8 measured"),
        (
            {"ledger": ["gpay: 9 sold, 8 measured"], "ledger_explained": "resets were asked for"},
            "ledger",
            Severity.WARNING,
            "because resets were asked for",
        ),
        ({"planned_minimum": {"gpay": 200, "masterpass": 3}}, "minimum", Severity.INVALID, "masterpass 0 of 3"),
    ],
)
def test_each_fault_is_found_and_named(changed, name, level, words):
    found = problems(facts=conditions(**changed))
    assert found.keys() >= {name}
    assert found[name].level is level
    assert words in found[name].message
    assert found[name].remedy or level is Severity.WARNING
    others = {finding.check for finding in found.values() if finding.level is Severity.INVALID} - {name}
    # No fault makes a second check find the run invalid.
    assert others == set()


def test_every_docstring_says_what_its_check_asks():
    assert all((each.find.__doc__ or "").startswith("Whether ") for each in CHECKS)
