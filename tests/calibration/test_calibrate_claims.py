"""The claims about calibration in a small form, and that the claims can break."""

import calibrate_claims
import pytest

pytestmark = pytest.mark.calibration


def test_the_claims_about_calibration_hold():
    rows = list(calibrate_claims.rows(quick=True))
    assert len(rows) == 12
    assert [row for row in rows if not row.holds] == []


def test_intervals_that_are_too_narrow_break_the_claim(monkeypatch):
    honest = calibrate_claims.wilson

    def narrow(events, n):
        low, high = honest(events, n)
        middle, half = (low + high) / 2, (high - low) / 6
        return middle - half, middle + half

    monkeypatch.setattr(calibrate_claims, "wilson", narrow)
    assert not next(calibrate_claims.calibrations(runs=2)).holds


def test_another_mix_breaks_the_claim():
    shifted = {**calibrate_claims.MIX.payments, "credit_card": 25}
    tally = calibrate_claims.calibrated(7000, 600)
    assert all(calibrate_claims.kept(tally.options, calibrate_claims.MIX.payments))
    assert not all(calibrate_claims.kept(tally.options, shifted))
