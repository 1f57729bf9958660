"""The claims about comparisons hold in a small form, and the simulated runs are like recorded ones."""

import math
from pathlib import Path

import numpy as np
import pytest
import regression_claims
from compared_runs import Shop, a_run
from regression_claims import QUIET, SHARED

from harness.regression.measures import measure
from harness.regression.tolerance import Alphas

pytestmark = pytest.mark.calibration

PAGE = Path(__file__).parents[2] / "docs" / "ci-gate.md"


def kept_in_the_docs(row):
    """Whether the page shows this row without the mark of a missed bound; a row that it does not show yet must not be wrong too often."""
    shown = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith(f"| {row.claim} |")]
    return "missed" not in shown[0] if shown else "found" not in row.claim


def test_the_claims_hold_in_a_small_form():
    rows = [row for row in regression_claims.rows(quick=True) if kept_in_the_docs(row)]
    assert len(rows) >= 9
    assert [row for row in rows if not row.holds] == []


@pytest.mark.parametrize("shop", [Shop(), Shop(failing=0.02), Shop(slower=1.2, sigma=0.7)])
def test_simulated_measures_are_those_of_a_recorder(shop):
    chance = np.random.default_rng(1)
    run = a_run(shop, SHARED.runs(1, chance)[0], chance)
    fast, real = run.measures(), measure(run.recorder(), 0.95)
    for mine, theirs in (
        *((fast.times[name], real.times[name]) for name in fast.times),
        *((fast.pages[name], real.pages[name]) for name in fast.pages),
        *((fast.options[name], real.options[name]) for name in fast.options),
        (fast.median, real.median),
        (fast.orders, real.orders),
    ):
        assert mine.logarithm == pytest.approx(theirs.logarithm, abs=0.02)
        assert math.sqrt(mine.variance) == pytest.approx(math.sqrt(theirs.variance), abs=0.004)
    assert list(fast.failures) == list(real.failures)
    assert np.array(fast.shape) == pytest.approx(np.array(real.shape), abs=0.06)


def test_a_comparison_that_looks_for_nothing_breaks_the_claim(monkeypatch):
    monkeypatch.setattr(regression_claims, "EVERY_PAIR", Alphas(fail=0.9, fail_detail=0.9, passed=0.9))
    assert not all(row.holds for row in regression_claims.compared(8, (QUIET,)))
