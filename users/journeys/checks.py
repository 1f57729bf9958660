"""Checks a response: from its bytes to a checked ``PageResponse``, or to the first thing that is wrong with it.

This runs once for every page, so it is cheap. Only the response itself carries what the shop wrote: an outcome is a word
of a closed set, and no message quotes the shop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

import orjson

from harness.measurement.outcomes import Outcome
from shop.contract import CHECKOUT_PAGES, TEMPLATE_SIGNED_OUT, Page
from users.journeys.diagnosis import refine_outcome
from users.journeys.html_form import csrf_token_in, first_form
from users.journeys.money import amount
from users.journeys.steps import NO_ORDER, Expectation, OrderState, PageRequest, PageResponse, ResponseFormat

_PAGES: Final[Mapping[str, Page]] = {page.value: page for page in CHECKOUT_PAGES}
_SIGN_IN_PATHS: Final = ("login", "users/")
_REFUSALS: Final = frozenset({400, 401, 403})
_ZERO: Final = Decimal(0)
_MISSING: Final = 0  # stands for missing errors: not a list, not an object, not null
# A module's own name for an enum member is found five times as fast.
_OK: Final = Outcome.OK
_ENVELOPE: Final = ResponseFormat.ENVELOPE
_THANK_YOU: Final = Page.THANK_YOU


class _CheckFailed(Exception):
    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


def check_response(
    request: PageRequest, status: int, body: bytes, location: str = ""
) -> tuple[PageResponse | None, Outcome]:
    """Check the response to a request; returns it with its outcome, or ``None`` with the first thing that is wrong.

    The outcome of a returned response is ``OK``, or the one that ``Expectation.refused_as`` names. Never raises.
    """
    expect = request.expect
    try:
        if 200 <= status < 300:  # noqa: PLR2004 - the class of HTTP statuses, RFC 9110 section 15
            format_ = expect.format
            response = _read_envelope(request, body) if format_ is _ENVELOPE else _READERS[format_](request, body)
        else:
            response = _check_non_2xx(expect, status, location)
    except _CheckFailed as wrong:
        return None, refine_outcome(request, status, body, location, wrong.outcome)
    outcome = response.outcome
    check = expect.check
    if check is not None and outcome is _OK and (checked := check(response)) is not _OK:
        return None, checked
    return response, outcome


def _check_non_2xx(expect: Expectation, status: int, location: str) -> PageResponse:
    match status // 100:
        case 3:
            if any(mark in location for mark in _SIGN_IN_PATHS):
                raise _CheckFailed(Outcome.SESSION_LOST)
            if expect.allow_redirect and location:
                return PageResponse(location=location)
            raise _CheckFailed(Outcome.HTTP_3XX)
        case 4:
            if status == 429:  # noqa: PLR2004 - Too Many Requests
                raise _CheckFailed(Outcome.THROTTLED)
            if status == 404 and expect.allow_404:  # noqa: PLR2004 - Not Found
                return PageResponse()
            if expect.fails_as is not None and status in _REFUSALS:
                raise _CheckFailed(expect.fails_as)
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
    template, redirect = document.get("template_name"), document.get("redirect_url")
    if template == TEMPLATE_SIGNED_OUT:
        raise _CheckFailed(Outcome.SESSION_LOST)
    if redirect is not None and isinstance(redirect, str) and "basket" in redirect:
        raise _CheckFailed(Outcome.BASKET_LOST)
    entries, pre_order = document.get("context_list"), document.get("pre_order")
    errors = document.get("errors", _MISSING)
    # orjson makes exactly these types, never a subclass.
    if type(entries) is not list or type(template) is not str:
        raise _CheckFailed(Outcome.ENVELOPE)
    if errors is not None and type(errors) is not list and type(errors) is not dict:
        raise _CheckFailed(Outcome.ENVELOPE)
    if not _are_entries(entries):
        raise _CheckFailed(Outcome.ENVELOPE)
    expect, order = request.expect, request.order
    page = _current_page(request, entries)
    if type(pre_order) is not dict:
        pre_order = _no_pre_order(document, page)
    page_context = entries[0]["page_context"] if len(entries) == 1 else _merged_context(entries)
    outcome = _refusal(expect) if errors else _OK
    # A refusal stays on the shopper's page and keeps what was valid before, so it must pass these, too.
    if expect.pages and page not in expect.pages:
        raise _CheckFailed(Outcome.UNEXPECTED_PAGE)
    if order is not NO_ORDER or expect.echoes_form:
        _check_order_state(request, order, pre_order, page)
    if expect.keys and outcome is _OK:
        _check_required_keys(expect, page_context)
    return PageResponse(outcome, document, page, page_context)


def _are_entries(entries: list[Any]) -> bool:
    for entry in entries:
        if type(entry) is not dict or type(entry.get("page_context")) is not dict:
            return False
        name = entry.get("page_name")
        if name is not None and type(name) is not str:
            return False
    return True


def _no_pre_order(document: Mapping[str, Any], page: str | None) -> Mapping[str, Any]:
    """What a missing pre-order counts as: null is correct for a completed order only."""
    if page is not _THANK_YOU or document.get("pre_order", _MISSING) is not None:
        raise _CheckFailed(Outcome.ENVELOPE)
    return {}


def _refusal(expect: Expectation) -> Outcome:
    """The outcome of business errors: the one that the shopper provokes, or else a fault of the shop."""
    if expect.refused_as is None:
        raise _CheckFailed(expect.fails_as or Outcome.BUSINESS_ERROR)
    return expect.refused_as


def _merged_context(entries: list[dict[str, Any]]) -> Mapping[str, Any]:
    return {key: value for entry in entries for key, value in entry["page_context"].items()}


def _current_page(request: PageRequest, entries: list[dict[str, Any]]) -> str | None:
    """The page that the last entry names; the list may be cumulative, or hold just the next page.

    A completed order is ``ThankYouPage`` in each of its forms: by that name, by an order number in an entry without a
    name, and by the completed order's address in an entry that names no other page than the one just requested.
    """
    for entry in entries[::-1]:
        name = entry.get("page_name")
        page_context = entry["page_context"]
        if name is None:
            if page_context.get("order_number") is not None or _is_completed(page_context):
                return _THANK_YOU
        elif name == request.page and _is_completed(page_context):
            return _THANK_YOU
        else:
            return _PAGES.get(name) or (name if name in request.expect.pages else None)
    return None


def _is_completed(page_context: Mapping[str, Any]) -> bool:
    target = page_context.get("redirect_url")
    return isinstance(target, str) and "/completed/" in target


def _check_order_state(request: PageRequest, order: OrderState, pre_order: Mapping[str, Any], page: str | None) -> None:
    """The pre-order must say what the shopper has chosen and what it costs.

    The pre-order of a completed order may be gone. Without its amount it may say nothing, but nothing different. With
    its amount it belongs to this order, and must say all of it.
    """
    gone = page is _THANK_YOU and pre_order.get("total_amount") is None
    _check_echo(order.echo, pre_order, gone=gone)
    if request.expect.echoes_form and request.form is not None:
        _check_echo(request.form, pre_order, gone=gone)
    if not gone and (order.total is not None or order.goods_amount is not None):
        _check_amount(order, pre_order)


def _check_echo(echo: Mapping[str, str], pre_order: Mapping[str, Any], *, gone: bool) -> None:
    for key, wanted in echo.items():
        held = pre_order.get(key)
        if not (gone and held is None) and not _matches(held, wanted):
            raise _CheckFailed(Outcome.NOT_ECHOED)


def _matches(held: Any, wanted: str) -> bool:
    """Whether a value of the pre-order, or a key value of an object there, is the wanted one."""
    for value in (held.get("pk"), held.get("slug"), held.get("value")) if type(held) is dict else (held,):
        if value is not None and str(value) == wanted:
            return True
    return False


def _check_amount(order: OrderState, pre_order: Mapping[str, Any]) -> None:
    written = pre_order.get("total_amount")
    # The text is nearly always the same. Reading decimals is what takes time here.
    if order.total is not None and written != order.total:
        total = amount(written)
        if total is None or total != amount(order.total):
            raise _CheckFailed(Outcome.AMOUNT_MISMATCH)
    if order.goods_amount is not None:
        total, goods = amount(written), amount(order.goods_amount)
        shipping_text = pre_order.get("shipping_amount")
        shipping = _ZERO if shipping_text is None else amount(shipping_text)
        if total is None or goods is None or shipping is None or total != goods + shipping:
            raise _CheckFailed(Outcome.AMOUNT_MISMATCH)


def _check_required_keys(expect: Expectation, held: Mapping[str, Any]) -> None:
    for key in expect.keys:
        if held.get(key) is None:
            raise _CheckFailed(expect.fails_as or Outcome.ENVELOPE)


def _read_json(request: PageRequest, body: bytes) -> PageResponse:
    document = _json_object(body)
    expect = request.expect
    if document.get("errors") or document.get("non_field_errors"):
        return PageResponse(_refusal(expect), document)
    _check_required_keys(expect, document)
    # The shop may answer a post with an empty object, but not a request to see something.
    if not document and request.method == "GET":
        raise _CheckFailed(expect.fails_as or Outcome.ENVELOPE)
    return PageResponse(Outcome.OK, document)


def _read_html(request: PageRequest, body: bytes) -> PageResponse:
    text = body.decode(errors="replace")
    form = first_form(text)
    if form is None:
        raise _CheckFailed(request.expect.fails_as or Outcome.ENVELOPE)
    return PageResponse(text=text, form=form)


def _read_anything(request: PageRequest, body: bytes) -> PageResponse:  # noqa: ARG001 - one signature for all readers
    return PageResponse()


def _read_csrf_token(request: PageRequest, body: bytes) -> PageResponse:  # noqa: ARG001 - one signature for all readers
    if not (token := csrf_token_in(body)):
        raise _CheckFailed(Outcome.ENVELOPE)
    return PageResponse(text=token)


_READERS: Final[Mapping[ResponseFormat, Callable[[PageRequest, bytes], PageResponse]]] = {
    ResponseFormat.ENVELOPE: _read_envelope,
    ResponseFormat.JSON: _read_json,
    ResponseFormat.HTML: _read_html,
    ResponseFormat.CSRF_TOKEN: _read_csrf_token,
    ResponseFormat.ANY: _read_anything,
}
