"""Warnings before a run: which objectives it is too short for."""

from workloads import FakeWorkload

from harness.capacity.model import SearchPlan
from harness.objectives.parser import parse
from harness.run.length_warnings import length_warnings

OBJECTIVES = [parse("page response_time p95 < 300ms")]


def workload(**changes):
    return FakeWorkload(**{"steady": 35.0, "arrival_rate": 30.0, "warm_up": 5.0, "objectives": OBJECTIVES, **changes})


def test_a_short_open_load_may_meet_no_stall():
    (line,) = length_warnings(workload())
    assert line.startswith("a steady part of 35 s is too short to meet occasional stalls")


def test_a_search_confirms_in_too_short_a_time_to_meet_stalls():
    (line,) = length_warnings(workload(search=SearchPlan(start=1.0, most=100.0, budget=600.0, confirm=60.0)))
    assert line.startswith("a confirming level of 60 s is too short to meet occasional stalls")
    assert length_warnings(workload(search=SearchPlan(start=1.0, most=100.0, budget=600.0, confirm=180.0))) == []


def test_a_closed_load_has_no_warning():
    assert length_warnings(workload(arrival_rate=0.0)) == []
