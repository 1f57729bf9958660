"""Shopping as the storefront's pages do it: choices made on their own, requests that overlap, lists fetched again.

``[conduct] fidelity = "storefront"`` walks a journey with the requests of the platform's own client, its look-ups and
refetches among them. What that client has no code for is walked as under ``fidelity = "api"``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from harness.measurement.outcomes import Outcome
from shop.contract import CHECKOUT_PATH, PATHS, Page
from users.journeys.checkout import add_address, fail_if_guests_refused, reach_payment, submit_guest_details
from users.journeys.context import (
    JourneyContext,
    fetch,
    has_value,
    post_checkout_form,
    record_response,
    required_amount,
    required_value,
    view_checkout_page,
)
from users.journeys.steps import JourneyFailed, PageRequest, PageResponse, ResponseFormat, Steps

RETRY_DELAYS = (0.6, 1.6, 2.0)
"""Seconds after which the client sends a failed request again, one pause for each try (client)."""

CONTRACT_NAME = "sales"
"""The contract that the payment page shows; each shop has names of its own (guess)."""

SIGN_IN_FIELDS = MappingProxyType({"redirect": "false", "callbackUrl": "/", "csrfToken": "", "json": "true"})
"""What the storefront's sign-in library adds to the form (client)."""


def to_payment(context: JourneyContext, *, every: bool = False) -> Steps[None]:
    """From the basket to the payment page; ``every``: add an address and choose it, even where one is chosen already.

    Afterwards ``context.last_response`` holds all that the page has on the screen: whatever any reply has shown.
    """
    selections = AutomaticSelections(context)
    yield basket_refetch()
    yield selections.start_round(_open(context))
    if context.last_response.page is Page.INDEX and not context.is_identified:
        fail_if_guests_refused(context.last_response)
        yield from submit_guest_details(context)
        yield selections.start_round(_open(context))
    if every or not (selections.rows("addresses") or context.pre_order.get("shipping_address")):
        yield from _new_address(context, selections)
    # A store to collect from, say, is chosen by hand.
    yield from reach_payment(context)
    context.last_response = replace(
        context.last_response, page_context={**selections.page_context, **context.last_response.page_context}
    )
    yield _contract()
    context.total = required_amount(context, context.pre_order.get("total_amount"))


def _new_address(context: JourneyContext, selections: AutomaticSelections) -> Steps[None]:
    """Add an address; the client then fetches the checkout again, and takes the first address of the list."""
    context.adds_address = True
    pk = yield from add_address(context)
    yield selections.start_round(_open(context))
    chosen = context.pre_order.get("shipping_address")
    if not isinstance(chosen, dict) or str(chosen.get("pk")) != pk:
        form = {"shipping_address": pk, "billing_address": pk}
        yield selections.start_round(post_checkout_form(context, Page.ADDRESS_SELECTION, form, frozenset(), echo=form))


def _open(context: JourneyContext) -> PageRequest:
    return PageRequest(Page.CHECKOUT, path=CHECKOUT_PATH, goods_amount=str(context.goods_amount), think_first=False)


def _contract() -> PageRequest:
    """The contract beside the payment options, as text (client)."""
    path = f"{PATHS[Page.CONTRACT]}?contract_name={CONTRACT_NAME}"
    return PageRequest(Page.CONTRACT, path=path, response_format=ResponseFormat.ANY, think_first=False)


def installment_table(product: str) -> PageRequest:
    """What each card's plans come to, as the page of a product shows it (client)."""
    path = PATHS[Page.PRODUCT_INSTALLMENTS].format(pk=quote(product, safe=""))
    return PageRequest(
        Page.PRODUCT_INSTALLMENTS,
        path=path,
        response_format=ResponseFormat.JSON,
        required_keys=frozenset({"results"}),
        think_first=False,
    )


def current_user() -> PageRequest:
    """Who has signed in; the storefront's server asks after each sign-in (client)."""
    return PageRequest(
        Page.CURRENT_USER, path=PATHS[Page.CURRENT_USER], response_format=ResponseFormat.JSON, think_first=False
    )


