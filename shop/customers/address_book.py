"""Addresses of customers: their fields, checks and documents."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from hashlib import blake2b
from http import HTTPStatus
from typing import Any

from shop import geography
from shop.customers.accounts import Account, SavedChoices, user_document
from shop.customers.session import Session
from shop.forms import REQUIRED, unknown_field_errors
from shop.geography import Place, RetailStore, read_pk
from shop.http_messages import Errors, Refused

_REQUIRED = ("first_name", "last_name", "phone_number", "country", "city", "township", "line")
_TEXT_FIELDS = (
    "title", "email", "first_name", "last_name", "phone_number", "line", "postcode", "notes", "company_name",
    "tax_office", "tax_no", "identity_number", "type", "address_type", "country_code",
)  # fmt: skip
_BOOLEAN_FIELDS = ("is_corporate", "e_bill_taxpayer", "primary")
_OTHERS = ("user", "extra_field", "remote_id", "retail_store", "hash_data", "pk", "kvkk_confirm")
"""Fields that are accepted and ignored."""
_PLACES: tuple[tuple[str, str, Callable[[int], Place | None]], ...] = (
    ("country", "", geography.country),
    ("city", "country", geography.city),
    ("township", "city", geography.township),
    ("district", "township", geography.district),
)
"""The places of an address: the field, the field of the place around it, and the look-up."""
_KNOWN = frozenset({*_TEXT_FIELDS, *_BOOLEAN_FIELDS, *_OTHERS, *(name for name, _, _ in _PLACES)})
_BOOLEANS = {True: True, False: False, "true": True, "false": False, "1": True, "0": False}
_PHONE = re.compile(r"\+?\d{10,13}", re.ASCII)
_LONGEST = 300


def add_address(given: Mapping[str, Any], session: Session, *, strict: bool) -> dict[str, Any]:
    """Add an address of a shopper and return it with its pk; raises ``Refused`` with every error."""
    entry = _entry(given, session.email, strict=strict)
    if session.account is not None and not session.account.phone:
        session.account.phone = entry["phone_number"]
    return session.addresses.add(entry)


def change_address(pk: str, given: Mapping[str, Any], session: Session, *, strict: bool) -> dict[str, Any]:
    """Change the given fields of an address, and return the address."""
    book = session.addresses
    places = {name: held["pk"] for name, _, _ in _PLACES if (held := book.entries[pk][name])}
    entry = _entry({**book.entries[pk], **places, **given}, session.email, strict=strict)
    if entry["primary"]:
        for other, held in list(book.entries.items()):
            book.entries[other] = {**held, "primary": False}
    return book.replace(pk, entry)


def _entry(given: Mapping[str, Any], email: str, *, strict: bool) -> dict[str, Any]:
    errors: Errors = {name: [REQUIRED] for name in _REQUIRED if given.get(name) in (None, "")}
    if strict:
        errors |= unknown_field_errors(given, _KNOWN)
    entry: dict[str, Any] = {"email": email}
    for name in _TEXT_FIELDS:
        value = given.get(name)
        if not isinstance(value, str | int | None) or isinstance(value, bool) or len(str(value)) > _LONGEST:
            errors.setdefault(name, [f"Give text of at most {_LONGEST} letters."])
        elif value not in (None, "") or name != "email":
            entry[name] = None if value is None else str(value)
    for name in _BOOLEAN_FIELDS:
        value = given.get(name, False)
        if not isinstance(value, str | int) or value not in _BOOLEANS:
            errors.setdefault(name, ["Must be a valid boolean."])
        else:
            entry[name] = _BOOLEANS[value]
    places, wrong = _place_pks(given)
    errors = wrong | errors
    if "phone_number" not in errors and not _PHONE.fullmatch(str(given["phone_number"])):
        errors["phone_number"] = ["Give a phone number of ten to thirteen digits."]
    if errors:
        raise Refused(HTTPStatus.BAD_REQUEST, errors)
    return entry | _short_places(places) | {"extra_field": None}


def _place_pks(given: Mapping[str, Any]) -> tuple[dict[str, int], Errors]:
    """The pks of the given places, and their errors in the words of the platform."""
    found: dict[str, int] = {}
    errors: Errors = {}
    for name, around, look_up in _PLACES:
        value = given.get(name)
        if value in (None, ""):
            continue
        pk = read_pk(value)
        place = None if pk is None else look_up(pk)
        if pk is None:
            errors[name] = [f"Incorrect type. Expected pk value, received {type(value).__name__}."]
        elif place is None or (around in found and place.within != found[around]):
            errors[name] = [f'Invalid pk "{pk}" - object does not exist.']
        else:
            found[name] = pk
    return found, errors


def _short_places(places: Mapping[str, int]) -> dict[str, Any]:
    return {
        "country": geography.short_country(places["country"]),
        "city": geography.short_city(places["city"]),
        "township": geography.short_township(places["township"]),
        "district": geography.short_district(places["district"]) if "district" in places else None,
    }


def store_address(store: RetailStore, billing: Mapping[str, Any]) -> dict[str, Any]:
    """The shipping address of a store, for the shopper of this billing address."""
    return {
        **dict.fromkeys(_TEXT_FIELDS),
        "pk": None,
        "email": billing["email"],
        "phone_number": billing["phone_number"],
        "first_name": billing["first_name"],
        "last_name": billing["last_name"],
        **_short_places({"country": 1, "city": store.city, "township": store.township, "district": store.district}),
        "line": store.line,
        "title": store.name,
        "e_bill_taxpayer": False,
        "is_corporate": False,
        "primary": None,
        "extra_field": None,
    }


def full_document(entry: Mapping[str, Any], user: Mapping[str, Any]) -> dict[str, Any]:
    """An address in the form of ``/address/detailed/`` and of a completed order."""
    documents = (
        geography.country_document,
        geography.city_document,
        geography.township_document,
        geography.district_document,
    )
    places = {
        name: None if entry[name] is None or (place := look_up(entry[name]["pk"])) is None else write(place)
        for (name, _, look_up), write in zip(_PLACES, documents, strict=True)
    }
    digest = blake2b(repr(sorted(entry.items(), key=lambda item: item[0])).encode(), digest_size=16).hexdigest()
    return {
        **entry,
        **places,
        "address_type": entry["address_type"] or "customer",
        "hash_data": digest,
        "retail_store": None,
        "remote_id": None,
        "user": user,
    }


def owner_document(session: Session) -> dict[str, Any]:
    """The shopper of a session, in the form of addresses."""
    if session.account is not None:
        return session.account.document()
    return user_document(0, session.guest_email, session.used, session.used, "guest") | {"phone": session.guest_phone}


def default_saved_choices(account: Account) -> SavedChoices:
    """The saved choices of a new account: its home address, with the cheapest shipping."""
    given = {
        "title": "Home",
        "first_name": account.first_name or "Ada",
        "last_name": account.last_name or "Lovelace",
        "phone_number": account.phone or "05000000000",
        "country": 1,
        "city": 40,
        "township": 457,
        "district": geography.districts(457)[0]["pk"],
        "line": "1 Harbour Street",
        "postcode": "34710",
    }
    pk = str(account.addresses.add(_entry(given, account.email, strict=True))["pk"])
    return SavedChoices(shipping_address=pk, billing_address=pk, delivery="1", shipping="1")
