"""What keeps an order from a place to go: addresses, the lists of places, delivery and shipping options."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from harness.measurement.outcomes import Outcome
from scenarios.doctor.diagnosis.failure import Failure, json_object
from scenarios.doctor.finding import Finding
from scenarios.doctor.masking import shown_text
from shop.contract import PATHS, Page

_LISTS: Mapping[str, tuple[Page, str]] = {
    "country": (Page.COUNTRIES, "countries"),
    "city": (Page.CITIES, "cities"),
    "township": (Page.TOWNSHIPS, "townships"),
    "district": (Page.DISTRICTS, "districts"),
}
_OWN_FIELDS = ("title", "line", "postcode")
_BY_NAME = re.compile(r"\bname\b|\bnamed\b|\bstring\b|\bstr\b|\btext\b|\bismi?\b|\bad[ıi]\b", re.IGNORECASE)  # noqa: RUF001
_REFUSED = (Outcome.BUSINESS_ERROR, Outcome.HTTP_4XX, Outcome.ENVELOPE)
_NOTHING = re.compile(r"no (delivery_options|shipping_options|retail_stores|addresses) to choose from")
_OFFERS = {
    "delivery_options": ("no_delivery", "no way of delivery"),
    "shipping_options": ("no_shipping", "no shipping company"),
    "retail_stores": ("no_store", "no store to collect from"),
}
_ELSEWHERE = (
    "offer one on the test system for this address and these products; or name another address in [address], or other "
    "products in [products]"
)


def places(failure: Failure) -> Finding | None:
    """A list of places is missing or empty."""
    found = next((field for field, (page, _) in _LISTS.items() if page is failure.page), "")
    if not found or failure.outcome not in (*_REFUSED, Outcome.NOT_JSON):
        return None
    what = _LISTS[found][1]
    around = next((field for field in failure.pinned if f"{field}=" in failure.exchange.path), "")
    if around and failure.outcome is Outcome.ENVELOPE:
        page, known = _LISTS[around]
        seen = f"lists no {what}: the shop does not know the {around} of [address]"
        remedy = (
            f"the shop lists its {known} under {PATHS[page]}; remove {around} from [address], or give a pk of that list"
        )
        return failure.finding("place_unknown", seen, remedy, f"[address] {around}")
    seen = f"gave no list of {what} (status {failure.exchange.status})"
    remedy = "set country, city, township and district in [address], each a pk or a name that the shop knows"
    return failure.finding("no_places", seen, remedy, f"[address] {found}")


def address(failure: Failure) -> Finding | None:
    """The shop refuses the address; says which field, and what the shop's own list has for it."""
    if failure.page is not Page.ADDRESS_ADD or failure.outcome not in _REFUSED:
        return None
    errors = dict(_field_errors(failure.document))
    for field in _LISTS:
        if field in errors:
            return _place_refused(failure, field, errors[field])
    for field in _OWN_FIELDS:
        if field in errors:
            remedy = f"set {field} in [address] to a text that the shop accepts"
            return failure.finding(
                "address_refused", f"was refused: {field}: {errors[field]}", remedy, f"[address] {field}"
            )
    for field, said in errors.items():
        remedy = f"have the test system accept an address without this {field}: no key of a scenario sets it"
        return failure.finding("address_refused", f"was refused: {shown_text(field)}: {said}", remedy)
    said = failure.said or f"status {failure.exchange.status}"
    remedy = "set the fields that the shop wants of an address in [address]"
    return failure.finding("address_refused", f"was refused: {said}", remedy, "[address]")


def _place_refused(failure: Failure, field: str, said: str) -> Finding:
    page, what = _LISTS[field]
    seen, key = f"was refused: {field}: {said}", f"[address] {field}"
    sent = failure.exchange.fields.get(field)
    if sent is None:
        return failure.finding("address_refused", seen, f"set {field} in [address] to a pk of {PATHS[page]}", key)
    if _BY_NAME.search(said) and isinstance(sent, int):
        names = _names_sent(failure)
        values = {one: f'"{names[one]}"' for one in _LISTS if one in names} or {field: '"..."'}
        pairs = ", ".join(f"{one} = {value}" for one, value in values.items())
        also = tuple((f"[address] {one}", value) for one, value in values.items() if one != field)
        remedy = f"the shop wants names here, not pks: set {pairs} in [address]"
        return Finding("address_by_name", failure.where, seen, remedy, key, values.get(field, '"..."'), also=also)
    listed = f"the shop lists its {what} under {PATHS[page]}"
    if field in failure.pinned:
        return failure.finding(
            "address_refused", seen, f"{listed}; remove {field} from [address], or give a pk of that list", key
        )
    remedy = f"{listed}, but does not accept a pk of that list; set {field} in [address]"
    return failure.finding("address_refused", seen, remedy, key)


def _names_sent(failure: Failure) -> dict[str, str]:
    """The names of the places that were sent, from the shop's own lists."""
    sent, names = failure.exchange.fields, dict[str, str]()
    for exchange in failure.history:
        path = exchange.path.partition("?")[0]
        field = next((one for one, (page, _) in _LISTS.items() if PATHS[page] == path), "")
        rows = json_object(exchange).get("results")
        for row in rows if field and isinstance(rows, list) else ():
            if isinstance(row, dict) and row.get("pk") == sent.get(field) and isinstance(row.get("name"), str):
                names[field] = row["name"].replace('"', "")
    return names


def _field_errors(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The fields that the shop names, with its words."""
    errors = document.get("errors")
    for field, said in (errors if isinstance(errors, dict) else document).items():
        first = said[0] if isinstance(said, list) and said else said
        if isinstance(first, dict):
            first = next((one for one in first.values() if isinstance(one, str)), "")
        if isinstance(first, str) and field not in ("detail", "non_field_errors", "message", "redirect_url"):
            yield field, shown_text(first).rstrip(".")


def nothing_offered(failure: Failure) -> Finding | None:
    """The shop offers no delivery, no shipping or no store."""
    if failure.outcome is not Outcome.ENVELOPE or (found := _NOTHING.search(failure.said)) is None:
        return None
    code, what = _OFFERS.get(found[1], ("no_delivery", f"no {found[1]}"))
    return failure.finding(code, f"offers {what}", _ELSEWHERE, "[address]")
