"""A workload that is made from a scenario."""

from collections import Counter

import pytest

from harness.errors import UsageError
from harness.run.workload import Choices
from harness.schedule.dispatch import Arrival
from scenarios.runtime.scenario_folder import ScenarioFolder


def test_guaranteed_journeys_are_limited_to_the_schedule():
    for seed in range(8):
        choices = Choices("baseline", arrival_rate="10/s", duration=7.0, seed=str(seed))
        workload = ScenarioFolder().choose(choices)
        total = len(workload.schedule.due_times())
        assert sum(workload.judging.planned_minimum.values()) <= total
        drawn = [workload.population.kind_of(number) for number in range(total)]
        assert set(drawn) <= set(workload.population.weights)


def test_every_problem_of_scenario_and_options_is_a_usage_error():
    with pytest.raises(UsageError, match="basline"):
        ScenarioFolder().choose(Choices("basline"))
    with pytest.raises(UsageError) as error:
        ScenarioFolder().choose(Choices("baseline", payment_mix="bitcoin=1", seed="x"))
    assert "--payment-mix" in str(error.value)
    assert "--seed" in str(error.value)


def test_the_fingerprint_is_the_same_for_the_same_options_only():
    def fingerprint(**choices):
        return ScenarioFolder().choose(Choices("baseline", **choices)).fingerprint

    assert fingerprint(seed="3") == fingerprint(seed="3")
    assert len({fingerprint(), fingerprint(seed="3"), fingerprint(payment_mix="gpay=1")}) == 3


def test_restricted_journeys_do_not_take_part():
    workload = ScenarioFolder().choose(Choices("baseline"))
    workload.population.restrict(["guest"])
    assert {workload.population.kind_of(number) for number in range(200)} == {"guest"}
    assert workload.as_asked()["journeys"] == ["guest"]


def test_the_recorded_scenario_has_no_secrets():
    workload = ScenarioFolder().choose(Choices("baseline"))
    asked = str(workload.as_asked())
    assert workload.secrets()
    assert not any(secret in asked for secret in workload.secrets())


def test_the_rate_is_constant_if_the_steady_part_is():
    assert [
        ScenarioFolder().choose(Choices(name)).schedule.constant_rate for name in ("baseline", "peak", "soak", "spike")
    ] == [
        True,
        True,
        True,
        False,
    ]


def test_planned_counts_match_the_journeys_that_run():
    workload = ScenarioFolder().choose(Choices("baseline", duration=20.0))
    total = len(workload.schedule.due_times())
    meant = workload.population.planned_counts({})
    assert {what: sum(counts.values()) for what, counts in meant.items()} == {"journey": total, "payment option": total}
    labels = [
        workload.population.labels_of(Arrival(number, workload.population.kind_of(number), 0.0))
        for number in range(total)
    ]
    assert meant == {
        "journey": Counter(journey for journey, _ in labels),
        "payment option": Counter(option for _, option in labels),
    }


def test_planned_counts_have_no_excluded_options():
    workload = ScenarioFolder().choose(Choices("baseline", payment_mix="gpay=3,credit_card=1"))
    workload.population.restrict(["guest"])
    meant = workload.population.planned_counts({})
    assert set(meant["payment option"]) == {"gpay", "credit_card"}
    assert set(meant["journey"]) == {"guest"}


CLOSED = """
objectives = ["journey failures < 1%"]
[closed]
users = 4
duration = "10s"
[payments]
gpay = 3
credit_card = 1
[payments.minimum]
credit_card = 2
"""


def test_planned_counts_of_a_closed_load_follow_its_journeys(tmp_path):
    path = tmp_path / "closed.toml"
    path.write_text(CLOSED)
    workload = ScenarioFolder().choose(Choices(str(path)))
    walked = {"guest": 40, "returning": 10}
    assert workload.population.planned_counts(walked) == {"payment option": {"gpay": 36.0, "credit_card": 14.0}}
    # The guarantee is kept by the first journeys of one kind; few journeys have had but a part of it.
    assert workload.population.planned_counts({"guest": 2})["payment option"] == pytest.approx(
        {"gpay": 0.75, "credit_card": 1.25}
    )
    path.write_text(CLOSED + '[conduct]\nfallback = "gpay"\n')
    assert ScenarioFolder().choose(Choices(str(path))).population.planned_counts(walked) == {}
