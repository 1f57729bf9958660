"""The published state of each objective: how it stands during the run, and its verdict at the end."""

from harness.judging.objective_status import ObjectiveStatusTracker
from harness.objectives.parser import parse
from harness.objectives.verdict import ObjectiveResult, Verdict

OBJECTIVES = [parse("journey response_time p95 < 4s"), parse("journey failures < 1%")]


def test_the_verdict_replaces_the_state_of_an_objective():
    results = [
        ObjectiveResult(one.text, verdict, 0.5, one.bound, one.unit, 100, 1, "")
        for one, verdict in zip(OBJECTIVES, (Verdict.PASSED, Verdict.FAILED), strict=True)
    ]
    assert [one.state for one in ObjectiveStatusTracker(OBJECTIVES).final(results)] == ["passed", "failed"]


def test_a_search_that_confirms_nothing_keeps_the_last_states():
    watch = ObjectiveStatusTracker(OBJECTIVES)
    assert watch.final(()) == watch.latest
