"""The way from the basket to the payment page: the shopper answers each page that the shop shows, in any order.

The shop decides which page comes next. It may remember a customer's choices, complete several steps at once, leave out
steps, or ask for a step again after a later choice undoes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from harness.measurement.outcomes import Outcome
from shop.contract import CHECKOUT_PATH, PAYMENT_OPTIONS, Flow, Page
from users.journeys.address import choose_address
from users.journeys.context import (
    JourneyContext,
    choose_offered,
    fetch,
    offered_rows,
    post_checkout_form,
    required_value,
    view_checkout_page,
)
from users.journeys.steps import Expectation, JourneyFailed, PageRequest, PageResponse, ResponseCheck, Steps

DELIVERY_CHOICES = (Page.DELIVERY_OPTION, Page.ADDRESS_SELECTION, Page.SHIPPING_OPTION)
"""What a first-time shopper chooses even if the shop does not ask, in this order."""

PAGES_BEFORE_PAYMENT = (Page.INDEX, *DELIVERY_CHOICES, Page.RETAIL_STORE, Page.PAYMENT_OPTION)
"""The pages from the checkout's entry to the list of payment options, in the order in which most shops show them."""

DELIVERY_KEYS = ("delivery_option", "shipping_option")
"""What the ``pre_order`` must hold on the payment page: how the goods are sent."""

_PAYMENT_PAGE, _OK = Page.PAYMENT_OPTION, Outcome.OK
# The API description names one first page for each option. A shop may show another page of the option's flow at once.
_OTHER_FIRST_PAGES: Mapping[Flow, frozenset[Page]] = {
    Flow.PAY_ON_DELIVERY: frozenset({Page.PAY_ON_DELIVERY}),
    Flow.LOYALTY: frozenset({Page.LOYALTY_USAGE, Page.LOYALTY_SELECTED}),
    Flow.CONFIRMATION: frozenset({Page.CONFIRMATION_SELECTED}),
}

FIRST_PAGES: Mapping[str, frozenset[Page]] = {
    name: frozenset({option.first_page}) | _OTHER_FIRST_PAGES.get(option.flow, frozenset())
    for name, option in PAYMENT_OPTIONS.items()
}
"""The pages that a shop may show after the choice of a payment option, by option."""

# A shop that remembers how a customer paid shows the option's first page behind the list of options.
PAYMENT_PAGES = frozenset({_PAYMENT_PAGE}).union(*FIRST_PAGES.values())
"""The pages that a shop may show once everything before the payment is settled."""

_ANY_PAGE = frozenset(PAGES_BEFORE_PAYMENT) | PAYMENT_PAGES
_MAX_TIMES = 2  # to answer one page: a later choice may undo it once


def delivery_is_settled(response: PageResponse) -> Outcome:
    """Check that a payment page comes with a ``pre_order`` that says how the goods are sent."""
    page = response.page
    if page not in PAYMENT_PAGES:
        return _OK
    held = response.pre_order.get
    if all(map(held, DELIVERY_KEYS)) and (page is _PAYMENT_PAGE or held("payment_option")):
        return _OK
    # With payment options on it, it is the payment page. Without, another page has its name.
    return Outcome.NOT_ECHOED if "payment_options" in response.page_context else Outcome.UNEXPECTED_PAGE


def _recognises_customer(response: PageResponse) -> Outcome:
    """Check that the shop does not ask a signed-in customer who they are; a shop that asks has lost the session."""
    if response.page is Page.INDEX:
        return Outcome.SESSION_LOST if "can_guest_purchase" in response.page_context else Outcome.UNEXPECTED_PAGE
    return delivery_is_settled(response)


def _lets_choose_anew(response: PageResponse) -> Outcome:
    """The same for a customer who chooses everything anew: the payment page may come before delivery is settled."""
    if response.page in PAYMENT_PAGES and "payment_options" in response.page_context:
        return _OK
    return _recognises_customer(response)


def _page_among(
    pages: Iterable[Page], check: ResponseCheck = delivery_is_settled, *keys: str, echoes_form: bool = False
) -> Expectation:
    return Expectation(pages=frozenset(pages), keys=frozenset(keys), check=check, echoes_form=echoes_form)


_OPENS_FOR_GUEST = _page_among(_ANY_PAGE)
_OPENS_FOR_CUSTOMER = _page_among(_ANY_PAGE, _recognises_customer)
_OPENS_TO_CHOOSE_ANEW = _page_among(_ANY_PAGE, _lets_choose_anew)
# After a choice the shop shows another page; and it does not ask an identified shopper again who they are.
_AFTER_CHOICE = {page: _page_among(_ANY_PAGE - {page}, echoes_form=True) for page in PAGES_BEFORE_PAYMENT}
_AFTER_CHOICE_IDENTIFIED = {
    page: _page_among(_ANY_PAGE - {page, Page.INDEX}, echoes_form=True) for page in PAGES_BEFORE_PAYMENT
}
_AFTER_INDEX = _page_among(_ANY_PAGE - {Page.INDEX})
_SHOWS = {
    (key, identified): _page_among(_ANY_PAGE - ({Page.INDEX} if identified else set()), delivery_is_settled, key)
    for key in ("delivery_options", "retail_stores", "shipping_options")
    for identified in (False, True)
}


