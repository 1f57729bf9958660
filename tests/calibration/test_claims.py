"""Each claim of the table in docs/proofs.md in a small form; ``table.py`` has the large one."""

import math
import random

import claims
import instrument_claims
import percentile_claims
import pytest
import table
from claims import Row, error_row, exact_row, share_row, wilson

from harness.measurement.bucket_layout import NO_BOUNDS
from harness.schedule.partition import Partition
from harness.validity import generator

pytestmark = pytest.mark.calibration


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(lambda: claims.frozen(length=120.0, runs=1), id="a freeze is not hidden"),
        pytest.param(lambda: claims.schedules(runs=1), id="the schedule is the same for any number of workers"),
        pytest.param(lambda: claims.store(samples=20_000), id="the store keeps quantiles"),
        pytest.param(lambda: claims.bounds(runs=10), id="a bound is exact"),
        pytest.param(lambda: claims.objectives(runs=40), id="verdicts on percentiles"),
        pytest.param(lambda: claims.early_ends(runs=40), id="verdicts of runs that end when they are certain"),
        pytest.param(lambda: percentile_claims.rows(quick=True), id="percentiles of samples that come together"),
        pytest.param(lambda: percentile_claims.means(quick=True), id="means of samples that come together"),
        pytest.param(lambda: instrument_claims.rows(quick=True), id="lateness of the instrument"),
        pytest.param(lambda: claims.balances(runs=50), id="what comes in must go out"),
        pytest.param(lambda: claims.steadiness(runs=100), id="steadiness"),
        pytest.param(lambda: claims.mixes(runs=200), id="mixes"),
    ],
)
def test_the_claim_holds(rows):
    seen = list(rows())
    assert seen
    assert [row for row in seen if not row.holds] == []


def test_an_experiment_can_be_repeated():
    assert list(claims.store(samples=500)) == list(claims.store(samples=500))
    assert list(claims.mixes(runs=5, seed=9)) == list(claims.mixes(runs=5, seed=9))


@pytest.mark.parametrize(
    ("events", "n", "low", "high"),
    [(0, 100, 0.0, 0.0370), (5, 100, 0.0215, 0.1118), (50, 100, 0.4038, 0.5962), (100, 100, 0.9630, 1.0)],
)
def test_wilsons_interval_agrees_with_the_textbook(events, n, low, high):
    assert wilson(events, n) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_a_broken_claim_does_not_hold():
    assert not share_row("rare", 6, 100, 1, at_most=0.05).holds
    assert share_row("rare", 5, 100, 1, at_most=0.05).holds
    assert not share_row("often", 94, 100, 1, at_least=0.95).holds
    assert not error_row("close", 0.021, 100, 1, 0.02).holds
    assert not error_row("close", math.nan, 100, 1, 0.02).holds
    assert not exact_row("exact", 1, 100, 1).holds


def test_the_table_shows_every_row_and_names_broken_claims():
    rows = [share_row("rare", 6, 100, 7, at_most=0.05), exact_row("exact", 0, 1_000, 8)]
    text, broken = table.table(iter(rows))
    assert text.splitlines() == [
        "| claim | n | estimate | 95 % CI (Wilson) | bound | seed |",
        "|---|---:|---:|---:|---:|---:|",
        "| rare | 100 | 6.0% | 2.8% to 12.5% | ≤ 5%: **missed** | 7 |",
        "| exact | 1,000 | identical | all seen | exact | 8 |",
    ]
    assert broken == rows[:1]
    assert isinstance(broken[0], Row)


# -- experiments that must be able to fail ----------------------------------------------------------------------------


def test_too_few_users_break_the_claim(monkeypatch):
    monkeypatch.setattr(claims, "POOLS", (5,))  # where 100 a second, 50 ms each, keep five busy
    assert not any(row.holds for row in claims.frozen(length=120.0, runs=1))


def test_a_verdict_without_statistics_breaks_the_claim(monkeypatch):
    class Gullible:
        def __init__(self, verdict):
            self.verdict = verdict

    monkeypatch.setattr(claims, "evaluate_objective", lambda *_: Gullible(claims.Verdict.PASSED))
    passed, failed, *_ = claims.objectives(runs=5)
    assert not passed.holds
    assert failed.holds


def test_a_bound_counted_by_whole_buckets_breaks_the_claim(monkeypatch):
    monkeypatch.setattr(claims, "Bounds", lambda _: NO_BOUNDS)
    assert not next(claims.bounds(runs=3)).holds


def test_late_arrivals_counted_one_by_one_break_the_claim(monkeypatch):
    one_by_one = generator.share_exceeded_beyond_chance
    monkeypatch.setattr(
        generator, "share_exceeded_beyond_chance", lambda times, bound, share, _: one_by_one(times, bound, share)
    )
    stalls = instrument_claims.by_stalls(0.005)
    assert sum(instrument_claims.arrivals_called_late(stalls, 12_000, random.Random(run)) for run in range(30)) > 0


def test_a_verdict_that_ignores_lucky_runs_breaks_the_claim(monkeypatch):
    monkeypatch.setattr("harness.objectives.share_verdict.common_variation", lambda _: 0.0)
    first, *_ = percentile_claims.rows(quick=True)
    assert not first.holds


def test_a_partition_that_leaves_out_a_worker_breaks_the_claim(monkeypatch):
    exact = Partition.includes
    monkeypatch.setattr(Partition, "includes", lambda self, kind, place: self.worker != 6 and exact(self, kind, place))
    assert not next(claims.schedules(runs=1)).holds