def fetch_balance(context: JourneyContext) -> Steps[None]:
    """Ask how much store credit there is; what the page showed before stays on the screen."""
    shown = context.last_response
    request = view_checkout_page(context, Page.LOYALTY_USAGE, frozenset(), frozenset({"balance"}), think_first=False)
    response = yield from fetch(context, request)
    context.last_response = replace(shown, page_context={**shown.page_context, **response.page_context})


def basket_refetch() -> PageRequest:
    """The basket, which the client fetches again after it was filled and after a payment was sent (client)."""
    return PageRequest(Page.BASKET, path=PATHS[Page.BASKET], response_format=ResponseFormat.JSON, think_first=False)


MAX_POSTS = 4
"""After so many posts of one choice that the pre-order never shows, the shop is held to have lost it."""

_TO_AN_ADDRESS = "customer"

Row = Mapping[str, Any]


class AutomaticSelections:
    """The choices that the storefront's page makes from one look at the checkout until it comes to rest.

    ``page_context`` holds what replies have shown so far, by the key of the page context: all that the page has on the screen.
    ``start_round`` sets the visits that begin the next round.
    """

    def __init__(self, context: JourneyContext) -> None:
        self._context = context
        self._begin: Sequence[PageRequest] = ()
        self._under_way: set[Page] = set()
        self._posts = Counter[Page]()
        self.page_context: dict[str, Any] = {}

    def start_round(self, *requests: PageRequest) -> AutomaticSelections:
        """The same page, which now sends these visits."""
        self._begin = requests
        self._posts.clear()
        return self

    def initial(self) -> Sequence[PageRequest]:
        """The visits that the shopper asked for."""
        return self._begin

    def on_response(self, request: PageRequest, response: PageResponse) -> Sequence[PageRequest]:
        """Keep what the reply shows, and post what the order still lacks."""
        record_response(self._context, request, response)
        self._under_way.discard(request.page)
        if request.response_format is not ResponseFormat.ENVELOPE:
            return ()
        self.page_context.update(response.page_context)
        lacking = [choice for choice in self._lacking(response.pre_order) if choice[0] not in self._under_way]
        return [self._post(page, form) for page, form in lacking]

    def rows(self, key: str) -> Sequence[Row]:
        """The rows of a list that was shown, empty if it was not."""
        rows = self.page_context.get(key)
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else ()

    def _lacking(self, order: Mapping[str, Any]) -> Sequence[tuple[Page, Mapping[str, str]]]:
        rows, found = self.rows, list[tuple[Page, Mapping[str, str]]]()
        delivery = order.get("delivery_option")
        if not delivery and (options := rows("delivery_options")):
            row = next((row for row in options if row.get("delivery_option_type") == _TO_AN_ADDRESS), options[0])
            found.append((Page.DELIVERY_OPTION, {"delivery_option": self._pk(row)}))
        addressed = order.get("shipping_address") and order.get("billing_address")
        home = isinstance(delivery, dict) and delivery.get("delivery_option_type") == _TO_AN_ADDRESS
        if not addressed and home and (addresses := rows("addresses")):
            pk = self._pk(addresses[0])
            found.append((Page.ADDRESS_SELECTION, {"shipping_address": pk, "billing_address": pk}))
        if (options := rows("shipping_options")) and not _is_among(order.get("shipping_option"), options):
            found.append((Page.SHIPPING_OPTION, {"shipping_option": self._pk(options[0])}))
        if not order.get("payment_option") and (options := rows("payment_options")):
            found.append((Page.PAYMENT_OPTION, {"payment_option": self._pk(options[0])}))
        return found

    def _pk(self, row: Row) -> str:
        return required_value(self._context, row, "pk")

    def _post(self, page: Page, form: Mapping[str, str]) -> PageRequest:
        self._posts[page] += 1
        if self._posts[page] > MAX_POSTS:
            raise JourneyFailed(Outcome.NOT_ECHOED, page)
        self._under_way.add(page)
        return post_checkout_form(self._context, page, form, frozenset(), think_first=False)


def _is_among(chosen: object, rows: Sequence[Row]) -> bool:
    pk = chosen.get("pk") if isinstance(chosen, dict) else None
    return has_value(pk) and any(row.get("pk") == pk for row in rows)
