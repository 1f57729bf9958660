"""Being sent to a bank, wallet or provider, and coming back from there."""

from __future__ import annotations

from shop.checkout.context import SOLD, CheckoutContext, Handler, Step, declined, wrong
from shop.contract import PATHS, Page
from shop.forms import Form, agrees

_BANK = PATHS[Page.BANK]
REDIRECT_URLS = {
    Page.THREE_D_SECURE: PATHS[Page.THREE_D_REDIRECT],
    Page.GPAY_COMPLETE: f"{_BANK}gpay/?reference={{}}",
    Page.BEX_COMPLETE: f"{_BANK}bex/?reference={{}}",
    Page.REDIRECTION_COMPLETE: PATHS[Page.REDIRECTION],
}
"""Where the shopper is sent, by the page she will come back to."""


def redirect_shopper(till: CheckoutContext, stays_on: Page, return_page: Page, *, approved: bool = True) -> Step:
    """Tell the shopper where to go and expect them back at a page; until then they stand where they were.

    Only this reply says where to go: opening the checkout again must not send anybody away.
    """
    payment = till.payment
    payment.reference = till.fresh_token()
    payment.return_page = return_page
    payment.approved = approved
    return Step(stays_on, told={"redirect_url": till.url(REDIRECT_URLS[return_page].format(payment.reference))})


def accept_return(form: Form, till: CheckoutContext) -> Step:
    """Judge what a bank sent back: for this very visit, and paid or not."""
    payment = till.payment
    if form["reference"] != payment.reference:
        return stale("reference")
    if form["status"] not in ("success", "failure"):
        return wrong("status", "The status must be success or failure.")
    if form["status"] == "failure" or not payment.approved:
        payment.reference = ""
        return declined()
    return SOLD


def stale(field_name: str) -> Step:
    """The answer to a visit that is over, or was never begun."""
    return wrong(field_name, "This payment is not expected, or no longer.")


def _selection(page: Page, return_page: Page) -> Handler:
    def select(form: Form, till: CheckoutContext) -> Step:
        if errors := agrees(form):
            return Step(errors=errors)
        return redirect_shopper(till, page, return_page)

    return Handler(posts={page: select, return_page: accept_return}, returns=frozenset({return_page}))


def _redirect_to_provider(form: Form, till: CheckoutContext) -> Step:
    if errors := agrees(form):
        return Step(errors=errors)
    till.payment.redirected = False
    return redirect_shopper(till, Page.REDIRECTION_SELECTED, Page.REDIRECTION_COMPLETE)


WALLET = _selection(Page.BEX_SELECTION, Page.BEX_COMPLETE)
BANK_PAGE = _selection(Page.PAY_SELECTION, Page.GPAY_COMPLETE)
REDIRECTION = Handler(
    posts={Page.REDIRECTION_SELECTED: _redirect_to_provider, Page.REDIRECTION_COMPLETE: accept_return},
    returns=frozenset({Page.REDIRECTION_COMPLETE}),
)
