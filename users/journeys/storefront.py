"""Shop as the storefront's own pages do: they post choices by themselves, in parallel, and fetch lists again.

``[conduct] fidelity = "storefront"`` makes a journey send the requests of the platform's own client, with its look-ups
and refetches. Where that client has no code for a step, the journey takes it as under ``fidelity = "api"``. "(client)"
marks what is read from that client's code.
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
from users.journeys.address import add_address
from users.journeys.checkout import fail_if_guests_refused, reach_payment, submit_guest_details
from users.journeys.context import (
    JourneyContext,
    Row,
    fetch,
    has_value,
    post_checkout_form,
    record_response,
    required_amount,
    required_value,
    rows_of,
    view_checkout_page,
)
from users.journeys.steps import (
    ANY_ENVELOPE,
    ANY_JSON,
    Expectation,
    JourneyFailed,
    PageRequest,
    PageResponse,
    ResponseFormat,
    Steps,
)

RETRY_DELAYS = (0.6, 1.6, 2.0)
"""Seconds before the client sends a failed request again, one delay for each retry (client)."""

MAX_POSTS = 4
"""After this many posts of one choice that the ``pre_order`` never shows, the shop has lost it."""

CONTRACT_NAME = "sales"
"""The contract that the payment page shows; each shop has its own names (guess)."""

SIGN_IN_FIELDS = MappingProxyType({"redirect": "false", "callbackUrl": "/", "csrfToken": "", "json": "true"})
"""What the storefront's sign-in library adds to the form (client)."""

_TO_AN_ADDRESS = "customer"
_TEXT = Expectation(ResponseFormat.ANY)
_INSTALLMENT_TABLE = Expectation(ResponseFormat.JSON, keys=frozenset({"results"}))
_BALANCE = Expectation(keys=frozenset({"balance"}))
_ECHOES_FORM = Expectation(echoes_form=True)


class AutomaticSelections:
    """The choices that the storefront's page posts by itself, until the order lacks none.

    The client keeps the lists that responses show. After each response it posts a choice for everything that the
    ``pre_order`` lacks and a list exists for. It does not wait for posts in flight, and never posts a choice twice at a
    time (client).
    """

    def __init__(self, context: JourneyContext) -> None:
        self._context = context
        self._initial: Sequence[PageRequest] = ()
        self._in_flight: set[Page] = set()
        self._posts = Counter[Page]()
        self.page_context: dict[str, Any] = {}
        """All that the page has on the screen: what any response has shown."""

    def start_round(self, *requests: PageRequest) -> AutomaticSelections:
        """The same page; the next round starts with these requests."""
        self._initial = requests
        self._posts.clear()
        return self

    def initial(self) -> Sequence[PageRequest]:
        """The requests that the shopper asked for."""
        return self._initial

    def on_response(self, request: PageRequest, response: PageResponse) -> Sequence[PageRequest]:
        """Keep what the response shows, and post what the order still lacks."""
        record_response(self._context, request, response)
        self._in_flight.discard(request.page)
        if request.expect.format is not ResponseFormat.ENVELOPE:
            return ()
        self.page_context.update(response.page_context)
        missing = [choice for choice in self._missing(response.pre_order) if choice[0] not in self._in_flight]
        return [self._post(page, form) for page, form in missing]

    def rows(self, key: str) -> Sequence[Row]:
        """The rows of a list on the screen; empty if there is no such list."""
        return rows_of(self.page_context, key) or ()

    def _missing(self, order: Mapping[str, Any]) -> Sequence[tuple[Page, Mapping[str, str]]]:
        rows, found = self.rows, list[tuple[Page, Mapping[str, str]]]()
        delivery = order.get("delivery_option")
        if not delivery and (options := rows("delivery_options")):
            row = next((row for row in options if row.get("delivery_option_type") == _TO_AN_ADDRESS), options[0])
            found.append((Page.DELIVERY_OPTION, {"delivery_option": self._pk(row)}))
        addressed = order.get("shipping_address") and order.get("billing_address")
        to_home = isinstance(delivery, dict) and delivery.get("delivery_option_type") == _TO_AN_ADDRESS
        if not addressed and to_home and (addresses := rows("addresses")):
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
        self._in_flight.add(page)
        return post_checkout_form(self._context, page, form, ANY_ENVELOPE, think_first=False)


def _is_among(chosen: object, rows: Sequence[Row]) -> bool:
    pk = chosen.get("pk") if isinstance(chosen, dict) else None
    return has_value(pk) and any(row.get("pk") == pk for row in rows)


def to_payment(context: JourneyContext, *, every: bool = False) -> Steps[None]:
    """From the basket to the payment page; ``every``: add an address and choose it, even if one is chosen already.

    Afterwards ``context.last_response`` holds all that the page has on the screen.
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
    # The page leaves some choices to the shopper: which store to collect from, for example.
    yield from reach_payment(context)
    on_screen = {**selections.page_context, **context.last_response.page_context}
    context.last_response = replace(context.last_response, page_context=on_screen)
    yield _contract()
    context.expect_total(required_amount(context, context.pre_order.get("total_amount")))


def _new_address(context: JourneyContext, selections: AutomaticSelections) -> Steps[None]:
    """Add an address. The client then fetches the checkout again, and takes the first address of the list."""
    context.adds_address = True
    pk = yield from add_address(context)
    yield selections.start_round(_open(context))
    chosen = context.pre_order.get("shipping_address")
    if not isinstance(chosen, dict) or str(chosen.get("pk")) != pk:
        form = {"shipping_address": pk, "billing_address": pk}
        yield selections.start_round(post_checkout_form(context, Page.ADDRESS_SELECTION, form, _ECHOES_FORM))


def _open(context: JourneyContext) -> PageRequest:
    return PageRequest(Page.CHECKOUT, path=CHECKOUT_PATH, order=context.order_state, think_first=False)


def _contract() -> PageRequest:
    """The contract that stands next to the payment options, as text (client)."""
    path = f"{PATHS[Page.CONTRACT]}?contract_name={CONTRACT_NAME}"
    return PageRequest(Page.CONTRACT, path=path, expect=_TEXT, think_first=False)


def installment_table(product: str) -> PageRequest:
    """The installment plans of each card, as the page of a product shows them (client)."""
    path = PATHS[Page.PRODUCT_INSTALLMENTS].format(pk=quote(product, safe=""))
    return PageRequest(Page.PRODUCT_INSTALLMENTS, path=path, expect=_INSTALLMENT_TABLE, think_first=False)


def current_user() -> PageRequest:
    """The signed-in user; the storefront's server asks after each sign-in (client)."""
    return PageRequest(Page.CURRENT_USER, path=PATHS[Page.CURRENT_USER], expect=ANY_JSON, think_first=False)


def fetch_balance(context: JourneyContext) -> Steps[None]:
    """Fetch the store credit; what was on the screen before stays there."""
    before = context.last_response
    request = view_checkout_page(context, Page.LOYALTY_USAGE, _BALANCE, think_first=False)
    response = yield from fetch(context, request)
    context.last_response = replace(before, page_context={**before.page_context, **response.page_context})


def basket_refetch() -> PageRequest:
    """The basket, which the client fetches again after it was filled and after a payment (client)."""
    return PageRequest(Page.BASKET, path=PATHS[Page.BASKET], expect=ANY_JSON, think_first=False)
