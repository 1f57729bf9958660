"""The way from the basket to the payment page: who she is, where to send it, and how.

The shop decides which page comes next: it may remember a customer's choices, or complete several steps at once. So
the shopper answers whatever page she is shown, until that is the payment page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shop.contract import CHECKOUT_PATH, PATHS, Outcome, Page
from users.errand import Errand, ask, choose, is_given, look, offered, post, required
from users.steps import Answer, JourneyFailed, Reads, Steps, Visit

WAY = (
    Page.INDEX,
    Page.ADDRESS_SELECTION,
    Page.DELIVERY_OPTION,
    Page.SHIPPING_OPTION,
    Page.PAYMENT_OPTION,
)
"""The pages of the way in their order; the last one is the goal."""

_GOAL, _OK = Page.PAYMENT_OPTION, Outcome.OK
_OPENS = frozenset(WAY)
_OPENS_FOR_CUSTOMERS = _OPENS | {Page.REDIRECTION_SELECTED}
_SETTLED = ("delivery_option", "shipping_option")

ALL_CHOICES = (Page.ADDRESS_SELECTION, Page.DELIVERY_OPTION, Page.SHIPPING_OPTION)


def open_checkout(errand: Errand) -> Steps[None]:
    """Go to the checkout, which opens on the first page that it needs of this shopper."""
    # A customer may have left an earlier redirection unpaid; then the shop shows that first.
    expects = _OPENS if errand.account is None else _OPENS_FOR_CUSTOMERS
    judge = delivery_is_settled if errand.account is None else _knows_her
    visit = Visit(Page.CHECKOUT, path=CHECKOUT_PATH, expects=expects, goods=str(errand.goods), judge=judge)
    answer = yield from ask(errand, visit)
    if answer.page is Page.INDEX and answer.context.get("can_guest_purchase") is False:
        raise JourneyFailed(Outcome.UNAVAILABLE, Page.CHECKOUT)


def _knows_her(answer: Answer) -> Outcome:
    """A customer who has signed in is not asked who she is; a shop that asks, as it asks guests, has lost her session."""
    if answer.page is Page.INDEX:
        return Outcome.SESSION_LOST if "can_guest_purchase" in answer.context else Outcome.UNEXPECTED_PAGE
    return delivery_is_settled(answer)


def delivery_is_settled(answer: Answer) -> Outcome:
    """A shop that shows the payment page says that delivery is settled; then its pre-order holds how."""
    if answer.page is not _GOAL or all(map(answer.pre_order.get, _SETTLED)):
        return _OK
    # With the options on it, it is the payment page indeed; without, another page goes by its name.
    return Outcome.NOT_ECHOED if "payment_options" in answer.context else Outcome.UNEXPECTED_PAGE


def reach_payment(errand: Errand, first: Sequence[Page] = ()) -> Steps[None]:
    """Walk the way to its end; the pages of ``first`` are walked in any case, then those that the shop still wants."""
    for page in first:
        yield from _WALKS[page](errand)
    walked = set(first)
    while (shown := errand.shown.page) is not None and shown in _WALKS:
        if shown in walked:
            raise JourneyFailed(Outcome.UNEXPECTED_PAGE, errand.page)
        walked.add(shown)
        yield from _WALKS[shown](errand)


_AFTER: Mapping[Page, frozenset[Page]] = {page: frozenset(WAY[place + 1 :]) for place, page in enumerate(WAY)}


def _choices(errand: Errand, page: Page, key: str) -> Steps[None]:
    """See to it that what this page offers is before the shopper's eyes."""
    if key not in errand.shown.context:
        expects = frozenset({page}) | _AFTER[page]
        yield from ask(errand, look(errand, page, expects, frozenset({key}), judge=delivery_is_settled))


def _introduce(errand: Errand) -> Steps[None]:
    form = {"user_email": errand.shopper.email, "phone_number": errand.shopper.phone}
    yield from ask(errand, post(errand, Page.INDEX, form, _AFTER[Page.INDEX], judge=delivery_is_settled))


def _address(errand: Errand) -> Steps[None]:
    address = {**errand.shopper.address, "phone_number": errand.phone}
    path = PATHS[Page.ADDRESS_ADD]
    add = Visit(Page.ADDRESS_ADD, "POST", path, json=address, reads=Reads.JSON, judge=_is_in_the_book)
    pk = str(_address_pk((yield from ask(errand, add)).document))
    yield from ask(
        errand,
        post(
            errand,
            Page.ADDRESS_SELECTION,
            {"shipping_address": pk, "billing_address": pk},
            _AFTER[Page.ADDRESS_SELECTION],
            echo={"shipping_address": pk, "billing_address": pk},
            judge=delivery_is_settled,
            thinks=False,  # typing the address took the time
        ),
    )


def _address_pk(document: Mapping[str, Any]) -> object:
    inner = document.get("address")
    return (inner if isinstance(inner, dict) else document).get("pk")


def _is_in_the_book(answer: Answer) -> Outcome:
    """An address that was taken has a number by which it can be chosen."""
    return Outcome.OK if is_given(_address_pk(answer.document)) else Outcome.ENVELOPE


def _delivery(errand: Errand) -> Steps[None]:
    yield from _choices(errand, Page.DELIVERY_OPTION, "delivery_options")
    rows = offered(errand, "delivery_options")
    # A store to collect from would have to be chosen on pages that nothing describes.
    homeward = [row for row in rows if row.get("delivery_option_type") != "retail_store"] or rows
    pk = required(errand, errand.chance.choice(homeward), "pk")
    yield from ask(
        errand,
        post(
            errand,
            Page.DELIVERY_OPTION,
            {"delivery_option": pk},
            _AFTER[Page.DELIVERY_OPTION],
            echo={"delivery_option": pk},
            judge=delivery_is_settled,
        ),
    )


def _shipping(errand: Errand) -> Steps[None]:
    yield from _choices(errand, Page.SHIPPING_OPTION, "shipping_options")
    pk = choose(errand, "shipping_options")
    yield from ask(
        errand,
        post(
            errand,
            Page.SHIPPING_OPTION,
            {"shipping_option": pk},
            _AFTER[Page.SHIPPING_OPTION],
            echo={"shipping_option": pk},
            judge=delivery_is_settled,
        ),
    )


_WALKS: Mapping[Page, Callable[[Errand], Steps[None]]] = {
    Page.INDEX: _introduce,
    Page.ADDRESS_SELECTION: _address,
    Page.DELIVERY_OPTION: _delivery,
    Page.SHIPPING_OPTION: _shipping,
}
