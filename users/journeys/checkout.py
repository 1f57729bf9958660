"""The way from the basket to the payment page: the shopper answers whatever page the shop shows, in any order.

The shop decides which page comes next. It may remember a customer's choices, complete several steps at once, leave steps
out, or ask for a step again that a later choice has undone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.measurement.outcomes import Outcome
from shop.contract import CHECKOUT_PATH, PATHS, PAYMENT_OPTIONS, Flow, Page
from users.journeys.address import choose_location
from users.journeys.context import (
    JourneyContext,
    choose_offered,
    fetch,
    has_value,
    offered_rows,
    post_checkout_form,
    required_value,
    view_checkout_page,
)
from users.journeys.steps import JourneyFailed, PageRequest, PageResponse, ResponseFormat, Steps

DELIVERY_CHOICES = (Page.DELIVERY_OPTION, Page.ADDRESS_SELECTION, Page.SHIPPING_OPTION)
"""What a shopper who buys for the first time chooses even where the shop does not ask, in this order."""

PAGES_BEFORE_PAYMENT = (Page.INDEX, *DELIVERY_CHOICES, Page.RETAIL_STORE, Page.PAYMENT_OPTION)
"""The pages between the door and the list of payment options, in the order in which most shops show them."""

_PAYMENT_PAGE, _OK = Page.PAYMENT_OPTION, Outcome.OK
# The description's first page of an option is not the only one: a shop may show another page of its flow at once.
_OTHER_FIRST_PAGES: Mapping[Flow, frozenset[Page]] = {
    Flow.PAY_ON_DELIVERY: frozenset({Page.PAY_ON_DELIVERY}),
    Flow.LOYALTY: frozenset({Page.LOYALTY_USAGE, Page.LOYALTY_SELECTED}),
    Flow.CONFIRMATION: frozenset({Page.CONFIRMATION_SELECTED}),
}

FIRST_PAGES: Mapping[str, frozenset[Page]] = {
    name: frozenset({option.first_page}) | _OTHER_FIRST_PAGES.get(option.flow, frozenset())
    for name, option in PAYMENT_OPTIONS.items()
}
"""The pages that a shop may show when a payment option has been chosen, by the option."""

# A shop that remembers how a customer paid shows such a page behind the list of options.
PAYMENT_PAGES = frozenset({_PAYMENT_PAGE}).union(*FIRST_PAGES.values())
"""The pages that a shop may show when everything before the payment is settled."""

_ANY = frozenset(PAGES_BEFORE_PAYMENT) | PAYMENT_PAGES
_AFTER_INDEX = _ANY - {Page.INDEX}
_SETTLED = ("delivery_option", "shipping_option")
_MOST_TIMES = 2  # that one page is answered; a choice made later may have undone it once


def open_checkout(context: JourneyContext) -> Steps[None]:
    """Go to the checkout, which opens on the first page that it needs of this shopper."""
    check = (
        delivery_is_settled
        if context.account is None
        else _chooses_anew
        if context.adds_address
        else _recognises_customer
    )
    request = PageRequest(
        Page.CHECKOUT, path=CHECKOUT_PATH, expected_pages=_ANY, goods_amount=str(context.goods_amount), check=check
    )
    response = yield from fetch(context, request)
    fail_if_guests_refused(response)


def fail_if_guests_refused(response: PageResponse) -> None:
    """End the journey of a guest: this shop asks for a sign-in first."""
    if response.page is Page.INDEX and response.page_context.get("can_guest_purchase") is False:
        raise JourneyFailed(Outcome.NOT_OFFERED, Page.CHECKOUT, "the shop sells nothing to guests")


def _recognises_customer(response: PageResponse) -> Outcome:
    """A customer who has signed in is not asked who she is; a shop that asks, as it asks guests, has lost her session."""
    if response.page is Page.INDEX:
        return Outcome.SESSION_LOST if "can_guest_purchase" in response.page_context else Outcome.UNEXPECTED_PAGE
    return delivery_is_settled(response)


def _chooses_anew(response: PageResponse) -> Outcome:
    """A shop may list all its pages at once; who chooses everything anew need not find it chosen."""
    if response.page in PAYMENT_PAGES and "payment_options" in response.page_context:
        return _OK
    return _recognises_customer(response)


def delivery_is_settled(response: PageResponse) -> Outcome:
    """A shop that shows the payment page says that delivery is settled; then its pre-order holds how."""
    page = response.page
    if page not in PAYMENT_PAGES:
        return _OK
    held = response.pre_order.get
    if all(map(held, _SETTLED)) and (page is _PAYMENT_PAGE or held("payment_option")):
        return _OK
    # With the options on it, it is the payment page indeed; without, another page goes by its name.
    return Outcome.NOT_ECHOED if "payment_options" in response.page_context else Outcome.UNEXPECTED_PAGE


def reach_payment(context: JourneyContext, *, every: bool = False) -> Steps[None]:
    """Answer the pages that the shop shows, up to the payment page; ``every``: make all choices, asked or not."""
    answered: list[Page] = []  # a short list is searched faster than a member of an enum is hashed
    while (page := _wanted(context, answered, every=every)) is not None:
        if answered.count(page) >= _MOST_TIMES:
            raise JourneyFailed(Outcome.UNEXPECTED_PAGE, context.page)
        answered.append(page)
        if page is Page.RETAIL_STORE:
            answered.append(Page.ADDRESS_SELECTION)  # it asks for the address, too
        yield from _STRATEGIES[page](context)


def _wanted(context: JourneyContext, answered: Sequence[Page], *, every: bool) -> Page | None:
    shown = context.last_response.page
    if shown in _STRATEGIES:
        return shown
    return next((page for page in DELIVERY_CHOICES if page not in answered), None) if every else None


def _next(context: JourneyContext, page: Page) -> frozenset[Page]:
    """What a shop may show instead of this page; it does not ask a known shopper again who they are."""
    return _LATER[page] if context.is_identified else _SOME_PAGE[page]


_SOME_PAGE: Mapping[Page, frozenset[Page]] = {page: _ANY - {page} for page in PAGES_BEFORE_PAYMENT}
_LATER: Mapping[Page, frozenset[Page]] = {page: _AFTER_INDEX - {page} for page in PAGES_BEFORE_PAYMENT}


def _show_choices(context: JourneyContext, page: Page, key: str) -> Steps[None]:
    """See to it that what this page offers is before the shopper's eyes."""
    if key not in context.last_response.page_context:
        expected_pages = _AFTER_INDEX if context.is_identified else _ANY
        yield from fetch(
            context, view_checkout_page(context, page, expected_pages, frozenset({key}), check=delivery_is_settled)
        )


