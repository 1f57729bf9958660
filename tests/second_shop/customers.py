"""Customers from a file of accounts, and sessions. A session gets another id when a customer signs in."""

from __future__ import annotations

import csv
import itertools
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from second_shop import addresses
from second_shop.exchange import Request
from second_shop.goods import Basket
from second_shop.pre_order import PreOrder

_NUMBERS = itertools.count(7)
_HOME = {"title": "Test Title", "line": "this is a test address.", "postcode": "00000"}
_LIVES_IN = {"country": 1_001, "city": 2_034, "township": 3_401, "district": 4_011}


@dataclass(slots=True)
class Customer:
    email: str
    password: str
    first_name: str
    last_name: str
    phone: str
    remembered: bool
    pk: int = field(default_factory=lambda: next(_NUMBERS))
    addresses: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.remembered:
            home = {**_HOME, **_LIVES_IN, "first_name": self.first_name, "last_name": self.last_name}
            added = addresses.add({**home, "phone_number": self.phone}, self.document(), self.email, districts=True)
            self.addresses.append(added)

    def document(self) -> dict[str, Any]:
        return {
            "pk": self.pk,
            "username": f"{self.pk:032x}",
            "first_name": self.first_name,
            "last_name": self.last_name,
            "email": self.email,
            "is_active": True,
            "date_joined": "2023-04-12T09:29:38.783518Z",
            "last_login": "2023-05-05T12:59:29.747447Z",
            "email_allowed": False,
            "sms_allowed": False,
            "call_allowed": None,
            "gender": "female",
            "attributes": {
                "register_client_type": "default",
                "logged_ip": "127.0.0.1",
                "confirm": True,
                "verified_phone": True,
            },
            "phone": self.phone,
            "date_of_birth": "2023-04-28",
            "attributes_kwargs": {},
            "user_type": "registered",
            "modified_date": "2023-04-28T12:49:42.545375Z",
        }

    def profile(self) -> dict[str, Any]:
        kept = ("first_name", "last_name", "email_allowed", "sms_allowed", "call_allowed", "email", "phone", "gender")
        document = self.document()
        return {
            "id": self.pk,
            **{name: document[name] for name in (*kept, "date_of_birth", "attributes")},
            "avatar": None,
            "genders": [{"value": "female", "label": "female"}, {"value": "male", "label": "male"}],
            "language_code": "en",
        }


def read_customers(path: Path) -> dict[str, Customer]:
    """The customers of a CSV file of accounts, by e-mail address."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {
        row["email"]: Customer(
            row["email"],
            row["password"],
            row["first_name"],
            row["last_name"],
            row["phone"],
            remembered=row["saved_choices"] == "1",
        )
        for row in rows
    }


@dataclass(slots=True)
class Session:
    id: str
    basket: Basket
    order: PreOrder = field(default_factory=PreOrder)
    customer: Customer | None = None
    guest: dict[str, str] | None = None
    guest_addresses: list[dict[str, Any]] = field(default_factory=list)
    last_order: dict[str, Any] | None = None

    @property
    def addresses(self) -> list[dict[str, Any]]:
        return self.customer.addresses if self.customer else self.guest_addresses

    @property
    def is_introduced(self) -> bool:
        return self.customer is not None or self.guest is not None

    @property
    def email(self) -> str:
        return self.customer.email if self.customer else (self.guest or {}).get("user_email", "")

    @property
    def phone(self) -> str:
        return self.customer.phone if self.customer else (self.guest or {}).get("phone_number", "")


class Sessions:
    """The sessions by id; the cookie may come under either of its two names."""

    def __init__(self) -> None:
        self._open: dict[str, Session] = {}
        self._baskets = itertools.count(73)

    def find(self, request: Request) -> Session | None:
        cookies = request.cookies
        return self._open.get(cookies.get("osessionid") or cookies.get("sessionid", ""))

    def open(self) -> Session:
        session = Session(secrets.token_hex(16), Basket(next(self._baskets)))
        self._open[session.id] = session
        return session

    def sign_in(self, session: Session, customer: Customer) -> None:
        """The session gets a new id and keeps its basket."""
        self._open.pop(session.id, None)
        session.id = secrets.token_hex(16)
        session.customer, session.guest = customer, None
        session.order = PreOrder()
        self._open[session.id] = session

    def close(self, session: Session) -> None:
        self._open.pop(session.id, None)


def csrf_is_right(request: Request) -> bool:
    """Django's check of a request that is not safe: the cookie's token must come back in the header or the form.

    The embedded examples of the description carry no cookie, so a request without one passes. A foreign ``Origin`` does not.
    """
    token = request.cookies.get("csrftoken", "")
    origin = request.headers.get("origin")
    if origin is not None and origin.partition("//")[2] != request.headers.get("host"):
        return False
    if not token:
        return True
    is_form = "form-urlencoded" in request.headers.get("content-type", "")
    return token in (request.headers.get("x-csrftoken"), request.form().get("csrfmiddlewaretoken") if is_form else None)
