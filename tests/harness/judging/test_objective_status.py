"""The published state of each objective: how it stands during the run, and its verdict at the end."""

import pytest

from harness.judging.objective_status import ObjectiveStatusTracker
from harness.measurement.recorder import Recorder
from harness.measurement.sample import Window
from harness.metrics.run_metrics import ObjectiveStatus
from harness.objectives.parser import parse
from harness.objectives.verdict import Judgement, ObjectiveResult, Verdict
from harness.shop_metrics.objective import parse_metric_objective
from harness.yield_to_load import NEVER

OBJECTIVES = [parse("journey response_time p95 < 4s"), parse("journey failures < 1%")]


@pytest.mark.parametrize(
    ("run", "objectives", "states"),
    [
        (Verdict.FAILED, (Verdict.PASSED, Verdict.FAILED), ["passed", "failed"]),
        (Verdict.FAILED, (Verdict.INVALID, Verdict.FAILED), ["not_judged", "failed"]),
        (Verdict.INVALID, (Verdict.PASSED, Verdict.FAILED), ["not_judged", "not_judged"]),
    ],
)
def test_the_verdict_replaces_the_state_of_an_objective(run, objectives, states):
    results = tuple(
        ObjectiveResult(one.text, verdict, 0.5, one.bound, one.unit, 100, 1, "")
        for one, verdict in zip(OBJECTIVES, objectives, strict=True)
    )
    judgement = Judgement(run, "", results, ())
    assert [one.state for one in ObjectiveStatusTracker(OBJECTIVES).final(judgement)] == states


def test_an_objective_on_a_metric_of_the_shop_has_no_state_before_the_verdict():
    of_shop = parse_metric_objective("prometheus: rate(pg_deadlocks_total[1m]) < 0.1")
    watch = ObjectiveStatusTracker([*OBJECTIVES, of_shop])
    watch.update(Recorder(Window(0.0, 0.0, 10.0)), 5.0, NEVER)
    assert watch.latest[-1] == ObjectiveStatus(of_shop, "nothing")
    failed = ObjectiveResult(of_shop.text, Verdict.FAILED, 0.4, of_shop.bound, of_shop.unit, 100, 1, "")
    assert watch.final(Judgement(Verdict.FAILED, "", (failed,), ()))[-1] == ObjectiveStatus(of_shop, "failed", 0.4)


def test_a_search_that_confirms_nothing_keeps_the_last_states():
    watch = ObjectiveStatusTracker(OBJECTIVES)
    assert watch.final(Judgement(Verdict.PASSED, "", (), ())) == watch.latest
