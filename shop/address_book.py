"""Writing down an address: which fields it has, and what is wrong with one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from shop.accounts import Account, Choices
from shop.exchange import Errors, Refused
from shop.forms import REQUIRED, UNKNOWN
from shop.session import Session

_REQUIRED = ("first_name", "last_name", "phone_number", "city", "line")
_OPTIONAL = (
    "title", "email", "country", "township", "district", "postcode", "address_type", "notes", "is_corporate",
    "company_name", "tax_no", "tax_office", "e_bill_taxpayer", "identity_number",
)  # fmt: skip
_PHONE = re.compile(r"\d{10,13}", re.ASCII)
_LONGEST = 300


def add_address(given: Mapping[str, Any], session: Session) -> dict[str, Any]:
    """Write an address down for a shopper and return it with its pk; ``Refused`` with what is wrong."""
    if errors := _errors(given):
        raise Refused(HTTPStatus.BAD_REQUEST, errors)
    if session.account is not None and not session.account.phone:
        session.account.phone = str(given["phone_number"])
    return session.addresses.add(dict(given))


def _errors(given: Mapping[str, Any]) -> Errors:
    errors = {name: [REQUIRED] for name in _REQUIRED if given.get(name) in (None, "")}
    for name, value in given.items():
        if name not in _REQUIRED and name not in _OPTIONAL:
            errors[name] = [UNKNOWN]
        elif not isinstance(value, str | int | bool | None) or len(str(value)) > _LONGEST:
            errors[name] = [f"Give text of at most {_LONGEST} letters."]
    if "phone_number" not in errors and not _PHONE.fullmatch(str(given["phone_number"])):
        errors["phone_number"] = ["Give a phone number of ten to thirteen digits."]
    return errors


def usual_choices(account: Account) -> Choices:
    """What a customer whose choices are saved chose last time: her home, the cheapest way to it."""
    written = account.addresses.add(
        {
            "title": "Home",
            "first_name": account.first_name or "Ada",
            "last_name": account.last_name or "Lovelace",
            "phone_number": account.phone or "05000000000",
            "country": "1",
            "city": "Istanbul",
            "township": "Kadikoy",
            "line": "1 Harbour Street",
            "postcode": "34710",
        }
    )
    pk = str(written["pk"])
    return Choices(shipping_address=pk, billing_address=pk, delivery="1", shipping="1")
