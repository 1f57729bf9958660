"""Finding a place for an address in the shop's own lists of countries, cities, townships and districts."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import NamedTuple

from harness.measurement.outcomes import Outcome
from shop.contract import PATHS, Page
from users.journeys.context import JourneyContext, fetch, has_value
from users.journeys.steps import JourneyFailed, PageRequest, PageResponse, ResponseFormat, Steps
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


def choose_location(context: JourneyContext) -> Steps[Mapping[str, Pk]]:
    """The fields of an address that say where it lies, each a primary key of the shop.

    The first journey looks the place up, and so do those that come before it has ended. A lookup that fails ends its journey under
    its own name, and the next journey tries again: no journey waits for another.
    """
    places = context.places
    if places.found is None or context.as_storefront:  # whose form fetches its lists each time
        rng, found, districts = random.Random(places.seed), dict(places.pinned), list[Pk]()
        for each in _LISTS:
            if each.field in found:
                continue
            pks = yield from _listed(context, each, found)
            if each.field == _DISTRICT:
                districts = pks
            elif pks:
                found[each.field] = rng.choice(pks)
            else:
                raise JourneyFailed(Outcome.ENVELOPE, each.page, "the list holds no place")
        places.found, places.districts = found, districts
    return {**places.found, _DISTRICT: context.rng.choice(places.districts)} if places.districts else places.found


def _listed(context: JourneyContext, each: _LocationList, found: Mapping[str, Pk]) -> Steps[list[Pk]]:
    path = PATHS[each.page] + (f"?{each.within}={found[each.within]}" if each.within else "")
    optional = each.field == _DISTRICT
    request = PageRequest(
        each.page,
        path=path,
        response_format=ResponseFormat.JSON,
        required_keys=_NEEDS,
        check=_is_list,
        allow_404=optional,
        think_first=False,
    )
    rows = (yield from fetch(context, request)).document.get("results", [])
    return [
        row["pk"] for row in rows if isinstance(row, dict) and has_value(row.get("pk")) and row.get("is_active", True)
    ]


def _is_list(response: PageResponse) -> Outcome:
    return Outcome.OK if isinstance(response.document.get("results", []), list) else Outcome.ENVELOPE
