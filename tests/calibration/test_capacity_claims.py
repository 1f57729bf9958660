"""The claims about the capacity search in a small form; ``table.py`` has the large one."""

import math
import random
from statistics import fmean

import capacity_claims
import pytest
import stations
from simulator import erlang_c

from harness.capacity import search

pytestmark = pytest.mark.calibration


def test_the_claims_hold():
    seen = list(capacity_claims.rows(quick=True))
    assert len(seen) == 5
    assert [row for row in seen if not row.holds] == []


def stayed(case, rate, shoppers=60_000):
    chance, shop, moment = random.Random(5), case.fresh(), 0.0
    for _ in range(shoppers):
        moment += chance.expovariate(rate)
        yield moment, shop.serve(moment, chance)


@pytest.mark.parametrize("case", capacity_claims.cases(), ids=lambda case: case.name)
def test_the_formula_agrees_with_the_simulated_shop(case):
    objective = capacity_claims.parse(case.objective)
    over = [
        served.refused or (objective.metric.timed and _time(objective, moment, served) > objective.bound)
        for moment, served in stayed(case, case.truth)
    ]
    assert fmean(over) == pytest.approx(objective.allowed, rel=0.35)


def _time(objective, moment, served):
    if objective.subject == "page":
        return next(done - asked for page, asked, done in served.pages if page == objective.name)
    return served.done - moment


def test_a_queue_without_room_agrees_with_erlangs_loss_formula():
    # Erlang B from Erlang C: B = C (c - a) / (c - a C).
    servers, load = 8, 6.0
    waits = erlang_c(servers, load)
    assert stations.refused(servers, 0, load) == pytest.approx(waits * (servers - load) / (servers - load * waits))


def test_a_search_that_stops_at_the_first_broken_level_breaks_the_claim(monkeypatch):
    def hasty(plan):
        rate = plan.start
        while True:
            seen = yield search.SearchLevel(search.Purpose.WIDEN, rate, plan.length(rate))
            if seen.broken:
                found = search.BoundaryEstimate(rate, rate, rate, 8.0, 0.05)
                return search.SearchResult(rate, boundary=found)
            rate *= 1.25

    monkeypatch.setattr("harness.capacity.controller.search", hasty)
    case = stations.counters(8, 95, 0.9, 24.0)
    record = capacity_claims.searched(case, 6, seed=1)
    assert not capacity_claims.mean_row("hasty", record.where, 1, 0.05).holds


def test_an_experiment_can_be_repeated():
    case = stations.counters(2, 95, 0.85, 24.0)
    first, second = (capacity_claims.searched(case, 1, seed=3, budget=400.0) for _ in range(2))
    assert first == second
    assert not math.isnan(first.where[0])
