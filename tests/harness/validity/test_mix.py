"""A mix that differs from the plan is distinguished from chance, and the option that differs most is named."""

import random
from collections import Counter

import pytest
from checked_runs import conditions_of

from harness.measurement.recorder import Recorder
from harness.measurement.sample import Window
from harness.objectives.verdict import Severity
from harness.validity.evidence import Evidence, LabelCount
from harness.validity.mix import mix_as_planned

WEIGHTS = {"card": 60.0, "wallet": 25.0, "transfer": 15.0}


def found(came, expected=WEIGHTS, **conditions):
    counted = LabelCount("payment option", expected, came)
    return list(mix_as_planned(Evidence(Recorder(Window(0, 0, 1)), conditions_of(mixes=[counted], **conditions))))


def test_the_planned_mix_is_ok():
    (finding,) = found({"card": 610, "wallet": 245, "transfer": 145})
    assert finding.level is Severity.OK


def test_another_mix_names_the_option_that_differs_most():
    (finding,) = found({"card": 600, "wallet": 320, "transfer": 80})
    assert finding.level is Severity.INVALID
    assert "80 arrivals had the payment option transfer, and 150 were expected" in finding.message
    assert finding.remedy


def test_an_option_that_never_came_and_an_unplanned_one():
    assert "0 arrivals had the payment option transfer" in found({"card": 700, "wallet": 300})[0].message
    (finding,) = found({"card": 600, "wallet": 250, "transfer": 150, "cheque": 1})
    assert finding.level is Severity.INVALID
    assert "1 arrival had the payment option cheque, and none was planned" in finding.message


def test_rare_options_are_added_up():
    rare = {"card": 1000.0} | {f"rare {number}": 1.0 for number in range(8)}
    assert found({"card": 1000, "rare 1": 4, "rare 2": 4}, rare)[0].level is Severity.OK
    assert found({"card": 1000, "rare 1": 60}, rare)[0].level is Severity.INVALID


def test_too_few_rare_ones_join_the_smallest_cell():
    # One of a thousand is expected, and all of these are missing or doubled: too few for a test.
    assert found({"card": 999, "rare": 1}, {"card": 999.0, "rare": 1.0}) == []
    assert (
        found({"card": 500, "wallet": 498, "rare": 2}, {"card": 500.0, "wallet": 499.0, "rare": 1.0})[0].level
        is Severity.OK
    )


@pytest.mark.parametrize("came", [{}, {"card": 3}, {"card": 2, "wallet": 1}])
def test_too_few_arrivals_are_not_tested(came):
    assert found(came) == []


def test_a_disturbed_run_is_not_tested():
    assert found({"card": 1000}, stop_rule="it held") == []


def test_chance_alone_rarely_looks_like_another_mix():
    alarms = 0
    for seed in range(400):
        drawn = Counter(random.Random(seed).choices(list(WEIGHTS), list(WEIGHTS.values()), k=800))
        alarms += found(drawn)[0].level is Severity.INVALID
    assert alarms == 0
