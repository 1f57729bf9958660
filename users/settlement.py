"""From the payment page to the receipt: choose, pay, verify, and see that the order is what it should be."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from shop.contract import PATHS, Outcome, Page
from users.errand import Errand, Receipt, ask, look, read_amount, required
from users.money import hundredths
from users.payments import pay
from users.selection import see_options, select_option
from users.steps import Answer, JourneyFailed, Reads, Steps, Visit
from users.verification import verify

_ORDER = frozenset({Page.THANK_YOU})


def settle(errand: Errand) -> Steps[Receipt]:
    """Everything from the list of payment options to the receipt."""
    yield from see_options(errand)
    yield from select_option(errand, errand.itinerary.payment_option)
    answer = yield from pay(errand)
    if answer.page is Page.VERIFY_SMS:
        yield from verify(errand)
    return (yield from _collect(errand))


def _collect(errand: Errand) -> Steps[Receipt]:
    """Read the order that was made, and hold it against what was asked for."""
    held = errand.pre_order.get("total_amount_with_interest")
    payable = errand.total if held is None else read_amount(errand, held)
    thanks = yield from ask(errand, look(errand, Page.THANK_YOU, _ORDER, frozenset({"order_number"}), thinks=False))
    number = required(errand, thanks.context, "order_number")
    if not errand.order_is_new(number):
        raise JourneyFailed(Outcome.DOUBLE_ORDER, Page.THANK_YOU)
    path = PATHS[Page.COMPLETED_ORDER].format(token=quote(_token(errand, thanks), safe=""))
    visit = Visit(
        Page.COMPLETED_ORDER,
        path=f"{path}?format=json",
        reads=Reads.JSON,
        needs=frozenset({"order"}),
        thinks=False,
    )
    order = (yield from ask(errand, visit)).document["order"]
    if not isinstance(order, dict):
        raise JourneyFailed(Outcome.ENVELOPE, Page.COMPLETED_ORDER)
    if required(errand, order, "number") != number:
        raise JourneyFailed(Outcome.NOT_ECHOED, Page.COMPLETED_ORDER)
    paid = read_amount(errand, order.get("amount"))
    if paid != payable:
        raise JourneyFailed(Outcome.AMOUNT_MISMATCH, Page.COMPLETED_ORDER)
    return Receipt(number, hundredths(paid), errand.payment_option, errand.verification)


def _token(errand: Errand, thanks: Answer) -> str:
    """The word under which the completed order is kept: given as such, or the end of its address."""
    token = thanks.context.get("token")
    if isinstance(token, str) and token:
        return token
    try:
        path = urlsplit(required(errand, thanks.context, "redirect_url")).path
    except ValueError:
        path = ""
    word = path.rstrip("/").rpartition("/")[2]
    if not word:
        raise JourneyFailed(Outcome.ENVELOPE, errand.page)
    return word
