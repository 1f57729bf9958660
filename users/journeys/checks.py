"""From the bytes of a reply to a checked answer, or to the first thing that is wrong with it.

This runs once for every page fetched, so it is kept cheap. Nothing of a reply's body ever leaves here but in the
answer: an outcome is a word of a closed set, and no message quotes the shop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import orjson

from harness.measurement.outcomes import Outcome
from shop.contract import CHECKOUT_PAGES, TEMPLATE_SIGNED_OUT, Page
from users.journeys.diagnosis import refine_outcome
from users.journeys.html_form import first_form
from users.journeys.money import amount
from users.journeys.steps import PageRequest, PageResponse, ResponseFormat

_PAGES: Mapping[str, Page] = {page.value: page for page in CHECKOUT_PAGES}
_SIGN_IN = ("login", "users/")
_REFUSALS = frozenset({400, 401, 403})
_ZERO = Decimal(0)
_MISSING = 0  # in place of errors: no list, no object, and not null
# By a name of this module's own a member of an enum is found five times as fast.
_OK, _ENVELOPE, _THANK_YOU = Outcome.OK, ResponseFormat.ENVELOPE, Page.THANK_YOU


class _CheckFailed(Exception):
    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


def check_response(
    request: PageRequest, status: int, body: bytes, headers_location: str = ""
) -> tuple[PageResponse | None, Outcome]:
    """The answer a reply holds for this visit with its outcome, or ``None`` with the first thing wrong.

    The answer's outcome is ``OK`` or the luck that ``request.refused_as`` names. Never raises, whatever the bytes.
    """
    try:
        if 200 <= status < 300:  # noqa: PLR2004 - the class of HTTP statuses, RFC 9110 section 15
            response_format = request.response_format
            response = (
                _read_envelope(request, body)
                if response_format is _ENVELOPE
                else _READERS[response_format](request, body)
            )
        else:
            response = _check_non_2xx(request, status, headers_location)
    except _CheckFailed as wrong:
        return None, refine_outcome(request, status, body, headers_location, wrong.outcome)
    outcome = response.outcome
    check = request.check
    if check is not None and outcome is _OK and (judged := check(response)) is not _OK:
        return None, judged
    return response, outcome


def _check_non_2xx(request: PageRequest, status: int, location: str) -> PageResponse:
    match status // 100:
        case 3:
            if any(mark in location for mark in _SIGN_IN):
                raise _CheckFailed(Outcome.SESSION_LOST)
            if request.allow_redirect and location:
                return PageResponse(location=location)
            raise _CheckFailed(Outcome.HTTP_3XX)
        case 4:
            if status == 429:  # noqa: PLR2004 - Too Many Requests
                raise _CheckFailed(Outcome.THROTTLED)
            if status == 404 and request.allow_404:  # noqa: PLR2004 - Not Found
                return PageResponse()
            if request.fails_as is not None and status in _REFUSALS:
                raise _CheckFailed(request.fails_as)
            raise _CheckFailed(Outcome.SESSION_LOST if status == 401 else Outcome.HTTP_4XX)  # noqa: PLR2004 - Unauthorized
        case 0 | 1:
            raise _CheckFailed(Outcome.CONNECTION)
        case _:
            raise _CheckFailed(Outcome.HTTP_5XX)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _CheckFailed(Outcome.NOT_JSON) from None
    if not isinstance(document, dict):
        raise _CheckFailed(Outcome.ENVELOPE)
    return document


def _read_envelope(request: PageRequest, body: bytes) -> PageResponse:
    document = _json_object(body)
    # These two say more than the shape does, and a shop may leave the rest of the envelope out of them.
    find = document.get
    template, redirect = find("template_name"), find("redirect_url")
    if template == TEMPLATE_SIGNED_OUT:
        raise _CheckFailed(Outcome.SESSION_LOST)
    if redirect is not None and isinstance(redirect, str) and "basket" in redirect:
        raise _CheckFailed(Outcome.BASKET_LOST)
    entries, pre_order, errors = find("context_list"), find("pre_order"), find("errors", _MISSING)
    # Parsed JSON is of these very types, and of no others derived from them.
    if type(entries) is not list or type(template) is not str:
        raise _CheckFailed(Outcome.ENVELOPE)
    if errors is not None and type(errors) is not list and type(errors) is not dict:
        raise _CheckFailed(Outcome.ENVELOPE)
    if not _are_entries(entries):
        raise _CheckFailed(Outcome.ENVELOPE)
    page = _current_page(request, entries)
    if type(pre_order) is not dict:
        pre_order = _no_pre_order(document, page)
    context = entries[0]["page_context"] if len(entries) == 1 else _context(entries)
    outcome = _refusal(request) if errors else _OK
    # Who is refused stays on her page, and what was valid before is kept: so a refusal is held to the same.
    if request.expected_pages and page not in request.expected_pages:
        raise _CheckFailed(Outcome.UNEXPECTED_PAGE)
    if request.echo or request.total is not None or request.goods_amount is not None:
        _check_order_state(request, pre_order, page)
    if request.required_keys and outcome is _OK:
        _check_required_keys(request, context)
    return PageResponse(outcome, document, page, context)


def _are_entries(entries: list[Any]) -> bool:
    for entry in entries:
        if type(entry) is not dict or type(entry.get("page_context")) is not dict:
            return False
        name = entry.get("page_name")
        if name is not None and type(name) is not str:
            return False
    return True


def _no_pre_order(document: Mapping[str, Any], page: Page | None) -> Mapping[str, Any]:
    """What stands for a pre-order that is null: nothing once the order is complete, before that it is wrong."""
    if page is not _THANK_YOU or document.get("pre_order", _MISSING) is not None:
        raise _CheckFailed(Outcome.ENVELOPE)
    return {}


def _refusal(request: PageRequest) -> Outcome:
    """The luck that business errors are for this visit; where she did not ask for any, they are a fault."""
    if request.refused_as is None:
        raise _CheckFailed(request.fails_as or Outcome.BUSINESS_ERROR)
    return request.refused_as


def _context(entries: list[dict[str, Any]]) -> Mapping[str, Any]:
    return {key: value for entry in entries for key, value in entry["page_context"].items()}


def _current_page(request: PageRequest, entries: list[dict[str, Any]]) -> Page | None:
    """The page that the last entry names; the list may be cumulative, or hold just the next page.

    A completed order is ``ThankYouPage`` under each of its guises: by name, by an order number in an entry that has no
    name, and by an address of the completed order in an entry that names no other page than the one just posted.
    """
    for entry in reversed(entries):
        name = entry.get("page_name")
        context = entry["page_context"]
        if name is None:
            if context.get("order_number") is not None or _is_completed(context):
                return _THANK_YOU
        elif name == request.page and _is_completed(context):
            return _THANK_YOU
        else:
            return _PAGES.get(name)
    return None


def _is_completed(context: Mapping[str, Any]) -> bool:
    target = context.get("redirect_url")
    return isinstance(target, str) and "/completed/" in target


def _check_order_state(request: PageRequest, pre_order: Mapping[str, Any], page: Page | None) -> None:
    """The pre-order says what was set.

    Once the order is complete it may be gone: without its amount it need not say anything, only nothing else. One that
    still has its amount is this order's, and says all of it.
    """
    gone = page is _THANK_YOU and pre_order.get("total_amount") is None
    for key, wanted in request.echo.items():
        held = pre_order.get(key)
        if not (gone and held is None) and not _matches(held, wanted):
            raise _CheckFailed(Outcome.NOT_ECHOED)
    if not gone and (request.total is not None or request.goods_amount is not None):
        _check_amount(request, pre_order)


def _matches(held: Any, wanted: str) -> bool:
    """Whether a value of the pre-order, or what an object there is called by, is the one wanted."""
    for value in (held.get("pk"), held.get("slug"), held.get("value")) if type(held) is dict else (held,):
        if value is not None and str(value) == wanted:
            return True
    return False


def _check_amount(request: PageRequest, pre_order: Mapping[str, Any]) -> None:
    written = pre_order.get("total_amount")
    # As text it is nearly always the same; reading decimals is what costs time here.
    if request.total is not None and written != request.total:
        total = amount(written)
        if total is None or total != amount(request.total):
            raise _CheckFailed(Outcome.AMOUNT_MISMATCH)
    if request.goods_amount is not None:
        total, goods = amount(written), amount(request.goods_amount)
        apart = pre_order.get("shipping_amount")
        shipping = _ZERO if apart is None else amount(apart)
        if total is None or goods is None or shipping is None or total != goods + shipping:
            raise _CheckFailed(Outcome.AMOUNT_MISMATCH)


def _check_required_keys(request: PageRequest, held: Mapping[str, Any]) -> None:
    for key in request.required_keys:
        if held.get(key) is None:
            raise _CheckFailed(request.fails_as or Outcome.ENVELOPE)


def _read_json(request: PageRequest, body: bytes) -> PageResponse:
    document = _json_object(body)
    if document.get("errors") or document.get("non_field_errors"):
        return PageResponse(_refusal(request), document)
    _check_required_keys(request, document)
    # A post may be acknowledged with nothing, but who asks to see something is shown something.
    if not document and request.method == "GET":
        raise _CheckFailed(request.fails_as or Outcome.ENVELOPE)
    return PageResponse(Outcome.OK, document)


def _read_html(request: PageRequest, body: bytes) -> PageResponse:
    text = body.decode(errors="replace")
    form = first_form(text)
    if form is None:
        raise _CheckFailed(request.fails_as or Outcome.ENVELOPE)
    return PageResponse(text=text, form=form)


def _read_anything(request: PageRequest, body: bytes) -> PageResponse:  # noqa: ARG001 - one signature for all readers
    return PageResponse()


_READERS: Mapping[ResponseFormat, Callable[[PageRequest, bytes], PageResponse]] = {
    ResponseFormat.ENVELOPE: _read_envelope,
    ResponseFormat.JSON: _read_json,
    ResponseFormat.HTML: _read_html,
    ResponseFormat.ANY: _read_anything,
}
