"""The form fields of each page, and checks that many pages share."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from shop.contract import Page, Source
from shop.http_messages import Errors

Form = Mapping[str, str]

_YES = frozenset({"1", "true"})
_NO = frozenset({"0", "false"})
REQUIRED = "This field is required."
UNKNOWN = "This field is not known here."


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a form: required and optional names, and the source of this fact."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    known_from: Source = Source.CLIENT


_AGREEMENT = ("agreement",)
# A bank's page sends these fields back through the shopper's browser. Providers differ; the stand-in sends back the
# reference and a status, "success" or "failure".
_RETURN = Fields(("reference", "status"), (), Source.GUESS)

FORMS: Mapping[Page, Fields] = MappingProxyType(
    {
        Page.INDEX: Fields(("user_email", "phone_number")),
        Page.ADDRESS_SELECTION: Fields(("shipping_address", "billing_address")),
        Page.DELIVERY_OPTION: Fields(("delivery_option",)),
        Page.RETAIL_STORE: Fields(("retail_store", "billing_address")),
        Page.SHIPPING_OPTION: Fields(("shipping_option",)),
        Page.PAYMENT_OPTION: Fields(("payment_option",), (), Source.SPEC),
        Page.BIN_NUMBER: Fields(("bin_number",)),
        Page.INSTALLMENT: Fields(("installment",)),
        Page.CARD_CONFIRMATION: Fields(
            ("agreement", "use_three_d"),
            # A saved card has its own number, so only its security code is needed (guess).
            ("card_holder", "card_number", "card_month", "card_year", "card_cvv"),
        ),
        Page.THREE_D_SECURE: _RETURN,
        Page.FUNDS_TRANSFER_CHOICE: Fields(("bank_account",)),
        Page.FUNDS_TRANSFER: Fields(_AGREEMENT),
        Page.DELIVERY_PAYMENT_CHOICE: Fields(("payment_choice",), (), Source.SPEC),
        Page.PAY_ON_DELIVERY: Fields(("agreement", "paymentType")),
        Page.BEX_SELECTION: Fields(_AGREEMENT, (), Source.GUESS),
        Page.BEX_COMPLETE: _RETURN,
        Page.LOYALTY_MONEY: Fields(_AGREEMENT, (), Source.DOC),
        Page.LOYALTY_USAGE: Fields(("loyalty_amount_to_use",)),
        Page.LOYALTY_SELECTED: Fields(_AGREEMENT),
        Page.CASH_REGISTER: Fields(_AGREEMENT, (), Source.GUESS),
        Page.PAY_SELECTION: Fields(_AGREEMENT, (), Source.GUESS),
        Page.GPAY_COMPLETE: _RETURN,
        Page.REDIRECTION_SELECTED: Fields(_AGREEMENT),
        Page.REDIRECTION_COMPLETE: _RETURN,
        Page.MOBIL_EXPRESS_SELECTION: Fields(("stored_card", "security_code"), (), Source.GUESS),
        Page.MASTERPASS_BIN_NUMBER: Fields(("bin_number",)),
        Page.MASTERPASS_INSTALLMENT: Fields(("installment",)),
        Page.MASTERPASS_ORDER_NO: Fields(()),
        Page.MASTERPASS_COMPLETE: Fields(("token",)),
        Page.CREDIT_PAYMENT_SELECTION: Fields(("credit_payment_option",)),
        Page.CREDIT_PAYMENT_CONFIRMATION: Fields(_AGREEMENT),
        Page.SAVED_CARD_SELECTION: Fields(("saved_card",), (), Source.GUESS),
        Page.PAY_LATER_COMPLETE: Fields(_AGREEMENT, (), Source.GUESS),
        Page.CONFIRMATION_CHECK: Fields(_AGREEMENT, (), Source.GUESS),
        Page.CONFIRMATION_SELECTED: Fields(("agreement", "validationURL")),
        Page.CONFIRMATION_QUERY: Fields(("agreement", "payment_token")),
        Page.CONFIRMATION_COMPLETE: Fields(_AGREEMENT),
        Page.VERIFY_SMS: Fields(("verify_code",), (), Source.SPEC),
        Page.SEND_SMS: Fields((), (), Source.DOC),
        Page.ORDER_NOTE: Fields((), ("notes",)),
        Page.COUPON: Fields(("coupon", "action")),
    }
)
"""The form of every page that accepts a post. Any other page is read-only."""


def check_fields(page: Page, form: Form, *, strict: bool) -> Errors:
    """The errors for missing fields of a form and, if the shop is strict, for unknown fields."""
    fields = FORMS[page]
    problems = {name: [REQUIRED] for name in fields.required if not form.get(name, "").strip()}
    return problems | (unknown_field_errors(form, (*fields.required, *fields.optional)) if strict else {})


def unknown_field_errors(given: Iterable[str], known: Container[str]) -> Errors:
    """An error for each unknown field."""
    return {name: [UNKNOWN] for name in given if name not in known}


def is_yes(value: str) -> bool:
    """Whether a value means yes."""
    return value in _YES


def is_yes_or_no(value: str) -> bool:
    """Whether a value means yes or no."""
    return value in _YES or value in _NO


def agreement_errors(form: Form) -> Errors:
    """The error of a missing agreement, if it is missing."""
    return {} if is_yes(form.get("agreement", "")) else {"agreement": ["The agreement must be accepted."]}
