"""Stand-ins for a bank, a wallet and a payment provider, and the pages that lead to them.

Each one sends the shopper back with their reference and the status of a successful payment. With ``outcome=failure``, the
payment fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from http import HTTPStatus
from types import MappingProxyType

from shop.contract import CHECKOUT_PATH, PATHS, Page
from shop.http_messages import refused

RETURN_PAGE_OF_BANK: Mapping[str, Page] = MappingProxyType(
    {
        "three-d": Page.THREE_D_SECURE,
        "gpay": Page.GPAY_COMPLETE,
        "bex": Page.BEX_COMPLETE,
        "redirection": Page.REDIRECTION_COMPLETE,
        "masterpass": Page.MASTERPASS_COMPLETE,
    }
)
"""The page of the shop that each kind of bank sends the shopper back to."""

_LONGEST = 200


def bank_page(kind: str, fields: Mapping[str, str]) -> str:
    """The page of a bank: one form that leads back to the shop."""
    if kind == "confirmation":
        return _html("Confirmation", "<p>Your confirmation has been received.</p>")
    if kind not in RETURN_PAGE_OF_BANK:
        raise refused(HTTPStatus.NOT_FOUND, "There is no such bank.")
    name = "token" if kind == "masterpass" else "reference"
    given = fields.get(name, "")
    if not given or len(given) > _LONGEST:
        raise refused(HTTPStatus.BAD_REQUEST, f"The bank needs the {name} that the shop gave.")
    back = {name: given}
    if name == "reference":
        back["status"] = "failure" if fields.get("outcome") == "failure" else "success"
    return form_page("Bank", f"{CHECKOUT_PATH}?page={RETURN_PAGE_OF_BANK[kind].value}", back)


def bank_redirect_page(kind: str, reference: str) -> str:
    """The shop's page whose only form leads to the bank."""
    return form_page("To the bank", f"{PATHS[Page.BANK]}{kind}/", {"reference": reference})


def form_page(title: str, action: str, fields: Mapping[str, str]) -> str:
    """A page with one form that posts hidden fields."""
    inputs = "".join(f'<input type="hidden" name="{escape(n)}" value="{escape(v)}">' for n, v in fields.items())
    button = '<button type="submit">Continue</button>'
    return _html(title, f'<form method="post" action="{escape(action)}">{inputs}{button}</form>')


def _html(title: str, body: str) -> str:
    return f'<!doctype html><html lang="en"><head><title>{escape(title)}</title></head><body>{body}</body></html>'
