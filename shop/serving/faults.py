"""The faults of the shop: each one hits a share of the requests, on some pages or on all.

Some faults replace the work, so nothing happens: ``sign_in_redirect`` (302), ``throttled`` (429), ``unavailable`` (503),
``client_error`` (400). Some change the work itself: ``session_dropped``, ``empty_basket``, ``lost_sms``,
``repeated_order_number``. All others come after the work: the request has its effect, but the reply is wrong or never comes
(``server_error``, ``reset``, ``stall``). A fault without pages hits all pages of the shop, but not the stand-ins outside it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from decimal import Decimal
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from shop.contract import OUTSIDE_PAGES, Page
from shop.http_messages import Reply
from shop.settings import Fault, FaultName

_OVERSIZE = 12 * 1024 * 1024
_HTML = "<!doctype html><title>Maintenance</title><p>We are back soon.</p>"
_CHOICES = (
    "payment_option",
    "payment_choice",
    "delivery_option",
    "shipping_option",
    "shipping_address",
    "billing_address",
    "installment",
    "credit_payment_option",
)
_AMOUNTS = ("total_amount", "total_amount_with_interest", "unpaid_amount")

BEHAVIOUR_FAULTS = frozenset(
    {FaultName.SESSION_DROPPED, FaultName.EMPTY_BASKET, FaultName.LOST_SMS, FaultName.REPEATED_ORDER_NUMBER}
)
"""Faults in the work of the shop itself."""

DELIVERY_FAULTS = frozenset({FaultName.RESET, FaultName.STALL, FaultName.SLOW_BODY})
"""Faults in how the reply is sent; ``asgi.py`` does them."""


def draw_fault(faults: tuple[Fault, ...], page: Page | None, rng: random.Random) -> Fault | None:
    """Draw the fault of this request: the first one of the list that its share selects, or none."""
    for fault in faults:
        concerned = page in fault.pages if fault.pages else page not in OUTSIDE_PAGES
        if concerned and rng.random() < fault.share:
            return fault
    return None


def replacement_reply(name: FaultName) -> Reply | None:
    """The reply of a fault that replaces the work; ``None`` for other faults."""
    make = _REPLACED_REPLIES.get(name)
    return make() if make else None


def corrupt_reply(name: FaultName, reply: Reply, rng: random.Random) -> bytes:
    """Apply a fault to a reply and return its bytes; it may also change the status or the document."""
    if name in _DOCUMENT_FAULTS and reply.html is None:
        _DOCUMENT_FAULTS[name](reply.document, rng)
    if name is FaultName.SERVER_ERROR:
        reply.document, reply.html, reply.location, reply.cookies = {"detail": "Server error."}, None, None, []
        reply.status = HTTPStatus.INTERNAL_SERVER_ERROR
    elif name is FaultName.HTML_INSTEAD:
        reply.html, reply.location = _HTML, None
        reply.status = HTTPStatus.OK
    body = reply.body()
    match name:
        case FaultName.TRUNCATED_JSON:
            return body[: len(body) // 2]
        case FaultName.INVALID_JSON:
            return body.replace(b":", b"=", 1) if b":" in body else b"}" + body
        case FaultName.OVERSIZED_BODY:
            return body + b" " * _OVERSIZE
        case _:
            return body


def _wrong_page(document: dict[str, Any], _rng: random.Random) -> None:
    for entry in document.get("context_list", [])[-1:]:
        name = entry.get("page_name")
        other = Page.INDEX if name == Page.PAYMENT_OPTION else Page.PAYMENT_OPTION
        entry["page_name"] = entry["page_slug"] = other.value
        document["context_list"] = [entry]
        for key in ("redirect_url", "order_number"):
            entry["page_context"].pop(key, None)


def _missing_field(document: dict[str, Any], rng: random.Random) -> None:
    entries = document.get("context_list")
    if entries is None:
        for key in list(document)[:1]:
            del document[key]
    elif entries and rng.random() < 0.5:  # noqa: PLR2004 - one or the other, with equal chance
        del entries[-1]["page_context"]
    else:
        document.pop("pre_order", None)


def _ok_with_errors(document: dict[str, Any], _rng: random.Random) -> None:
    document["errors"] = {"non_field_errors": ["Something went wrong; try again."]}


def _wrong_amount(document: dict[str, Any], _rng: random.Random) -> None:
    for key in ("pre_order", "basket", "order"):
        held = document.get(key)
        if isinstance(held, dict):
            document[key] = held | {
                name: str(Decimal(held[name]) + 1) for name in (*_AMOUNTS, "amount") if name in held
            }


def _not_echoed(document: dict[str, Any], _rng: random.Random) -> None:
    if isinstance(document.get("pre_order"), dict):
        document["pre_order"] = document["pre_order"] | dict.fromkeys(_CHOICES)


_DOCUMENT_FAULTS: Mapping[FaultName, Callable[[dict[str, Any], random.Random], None]] = MappingProxyType(
    {
        FaultName.WRONG_PAGE: _wrong_page,
        FaultName.MISSING_FIELD: _missing_field,
        FaultName.OK_WITH_ERRORS: _ok_with_errors,
        FaultName.WRONG_AMOUNT: _wrong_amount,
        FaultName.NOT_ECHOED: _not_echoed,
    }
)

_REPLACED_REPLIES: Mapping[FaultName, Callable[[], Reply]] = MappingProxyType(
    {
        FaultName.SIGN_IN_REDIRECT: lambda: Reply(status=HTTPStatus.FOUND, location="/users/login/?next=/"),
        FaultName.THROTTLED: lambda: Reply(
            {"detail": "Request was throttled."}, HTTPStatus.TOO_MANY_REQUESTS, retry_after=1
        ),
        FaultName.UNAVAILABLE: lambda: Reply(
            {"detail": "The shop is unavailable."}, HTTPStatus.SERVICE_UNAVAILABLE, retry_after=1
        ),
        FaultName.CLIENT_ERROR: lambda: Reply({"detail": "Bad request."}, HTTPStatus.BAD_REQUEST),
    }
)
