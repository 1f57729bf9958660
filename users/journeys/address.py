"""The shopper's address: find a location in the shop's lists, and add the address to the address book."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, NamedTuple

from harness.measurement.outcomes import Outcome
from shop.contract import PATHS, Page
from users.journeys.context import JourneyContext, check_is_list, fetch, has_value, rows_of
from users.journeys.steps import Expectation, JourneyFailed, PageRequest, PageResponse, ResponseFormat, Steps
from users.population.pools import Pk


class _LocationList(NamedTuple):
    """One of the shop's lists: the address field that it fills, its page, and the field of the location around it."""

    field: str
    page: Page
    within: str = ""


_LISTS = (
    _LocationList("country", Page.COUNTRIES),
    _LocationList("city", Page.CITIES, "country"),
    _LocationList("township", Page.TOWNSHIPS, "city"),
    _LocationList("district", Page.DISTRICTS, "township"),
)
_DISTRICT = "district"  # a shop may have none
_A_LIST = Expectation(ResponseFormat.JSON, keys=frozenset({"results"}), check=check_is_list("results"))
_A_LIST_OR_404 = Expectation(
    ResponseFormat.JSON, keys=frozenset({"results"}), check=check_is_list("results"), allow_404=True
)

# What the storefront's form sends, in its order (client).
_ADDED_BY_STOREFRONT = {"is_corporate": "false", "type": "personal"}
_STOREFRONT_FIELDS = (
    *("title", "first_name", "last_name", "phone_number", "country", "city", "township", "district", "line"),
    *("postcode", *_ADDED_BY_STOREFRONT),
)


def choose_location(context: JourneyContext) -> Steps[Mapping[str, Pk]]:
    """Choose where the address is; returns the location fields of an address, each a primary key of the shop.

    The first journey looks the location up, and so do all that arrive before it is done. A failed lookup ends its
    journey under its own name, and the next journey tries again. No journey waits for another.
    """
    places = context.places
    if places.found is None or context.as_storefront:  # the storefront's form fetches its lists each time
        rng, found, districts = random.Random(places.seed), dict(places.pinned), list[Pk]()
        for each in _LISTS:
            if each.field in found:
                continue
            pks = yield from _fetch_list(context, each, found)
            if each.field == _DISTRICT:
                districts = pks
            elif pks:
                found[each.field] = rng.choice(pks)
            else:
                raise JourneyFailed(Outcome.ENVELOPE, each.page, "the list holds no place")
        places.found, places.districts = found, districts
    return {**places.found, _DISTRICT: context.rng.choice(places.districts)} if places.districts else places.found


def _fetch_list(context: JourneyContext, each: _LocationList, found: Mapping[str, Pk]) -> Steps[list[Pk]]:
    path = PATHS[each.page] + (f"?{each.within}={found[each.within]}" if each.within else "")
    expect = _A_LIST_OR_404 if each.field == _DISTRICT else _A_LIST
    response = yield from fetch(context, PageRequest(each.page, path=path, expect=expect, think_first=False))
    rows = rows_of(response.document, "results") or ()
    return [row["pk"] for row in rows if has_value(row.get("pk")) and row.get("is_active", True)]


def choose_address(context: JourneyContext) -> Steps[tuple[str, bool]]:
    """The ``pk`` of an address of this shopper, and whether the shopper added it just now."""
    if not context.address_pk and not context.adds_address:
        known = rows_of(context.last_response.page_context, "addresses") or ()
        pks = [str(row["pk"]) for row in known if has_value(row.get("pk"))]
        context.address_pk = context.rng.choice(pks) if pks else ""
    if context.address_pk:
        return context.address_pk, False
    return (yield from add_address(context)), True


def add_address(context: JourneyContext) -> Steps[str]:
    """Add the shopper's address to the address book; returns its ``pk``."""
    location = yield from choose_location(context)
    address = {**context.identity.address, "phone_number": context.phone, **location, **context.policy.address}
    if context.as_storefront:
        filled = {**address, **_ADDED_BY_STOREFRONT}
        address = {name: filled[name] for name in _STOREFRONT_FIELDS if name in filled}  # a shop may have no districts
    add = PageRequest(Page.ADDRESS_ADD, "POST", PATHS[Page.ADDRESS_ADD], json=address, expect=_AN_ADDRESS)
    context.address_pk = str(_address_pk((yield from fetch(context, add)).document))
    return context.address_pk


def _address_pk(document: Mapping[str, Any]) -> object:
    inner = document.get("address")
    return (inner if isinstance(inner, dict) else document).get("pk")


def _has_address_pk(response: PageResponse) -> Outcome:
    """An accepted address has a primary key by which it can be chosen."""
    return Outcome.OK if has_value(_address_pk(response.document)) else Outcome.ENVELOPE


_AN_ADDRESS = Expectation(ResponseFormat.JSON, check=_has_address_pk)
