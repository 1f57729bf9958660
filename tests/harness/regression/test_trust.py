"""A disturbed run can show a regression, but it cannot pass anything."""

from dataclasses import replace

import pytest
from compared_runs import Shop, pairs_of
from finished_runs import a_run
from regression_claims import QUIET, SAME

from harness.objectives.verdict import Finding, Severity, Verdict
from harness.regression.comparison import compare
from harness.regression.figures import Plan
from harness.regression.text import text
from harness.regression.tolerance import EVERY_PAIR, RunEffect, Tolerance
from harness.regression.trust import Trust, trust_in

PLAN = Plan(Tolerance(), RunEffect(), EVERY_PAIR)


def judged(verdict, *checks):
    run = a_run(2, length=10)
    findings = tuple(Finding(check, Severity.INVALID, "late", "") for check in checks)
    return replace(run, judgement=replace(run.judgement, verdict=verdict, findings=findings))


@pytest.mark.parametrize(
    ("verdict", "checks", "trust"),
    [
        (Verdict.PASSED, (), Trust.FULL),
        (Verdict.FAILED, (), Trust.FULL),
        (Verdict.INVALID, ("crowded", "lateness"), Trust.DISTURBED),
        (Verdict.INVALID, ("crowded", "ledger"), Trust.NONE),
        (Verdict.INVALID, ("cpu",), Trust.NONE),
        (Verdict.INVALID, (), Trust.NONE),
    ],
)
def test_only_lateness_by_the_machine_leaves_a_run_some_use(verdict, checks, trust):
    assert trust_in(judged(verdict, *checks)) is trust


def test_disturbed_runs_fail_a_slower_shop_and_pass_none():
    same = compare(list(pairs_of(QUIET, SAME, Shop(), 8, 1)), PLAN, disturbed=2)
    assert same.verdict is Verdict.INCONCLUSIVE
    assert "checkload itself was late in 2 runs" in " ".join(text(same, "p95").split())
    slower = compare(list(pairs_of(QUIET, SAME, Shop(slower=1.3), 8, 1)), PLAN, disturbed=2)
    assert slower.verdict is Verdict.FAILED
