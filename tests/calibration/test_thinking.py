"""Searches at a shop with think times, which feels a rate only after the length of a journey; in a small form."""

from statistics import fmean

import pytest
import thinking
from thinking import Shoppers, ThinkingSearch

from harness.capacity import effective_rate
from harness.capacity.model import Purpose, SearchPlan

pytestmark = pytest.mark.calibration


def test_the_claims_hold():
    seen = list(thinking.rows(quick=True))
    assert len(seen) == 2 * len(thinking.THINKS) + 3
    assert [row for row in seen if not row.holds] == []


def test_a_search_that_ignores_the_lag_misses_the_boundary(monkeypatch):
    aware = thinking.searched(Shoppers(15.0), 2, seed=1, budget=900.0)
    assert [abs(error) < 0.1 for error in aware.where] == [True, True]
    monkeypatch.setattr(effective_rate.EffectiveRate, "lags", lambda *_: False)
    monkeypatch.setattr("harness.capacity.controller.FILLED_BY_SHORT", 0.0)
    assert thinking.searched(Shoppers(15.0), 2, seed=1, budget=900.0).where == []


def test_the_effective_rate_of_a_level_agrees_with_its_pages():
    search_run = ThinkingSearch(Shoppers(7.0), SearchPlan(start=6, most=18, budget=900), seed=5)
    search_run.search()
    slices = [cell.slices for cell in search_run.recorder.pages.values()]
    length = search_run.recorder.slice_length
    levels = [step for step in search_run.controller.finished_levels if step.purpose is Purpose.TRACK]
    assert len(levels) > 10
    errors = []
    for level in levels:
        places = range(round(level.settled / length), round(level.end / length))
        pages = sum(times[place].total for times in slices for place in places if place in times)
        errors.append(pages / (len(places) * length) / search_run.shoppers.pages / level.rate - 1)
    assert abs(fmean(errors)) < 0.03


def test_the_shop_felt_the_confirmed_rate_while_it_was_judged():
    search_run = ThinkingSearch(Shoppers(7.0), SearchPlan(start=6, most=18, budget=900), seed=6)
    found = search_run.search()
    start, end = search_run.controller.confirmed_between
    length = search_run.recorder.slice_length
    places = range(round(start / length), round(end / length))
    pages = sum(
        cell.slices[place].total
        for cell in search_run.recorder.pages.values()
        for place in places
        if place in cell.slices
    )
    assert found.confirmed == pytest.approx(pages / (len(places) * length) / search_run.shoppers.pages, rel=0.05)
