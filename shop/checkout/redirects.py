"""Redirects to a bank, wallet or provider, and the return from there."""

from __future__ import annotations

from shop.checkout.context import ORDER_COMPLETE, CheckoutContext, PaymentHandler, PostResult, declined, field_error
from shop.contract import PATHS, Page
from shop.forms import Form, agreement_errors

_BANK = PATHS[Page.BANK]
REDIRECT_URLS = {
    Page.THREE_D_SECURE: PATHS[Page.THREE_D_REDIRECT],
    Page.GPAY_COMPLETE: f"{_BANK}gpay/?reference={{}}",
    Page.BEX_COMPLETE: f"{_BANK}bex/?reference={{}}",
    Page.REDIRECTION_COMPLETE: PATHS[Page.REDIRECTION],
}
"""The URL of a redirect, by the page of the return."""


def redirect_shopper(
    context: CheckoutContext, stays_on: Page, return_page: Page, *, approved: bool = True
) -> PostResult:
    """Redirect the shopper and expect the return on ``return_page``; until then, the current page stays.

    Only this reply has the URL: opening the checkout again must not redirect.
    """
    payment = context.payment
    payment.reference = context.fresh_token()
    payment.return_page = return_page
    payment.approved = approved
    return PostResult(
        stays_on, page_extras={"redirect_url": context.url(REDIRECT_URLS[return_page].format(payment.reference))}
    )


def accept_return(form: Form, context: CheckoutContext) -> PostResult:
    """Check the return from a bank: its reference and its status."""
    payment = context.payment
    if form["reference"] != payment.reference:
        return stale_return("reference")
    if form["status"] not in ("success", "failure"):
        return field_error("status", "The status must be success or failure.")
    if form["status"] == "failure" or not payment.approved:
        payment.reference = ""
        return declined()
    return ORDER_COMPLETE


def stale_return(field_name: str) -> PostResult:
    """The error for a return that is not expected."""
    return field_error(field_name, "This payment is not expected, or no longer.")


def _selection(page: Page, return_page: Page) -> PaymentHandler:
    def select(form: Form, context: CheckoutContext) -> PostResult:
        if errors := agreement_errors(form):
            return PostResult(errors=errors)
        return redirect_shopper(context, page, return_page)

    return PaymentHandler(posts={page: select, return_page: accept_return}, returns=frozenset({return_page}))


def _redirect_to_provider(form: Form, context: CheckoutContext) -> PostResult:
    if errors := agreement_errors(form):
        return PostResult(errors=errors)
    context.payment.redirected = False
    return redirect_shopper(context, Page.REDIRECTION_SELECTED, Page.REDIRECTION_COMPLETE)


WALLET = _selection(Page.BEX_SELECTION, Page.BEX_COMPLETE)
BANK_PAGE = _selection(Page.PAY_SELECTION, Page.GPAY_COMPLETE)
REDIRECTION = PaymentHandler(
    posts={Page.REDIRECTION_SELECTED: _redirect_to_provider, Page.REDIRECTION_COMPLETE: accept_return},
    returns=frozenset({Page.REDIRECTION_COMPLETE}),
)
