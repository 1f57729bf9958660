"""From the payment page to the receipt: choose, pay, verify, and see that the order is what it should be."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import quote, urlsplit

from harness.measurement.outcomes import Outcome
from shop.contract import PATHS, Page
from users.journeys.context import (
    JourneyContext,
    Receipt,
    ResponseCheck,
    ask,
    has_value,
    look,
    required,
    required_amount,
)
from users.journeys.money import amount, hundredths
from users.journeys.payment_option import fetch_payment_options, select_payment_option
from users.journeys.payments import pay
from users.journeys.sms import verify
from users.journeys.steps import Answer, PageRequest, ResponseFormat, Steps
from users.journeys.storefront import fetch_balance

_ORDER = frozenset({Page.THANK_YOU})
_LOYALTY = "loyalty_money"


def settle(errand: JourneyContext) -> Steps[Receipt]:
    """Everything from the list of payment options to the receipt."""
    if not errand.as_storefront:
        yield from fetch_payment_options(errand)
    elif errand.itinerary.payment_option == _LOYALTY:  # the options are on the screen already
        yield from fetch_balance(errand)
    yield from select_payment_option(errand, errand.itinerary.payment_option)
    answer = yield from pay(errand)
    if answer.page is Page.VERIFY_SMS:
        answer = yield from verify(errand)
    return (yield from _collect(errand, answer))


def _collect(errand: JourneyContext, answer: Answer) -> Steps[Receipt]:
    """Read the order that was made, and hold it against what was asked for."""
    held = errand.pre_order.get("total_amount_with_interest")
    payable = errand.total if held is None else required_amount(errand, held)
    if errand.as_storefront and _token(answer):
        return (yield from _read_order(errand, _token(answer), payable))  # its page goes there at once
    thanks = yield from ask(
        errand,
        look(errand, Page.THANK_YOU, _ORDER, frozenset({"order_number"}), judge=_is_new(errand), think_first=False),
    )
    number = required(errand, thanks.context, "order_number")
    return (yield from _read_order(errand, _token(thanks), payable, number))


def _read_order(errand: JourneyContext, token: str, payable: Decimal | None, number: str = "") -> Steps[Receipt]:
    """Read the completed order; without its ``number`` it must have one that was never given before."""
    path = PATHS[Page.COMPLETED_ORDER].format(token=quote(token, safe=""))

    def judge(answer: Answer) -> Outcome:
        order = answer.document["order"]
        outcome = _is_hers(order, number, payable)
        if outcome is Outcome.OK and not number and not errand.order_is_new(str(order["number"])):
            return Outcome.DOUBLE_ORDER
        return outcome

    visit = PageRequest(
        Page.COMPLETED_ORDER,
        path=f"{path}?format=json",
        reads=ResponseFormat.JSON,
        needs=frozenset({"order"}),
        judge=judge,
        think_first=False,
    )
    order = (yield from ask(errand, visit)).document["order"]
    paid = required_amount(errand, order["amount"])
    return Receipt(str(order["number"]), hundredths(paid), errand.payment_option, errand.verification)


def _is_new(errand: JourneyContext) -> ResponseCheck:
    """An order has a number that was never given before, and an address."""

    def judge(answer: Answer) -> Outcome:
        number = answer.context["order_number"]
        if not has_value(number) or not _token(answer):
            return Outcome.ENVELOPE
        return Outcome.OK if errand.order_is_new(str(number)) else Outcome.DOUBLE_ORDER

    return judge


def _is_hers(order: object, number: str, payable: Decimal | None) -> Outcome:
    """The order that is kept under this address is the one just made, at the price that was shown."""
    if not isinstance(order, dict) or not has_value(order.get("number")):
        return Outcome.ENVELOPE
    if number and str(order["number"]) != number:
        return Outcome.NOT_ECHOED
    paid = amount(order.get("amount"))
    return Outcome.OK if paid is not None and paid == payable else Outcome.AMOUNT_MISMATCH


def _token(thanks: Answer) -> str:
    """The word under which the completed order is kept: given as such, or the end of its address; empty if neither."""
    token = thanks.context.get("token")
    if isinstance(token, str) and token:
        return token
    target = thanks.context.get("redirect_url")
    try:
        path = urlsplit(target).path if isinstance(target, str) else ""
    except ValueError:
        return ""
    return path.rstrip("/").rpartition("/")[2]
