"""Slow services outside the shop add no load, but they keep shoppers longer."""

import pytest

from harness.planning.what_if import delay_impact

BANKS = {"Bank"}


def test_a_slow_bank_affects_journeys_that_visit_it(run_at):
    found = delay_impact(run_at(10), bank_delay=4.0, sms_delay=0.0, bank_pages=BANKS)
    assert found.share == pytest.approx(0.75, abs=0.01)
    assert found.mean_delay == pytest.approx(3.0, rel=0.02)
    assert found.broken == ()


def test_a_slow_sms_affects_journeys_with_a_code(run_at):
    found = delay_impact(run_at(10), bank_delay=0.0, sms_delay=8.0, bank_pages=BANKS)
    assert found.share == pytest.approx(1 / 8, abs=0.01)
    assert found.mean_delay == pytest.approx(1.0, rel=0.02)


def test_an_objective_on_journeys_breaks_if_enough_are_delayed(run_at):
    objectives = ("journey response_time p95 < 3s", "journey response_time p50 < 3s")
    run = run_at(10, objectives=objectives)
    by_sms = delay_impact(run, bank_delay=0.0, sms_delay=5.0, bank_pages=BANKS)
    by_bank = delay_impact(run, bank_delay=5.0, sms_delay=0.0, bank_pages=BANKS)
    assert [text.partition(" (")[0] for text in by_sms.broken] == ["journey response_time p95 < 3s"]
    assert [text.partition(" (")[0] for text in by_bank.broken] == list(objectives)
    assert "would be 6.1 s" in by_bank.broken[0]


def test_an_objective_on_one_kind_of_journey_uses_only_that_kind(run_at):
    run = run_at(10, objectives=("journey[payment=gpay] response_time p95 < 3s",))
    assert delay_impact(run, bank_delay=5.0, sms_delay=0.0, bank_pages=BANKS).broken == ()
    assert len(delay_impact(run, bank_delay=0.0, sms_delay=5.0, bank_pages=BANKS).broken) == 1
