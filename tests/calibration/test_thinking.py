"""A shop feels a rate only after the length of a journey: what a search says of one whose shoppers think, in a small form."""

from statistics import fmean

import pytest
import thinking
from thinking import Shoppers, Walk

from harness.capacity import effective_rate
from harness.capacity.model import Purpose, SearchPlan

pytestmark = pytest.mark.calibration


def test_the_claims_hold():
    seen = list(thinking.rows(quick=True))
    assert len(seen) == 2 * len(thinking.THINKS) + 3
    assert [row for row in seen if not row.holds] == []


def test_a_search_that_believes_that_a_rate_is_felt_at_once_does_not_find_where_the_demand_gives_way(monkeypatch):
    aware = thinking.searched(Shoppers(15.0), 2, seed=1, budget=900.0)
    assert [abs(error) < 0.1 for error in aware.where] == [True, True]
    monkeypatch.setattr(effective_rate.EffectiveRate, "lags", lambda *_: False)
    monkeypatch.setattr("harness.capacity.controller.FILLED_BY_SHORT", 0.0)
    assert thinking.searched(Shoppers(15.0), 2, seed=1, budget=900.0).where == []


def test_what_a_level_is_said_to_feel_is_what_its_pages_say():
    walk = Walk(Shoppers(7.0), SearchPlan(start=6, most=18, budget=900), seed=5)
    walk.search()
    slices = [cell.slices for cell in walk.recorder.pages.values()]
    length = walk.recorder.slice_length
    levels = [step for step in walk.controller.finished_levels if step.purpose is Purpose.TRACK]
    assert len(levels) > 10
    errors = []
    for level in levels:
        places = range(round(level.settled / length), round(level.end / length))
        pages = sum(times[place].total for times in slices for place in places if place in times)
        errors.append(pages / (len(places) * length) / walk.shoppers.pages / level.rate - 1)
    assert abs(fmean(errors)) < 0.03


def test_what_is_confirmed_was_felt_by_the_shop_while_it_was_judged():
    walk = Walk(Shoppers(7.0), SearchPlan(start=6, most=18, budget=900), seed=6)
    found = walk.search()
    start, end = walk.controller.confirmed_between
    length = walk.recorder.slice_length
    places = range(round(start / length), round(end / length))
    pages = sum(
        cell.slices[place].total for cell in walk.recorder.pages.values() for place in places if place in cell.slices
    )
    assert found.confirmed == pytest.approx(pages / (len(places) * length) / walk.shoppers.pages, rel=0.05)
