"""A customer's addresses: taken by primary keys, answered with the places as objects."""

from __future__ import annotations

import itertools
from typing import Any

from second_shop.exchange import Refused
from second_shop.places import CITIES, COUNTRIES, DISTRICTS, TOWNSHIPS, Place, chosen

_NUMBERS = itertools.count(8_400)
_REQUIRED = ("title", "first_name", "last_name", "phone_number", "country", "city", "township", "line", "postcode")
_PARENTS = ("city", "country"), ("township", "city"), ("district", "township")


def add(given: dict[str, Any], user: dict[str, Any] | None, email: str, *, districts: bool) -> dict[str, Any]:
    """The address that a form describes; raises ``Refused`` with every field that is wrong."""
    wanted = (*_REQUIRED, "district") if districts else _REQUIRED
    errors = {name: ["This field is required."] for name in wanted if given.get(name) in (None, "")}
    places: dict[str, Place | None] = {}
    for name, rows in {"country": COUNTRIES, "city": CITIES, "township": TOWNSHIPS, "district": DISTRICTS}.items():
        value = given.get(name)
        places[name] = None if value in (None, "") else chosen(rows, value)
        if value not in (None, "") and places[name] is None:
            errors[name] = [f'Invalid pk "{value}" - object does not exist.']
    for name, parent in _PARENTS:
        inner, outer = places[name], places[parent]
        if inner and outer and inner[parent] != outer["pk"]:
            errors[name] = [f"This is not within the {parent}."]
    phone = str(given.get("phone_number", ""))
    if "phone_number" not in errors and not (phone.isdecimal() and phone.startswith("0") and len(phone) == 11):
        errors["phone_number"] = ["Phone number is invalid."]
    if errors:
        raise Refused(400, errors)
    return _document(given, places, user, email)


def _document(
    given: dict[str, Any], places: dict[str, Place | None], user: dict[str, Any] | None, email: str
) -> dict[str, Any]:
    pk = next(_NUMBERS)
    texts = {name: given[name] for name in ("title", "first_name", "last_name", "phone_number", "line", "postcode")}
    return {
        "pk": pk,
        "email": given.get("email") or email,
        **texts,
        **places,
        "notes": None,
        "company_name": given.get("company_name"),
        "tax_office": given.get("tax_office"),
        "tax_no": given.get("tax_no"),
        "e_bill_taxpayer": False,
        "hash_data": f"{pk:032x}",
        "address_type": "customer",
        "retail_store": None,
        "remote_id": None,
        "identity_number": None,
        "extra_field": None,
        "user": user,
        "is_corporate": str(given.get("is_corporate", False)).lower() == "true",
        "primary": False,
    }


def in_checkout(address: dict[str, Any]) -> dict[str, Any]:
    """The address as the checkout shows it: fewer keys, and the places with names only."""
    left_out = {
        "hash_data",
        "address_type",
        "retail_store",
        "remote_id",
        "user",
        "country",
        "city",
        "township",
        "district",
    }
    shown = {name: value for name, value in address.items() if name not in left_out}
    for name, keys in {
        "country": ("pk", "name", "code"),
        "city": ("pk", "name", "country"),
        "township": ("pk", "name", "city"),
        "district": ("pk", "name", "city", "township"),
    }.items():
        place = address[name]
        shown[name] = place and {key: place[key] for key in keys}
    return shown


def of_store(store: Place, customer: dict[str, Any]) -> dict[str, Any]:
    """The shipping address of an order that is collected in a store, as recorded: it has no primary key."""
    city = store["township"]["city"]
    country = COUNTRIES[city["country"]]
    nothing = (
        "pk",
        "postcode",
        "notes",
        "company_name",
        "tax_office",
        "tax_no",
        "primary",
        "identity_number",
        "extra_field",
    )
    return {
        **dict.fromkeys(nothing),
        **customer,
        "country": {key: country[key] for key in ("pk", "name", "code")},
        "city": city,
        "line": store["address"],
        "title": store["name"],
        "township": {**store["township"], "city": city["pk"]},
        "district": store["district"],
        "e_bill_taxpayer": False,
    }
