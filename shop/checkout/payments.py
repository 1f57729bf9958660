"""The payment flows: one handler for each flow, in one table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from shop.catalogue import BANK_ACCOUNTS, CREDIT_OPTIONS, DELIVERY_PAYMENT_CHOICES
from shop.checkout.cards import CARD, MASTERPASS, SAVED_CARD, STORED_CARD
from shop.checkout.context import ORDER_COMPLETE, CheckoutContext, PaymentHandler, PostResult, field_error, next_page
from shop.checkout.redirects import BANK_PAGE, REDIRECTION, WALLET
from shop.contract import PAYMENT_OPTIONS, Flow, Page
from shop.forms import Form, agreement_errors
from shop.pre_order import ZERO, Payment

_AMOUNT = re.compile(r"\d{1,9}(\.\d{1,2})?", re.ASCII)
_ADDRESS = re.compile(r"https?://[^\s/?#]+\S*")
_LONGEST = 16 * 1024


def _agree_and_buy(form: Form, _context: CheckoutContext) -> PostResult:
    errors = agreement_errors(form)
    return PostResult(errors=errors) if errors else ORDER_COMPLETE


def _choose_bank_account(form: Form, context: CheckoutContext) -> PostResult:
    account = BANK_ACCOUNTS.get(form["bank_account"])
    if account is None:
        return field_error("bank_account", "This bank account is not one of ours.")
    context.payment.bank_account = account
    return next_page(Page.FUNDS_TRANSFER)


def _choose_how_to_pay_on_delivery(form: Form, context: CheckoutContext) -> PostResult:
    if not _take_choice(form["payment_choice"], context):
        return field_error("payment_choice", "This choice is not offered.")
    return ORDER_COMPLETE


def _agree_to_pay_on_delivery(form: Form, context: CheckoutContext) -> PostResult:
    if errors := agreement_errors(form):
        return PostResult(errors=errors)
    if not _take_choice(form["paymentType"], context):
        return field_error("paymentType", "This choice is not offered.")
    return ORDER_COMPLETE


def _take_choice(value: str, context: CheckoutContext) -> bool:
    choice = DELIVERY_PAYMENT_CHOICES.get(value)
    if choice is not None:
        context.payment.choice = choice
    return choice is not None


def _show_choices(_context: CheckoutContext) -> dict[str, Any]:
    return {"payment_choices": list(DELIVERY_PAYMENT_CHOICES.values())}


def _buy_with_credit(form: Form, context: CheckoutContext) -> PostResult:
    errors = agreement_errors(form)
    return PostResult(errors=errors) if errors else _spend_credit(context)


def _spend_credit(context: CheckoutContext) -> PostResult:
    total = context.bill.total
    if context.settings.store_credit < total:
        return field_error("non_field_errors", "The store credit does not cover the order; use a part of it.")
    context.pre_order.loyalty = total
    return ORDER_COMPLETE


def use_credit(form: Form, context: CheckoutContext) -> PostResult:
    """Pay a part or all of the order with store credit. Another option pays the rest."""
    if "loyalty_money" in context.settings.unavailable:
        return field_error("non_field_errors", context.settings.unavailable["loyalty_money"])
    text = form["loyalty_amount_to_use"]
    try:
        amount = Decimal(text).quantize(Decimal("0.01")) if _AMOUNT.fullmatch(text) else Decimal(-1)
    except InvalidOperation:
        amount = Decimal(-1)
    total = context.bill.total
    if amount < ZERO or amount > min(context.settings.store_credit, total):
        return field_error("loyalty_amount_to_use", "Give an amount that the store credit and the order's total allow.")
    pre_order = context.pre_order
    pre_order.reset_payment_choice()
    pre_order.loyalty = amount
    if amount < total:
        return next_page(Page.PAYMENT_OPTION)
    page = Page.LOYALTY_SELECTED
    pre_order.payment = Payment(PAYMENT_OPTIONS["loyalty_money"], page, [page])
    return next_page(page)


def balance(context: CheckoutContext) -> dict[str, Any]:
    """The store credit of the shopper."""
    return {"balance": str(context.settings.store_credit)}


def _choose_credit_option(form: Form, context: CheckoutContext) -> PostResult:
    option = CREDIT_OPTIONS.get(form["credit_payment_option"])
    if option is None:
        return field_error("credit_payment_option", "This credit is not offered.")
    context.payment.credit_option = option
    return next_page(Page.CREDIT_PAYMENT_CONFIRMATION)


def _agree_to_confirm(form: Form, context: CheckoutContext) -> PostResult:
    if errors := agreement_errors(form):
        return PostResult(errors=errors)
    context.payment.token = context.fresh_token()
    return next_page(Page.CONFIRMATION_SELECTED)


def _begin_confirmation(form: Form, context: CheckoutContext) -> PostResult:
    if errors := agreement_errors(form):
        return PostResult(errors=errors)
    # The payment sheet of a browser gives the URL that validates it.
    if not _ADDRESS.fullmatch(form["validationURL"]):
        return field_error("validationURL", "Enter a valid URL.")
    context.payment.token = context.payment.token or context.fresh_token()
    return next_page(Page.CONFIRMATION_QUERY)


def _ask_confirmation(form: Form, _context: CheckoutContext) -> PostResult:
    if errors := agreement_errors(form):
        return PostResult(errors=errors)
    # The token of a payment sheet can be any text, also a long one.
    if len(form["payment_token"]) > _LONGEST:
        return field_error("payment_token", "Give the token of the payment.")
    return next_page(Page.CONFIRMATION_COMPLETE)


def _show_validation_url(context: CheckoutContext) -> dict[str, Any]:
    return {"validation_url": f"{context.origin}/_bank/confirmation/?reference={context.payment.token}"}


HANDLERS: Mapping[Flow, PaymentHandler] = MappingProxyType(
    {
        Flow.CARD: CARD,
        Flow.SAVED_CARD: SAVED_CARD,
        Flow.STORED_CARD: STORED_CARD,
        Flow.MASTERPASS: MASTERPASS,
        Flow.WALLET: WALLET,
        Flow.BANK_PAGE: BANK_PAGE,
        Flow.REDIRECTION: REDIRECTION,
        Flow.FUNDS_TRANSFER: PaymentHandler(
            posts={Page.FUNDS_TRANSFER_CHOICE: _choose_bank_account, Page.FUNDS_TRANSFER: _agree_and_buy},
            shows={Page.FUNDS_TRANSFER_CHOICE: lambda _context: {"bank_accounts": list(BANK_ACCOUNTS.values())}},
        ),
        Flow.PAY_ON_DELIVERY: PaymentHandler(
            posts={
                Page.DELIVERY_PAYMENT_CHOICE: _choose_how_to_pay_on_delivery,
                Page.PAY_ON_DELIVERY: _agree_to_pay_on_delivery,
            },
            shows={Page.DELIVERY_PAYMENT_CHOICE: _show_choices, Page.PAY_ON_DELIVERY: _show_choices},
            shortcuts=frozenset({Page.PAY_ON_DELIVERY}),
            completes=frozenset({Page.DELIVERY_PAYMENT_CHOICE, Page.PAY_ON_DELIVERY}),
        ),
        Flow.LOYALTY: PaymentHandler(
            posts={Page.LOYALTY_MONEY: _buy_with_credit, Page.LOYALTY_SELECTED: _buy_with_credit},
            shows={Page.LOYALTY_MONEY: balance, Page.LOYALTY_SELECTED: balance},
            shortcuts=frozenset({Page.LOYALTY_MONEY, Page.LOYALTY_SELECTED}),
            completes=frozenset({Page.LOYALTY_MONEY, Page.LOYALTY_SELECTED}),
        ),
        Flow.AGREEMENT: PaymentHandler(
            posts={Page.CASH_REGISTER: _agree_and_buy, Page.PAY_LATER_COMPLETE: _agree_and_buy},
        ),
        Flow.CREDIT: PaymentHandler(
            posts={
                Page.CREDIT_PAYMENT_SELECTION: _choose_credit_option,
                Page.CREDIT_PAYMENT_CONFIRMATION: _agree_and_buy,
            },
            shows={
                Page.CREDIT_PAYMENT_SELECTION: lambda _context: {
                    "credit_payment_options": list(CREDIT_OPTIONS.values())
                },
            },
        ),
        Flow.CONFIRMATION: PaymentHandler(
            posts={
                Page.CONFIRMATION_CHECK: _agree_to_confirm,
                Page.CONFIRMATION_SELECTED: _begin_confirmation,
                Page.CONFIRMATION_QUERY: _ask_confirmation,
                Page.CONFIRMATION_COMPLETE: _agree_and_buy,
            },
            shows={
                Page.CONFIRMATION_SELECTED: _show_validation_url,
                Page.CONFIRMATION_QUERY: lambda context: {"payment_token": context.payment.token},
            },
            shortcuts=frozenset({Page.CONFIRMATION_SELECTED}),
        ),
    }
)
"""The handler of each flow. A test fails if a flow has none."""
