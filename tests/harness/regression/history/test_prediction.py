"""A new version is compared with stored runs of earlier ones."""

from dataclasses import replace

import numpy as np
import pytest
from compared_runs import Shop, a_run
from regression_claims import QUIET, SAME, SHARED

from harness.objectives.verdict import Verdict
from harness.regression.figures import Kind, Plan
from harness.regression.history.prediction import compare_with_history
from harness.regression.tolerance import ONE_LOOK, RunEffect, Tolerance

PLAN = Plan(Tolerance(), RunEffect(), ONE_LOOK)


def runs(shop, number, seed, machine=QUIET):
    chance = np.random.default_rng(seed)
    return [a_run(shop, factors, chance).measures() for factors in machine.runs(number, chance)]


def test_the_same_shop_passes_and_a_slower_one_fails():
    stored = runs(SAME, 12, 1)
    assert compare_with_history(stored, runs(SAME, 2, 2), PLAN).comparison.verdict is Verdict.PASSED
    slower = compare_with_history(stored, runs(Shop(slower=1.4), 2, 3), PLAN).comparison
    assert slower.verdict is Verdict.FAILED
    assert {Kind.TIME, Kind.PAGE, Kind.OPTION} <= {one.kind for one in slower.moved}


def test_a_candidate_that_fails_more_does_not_pass():
    found = compare_with_history(runs(SAME, 10, 1), runs(Shop(failing=0.01), 2, 2), PLAN).comparison
    assert found.verdict is Verdict.FAILED


def test_a_candidate_that_takes_no_orders_fails_although_its_journeys_end_well():
    none = [
        replace(one, orders=None, served=one.orders, without_order=[(n, n) for n, _ in one.failures])
        for one in runs(SAME, 2, 2)
    ]
    stored = [replace(one, without_order=one.failures) for one in runs(SAME, 10, 1)]
    found = compare_with_history(stored, none, PLAN).comparison
    assert found.verdict is Verdict.FAILED
    assert [one.kind for one in found.moved] == [Kind.THROUGHPUT]


def test_runs_before_the_last_change_do_not_count():
    stored = [*runs(Shop(slower=2.0), 10, 1), *runs(SAME, 9, 2)]
    found = compare_with_history(stored, runs(Shop(slower=1.4), 1, 3), PLAN)
    assert found.stable == 9
    assert found.changes["journeys"][0].index == 10
    assert found.comparison.verdict is Verdict.FAILED


@pytest.mark.parametrize(("number", "slower"), [(1, 4.0), (2, 3.0), (5, 2.0)])
def test_after_a_change_a_large_slowdown_fails_and_nothing_passes(number, slower):
    stored = [*runs(Shop(slower=1.5), 10, 1), *runs(SAME, 5, 2)] if number == 5 else runs(SAME, number, 2)
    found = [compare_with_history(stored, runs(Shop(slower=by), 2, 3), PLAN) for by in (slower, 1.0, 0.5)]
    assert [(one.stable, one.missing) for one in found] == [(number, 8 - number)] * 3
    assert [one.comparison.verdict for one in found] == [Verdict.FAILED, Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE]


def test_stored_runs_that_differ_widely_hide_a_slowdown_that_like_ones_show():
    alike, wide = ([*runs(SAME, 2, 1), *runs(Shop(slower=by), 1, 2)] for by in (1.0, 2.5))
    verdicts = [
        compare_with_history(old, runs(Shop(slower=2.0), 1, 3), PLAN).comparison.verdict for old in (alike, wide)
    ]
    assert verdicts == [Verdict.FAILED, Verdict.INCONCLUSIVE]


def test_few_stored_runs_show_a_candidate_that_fails_or_takes_no_orders():
    none = [replace(one, orders=None, without_order=[(n, n) for n, _ in one.failures]) for one in runs(SAME, 1, 2)]
    stored = [replace(one, without_order=one.failures) for one in runs(SAME, 1, 1)]
    assert compare_with_history(stored, none, PLAN).comparison.verdict is Verdict.FAILED
    failing = runs(Shop(failing=0.05), 1, 2)
    assert compare_with_history(stored, failing, PLAN).comparison.verdict is Verdict.FAILED


@pytest.mark.calibration
@pytest.mark.parametrize("number", [1, 3, 8])
@pytest.mark.parametrize(("shop", "wrong", "most"), [(SAME, Verdict.FAILED, 2), (Shop(slower=1.1), Verdict.PASSED, 4)])
def test_verdicts_are_seldom_wrong(shop, wrong, most, number, monkeypatch):
    monkeypatch.setattr("harness.regression.history.prediction.change_points", lambda _: [])
    events = sum(
        compare_with_history(
            runs(SAME, number, seed, SHARED), runs(shop, 1, 500 + seed, SHARED), PLAN
        ).comparison.verdict
        is wrong
        for seed in range(60)
    )
    assert events <= most