def open_checkout(context: JourneyContext) -> Steps[None]:
    """Open the checkout: it shows the first page that it needs an answer to."""
    expect = _OPENS_TO_CHOOSE_ANEW if context.adds_address else _OPENS_FOR_CUSTOMER
    if context.account is None:
        expect = _OPENS_FOR_GUEST
    request = PageRequest(Page.CHECKOUT, path=CHECKOUT_PATH, expect=expect, order=context.order_state)
    fail_if_guests_refused((yield from fetch(context, request)))


def fail_if_guests_refused(response: PageResponse) -> None:
    """End a guest's journey if this shop asks for a sign-in first."""
    if response.page is Page.INDEX and response.page_context.get("can_guest_purchase") is False:
        raise JourneyFailed(Outcome.NOT_OFFERED, Page.CHECKOUT, "the shop sells nothing to guests")


def reach_payment(context: JourneyContext, *, every: bool = False) -> Steps[None]:
    """Answer the pages that the shop shows, up to the payment page; ``every``: make all choices, asked or not."""
    answered: list[str] = []  # searching a short list is faster than hashing an enum member
    while (page := _page_to_answer(context, answered, every=every)) is not None:
        if answered.count(page) >= _MAX_TIMES:
            raise JourneyFailed(Outcome.UNEXPECTED_PAGE, context.page)
        answered.append(page)
        if page is Page.RETAIL_STORE:
            answered.append(Page.ADDRESS_SELECTION)  # this page asks for the address, too
        yield from _STRATEGIES[page](context)


def _page_to_answer(context: JourneyContext, answered: Sequence[str], *, every: bool) -> str | None:
    shown = context.last_response.page
    if shown in _STRATEGIES:
        return shown
    return next((page for page in DELIVERY_CHOICES if page not in answered), None) if every else None


def submit_guest_details(context: JourneyContext) -> Steps[None]:
    """Tell the shop who is buying, as a guest."""
    form = {"user_email": context.identity.email, "phone_number": context.identity.phone}
    yield from fetch(context, post_checkout_form(context, Page.INDEX, form, _AFTER_INDEX))
    context.is_identified = True


def _show_choices(context: JourneyContext, page: Page, key: str) -> Steps[None]:
    """Fetch the page's choices unless they are on the screen already."""
    if key not in context.last_response.page_context:
        yield from fetch(context, view_checkout_page(context, page, _SHOWS[key, context.is_identified]))


def _submit_choice(
    context: JourneyContext, page: Page, form: Mapping[str, str], *, think_first: bool = True
) -> Steps[None]:
    """Post a choice; the response must echo it, and show another page."""
    expect = (_AFTER_CHOICE_IDENTIFIED if context.is_identified else _AFTER_CHOICE)[page]
    yield from fetch(context, post_checkout_form(context, page, form, expect, think_first=think_first))


def _address(context: JourneyContext) -> Steps[None]:
    pk, added = yield from choose_address(context)
    form = {"shipping_address": pk, "billing_address": pk}
    # A shopper who has just typed the address has taken the time already.
    yield from _submit_choice(context, Page.ADDRESS_SELECTION, form, think_first=not added)


def _delivery(context: JourneyContext) -> Steps[None]:
    yield from _show_choices(context, Page.DELIVERY_OPTION, "delivery_options")
    rows = offered_rows(context, "delivery_options")
    # Collect from a store only if the shop offers no home delivery.
    to_home = [row for row in rows if row.get("delivery_option_type") != "retail_store"] or rows
    pk = required_value(context, context.rng.choice(to_home), "pk")
    yield from _submit_choice(context, Page.DELIVERY_OPTION, {"delivery_option": pk})


def _store(context: JourneyContext) -> Steps[None]:
    yield from _show_choices(context, Page.RETAIL_STORE, "retail_stores")
    store = choose_offered(context, "retail_stores")
    pk, added = yield from choose_address(context)
    form = {"retail_store": store, "billing_address": pk}
    yield from _submit_choice(context, Page.RETAIL_STORE, form, think_first=not added)


def _shipping(context: JourneyContext) -> Steps[None]:
    yield from _show_choices(context, Page.SHIPPING_OPTION, "shipping_options")
    form = {"shipping_option": choose_offered(context, "shipping_options")}
    yield from _submit_choice(context, Page.SHIPPING_OPTION, form)


_STRATEGIES: Mapping[str | None, Callable[[JourneyContext], Steps[None]]] = {
    Page.INDEX: submit_guest_details,
    Page.ADDRESS_SELECTION: _address,
    Page.RETAIL_STORE: _store,
    Page.DELIVERY_OPTION: _delivery,
    Page.SHIPPING_OPTION: _shipping,
}
