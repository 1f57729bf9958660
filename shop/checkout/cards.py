"""Paying by card: a new one, a saved one, one stored with a provider, one in a wallet.

Of a card number nothing is kept but its first six digits, which the shopper gave by themselves.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from shop.catalogue import CUSTOMER_CARD, card_type, plans
from shop.checkout.context import SOLD, CheckoutContext, Handler, PageRenderer, Post, Step, declined, go, wrong
from shop.checkout.redirects import accept_return, redirect_shopper, stale
from shop.contract import APPROVED_CARD, DECLINED_CARD, Page
from shop.forms import REQUIRED, UNKNOWN, Form, agrees, is_yes, is_yes_or_no
from shop.http_messages import Errors

_BIN = re.compile(r"\d{6}", re.ASCII)
_CVV = re.compile(r"\d{3,4}", re.ASCII)
_CARD_FIELDS = ("card_holder", "card_number", "card_month", "card_year", "card_cvv")
_CENTURY = 100


def _ask_bin(then: Page) -> Post:
    def post(form: Form, till: CheckoutContext) -> Step:
        if not _BIN.fullmatch(form["bin_number"]):
            return wrong("bin_number", "Give the first six digits of the card.")
        _installment_plans_for(till, form["bin_number"])
        return go(then)

    return post


def _installment_plans_for(till: CheckoutContext, digits: str) -> None:
    payment = till.payment
    payment.plan = None
    payment.bin_number = digits
    payment.card_type = card_type(digits)
    payment.plans = plans(till.bill.unpaid, till.settings.monthly_interest)


def _choose_plan(then: Page) -> Post:
    def post(form: Form, till: CheckoutContext) -> Step:
        for plan in till.payment.plans:
            if str(plan.pk) == form["installment"]:
                till.payment.plan = plan
                till.payment.reference = ""
                return go(then)
        return wrong("installment", "This installment is not offered.")

    return post


def _show_plans(till: CheckoutContext) -> dict[str, Any]:
    payment = till.payment
    return {"card_type": payment.card_type, "installments": [plan.document() for plan in payment.plans]}


def _confirm(form: Form, till: CheckoutContext) -> Step:
    errors = agrees(form)
    if not is_yes_or_no(form["use_three_d"]):
        errors["use_three_d"] = ["Say 1 or 0."]
    errors |= _saved_card_errors(form, till) if till.payment.saved_card else _card_errors(form, till)
    if errors:
        return Step(errors=errors)
    approved = till.payment.saved_card or _digits(form) == APPROVED_CARD
    if is_yes(form["use_three_d"]):
        return redirect_shopper(till, Page.CARD_CONFIRMATION, Page.THREE_D_SECURE, approved=approved)
    till.payment.reference = ""
    return SOLD if approved else declined()


def _saved_card_errors(form: Form, till: CheckoutContext) -> Errors:
    errors = {name: [UNKNOWN] for name in _CARD_FIELDS[:-1] if till.strict and name in form}
    return errors | _cvv_errors(form, "card_cvv")


def _card_errors(form: Form, till: CheckoutContext) -> Errors:
    errors = {name: [REQUIRED] for name in _CARD_FIELDS if not form.get(name, "").strip()}
    if errors:
        return errors
    number = _digits(form)
    if number not in (APPROVED_CARD, DECLINED_CARD):
        errors["card_number"] = ["This card is not accepted here."]
    elif not number.startswith(till.payment.bin_number):
        errors["card_number"] = ["The card does not begin with the digits that were given first."]
    return errors | _expiry_errors(form, till.now) | _cvv_errors(form, "card_cvv")


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
    return lambda _till: {key: [dict(CUSTOMER_CARD)]}


def _is_hers(form: Form, key: str) -> bool:
    return form[key] == str(CUSTOMER_CARD["pk"])


def _choose_saved_card(form: Form, till: CheckoutContext) -> Step:
    if not _is_hers(form, "saved_card"):
        return wrong("saved_card", "This card is not one of yours.")
    till.payment.saved_card = True
    _installment_plans_for(till, APPROVED_CARD[:6])
    return go(Page.INSTALLMENT)


def _pay_with_stored_card(form: Form, _till: CheckoutContext) -> Step:
    if not _is_hers(form, "stored_card"):
        return wrong("stored_card", "This card is not one of yours.")
    errors = _cvv_errors(form, "security_code")
    return Step(errors=errors) if errors else SOLD


def _number_the_order(_form: Form, till: CheckoutContext) -> Step:
    till.payment.token = till.fresh_token()
    till.payment.order_no = f"MP{till.fresh_token()[:10]}"
    return go(Page.MASTERPASS_COMPLETE)


def _show_wallet_order(till: CheckoutContext) -> dict[str, Any]:
    return {"token": till.payment.token, "order_no": till.payment.order_no, "extras": {}}


def _complete_wallet_order(form: Form, till: CheckoutContext) -> Step:
    return SOLD if form["token"] == till.payment.token else stale("token")


CARD = Handler(
    posts={
        Page.BIN_NUMBER: _ask_bin(Page.INSTALLMENT),
        Page.INSTALLMENT: _choose_plan(Page.CARD_CONFIRMATION),
        Page.CARD_CONFIRMATION: _confirm,
        Page.THREE_D_SECURE: accept_return,
    },
    shows={Page.INSTALLMENT: _show_plans},
    returns=frozenset({Page.THREE_D_SECURE}),
)
SAVED_CARD = Handler(
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
STORED_CARD = Handler(
    posts={Page.MOBIL_EXPRESS_SELECTION: _pay_with_stored_card},
    shows={Page.MOBIL_EXPRESS_SELECTION: _customer_cards("stored_cards")},
)
MASTERPASS = Handler(
    posts={
        Page.MASTERPASS_BIN_NUMBER: _ask_bin(Page.MASTERPASS_INSTALLMENT),
        Page.MASTERPASS_INSTALLMENT: _choose_plan(Page.MASTERPASS_ORDER_NO),
        Page.MASTERPASS_ORDER_NO: _number_the_order,
        Page.MASTERPASS_COMPLETE: _complete_wallet_order,
    },
    shows={Page.MASTERPASS_INSTALLMENT: _show_plans, Page.MASTERPASS_COMPLETE: _show_wallet_order},
)
