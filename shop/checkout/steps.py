"""The steps before the payment: contact, addresses, delivery, store, shipping and payment option."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from shop.catalogue import DELIVERY_OPTIONS, SHIPPING_OPTIONS, DeliveryOption, ShippingOption
from shop.checkout.context import CheckoutContext
from shop.checkout.views import slug_of, why_unavailable
from shop.contract import PAYMENT_OPTIONS, Page
from shop.customers.accounts import SavedChoices
from shop.customers.address_book import store_address
from shop.customers.session import Session
from shop.forms import Form, check_fields
from shop.geography import RETAIL_STORES
from shop.http_messages import Errors
from shop.pre_order import ZERO, Payment, bill_of

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"\d{11}", re.ASCII)
_BY_PK = {str(option.pk): option for option in PAYMENT_OPTIONS.values()}

_STEP_ORDERS: Mapping[tuple[str, bool], tuple[Page, ...]] = MappingProxyType(
    {
        ("delivery_first", False): (
            Page.INDEX,
            Page.DELIVERY_OPTION,
            Page.ADDRESS_SELECTION,
            Page.SHIPPING_OPTION,
            Page.PAYMENT_OPTION,
        ),
        ("delivery_first", True): (
            Page.INDEX,
            Page.DELIVERY_OPTION,
            Page.RETAIL_STORE,
            Page.SHIPPING_OPTION,
            Page.PAYMENT_OPTION,
        ),
        ("address_first", False): (
            Page.INDEX,
            Page.ADDRESS_SELECTION,
            Page.DELIVERY_OPTION,
            Page.SHIPPING_OPTION,
            Page.PAYMENT_OPTION,
        ),
        ("address_first", True): (
            Page.INDEX,
            Page.ADDRESS_SELECTION,
            Page.DELIVERY_OPTION,
            Page.RETAIL_STORE,
            Page.SHIPPING_OPTION,
            Page.PAYMENT_OPTION,
        ),
    }
)
"""The order of the steps, by convention and by whether the shopper collects the parcel in a store."""


def step_order(context: CheckoutContext) -> tuple[Page, ...]:
    """The steps of this shopper before the payment, in their order."""
    delivery = context.pre_order.delivery
    return _STEP_ORDERS[context.conventions.page_order, delivery is not None and delivery.to_store]


def _fits(shipping: ShippingOption | None, delivery: DeliveryOption | None) -> bool:
    return shipping is not None and delivery is not None and shipping.delivery_pk == delivery.pk


_STEP_DONE: Mapping[Page, Callable[[Session], bool]] = MappingProxyType(
    {
        Page.INDEX: lambda session: session.is_known,
        Page.ADDRESS_SELECTION: lambda session: session.pre_order.shipping_address is not None,
        Page.DELIVERY_OPTION: lambda session: session.pre_order.delivery is not None,
        Page.RETAIL_STORE: lambda session: session.pre_order.retail_store is not None,
        Page.SHIPPING_OPTION: lambda session: _fits(session.pre_order.shipping, session.pre_order.delivery),
    }
)


def first_missing_step(context: CheckoutContext) -> Page:
    """The first step that is not done; the page of the payment option if all are."""
    session = context.session
    return next(
        (page for page in step_order(context) if page in _STEP_DONE and not _STEP_DONE[page](session)),
        Page.PAYMENT_OPTION,
    )


def _reset_steps_after(context: CheckoutContext, page: Page) -> None:
    """Reset all steps after this one."""
    order, chosen = step_order(context), context.pre_order
    for later in order[order.index(page) + 1 :]:
        if later is Page.ADDRESS_SELECTION or (later is Page.RETAIL_STORE and Page.ADDRESS_SELECTION not in order):
            chosen.forget_address()
        elif later is Page.DELIVERY_OPTION:
            chosen.delivery = None
        elif later is Page.SHIPPING_OPTION:
            chosen.shipping = None
    if page is Page.DELIVERY_OPTION:
        chosen.forget_store()
    chosen.reset_payment()


def restore_saved_choices(context: CheckoutContext) -> None:
    """Fill the missing steps of a returning customer with their saved choices."""
    session = context.session
    remembered = session.account.saved_choices if session.account else None
    if remembered is None:
        return
    while (page := first_missing_step(context)) in _RESTORERS:
        if not _RESTORERS[page](session, remembered):
            return


def _recall_address(session: Session, remembered: SavedChoices) -> bool:
    book, chosen = session.addresses, session.pre_order
    shipping, billing = book.pair(remembered.shipping_address, remembered.billing_address)
    if shipping is None or billing is None:
        return False
    chosen.shipping_address, chosen.billing_address = shipping, billing
    return True


def _recall_delivery(session: Session, remembered: SavedChoices) -> bool:
    session.pre_order.delivery = DELIVERY_OPTIONS[remembered.delivery]
    return True


def _recall_store(session: Session, remembered: SavedChoices) -> bool:
    billing = session.addresses.entries.get(remembered.billing_address)
    if remembered.retail_store not in RETAIL_STORES or billing is None:
        return False
    _set_store(session, remembered.retail_store, billing)
    return True


def _recall_shipping(session: Session, remembered: SavedChoices) -> bool:
    option, delivery = SHIPPING_OPTIONS[remembered.shipping], session.pre_order.delivery
    if delivery is None or option.delivery_pk != delivery.pk:
        return False
    session.pre_order.shipping = option
    return True


_RESTORERS: Mapping[Page, Callable[[Session, SavedChoices], bool]] = MappingProxyType(
    {
        Page.ADDRESS_SELECTION: _recall_address,
        Page.DELIVERY_OPTION: _recall_delivery,
        Page.RETAIL_STORE: _recall_store,
        Page.SHIPPING_OPTION: _recall_shipping,
    }
)


def saved_choices_of(session: Session) -> SavedChoices | None:
    """The choices to save for a customer; ``None`` if they are not complete."""
    chosen = session.pre_order
    if not (chosen.shipping_address and chosen.billing_address and chosen.delivery and chosen.shipping):
        return None
    return SavedChoices(
        str(chosen.shipping_address["pk"] or ""),
        str(chosen.billing_address["pk"]),
        str(chosen.delivery.pk),
        str(chosen.shipping.pk),
        str(chosen.retail_store.pk) if chosen.retail_store else "",
    )


def _choose_contact(form: Form, context: CheckoutContext) -> Errors:
    errors: Errors = {}
    if not context.settings.guest_purchase:
        errors["non_field_errors"] = ["Sign in to buy; guests are not served."]
    if not _EMAIL.fullmatch(form["user_email"]):
        errors["user_email"] = ["Give an e-mail address."]
    if not _PHONE.fullmatch(form["phone_number"]):
        errors["phone_number"] = ["Give a phone number of eleven digits."]
    session = context.session
    if not errors and (session.guest_email, session.guest_phone) != (form["user_email"], form["phone_number"]):
        session.guest_email, session.guest_phone = form["user_email"], form["phone_number"]
        session.pre_order.reset_payment_choice()
    return errors


def _choose_addresses(form: Form, context: CheckoutContext) -> Errors:
    chosen = context.pre_order
    shipping, billing = context.session.addresses.pair(form["shipping_address"], form["billing_address"])
    found = {"shipping_address": shipping, "billing_address": billing}
    errors = {name: ["This address is not one of yours."] for name, address in found.items() if address is None}
    if errors:
        return errors
    if (chosen.shipping_address, chosen.billing_address) != (shipping, billing):
        chosen.shipping_address, chosen.billing_address, chosen.retail_store = shipping, billing, None
        _reset_steps_after(context, Page.ADDRESS_SELECTION)
    return {}


def _choose_delivery(form: Form, context: CheckoutContext) -> Errors:
    option = DELIVERY_OPTIONS.get(form["delivery_option"])
    if option is None:
        return {"delivery_option": ["This delivery option is not offered."]}
    if context.pre_order.delivery != option:
        context.pre_order.delivery = option
        _reset_steps_after(context, Page.DELIVERY_OPTION)
    return {}


def _choose_store(form: Form, context: CheckoutContext) -> Errors:
    errors: Errors = {}
    if form["retail_store"] not in RETAIL_STORES:
        errors["retail_store"] = ["There is no such store."]
    billing = context.session.addresses.entries.get(form["billing_address"])
    if billing is None:
        errors["billing_address"] = ["This address is not one of yours."]
    if errors or billing is None:
        return errors
    chosen = context.pre_order
    if chosen.retail_store != RETAIL_STORES[form["retail_store"]] or chosen.billing_address != billing:
        _set_store(context.session, form["retail_store"], billing)
        _reset_steps_after(context, Page.RETAIL_STORE)
    return {}


def _set_store(session: Session, pk: str, billing: dict[str, object]) -> None:
    chosen, store = session.pre_order, RETAIL_STORES[pk]
    chosen.retail_store = store
    chosen.billing_address = billing
    chosen.shipping_address = store_address(store, billing)


def _choose_shipping(form: Form, context: CheckoutContext) -> Errors:
    option = SHIPPING_OPTIONS.get(form["shipping_option"])
    if option is None or not _fits(option, context.pre_order.delivery):
        return {"shipping_option": ["This shipping option is not offered."]}
    _set_shipping(option, context)
    return {}


def _set_shipping(option: ShippingOption, context: CheckoutContext) -> None:
    if context.pre_order.shipping != option:
        context.pre_order.shipping = option
        context.pre_order.reset_payment()


def _choose_payment_option(form: Form, context: CheckoutContext) -> Errors:
    name = form["payment_option"]
    option = _BY_PK.get(name) or next(
        (option for option in PAYMENT_OPTIONS.values() if slug_of(context.settings, option) == name), None
    )
    if option is None:
        return {"payment_option": ["This payment option is not known."]}
    if reason := why_unavailable(context.settings, context.session, option.slug):
        return {"payment_option": [reason[1]]}
    chosen = context.pre_order
    chosen.reset_payment_choice()
    if option.slug == "loyalty_money" or bill_of(context.session.basket, chosen).unpaid <= ZERO:
        chosen.loyalty = ZERO
    chosen.payment = Payment(option, option.first_page, [option.first_page])
    return {}


STEP_HANDLERS: Mapping[Page, Callable[[Form, CheckoutContext], Errors]] = MappingProxyType(
    {
        Page.INDEX: _choose_contact,
        Page.ADDRESS_SELECTION: _choose_addresses,
        Page.DELIVERY_OPTION: _choose_delivery,
        Page.RETAIL_STORE: _choose_store,
        Page.SHIPPING_OPTION: _choose_shipping,
        Page.PAYMENT_OPTION: _choose_payment_option,
    }
)
"""The handler of each step: it stores the choice or returns errors.

The same choice again changes nothing, except that the same payment option again restarts the payment.
"""


def keep_early_choice(page: Page, form: Form, context: CheckoutContext) -> None:
    """Keep a shipping or payment option that is posted before an earlier step is done; that step may reset it.

    The storefront's client posts from lists that it got earlier, until the pre-order has its choice.
    """
    if not context.session.is_known or check_fields(page, form, strict=context.strict):
        return
    if page is Page.SHIPPING_OPTION and form["shipping_option"] in SHIPPING_OPTIONS:
        _set_shipping(SHIPPING_OPTIONS[form["shipping_option"]], context)
    elif page is Page.PAYMENT_OPTION:
        _choose_payment_option(form, context)
