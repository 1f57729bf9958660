"""The claims about plans in a small form; ``table.py`` has the large one."""

import random

import plan_claims
import pytest

from harness.planning import scaling
from harness.planning.carried_capacity import EvidenceGrade

pytestmark = pytest.mark.calibration


def test_the_claims_hold():
    seen = list(plan_claims.rows(quick=True))
    assert len(seen) == 8
    assert [row for row in seen if not row.holds] == []


def test_the_simulated_shop_agrees_with_the_closed_form():
    known = plan_claims.measured_capacity(1, 0.0, random.Random(3))
    assert known.grade is EvidenceGrade.CONFIRMED
    assert known.likely == pytest.approx(plan_claims.true_capacity(1, 0.0), rel=0.08)


def test_more_contention_lowers_the_capacity_of_more_instances():
    alone, shared = (plan_claims.true_capacity(4, share) for share in (0.0, 0.1))
    assert plan_claims.true_capacity(1, 0.1) == plan_claims.true_capacity(1, 0.0)
    assert shared < 0.85 * alone


def test_an_interval_without_width_breaks_the_claim(monkeypatch):
    monkeypatch.setattr(scaling, "PER_DOUBLING", 0.0)
    monkeypatch.setattr(scaling, "interval", lambda values, confidence: (sum(values) / len(values),) * 2)
    *_, covered = plan_claims.instances(runs=4)
    assert not covered.holds
