"""Shopping as the storefront's pages do it: choices made on their own, requests that overlap, lists fetched again.

``[conduct] fidelity = "storefront"`` walks a journey with the requests of the platform's own client, its look-ups and
refetches among them. What that client has no code for is walked as under ``fidelity = "api"``.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from urllib.parse import quote

from shop.contract import CHECKOUT_PATH, PATHS, Page
from users.journeys.automatic import AutomaticSelections
from users.journeys.checkout import add_address, fail_if_guests_refused, introduce, reach_payment
from users.journeys.context import JourneyContext, ask, look, post, required_amount
from users.journeys.steps import PageRequest, ResponseFormat, Steps

RETRY_DELAYS = (0.6, 1.6, 2.0)
"""Seconds after which the client sends a failed request again, one pause for each try (client)."""

CONTRACT = "sales"
"""The contract that the payment page shows; each shop has names of its own (guess)."""

SIGN_IN_FIELDS = MappingProxyType({"redirect": "false", "callbackUrl": "/", "csrfToken": "", "json": "true"})
"""What the storefront's sign-in library adds to the form (client)."""


def to_payment(errand: JourneyContext, *, every: bool = False) -> Steps[None]:
    """From the basket to the payment page; ``every``: add an address and choose it, even where one is chosen already.

    Afterwards ``errand.shown`` holds all that the page has on the screen: whatever any reply has shown.
    """
    selections = AutomaticSelections(errand)
    yield basket_refetch()
    yield selections.start_round(_open(errand))
    if errand.shown.page is Page.INDEX and not errand.is_known:
        fail_if_guests_refused(errand.shown)
        yield from introduce(errand)
        yield selections.start_round(_open(errand))
    if every or not (selections.rows("addresses") or errand.pre_order.get("shipping_address")):
        yield from _new_address(errand, selections)
    # A store to collect from, say, is chosen by hand.
    yield from reach_payment(errand)
    errand.shown = replace(errand.shown, context={**selections.context, **errand.shown.context})
    yield _contract()
    errand.total = required_amount(errand, errand.pre_order.get("total_amount"))


def _new_address(errand: JourneyContext, selections: AutomaticSelections) -> Steps[None]:
    """Add an address; the client then fetches the checkout again, and takes the first address of the list."""
    errand.adds_address = True
    pk = yield from add_address(errand)
    yield selections.start_round(_open(errand))
    chosen = errand.pre_order.get("shipping_address")
    if not isinstance(chosen, dict) or str(chosen.get("pk")) != pk:
        form = {"shipping_address": pk, "billing_address": pk}
        yield selections.start_round(post(errand, Page.ADDRESS_SELECTION, form, frozenset(), echo=form))


def _open(errand: JourneyContext) -> PageRequest:
    return PageRequest(Page.CHECKOUT, path=CHECKOUT_PATH, goods=str(errand.goods), think_first=False)


def _contract() -> PageRequest:
    """The contract beside the payment options, as text (client)."""
    path = f"{PATHS[Page.CONTRACT]}?contract_name={CONTRACT}"
    return PageRequest(Page.CONTRACT, path=path, reads=ResponseFormat.ANY, think_first=False)


def installment_table(product: str) -> PageRequest:
    """What each card's plans come to, as the page of a product shows it (client)."""
    path = PATHS[Page.PRODUCT_INSTALLMENTS].format(pk=quote(product, safe=""))
    return PageRequest(
        Page.PRODUCT_INSTALLMENTS, path=path, reads=ResponseFormat.JSON, needs=frozenset({"results"}), think_first=False
    )


def current_user() -> PageRequest:
    """Who has signed in; the storefront's server asks after each sign-in (client)."""
    return PageRequest(Page.CURRENT_USER, path=PATHS[Page.CURRENT_USER], reads=ResponseFormat.JSON, think_first=False)


def fetch_balance(errand: JourneyContext) -> Steps[None]:
    """Ask how much store credit there is; what the page showed before stays on the screen."""
    shown = errand.shown
    visit = look(errand, Page.LOYALTY_USAGE, frozenset(), frozenset({"balance"}), think_first=False)
    answer = yield from ask(errand, visit)
    errand.shown = replace(shown, context={**shown.context, **answer.context})


def basket_refetch() -> PageRequest:
    """The basket, which the client fetches again after it was filled and after a payment was sent (client)."""
    return PageRequest(Page.BASKET, path=PATHS[Page.BASKET], reads=ResponseFormat.JSON, think_first=False)
