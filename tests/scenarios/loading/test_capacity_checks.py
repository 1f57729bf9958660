"""A search that cannot succeed is refused before the run."""

import pytest

from scenarios.loading.reader import build_scenario
from scenarios.schema.problems import ScenarioError

OBJECTIVES = ["page response_time p95 < 1s"]


def searching(think, **capacity):
    return build_scenario(
        {
            "objectives": OBJECTIVES,
            "arrivals": {},
            "think": {"median": think, "sigma": 0},
            "capacity": {"start": 10, "most": 50, **capacity},
        },
        name="own",
    )


@pytest.mark.parametrize(("think", "least"), [(15, 11), (30, 20)])
def test_a_budget_that_is_too_short_for_the_think_times_is_refused(think, least):
    with pytest.raises(ScenarioError) as error:
        searching(think)
    (problem,) = error.value.problems
    assert (problem.key, problem.value) == ("capacity.budget", 600.0)
    assert f"at least {least} minutes: a journey takes about {12 * think} s" in problem.expected
    assert searching(think, budget=f"{least}m").search.budget == least * 60


def test_an_unreachable_precision_is_refused():
    with pytest.raises(ScenarioError) as error:
        searching(0, precision=0.02)
    (problem,) = error.value.problems
    assert (problem.key, problem.value) == ("capacity.precision", 0.02)
    assert "0.05" in problem.expected
    assert searching(0, precision=0.05).search.precision == 0.05


@pytest.mark.parametrize("think", [0, 0.5, 7])
def test_a_long_enough_budget_is_accepted(think):
    assert searching(think).search.budget == 600.0
