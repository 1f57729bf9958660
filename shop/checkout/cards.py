"""Payment by card: a new one, a saved one, one stored with a provider, or one in a wallet.

The shop keeps only the first six digits of a card number.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from shop.catalogue import CUSTOMER_CARD, card_type, installment_plans
from shop.checkout.context import (
    ORDER_COMPLETE,
    CheckoutContext,
    PageRenderer,
    PaymentHandler,
    PostHandler,
    PostResult,
    declined,
    field_error,
    next_page,
)
from shop.checkout.redirects import accept_return, redirect_shopper, stale_return
from shop.contract import APPROVED_CARD, DECLINED_CARD, Page
from shop.forms import REQUIRED, UNKNOWN, Form, agreement_errors, is_yes, is_yes_or_no
from shop.http_messages import Errors

_BIN = re.compile(r"\d{6}", re.ASCII)
_CVV = re.compile(r"\d{3,4}", re.ASCII)
_CARD_FIELDS = ("card_holder", "card_number", "card_month", "card_year", "card_cvv")
_CENTURY = 100


def _ask_bin(then: Page) -> PostHandler:
    def post(form: Form, context: CheckoutContext) -> PostResult:
        if not _BIN.fullmatch(form["bin_number"]):
            return field_error("bin_number", "Give the first six digits of the card.")
        _installment_plans_for(context, form["bin_number"])
        return next_page(then)

    return post


def _installment_plans_for(context: CheckoutContext, digits: str) -> None:
    payment = context.payment
    payment.plan = None
    payment.bin_number = digits
    payment.card_type = card_type(digits)
    payment.plans = installment_plans(context.bill.unpaid, context.settings.monthly_interest)


def _choose_plan(then: Page) -> PostHandler:
    def post(form: Form, context: CheckoutContext) -> PostResult:
        for plan in context.payment.plans:
            if str(plan.pk) == form["installment"]:
                context.payment.plan = plan
                context.payment.reference = ""
                return next_page(then)
        return field_error("installment", "This installment is not offered.")

    return post


def _show_plans(context: CheckoutContext) -> dict[str, Any]:
    payment = context.payment
    return {"card_type": payment.card_type, "installments": [plan.document() for plan in payment.plans]}


def _confirm(form: Form, context: CheckoutContext) -> PostResult:
    errors = agreement_errors(form)
    if not is_yes_or_no(form["use_three_d"]):
        errors["use_three_d"] = ["Say 1 or 0."]
    errors |= _saved_card_errors(form, context) if context.payment.saved_card else _card_errors(form, context)
    if errors:
        return PostResult(errors=errors)
    approved = context.payment.saved_card or _digits(form) == APPROVED_CARD
    if is_yes(form["use_three_d"]):
        return redirect_shopper(context, Page.CARD_CONFIRMATION, Page.THREE_D_SECURE, approved=approved)
    context.payment.reference = ""
    return ORDER_COMPLETE if approved else declined()


def _saved_card_errors(form: Form, context: CheckoutContext) -> Errors:
    errors = {name: [UNKNOWN] for name in _CARD_FIELDS[:-1] if context.strict and name in form}
    return errors | _cvv_errors(form, "card_cvv")


def _card_errors(form: Form, context: CheckoutContext) -> Errors:
    errors = {name: [REQUIRED] for name in _CARD_FIELDS if not form.get(name, "").strip()}
    if errors:
        return errors
    number = _digits(form)
    if number not in (APPROVED_CARD, DECLINED_CARD):
        errors["card_number"] = ["This card is not accepted here."]
    elif not number.startswith(context.payment.bin_number):
        errors["card_number"] = ["The card does not begin with the digits that were given first."]
    return errors | _expiry_errors(form, context.now) | _cvv_errors(form, "card_cvv")


def _digits(form: Form) -> str:
    return form["card_number"].replace(" ", "")


def _expiry_errors(form: Form, now: float) -> Errors:
    month, year = form["card_month"], form["card_year"]
    if not re.fullmatch(r"0?[1-9]|1[0-2]", month):
        return {"card_month": ["Give a month from 1 to 12."]}
    if not re.fullmatch(r"(\d\d)?\d\d", year, re.ASCII):
        return {"card_year": ["Give a year."]}
    today = datetime.fromtimestamp(now, UTC)
    full_year = int(year) if int(year) >= _CENTURY else 2000 + int(year)
    if (full_year, int(month)) < (today.year, today.month):
        return {"card_year": ["The card has expired."]}
    return {}


def _cvv_errors(form: Form, name: str) -> Errors:
    value = form.get(name, "")
    if not value:
        return {name: [REQUIRED]}
    return {} if _CVV.fullmatch(value) else {name: ["Give the three or four digits."]}


def _customer_cards(key: str) -> PageRenderer:
    return lambda _context: {key: [dict(CUSTOMER_CARD)]}


def _is_customer_card(form: Form, key: str) -> bool:
    return form[key] == str(CUSTOMER_CARD["pk"])


def _choose_saved_card(form: Form, context: CheckoutContext) -> PostResult:
    if not _is_customer_card(form, "saved_card"):
        return field_error("saved_card", "This card is not one of yours.")
    context.payment.saved_card = True
    _installment_plans_for(context, APPROVED_CARD[:6])
    return next_page(Page.INSTALLMENT)


def _pay_with_stored_card(form: Form, _context: CheckoutContext) -> PostResult:
    if not _is_customer_card(form, "stored_card"):
        return field_error("stored_card", "This card is not one of yours.")
    errors = _cvv_errors(form, "security_code")
    return PostResult(errors=errors) if errors else ORDER_COMPLETE


def _number_the_order(_form: Form, context: CheckoutContext) -> PostResult:
    context.payment.token = context.fresh_token()
    context.payment.order_no = f"MP{context.fresh_token()[:10]}"
    return next_page(Page.MASTERPASS_COMPLETE)


def _show_wallet_order(context: CheckoutContext) -> dict[str, Any]:
    return {"token": context.payment.token, "order_no": context.payment.order_no, "extras": {}}


def _complete_wallet_order(form: Form, context: CheckoutContext) -> PostResult:
    return ORDER_COMPLETE if form["token"] == context.payment.token else stale_return("token")


CARD = PaymentHandler(
    posts={
        Page.BIN_NUMBER: _ask_bin(Page.INSTALLMENT),
        Page.INSTALLMENT: _choose_plan(Page.CARD_CONFIRMATION),
        Page.CARD_CONFIRMATION: _confirm,
        Page.THREE_D_SECURE: accept_return,
    },
    shows={Page.INSTALLMENT: _show_plans},
    returns=frozenset({Page.THREE_D_SECURE}),
)
SAVED_CARD = PaymentHandler(
    posts={
        Page.SAVED_CARD_SELECTION: _choose_saved_card,
        Page.INSTALLMENT: _choose_plan(Page.CARD_CONFIRMATION),
        Page.CARD_CONFIRMATION: _confirm,
        Page.THREE_D_SECURE: accept_return,
    },
    shows={
        Page.SAVED_CARD_SELECTION: _customer_cards("saved_cards"),
        Page.INSTALLMENT: _show_plans,
    },
    returns=frozenset({Page.THREE_D_SECURE}),
)
STORED_CARD = PaymentHandler(
    posts={Page.MOBIL_EXPRESS_SELECTION: _pay_with_stored_card},
    shows={Page.MOBIL_EXPRESS_SELECTION: _customer_cards("stored_cards")},
)
MASTERPASS = PaymentHandler(
    posts={
        Page.MASTERPASS_BIN_NUMBER: _ask_bin(Page.MASTERPASS_INSTALLMENT),
        Page.MASTERPASS_INSTALLMENT: _choose_plan(Page.MASTERPASS_ORDER_NO),
        Page.MASTERPASS_ORDER_NO: _number_the_order,
        Page.MASTERPASS_COMPLETE: _complete_wallet_order,
    },
    shows={Page.MASTERPASS_INSTALLMENT: _show_plans, Page.MASTERPASS_COMPLETE: _show_wallet_order},
)
