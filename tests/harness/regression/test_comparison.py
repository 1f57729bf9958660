"""The verdict over pairs of runs, and what it says moved."""

import math
from dataclasses import replace

import pytest
from compared_runs import Shop, pairs_of
from regression_claims import QUIET, SAME

from harness.objectives.verdict import Verdict
from harness.regression.comparison import compare, holm
from harness.regression.figures import Figure, Kind, Plan
from harness.regression.text import text
from harness.regression.tolerance import EVERY_PAIR, RunEffect, Tolerance

PLAN = Plan(Tolerance(), RunEffect(), EVERY_PAIR)


def compared(candidate, number=8, seed=1):
    return compare(list(pairs_of(QUIET, SAME, candidate, number, seed)), PLAN)


def test_the_same_shop_passes_with_every_figure():
    found = compared(Shop())
    assert found.verdict is Verdict.PASSED
    assert {one.kind for one in found.figures} == set(Kind)
    assert text(found, "p95").startswith("PASSED: the candidate is not slower by more than")


def test_a_slower_shop_fails_with_size_interval_and_smallest_change():
    found = compared(Shop(slower=1.3))
    assert found.verdict is Verdict.FAILED
    journeys = found.figures[0]
    assert journeys.low < 0.3 < journeys.high
    assert journeys.change == pytest.approx(0.3, abs=0.06)
    assert 0.03 < journeys.smallest_seen < 0.3
    assert "the p95 of journeys is longer by" in text(found, "p95")


def test_a_single_slow_page_is_named():
    found = compared(Shop(slow_receipt=1.4))
    assert found.verdict is Verdict.FAILED
    assert {one.name for one in found.moved if one.kind is Kind.PAGE} == {"receipt"}
    assert "page receipt" in text(found, "p95").split("\n\n")[0]


def test_a_fast_shop_that_fails_more_does_not_pass():
    found = compared(Shop(slower=0.8, failing=0.01), number=3)
    assert found.verdict is Verdict.FAILED
    assert [one.kind for one in found.moved] == [Kind.FAILURES]
    assert "of its journeys fail instead of 0 %" in text(found, "p95")


def without_orders(pairs):
    """The same pairs, with candidates that take no order although no journey fails."""
    for baseline, candidate in pairs:
        none = [(n, n) for n, _ in candidate.failures]
        yield (
            replace(baseline, without_order=[(n, n // 5) for n, _ in baseline.failures]),
            replace(candidate, orders=None, served=candidate.orders, without_order=none),
        )


def test_a_candidate_that_takes_no_orders_fails_although_its_journeys_end_well():
    found = compare(list(without_orders(pairs_of(QUIET, SAME, SAME, 8, 1))), PLAN)
    assert found.verdict is Verdict.FAILED
    assert "0 orders per arrival instead of 0.8" in text(found, "p95")


def test_a_scenario_without_orders_compares_journeys():
    pairs = [pair for _, pair in zip(range(8), without_orders(pairs_of(QUIET, SAME, SAME, 8, 1)), strict=True)]
    found = compare([(candidate, candidate) for _, candidate in pairs], PLAN)
    assert next(one for one in found.figures if one.kind is Kind.THROUGHPUT).name == "served journeys per arrival"
    assert found.verdict is Verdict.PASSED


def test_fewer_orders_are_shown_as_a_share_of_the_orders_of_the_baseline():
    pairs = [
        (a, replace(b, orders=replace(b.orders, logarithm=b.orders.logarithm + math.log(0.75))))
        for a, b in pairs_of(QUIET, SAME, SAME, 8, 1)
    ]
    throughput = next(one for one in compare(pairs, PLAN).figures if one.kind is Kind.THROUGHPUT)
    assert throughput.change == pytest.approx(0.25, abs=0.01)
    assert throughput.low < throughput.change < throughput.high <= 1
    assert "orders per arrival are lower by 25 %" in text(compare(pairs, PLAN), "p95")


def test_rates_that_say_nothing_have_no_lower_bound():
    pairs = list(pairs_of(QUIET, SAME, SAME, 2, 1))
    scattered = [
        (a, replace(b, orders=replace(b.orders, logarithm=b.orders.logarithm + apart)))
        for (a, b), apart in zip(pairs, (5, -9), strict=True)
    ]
    throughput = next(one for one in compare(scattered, PLAN).figures if one.kind is Kind.THROUGHPUT)
    assert throughput.low == -math.inf
    assert "no limit" in text(compare(scattered, PLAN), "p95")


def test_a_shop_without_a_percentile_fails_and_is_written_without_a_number():
    found = compared(Shop(failing=0.2), number=2)
    assert found.verdict is Verdict.FAILED
    journeys = found.figures[0]
    assert (journeys.change, journeys.candidate) == (None, math.inf)
    assert "never" in text(found, "p95")


def test_a_faulty_baseline_does_not_make_the_candidate_worse():
    found = compare(list(pairs_of(QUIET, Shop(failing=0.2), SAME, 2, 1)), PLAN)
    assert found.verdict is Verdict.INCONCLUSIVE


def test_a_wider_spread_fails_at_equal_medians():
    found = compared(Shop(sigma=0.9), number=3)
    assert Kind.SPREAD in {one.kind for one in found.moved}


def test_nothing_is_decided_without_a_pair():
    assert compare([], PLAN).verdict is Verdict.INCONCLUSIVE
    assert "no pair" in text(compare([], PLAN), "p95")


def test_holm_fails_what_is_certain_among_many():
    def verdicts(*p_values):
        figures = [Figure(kind=Kind.TIME, name="x", verdict=Verdict.PASSED, p_value=p) for p in p_values]
        return [one.verdict is Verdict.FAILED for one in holm(figures, 0.04)]

    assert verdicts(0.01, 0.019, 0.03, 0.009) == [True, True, True, True]
    assert verdicts(0.011, 0.5, 0.5, 0.5) == [False] * 4
    assert verdicts(0.5, 0.009, 0.021, 0.5) == [False, True, False, False]
    assert verdicts() == []