def submit_guest_details(context: JourneyContext) -> Steps[None]:
    """Tell the shop who is buying, as a guest."""
    form = {"user_email": context.identity.email, "phone_number": context.identity.phone}
    yield from fetch(
        context, post_checkout_form(context, Page.INDEX, form, _LATER[Page.INDEX], check=delivery_is_settled)
    )
    context.is_identified = True


def _submit_choice(
    context: JourneyContext, page: Page, form: Mapping[str, str], *, think_first: bool = True
) -> Steps[None]:
    """Post a choice; the reply must echo it, and show another page than this."""
    request = post_checkout_form(
        context, page, form, _next(context, page), echo=form, check=delivery_is_settled, think_first=think_first
    )
    yield from fetch(context, request)


def _address(context: JourneyContext) -> Steps[None]:
    pk, typed = yield from _own_address(context)
    # Typing the address took the time.
    yield from _submit_choice(
        context, Page.ADDRESS_SELECTION, {"shipping_address": pk, "billing_address": pk}, think_first=not typed
    )


def _own_address(context: JourneyContext) -> Steps[tuple[str, bool]]:
    """An address of this shopper by its pk, and whether it was added just now."""
    if not context.address_pk and not context.adds_address:
        known = context.last_response.page_context.get("addresses")
        rows = known if isinstance(known, list) else []
        pks = [str(row["pk"]) for row in rows if isinstance(row, dict) and has_value(row.get("pk"))]
        context.address_pk = context.rng.choice(pks) if pks else ""
    if context.address_pk:
        return context.address_pk, False
    return (yield from add_address(context)), True


def add_address(context: JourneyContext) -> Steps[str]:
    """Put an address of this shopper into the address book; its pk."""
    place = yield from choose_location(context)
    address = {**context.identity.address, "phone_number": context.phone, **place, **context.policy.address}
    if context.as_storefront:
        filled = {**address, **_ADDED_BY_STOREFRONT}
        address = {name: filled[name] for name in _STOREFRONT_FIELDS if name in filled}  # there may be no districts
    path = PATHS[Page.ADDRESS_ADD]
    add = PageRequest(
        Page.ADDRESS_ADD, "POST", path, json=address, response_format=ResponseFormat.JSON, check=_has_address_pk
    )
    context.address_pk = str(_address_pk((yield from fetch(context, add)).document))
    return context.address_pk


# What the storefront's form sends, in its order (client).
_ADDED_BY_STOREFRONT = {"is_corporate": "false", "type": "personal"}
_STOREFRONT_FIELDS = (
    *(
        "title",
        "first_name",
        "last_name",
        "phone_number",
        "country",
        "city",
        "township",
        "district",
        "line",
        "postcode",
    ),
    *_ADDED_BY_STOREFRONT,
)


def _address_pk(document: Mapping[str, Any]) -> object:
    inner = document.get("address")
    return (inner if isinstance(inner, dict) else document).get("pk")


def _has_address_pk(response: PageResponse) -> Outcome:
    """An address that was taken has a number by which it can be chosen."""
    return Outcome.OK if has_value(_address_pk(response.document)) else Outcome.ENVELOPE


def _delivery(context: JourneyContext) -> Steps[None]:
    yield from _show_choices(context, Page.DELIVERY_OPTION, "delivery_options")
    rows = offered_rows(context, "delivery_options")
    # To a store only where nothing is brought home.
    homeward = [row for row in rows if row.get("delivery_option_type") != "retail_store"] or rows
    pk = required_value(context, context.rng.choice(homeward), "pk")
    yield from _submit_choice(context, Page.DELIVERY_OPTION, {"delivery_option": pk})


def _store(context: JourneyContext) -> Steps[None]:
    yield from _show_choices(context, Page.RETAIL_STORE, "retail_stores")
    store = choose_offered(context, "retail_stores")
    pk, typed = yield from _own_address(context)
    yield from _submit_choice(
        context, Page.RETAIL_STORE, {"retail_store": store, "billing_address": pk}, think_first=not typed
    )


def _shipping(context: JourneyContext) -> Steps[None]:
    yield from _show_choices(context, Page.SHIPPING_OPTION, "shipping_options")
    yield from _submit_choice(
        context, Page.SHIPPING_OPTION, {"shipping_option": choose_offered(context, "shipping_options")}
    )


_STRATEGIES: Mapping[Page | None, Callable[[JourneyContext], Steps[None]]] = {
    Page.INDEX: submit_guest_details,
    Page.ADDRESS_SELECTION: _address,
    Page.RETAIL_STORE: _store,
    Page.DELIVERY_OPTION: _delivery,
    Page.SHIPPING_OPTION: _shipping,
}
