"""A scenario made ready to run."""

from collections import Counter

import pytest

from harness.errors import UsageError
from harness.run.workload import Choices
from harness.schedule.dispatch import Arrival
from scenarios.runtime.scenario_folder import ScenarioFolder


def test_no_more_journeys_are_guaranteed_than_the_schedule_brings():
    for seed in range(8):
        choices = Choices("baseline", arrival_rate="10/s", duration=7.0, seed=str(seed))
        workload = ScenarioFolder().choose(choices)
        total = len(workload.schedule())
        assert sum(workload.planned_minimum.values()) <= total
        drawn = [workload.kind_of(number) for number in range(total)]
        assert set(drawn) <= set(workload.weights)


def test_every_error_of_a_scenario_and_of_the_choices_beside_it_is_misuse():
    with pytest.raises(UsageError, match="basline"):
        ScenarioFolder().choose(Choices("basline"))
    with pytest.raises(UsageError) as error:
        ScenarioFolder().choose(Choices("baseline", payment_mix="bitcoin=1", seed="x"))
    assert "--payment-mix" in str(error.value)
    assert "--seed" in str(error.value)


def test_the_same_choices_make_the_same_load_everywhere_and_others_another():
    def fingerprint(**choices):
        return ScenarioFolder().choose(Choices("baseline", **choices)).fingerprint

    assert fingerprint(seed="3") == fingerprint(seed="3")
    assert len({fingerprint(), fingerprint(seed="3"), fingerprint(payment_mix="gpay=1")}) == 3


def test_journeys_left_out_have_no_part():
    workload = ScenarioFolder().choose(Choices("baseline"))
    workload.restrict(["guest"])
    assert {workload.kind_of(number) for number in range(200)} == {"guest"}
    assert workload.as_asked()["journeys"] == ["guest"]


def test_nothing_secret_is_in_what_was_asked():
    workload = ScenarioFolder().choose(Choices("baseline"))
    asked = str(workload.as_asked())
    assert workload.secrets()
    assert not any(secret in asked for secret in workload.secrets())


def test_a_load_is_level_if_the_part_that_is_judged_is():
    assert [ScenarioFolder().choose(Choices(name)).constant_rate for name in ("baseline", "peak", "soak", "spike")] == [
        True,
        True,
        True,
        False,
    ]


def test_journeys_and_options_that_were_drawn_are_those_that_come():
    workload = ScenarioFolder().choose(Choices("baseline", duration=20.0))
    total = len(workload.schedule())
    meant = workload.planned_counts({})
    assert {what: sum(counts.values()) for what, counts in meant.items()} == {"journey": total, "payment option": total}
    labels = [workload.labels_of(Arrival(number, workload.kind_of(number), 0.0)) for number in range(total)]
    assert meant == {
        "journey": Counter(journey for journey, _ in labels),
        "payment option": Counter(option for _, option in labels),
    }


def test_options_that_were_not_chosen_are_not_meant_to_come():
    workload = ScenarioFolder().choose(Choices("baseline", payment_mix="gpay=3,credit_card=1"))
    workload.restrict(["guest"])
    meant = workload.planned_counts({})
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


def test_a_closed_load_is_held_against_as_many_journeys_as_it_brought(tmp_path):
    path = tmp_path / "closed.toml"
    path.write_text(CLOSED)
    workload = ScenarioFolder().choose(Choices(str(path)))
    walked = {"guest": 40, "returning": 10}
    assert workload.planned_counts(walked) == {"payment option": {"gpay": 36.0, "credit_card": 14.0}}
    # The guarantee is kept by the first journeys of one kind; few journeys have had but a part of it.
    assert workload.planned_counts({"guest": 2})["payment option"] == pytest.approx({"gpay": 0.75, "credit_card": 1.25})
    path.write_text(CLOSED + '[conduct]\nfallback = "gpay"\n')
    assert ScenarioFolder().choose(Choices(str(path))).planned_counts(walked) == {}
