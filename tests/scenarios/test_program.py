"""A scenario made ready to run."""

import pytest

from harness.workload import Choices, Misuse
from scenarios.program import OrderNumbers, Scenarios


def test_no_more_journeys_are_guaranteed_than_the_schedule_brings():
    for seed in range(8):
        choices = Choices("baseline", arrival_rate="10/s", duration=7.0, seed=str(seed))
        workload = Scenarios().choose(choices)
        total = len(workload.schedule())
        assert sum(workload.planned_minimum.values()) <= total
        drawn = [workload.kind_of(number) for number in range(total)]
        assert set(drawn) <= set(workload.weights)


def test_every_error_of_a_scenario_and_of_the_choices_beside_it_is_misuse():
    with pytest.raises(Misuse, match="basline"):
        Scenarios().choose(Choices("basline"))
    with pytest.raises(Misuse) as error:
        Scenarios().choose(Choices("baseline", payment_mix="bitcoin=1", seed="x"))
    assert "--payment-mix" in str(error.value)
    assert "--seed" in str(error.value)


def test_the_same_choices_make_the_same_load_everywhere_and_others_another():
    def fingerprint(**choices):
        return Scenarios().choose(Choices("baseline", **choices)).fingerprint

    assert fingerprint(seed="3") == fingerprint(seed="3")
    assert len({fingerprint(), fingerprint(seed="3"), fingerprint(payment_mix="gpay=1")}) == 3


def test_journeys_left_out_have_no_part():
    workload = Scenarios().choose(Choices("baseline"))
    workload.restrict(["guest"])
    assert {workload.kind_of(number) for number in range(200)} == {"guest"}
    assert workload.as_asked()["journeys"] == ["guest"]


def test_an_order_number_is_new_once_and_memory_is_bounded():
    numbers = OrderNumbers(most=3)
    assert [numbers.is_new(one) for one in ("a", "b", "a")] == [True, True, False]
    assert [numbers.is_new(one) for one in ("c", "d", "b")] == [True, True, False]
    assert numbers.is_new("a")


def test_nothing_secret_is_in_what_was_asked():
    workload = Scenarios().choose(Choices("baseline"))
    asked = str(workload.as_asked())
    assert workload.secrets()
    assert not any(secret in asked for secret in workload.secrets())
