"""The order in which causes are looked for: the network, gates and proxies, then the shop's own refusals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus

from scenarios.doctor.diagnosis import customers, delivery, goods, paying
from scenarios.doctor.diagnosis.connections import connection
from scenarios.doctor.diagnosis.contract import not_as_known
from scenarios.doctor.diagnosis.failure import Failure, json_object, where
from scenarios.doctor.diagnosis.html_pages import NOT_THE_API
from scenarios.doctor.diagnosis.replies import finding_of_reply
from scenarios.doctor.exchange import Exchange
from scenarios.doctor.finding import Finding
from users.journeys.diagnosis import shop_error_text
from users.journeys.steps import ResponseFormat

Cause = Callable[[Failure], Finding | None]

_JSON = (ResponseFormat.ENVELOPE, ResponseFormat.JSON)


def _reply(failure: Failure) -> Finding | None:
    """A reply that is none of the shop's; a page of HTML is one only where JSON is due."""
    request = failure.request
    if request is not None and request.expect.format not in _JSON and failure.exchange.status < HTTPStatus.BAD_REQUEST:
        return None
    return finding_of_reply(failure.exchange, failure.url)


def _missing_page(failure: Failure) -> Finding | None:
    """A page that this shop does not have; if the shop has answered nothing yet, the address may be wrong instead."""
    if failure.exchange.status != HTTPStatus.NOT_FOUND or not any(json_object(one) for one in failure.history):
        return None
    return goods.products(failure) or delivery.places(failure)


CAUSES: tuple[Cause, ...] = (
    connection,
    customers.sign_in,
    paying.sms,
    customers.csrf,
    _missing_page,
    _reply,
    customers.guests,
    goods.basket,
    customers.session,
    goods.products,
    delivery.places,
    delivery.address,
    delivery.nothing_offered,
    paying.options,
    paying.outside,
    paying.payment,
)
"""Every known cause, the surest first; the first that recognises the failure counts."""


def diagnose(failure: Failure) -> Finding:
    """Why a path stopped, and what to do about it."""
    for cause in CAUSES:
        if (found := cause(failure)) is not None:
            return found
    return not_as_known(failure)


def all_refused(exchanges: Sequence[Exchange]) -> Finding:
    """The finding for a shop that refuses every request, in the words of its first refusal."""
    first = exchanges[0]
    said = shop_error_text(first.status, first.body)
    seen = f"was refused with status {first.status}{f': {said}' if said else ''}, and so was every other request"
    remedy = f"{NOT_THE_API}; a gate before the shop may want a header in [headers]"
    code = "not_found" if first.status == HTTPStatus.NOT_FOUND else "all_refused"
    return Finding(code, where(first), seen, remedy, "--host")
