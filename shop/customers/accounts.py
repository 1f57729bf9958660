"""The accounts of the shop: those of a file, and new ones for e-mail addresses of test domains."""

from __future__ import annotations

import csv
import hmac
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from shop.catalogue import api_timestamp
from shop.packed import PackedDocuments

_HEADER = ["email", "password", "first_name", "last_name", "phone", "saved_choices"]
_MOST_MADE_UP = 200_000
_MOST_ADDRESSES = 3
_RESERVED = ("example.com", "example.net", "example.org")


class AccountsFileError(Exception):
    """An accounts file that cannot be used, with all its problems."""


class WrongPassword(Exception):
    """A sign-in with a wrong password or an unknown address."""


class SignInLocked(Exception):
    """A sign-in after too many wrong passwords."""


@dataclass(slots=True)
class AddressBook:
    """The addresses of one customer by pk, the latest three: a load adds one to each account again and again."""

    entries: PackedDocuments = field(default_factory=PackedDocuments)
    last_pk: int = 0

    def add(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Add an address and return it with its pk."""
        self.last_pk += 1
        return self.replace(str(self.last_pk), entry)

    def replace(self, pk: str, entry: dict[str, Any]) -> dict[str, Any]:
        """Store an address under a given pk, and return it with this pk."""
        written = {"pk": int(pk), **entry}
        self.entries[pk] = written
        if len(self.entries) > _MOST_ADDRESSES:
            del self.entries[next(iter(self.entries))]
        return written

    def pair(self, shipping: str, billing: str) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        """The addresses with these pks, as one object if they are the same: thousands of sessions keep theirs."""
        address = self.entries.get(shipping)
        return address, address if billing == shipping else self.entries.get(billing)


@dataclass(slots=True)
class SavedChoices:
    """The choices of a customer's last order: pks of addresses, delivery option, shipping option, and store if any."""

    shipping_address: str
    billing_address: str
    delivery: str
    shipping: str
    retail_store: str = ""


@dataclass(slots=True)
class Account:
    """A customer with an account."""

    pk: int
    email: str
    password: str = field(repr=False)
    first_name: str = ""
    last_name: str = ""
    phone: str = ""
    addresses: AddressBook = field(default_factory=AddressBook)
    saved_choices: SavedChoices | None = None
    orders: int = 0
    wrong_tries: int = 0
    locked_until: float = 0.0
    joined: float = 0.0
    last_seen: float = 0.0
    profile: dict[str, Any] = field(default_factory=dict)
    """The fields of the profile that the customer has changed."""

    def document(self) -> dict[str, Any]:
        """The customer in the form of ``/current_user/`` and of addresses."""
        document = user_document(self.pk, self.email, self.joined, self.last_seen)
        return document | {
            "first_name": self.first_name,
            "last_name": self.last_name,
            "phone": self.phone,
            **self.profile,
        }

    def profile_document(self) -> dict[str, Any]:
        """The customer in the form of ``/users/profile/``."""
        shown = self.document()
        return {
            "id": self.pk,
            **{name: shown[name] for name in _IN_PROFILE},
            "avatar": None,
            "genders": [{"value": word, "label": word} for word in GENDERS],
            "language_code": "en",
        }


GENDERS = ("female", "male")
_IN_PROFILE = (
    "first_name", "last_name", "email", "phone", "email_allowed", "sms_allowed", "call_allowed", "date_of_birth",
    "gender", "attributes",
)  # fmt: skip


def user_document(
    pk: int, email: str, joined: float, last_seen: float, user_type: str = "registered"
) -> dict[str, Any]:
    """A user in the form of the API; names and phone are empty."""
    name = blake2b(email.encode(), digest_size=16).hexdigest()
    return {
        "pk": pk,
        "username": name,
        "first_name": "",
        "last_name": "",
        "email": email,
        "hashed_email": name,
        "is_active": True,
        "date_joined": api_timestamp(joined),
        "last_login": api_timestamp(last_seen),
        "modified_date": api_timestamp(last_seen),
        "email_allowed": False,
        "sms_allowed": False,
        "call_allowed": None,
        "gender": GENDERS[0],
        "date_of_birth": "1990-01-01",
        "attributes": {
            "register_client_type": "default",
            "verified_phone": True,
            "logged_ip": "127.0.0.1",
            "confirm": True,
        },
        "attributes_kwargs": {},
        "phone": "",
        "user_type": user_type,
    }


class Accounts:
    """All accounts: those of the file, and a limited number of generated ones."""

    def __init__(self, known: list[Account] | None = None) -> None:
        self._known = {account.email: account for account in known or []}
        self._made_up: OrderedDict[str, Account] = OrderedDict()
        self._last_pk = len(self._known)

    def sign_in(self, email: str, password: str, now: float, *, tries: int, locked_for: float) -> Account:
        """Sign in with an e-mail address and a password, and return the account.

        An address of a test domain gets its account at its first sign-in. Raises ``WrongPassword``; after ``tries`` wrong
        passwords in a row, raises ``SignInLocked`` for ``locked_for`` seconds.
        """
        email = email.strip().lower()
        account = self._known.get(email) or self._made_up.get(email)
        if account is None:
            if not is_reserved(email):
                raise WrongPassword
            account = self._make_up(email, password)
        if now < account.locked_until:
            raise SignInLocked
        if not hmac.compare_digest(account.password.encode(), password.encode()):
            account.wrong_tries += 1
            if account.wrong_tries >= tries:
                account.wrong_tries, account.locked_until = 0, now + locked_for
            raise WrongPassword
        account.wrong_tries = 0
        account.joined, account.last_seen = account.joined or now, now
        if email in self._made_up:
            self._made_up.move_to_end(email)
        return account

    def _make_up(self, email: str, password: str) -> Account:
        self._last_pk += 1
        account = self._made_up[email] = Account(self._last_pk, email, password)
        if len(self._made_up) > _MOST_MADE_UP:
            self._made_up.popitem(last=False)
        return account


def is_reserved(email: str) -> bool:
    """Whether an e-mail address belongs to a domain that RFC 2606 reserves for tests."""
    domain = email.rpartition("@")[2]
    if domain == email or not email.partition("@")[0]:
        return False
    return domain in _RESERVED or domain.endswith((".test", ".example", *(f".{name}" for name in _RESERVED)))


def read_accounts(path: Path, last_choices: Callable[[Account], SavedChoices]) -> list[Account]:
    """Read the accounts of a CSV file; ``last_choices`` makes the saved choices of those with ``saved_choices`` 1.

    Raises ``AccountsFileError`` with every problem. Messages show no cell, because it may be a password.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or "not a CSV file in UTF-8"
        raise AccountsFileError(f"accounts_file {path}: {reason}") from None
    if not rows or [cell.strip() for cell in rows[0]] != _HEADER:
        raise AccountsFileError(f"accounts_file {path}: the first line must be {','.join(_HEADER)}")
    problems: list[str] = []
    accounts: dict[str, Account] = {}
    for line, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        if problem := _problem(row, accounts):
            problems.append(f"accounts_file {path}, line {line}: {problem}")
            continue
        email, password, first_name, last_name, phone, saved = row
        email = email.strip().lower()
        account = Account(len(accounts) + 1, email, password, first_name, last_name, phone.strip())
        if saved.strip() == "1":
            account.saved_choices = last_choices(account)
        accounts[email] = account
    if problems:
        raise AccountsFileError("\n".join(problems))
    return list(accounts.values())


def _problem(row: list[str], seen: dict[str, Account]) -> str:
    if len(row) != len(_HEADER):
        return f"has {len(row)} cells; write {len(_HEADER)}"
    email = row[0].strip().lower()
    if "@" not in email:
        return "email is not an address; write for example ada@shop.test"
    if email in seen:
        return "email is also in an earlier line; keep one of them"
    if not row[1]:
        return "password is empty"
    if row[5].strip() not in ("0", "1"):
        return "saved_choices must be 1 or 0"
    return ""
