"""The steps before the payment: who she is, where it goes, who brings it, how it is paid."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from shop.catalogue import DELIVERY_OPTIONS, SHIPPING_OPTIONS
from shop.contract import PAYMENT_OPTIONS, Page
from shop.exchange import Errors
from shop.forms import Form
from shop.pre_order import ZERO, Payment, bill_of
from shop.session import Session
from shop.till import Till
from shop.views import why_unavailable

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"\d{11}", re.ASCII)
_BY_PK = {str(option.pk): option for option in PAYMENT_OPTIONS.values()}

ORDER = (
    Page.INDEX,
    Page.ADDRESS_SELECTION,
    Page.DELIVERY_OPTION,
    Page.SHIPPING_OPTION,
    Page.PAYMENT_OPTION,
)
"""The order in which the steps are taken; the pages of the payment follow."""


def first_missing(session: Session) -> Page:
    """The first step that is not done; the payment option's page if all are."""
    chosen = session.pre_order
    if not session.is_known:
        return Page.INDEX
    if chosen.shipping_address is None:
        return Page.ADDRESS_SELECTION
    if chosen.delivery is None:
        return Page.DELIVERY_OPTION
    if chosen.shipping is None:
        return Page.SHIPPING_OPTION
    return Page.PAYMENT_OPTION


def recall(session: Session) -> None:
    """Take for a returning customer the steps that she has not taken, as she chose last time."""
    remembered = session.account.remembered if session.account else None
    if remembered is None:
        return
    chosen = session.pre_order
    if chosen.shipping_address is None:
        book = session.addresses.entries
        shipping, billing = book.get(remembered.shipping_address), book.get(remembered.billing_address)
        if shipping is None or billing is None:
            return
        chosen.shipping_address, chosen.billing_address = shipping, billing
    if chosen.delivery is None:
        chosen.delivery = DELIVERY_OPTIONS[remembered.delivery]
    if chosen.shipping is None and SHIPPING_OPTIONS[remembered.shipping].delivery_pk == chosen.delivery.pk:
        chosen.shipping = SHIPPING_OPTIONS[remembered.shipping]


def _who(form: Form, till: Till) -> Errors:
    errors: Errors = {}
    if not till.settings.guest_purchase:
        errors["non_field_errors"] = ["Sign in to buy; guests are not served."]
    if not _EMAIL.fullmatch(form["user_email"]):
        errors["user_email"] = ["Give an e-mail address."]
    if not _PHONE.fullmatch(form["phone_number"]):
        errors["phone_number"] = ["Give a phone number of eleven digits."]
    session = till.session
    if not errors and (session.guest_email, session.guest_phone) != (form["user_email"], form["phone_number"]):
        session.guest_email, session.guest_phone = form["user_email"], form["phone_number"]
        session.pre_order.after_loyalty()
    return errors


def _where(form: Form, till: Till) -> Errors:
    book, chosen = till.session.addresses.entries, till.pre_order
    errors = {
        name: ["This address is not one of yours."]
        for name in ("shipping_address", "billing_address")
        if form[name] not in book
    }
    if errors:
        return errors
    shipping, billing = book[form["shipping_address"]], book[form["billing_address"]]
    if (chosen.shipping_address, chosen.billing_address) != (shipping, billing):
        chosen.shipping_address, chosen.billing_address = shipping, billing
        chosen.after_address()
    return {}


def _delivery(form: Form, till: Till) -> Errors:
    option = DELIVERY_OPTIONS.get(form["delivery_option"])
    if option is None:
        return {"delivery_option": ["This delivery option is not offered."]}
    if till.pre_order.delivery != option:
        till.pre_order.delivery = option
        till.pre_order.after_delivery()
    return {}


def _shipping(form: Form, till: Till) -> Errors:
    option, chosen = SHIPPING_OPTIONS.get(form["shipping_option"]), till.pre_order
    if option is None or chosen.delivery is None or option.delivery_pk != chosen.delivery.pk:
        return {"shipping_option": ["This shipping option is not offered."]}
    if chosen.shipping != option:
        chosen.shipping = option
        chosen.after_shipping()
    return {}


def _payment_option(form: Form, till: Till) -> Errors:
    name = form["payment_option"]
    option = PAYMENT_OPTIONS.get(name) or _BY_PK.get(name)
    if option is None:
        return {"payment_option": ["This payment option is not known."]}
    if reason := why_unavailable(till.settings, till.session, option.slug):
        return {"payment_option": [reason[1]]}
    chosen = till.pre_order
    chosen.after_loyalty()
    if option.slug == "loyalty_money" or bill_of(till.session.basket, chosen).unpaid <= ZERO:
        chosen.loyalty = ZERO
    chosen.payment = Payment(option, option.first_page, [option.first_page])
    return {}


CHOICES: Mapping[Page, Callable[[Form, Till], Errors]] = MappingProxyType(
    {
        Page.INDEX: _who,
        Page.ADDRESS_SELECTION: _where,
        Page.DELIVERY_OPTION: _delivery,
        Page.SHIPPING_OPTION: _shipping,
        Page.PAYMENT_OPTION: _payment_option,
    }
)
"""What posting each step does: it returns errors, or takes the choice. The same choice again changes nothing, but a
payment option chosen again begins its payment anew."""
