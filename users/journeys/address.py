"""Finding a place for an address in the shop's own lists of countries, cities, townships and districts."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import NamedTuple

from harness.measurement.outcomes import Outcome
from shop.contract import PATHS, Page
from users.journeys.context import JourneyContext, ask, has_value
from users.journeys.steps import Answer, JourneyFailed, PageRequest, ResponseFormat, Steps
from users.population.pools import Pk


class _LocationList(NamedTuple):
    """One of the shop's lists: the field of an address that it fills, its page, and the field whose place it lies in."""

    field: str
    page: Page
    within: str = ""


_LISTS = (
    _LocationList("country", Page.COUNTRIES),
    _LocationList("city", Page.CITIES, "country"),
    _LocationList("township", Page.TOWNSHIPS, "city"),
    _LocationList("district", Page.DISTRICTS, "township"),
)
_DISTRICT = "district"  # a shop may do without
_NEEDS = frozenset({"results"})


def choose_location(errand: JourneyContext) -> Steps[Mapping[str, Pk]]:
    """The fields of an address that say where it lies, each a primary key of the shop.

    The first journey looks the place up, and so do those that come before it has ended. A lookup that fails ends its journey under
    its own name, and the next journey tries again: no journey waits for another.
    """
    places = errand.places
    if places.found is None or errand.as_storefront:  # whose form fetches its lists each time
        chance, found, districts = random.Random(places.seed), dict(places.pinned), list[Pk]()
        for each in _LISTS:
            if each.field in found:
                continue
            pks = yield from _listed(errand, each, found)
            if each.field == _DISTRICT:
                districts = pks
            elif pks:
                found[each.field] = chance.choice(pks)
            else:
                raise JourneyFailed(Outcome.ENVELOPE, each.page, "the list holds no place")
        places.found, places.districts = found, districts
    return {**places.found, _DISTRICT: errand.chance.choice(places.districts)} if places.districts else places.found


def _listed(errand: JourneyContext, each: _LocationList, found: Mapping[str, Pk]) -> Steps[list[Pk]]:
    path = PATHS[each.page] + (f"?{each.within}={found[each.within]}" if each.within else "")
    optional = each.field == _DISTRICT
    visit = PageRequest(
        each.page,
        path=path,
        reads=ResponseFormat.JSON,
        needs=_NEEDS,
        judge=_is_list,
        allow_404=optional,
        think_first=False,
    )
    rows = (yield from ask(errand, visit)).document.get("results", [])
    return [
        row["pk"] for row in rows if isinstance(row, dict) and has_value(row.get("pk")) and row.get("is_active", True)
    ]


def _is_list(answer: Answer) -> Outcome:
    return Outcome.OK if isinstance(answer.document.get("results", []), list) else Outcome.ENVELOPE
