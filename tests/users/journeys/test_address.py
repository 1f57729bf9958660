"""Locations of addresses: looked up once in the shop's lists, or pinned by the scenario."""

from __future__ import annotations

import pytest

from harness.measurement.outcomes import Outcome
from shop.contract import Page
from users.population.journey_spec import ShopperPolicy
from users.population.pools import LocationPool

LISTS = [Page.COUNTRIES, Page.CITIES, Page.TOWNSHIPS, Page.DISTRICTS]
FIELDS = ("country", "city", "township", "district")


def address(walked):
    return next(request.json for request in walked.shop.requests if request.page is Page.ADDRESS_ADD)


def looked_up(walked):
    return [page for page in walked.shop.pages if page in LISTS]


def test_the_first_journey_looks_the_location_up_for_all_others(walker):
    places = LocationPool()
    walks = [walker(walker.Shop(), "cash_register", places=places, seed=seed) for seed in range(9)]
    assert [looked_up(walked) for walked in walks] == [LISTS, *[[]] * 8]
    assert all(walked.receipt for walked in walks)
    paths = [request.path for request in walks[0].shop.requests if request.page in LISTS]
    country, city, township = (address(walks[0])[name] for name in FIELDS[:3])
    assert [path.partition("?")[2] for path in paths] == [
        "",
        f"country={country}",
        f"city={city}",
        f"township={township}",
    ]
    assert {tuple(address(walked)[name] for name in FIELDS[:3]) for walked in walks} == {(country, city, township)}
    assert len({address(walked)["district"] for walked in walks}) > 2


def test_the_seed_decides_the_location_in_every_process(walker):
    def found(seed, journey):
        places = LocationPool(seed=seed)
        walker(walker.Shop(), places=places, seed=journey)
        return places.found

    assert found(1, 5) == found(1, 6)
    assert len({tuple(found(seed, 5).values()) for seed in range(9)}) > 3


@pytest.mark.parametrize("pinned", range(1, 5))
def test_pinned_location_fields_are_not_looked_up(walker, pinned):
    wanted = dict(zip(FIELDS[:pinned], (1, 40, 457, 9), strict=False))
    walked = walker(walker.Shop(), places=LocationPool(wanted))
    assert looked_up(walked) == LISTS[pinned:]
    assert wanted.items() <= address(walked).items()


def test_lines_that_are_the_same_for_all_are_sent(walker):
    same = {"line": "1 Quay", "postcode": "34710", "title": "Office"}
    assert same.items() <= address(walker(walker.Shop(), policy=ShopperPolicy(address=same))).items()


@pytest.mark.parametrize("page", LISTS)
@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (500, Outcome.HTTP_5XX),
        (404, Outcome.HTTP_4XX),
        ({"count": 0, "results": []}, Outcome.ENVELOPE),
        ({"count": 0, "results": "none"}, Outcome.ENVELOPE),
        ({"count": 0}, Outcome.ENVELOPE),
        (b"<html>", Outcome.NOT_JSON),
    ],
)
def test_a_failed_location_lookup_is_repeated_by_the_next_journey(walker, page, reply, outcome):
    places = LocationPool()
    walked = walker(walker.Shop(spoil=lambda request, sent: reply if request.page is page else sent), places=places)
    if page is Page.DISTRICTS and (reply == 404 or (isinstance(reply, dict) and reply.get("results") == [])):
        assert walked.outcome is Outcome.OK, "a shop may do without districts"
        assert "district" not in address(walked)
        return
    assert (walked.outcome, walked.failure.page) == (outcome, page)
    again = walker(walker.Shop(), places=places)
    assert again.receipt
    assert looked_up(again) == LISTS


def test_inactive_locations_are_not_chosen(walker):
    def spoil(request, document):
        if request.page in LISTS:
            for row in document["results"][:-1]:
                row["is_active"] = False
            del document["results"][-1]["is_active"]  # a shop that does not say so serves it
        return document

    walked = walker(walker.Shop(spoil=spoil), places=LocationPool())
    assert [address(walked)[name] for name in FIELDS] == [101, 204, 304, 404]


def test_two_journeys_look_the_location_up_without_waiting_for_each_other(walker):
    places = LocationPool()

    def spoil(request, document):
        if request.page is Page.CITIES and places.found is None and not walks:
            walks.append(None)
            walks.append(walker(walker.Shop(), places=places))
        return document

    walks = []
    first = walker(walker.Shop(spoil=spoil), places=places)
    assert first.receipt
    assert walks[1].receipt
    assert looked_up(first) == looked_up(walks[1]) == LISTS
