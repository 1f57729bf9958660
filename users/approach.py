"""The way from the basket to the payment page: who she is, where to send it, and how.

The shop decides which page comes next: it may remember a customer's choices, or complete several steps at once. So
the shopper answers whatever page she is shown, until that is the payment page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from shop.contract import CHECKOUT_PATH, PATHS, Outcome, Page
from users.errand import Errand, ask, choose, look, offered, post, required
from users.steps import JourneyFailed, Reads, Steps, Visit

WAY = (
    Page.INDEX,
    Page.ADDRESS_SELECTION,
    Page.DELIVERY_OPTION,
    Page.SHIPPING_OPTION,
    Page.PAYMENT_OPTION,
)
"""The pages of the way in their order; the last one is the goal."""

_SETTLED = ("delivery_option", "shipping_option")

ALL_CHOICES = (Page.ADDRESS_SELECTION, Page.DELIVERY_OPTION, Page.SHIPPING_OPTION)


def open_checkout(errand: Errand) -> Steps[None]:
    """Go to the checkout, which opens on the first page that it needs of this shopper."""
    # A customer may have left an earlier redirection unpaid; then the shop shows that first.
    expects = frozenset(WAY) if errand.account is None else frozenset({*WAY[1:], Page.REDIRECTION_SELECTED})
    visit = Visit(Page.CHECKOUT, path=CHECKOUT_PATH, expects=expects, goods=str(errand.goods))
    answer = yield from ask(errand, visit)
    if answer.page is Page.INDEX and answer.context.get("can_guest_purchase") is False:
        raise JourneyFailed(Outcome.UNAVAILABLE, Page.CHECKOUT)


def reach_payment(errand: Errand, first: Sequence[Page] = ()) -> Steps[None]:
    """Walk the way to its end; the pages of ``first`` are walked in any case, then those that the shop still wants."""
    _must_be_there(errand)
    for page in first:
        yield from _WALKS[page](errand)
        _must_be_there(errand)
    walked = set(first)
    while (shown := errand.shown.page) is not None and shown in _WALKS:
        if shown in walked:
            raise JourneyFailed(Outcome.UNEXPECTED_PAGE, errand.page)
        walked.add(shown)
        yield from _WALKS[shown](errand)
        _must_be_there(errand)


def _must_be_there(errand: Errand) -> None:
    """A shop that shows the payment page says that delivery is settled; then its pre-order holds how."""
    if errand.shown.page is Page.PAYMENT_OPTION and not all(map(errand.pre_order.get, _SETTLED)):
        raise JourneyFailed(Outcome.UNEXPECTED_PAGE, errand.page)


def _after(page: Page) -> frozenset[Page]:
    return frozenset(WAY[WAY.index(page) + 1 :])


def _choices(errand: Errand, page: Page, key: str) -> Steps[None]:
    """See to it that what this page offers is before the shopper's eyes."""
    if key not in errand.shown.context:
        yield from ask(errand, look(errand, page, frozenset({page}) | _after(page), frozenset({key})))


def _introduce(errand: Errand) -> Steps[None]:
    form = {"user_email": errand.shopper.email, "phone_number": errand.shopper.phone}
    yield from ask(errand, post(errand, Page.INDEX, form, _after(Page.INDEX)))


def _address(errand: Errand) -> Steps[None]:
    address = {**errand.shopper.address, "phone_number": errand.phone}
    add = Visit(Page.ADDRESS_ADD, "POST", PATHS[Page.ADDRESS_ADD], json=address, reads=Reads.JSON)
    added = (yield from ask(errand, add)).document
    inner = added.get("address")
    pk = required(errand, inner if isinstance(inner, dict) else added, "pk")
    yield from ask(
        errand,
        post(
            errand,
            Page.ADDRESS_SELECTION,
            {"shipping_address": pk, "billing_address": pk},
            _after(Page.ADDRESS_SELECTION),
            echo={"shipping_address": pk, "billing_address": pk},
            thinks=False,  # typing the address took the time
        ),
    )


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
            _after(Page.DELIVERY_OPTION),
            echo={"delivery_option": pk},
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
            _after(Page.SHIPPING_OPTION),
            echo={"shipping_option": pk},
        ),
    )


_WALKS: Mapping[Page, Callable[[Errand], Steps[None]]] = {
    Page.INDEX: _introduce,
    Page.ADDRESS_SELECTION: _address,
    Page.DELIVERY_OPTION: _delivery,
    Page.SHIPPING_OPTION: _shipping,
}
