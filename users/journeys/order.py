"""From the payment page to the receipt: choose an option, pay, enter an SMS code, and check the completed order."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import quote, urlsplit

from harness.measurement.outcomes import Outcome
from shop.contract import PATHS, Page
from users.journeys.context import (
    JourneyContext,
    Receipt,
    fetch,
    has_value,
    required_amount,
    required_value,
    view_checkout_page,
)
from users.journeys.money import amount, hundredths
from users.journeys.payment_option import fetch_payment_options, select_payment_option
from users.journeys.payments import pay
from users.journeys.sms import verify_sms
from users.journeys.steps import Expectation, PageRequest, PageResponse, ResponseCheck, ResponseFormat, Steps
from users.journeys.storefront import fetch_balance

_LOYALTY = "loyalty_money"
_LONGEST_CURRENCY = 10  # characters


def complete_order(context: JourneyContext) -> Steps[Receipt]:
    """Do everything from the list of payment options to the receipt."""
    if not context.as_storefront:
        yield from fetch_payment_options(context)
    elif context.spec.payment_option == _LOYALTY:  # the options are on the screen already
        yield from fetch_balance(context)
    yield from select_payment_option(context, context.spec.payment_option)
    response = yield from pay(context)
    if response.page is Page.VERIFY_SMS:
        response = yield from verify_sms(context)
    return (yield from _read_receipt(context, response))


def _read_receipt(context: JourneyContext, response: PageResponse) -> Steps[Receipt]:
    """Read the completed order and compare it with what the shopper asked for."""
    with_interest = context.pre_order.get("total_amount_with_interest")
    payable = context.payable = context.total if with_interest is None else required_amount(context, with_interest)
    if context.as_storefront and _token(response):
        return (yield from _read_order(context, _token(response), payable))  # the storefront goes there at once
    expect = Expectation(
        pages=frozenset({Page.THANK_YOU}), keys=frozenset({"order_number"}), check=_new_order_check(context)
    )
    thanks = yield from fetch(context, view_checkout_page(context, Page.THANK_YOU, expect, think_first=False))
    number = required_value(context, thanks.page_context, "order_number")
    return (yield from _read_order(context, _token(thanks), payable, number))


def _read_order(context: JourneyContext, token: str, payable: Decimal | None, number: str = "") -> Steps[Receipt]:
    """Read the completed order; without ``number``, its order number must be new."""

    def check(response: PageResponse) -> Outcome:
        order = response.document["order"]
        _record_order(context, order)
        outcome = _check_same_order(order, number, payable)
        if outcome is Outcome.OK and not number and not context.order_is_new(str(order["number"])):
            return Outcome.DOUBLE_ORDER
        return outcome

    path = f"{PATHS[Page.COMPLETED_ORDER].format(token=quote(token, safe=''))}?format=json"
    expect = Expectation(ResponseFormat.JSON, keys=frozenset({"order"}), check=check)
    request = PageRequest(Page.COMPLETED_ORDER, path=path, expect=expect, think_first=False)
    order = (yield from fetch(context, request)).document["order"]
    paid = required_amount(context, order["amount"])
    return Receipt(str(order["number"]), hundredths(paid), context.payment_option, context.verification)


def _new_order_check(context: JourneyContext) -> ResponseCheck:
    """An order has a number that is new, and an address."""

    def check(response: PageResponse) -> Outcome:
        number = response.page_context["order_number"]
        if not has_value(number) or not _token(response):
            return Outcome.ENVELOPE
        context.order_number = str(number)
        return Outcome.OK if context.order_is_new(str(number)) else Outcome.DOUBLE_ORDER

    return check


def _check_same_order(order: object, number: str, payable: Decimal | None) -> Outcome:
    """Check that this is the order just placed, at the price that the shop showed."""
    if not isinstance(order, dict) or not has_value(order.get("number")):
        return Outcome.ENVELOPE
    if number and str(order["number"]) != number:
        return Outcome.NOT_ECHOED
    paid = amount(order.get("amount"))
    return Outcome.OK if paid is not None and paid == payable else Outcome.AMOUNT_MISMATCH


def _record_order(context: JourneyContext, order: object) -> None:
    """Record what the completed order says, before it is checked: it is an order also if something is wrong with it."""
    if isinstance(order, dict):
        if not context.order_number and has_value(order.get("number")):
            context.order_number = str(order["number"])
        currency = order.get("currency")
        named = currency.get("value") if isinstance(currency, dict) else currency
        if isinstance(named, str) and len(named) <= _LONGEST_CURRENCY:
            context.currency = named


def _token(thanks: PageResponse) -> str:
    """The token of the completed order: given as such, or the end of the order's address; empty if neither."""
    token = thanks.page_context.get("token")
    if isinstance(token, str) and token:
        return token
    target = thanks.page_context.get("redirect_url")
    try:
        path = urlsplit(target).path if isinstance(target, str) else ""
    except ValueError:
        return ""
    return path.rstrip("/").rpartition("/")[2]
