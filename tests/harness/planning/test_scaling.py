"""Other numbers of instances are estimated, and never more exactly than the measured ones."""

import math

import pytest

from harness.planning.carried_capacity import CarriedCapacity, EvidenceGrade
from harness.planning.scaling import needed_instances, scaling
from harness.planning.usl import Usl

LAW = Usl(100.0, 0.05, 0.01)


def measured(number, likely=None, off=0.03):
    likely = LAW.throughput(number) if likely is None else likely
    return CarriedCapacity(
        likely=likely,
        low=likely * (1 - off),
        high=likely * (1 + off),
        grade=EvidenceGrade.CONFIRMED,
        source="x",
        instances=number,
    )


def test_a_measured_number_of_instances_keeps_its_capacity():
    one = measured(3)
    assert scaling([measured(1), one, measured(4)], seed=1).of(3) is one


def test_two_instances_are_estimated_from_one_and_three():
    found = scaling([measured(1), measured(3), measured(4)], seed=1).of(2)
    assert found.grade is EvidenceGrade.MODEL
    assert found.likely == pytest.approx(LAW.throughput(2), rel=1e-3)
    assert found.low < LAW.throughput(2) < found.high


def test_one_measured_number_is_scaled_in_proportion_and_says_so():
    scale = scaling([measured(2, likely=100)], seed=1)
    found = scale.of(3)
    assert scale.is_proportional
    assert found.likely == pytest.approx(150)
    assert found.high / found.likely > 1.03
    assert found.high / found.likely < scale.of(6).high / scale.of(6).likely
    assert found.source == "in proportion to what 2 instances measured"
    assert scale.of(0).likely == 0.0


def test_measurements_that_disagree_widen_the_interval():
    def width(middle):
        found = scaling([measured(1, 100), measured(2, middle), measured(4, 400)], seed=1).of(3)
        return found.high / found.low

    assert width(150) > 1.2 * width(200)


def test_more_instances_of_an_open_capacity_have_an_open_capacity():
    at_least = CarriedCapacity(
        likely=100, low=100, high=math.inf, grade=EvidenceGrade.AT_LEAST, source="x", instances=1
    )
    found = scaling([at_least], seed=1).of(2)
    assert found.likely == pytest.approx(200)
    assert 180 < found.low < 200
    assert found.high == math.inf


def test_the_needed_instances_carry_the_peak_with_one_lost():
    scale = scaling([measured(1, 100, 0.01)], seed=1)
    assert needed_instances(scale, [250.0] * 100, lost=1, confidence=0.9) == 4
    assert needed_instances(scale, [250.0] * 100, lost=2, confidence=0.9) == 5
    assert needed_instances(scale, [90.0] * 100, lost=1, confidence=0.9) == 2


def test_with_high_coherency_no_number_of_instances_is_enough():
    hindered = scaling([measured(1, 100), measured(2, 120), measured(3, 110)], seed=1)
    assert needed_instances(hindered, [500.0] * 50, lost=1, confidence=0.9) is None


def test_scaling_without_a_measurement_is_refused():
    with pytest.raises(ValueError, match="no capacity"):
        scaling([], seed=1)


def test_a_capacity_between_two_runs_counts_as_the_lower_one():
    between = CarriedCapacity(likely=100, low=100, high=300, grade=EvidenceGrade.BRACKETED, source="x", instances=1)
    assert needed_instances(scaling([between], seed=1), [150.0] * 50, lost=1, confidence=0.9) == 3
    assert needed_instances(scaling([between], seed=1), [90.0] * 50, lost=1, confidence=0.9) == 2
