"""The checkout's pages up to the payment, the pre-order and the envelope around every reply."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from second_shop import addresses
from second_shop.customers import Session
from second_shop.places import COUNTRIES, STORES
from second_shop.variations import Variations

INDEX, PAYMENT = "IndexPage", "PaymentOptionSelectionPage"
DELIVERY, ADDRESS, SHIPPING = "DeliveryOptionSelectionPage", "AddressSelectionPage", "ShippingOptionSelectionPage"
STORE = "RetailStoreSelectionPage"
Errors = dict[str, Any]

DELIVERIES: dict[str, dict[str, Any]] = {
    slug: {"pk": pk, "slug": slug, "name": name, "delivery_option_type": kind, "sort_order": sort}
    for pk, slug, name, kind, sort in (
        (2, "store", "Mağazadan Teslimat", "retail_store", 1),
        (1, "delivery_point", "Teslim Noktasına Teslimat", "customer", 2),
        (3, "address", "Eve Teslim", "customer", 3),
    )
}
SHIPPINGS: list[dict[str, Any]] = [
    {"pk": pk, "name": name, "slug": slug, "logo": None, "shipping_amount": amount, "description": None, "kwargs": {}}
    for pk, name, slug, amount in ((2, "UPS", "ups", "8.50"), (9, "Yurtiçi", "yurtici", "0.00"))
]


def remember(session: Session) -> None:
    """A new order begins with a returning customer's last choices, up to the payment option."""
    customer, order = session.customer, session.order
    if customer is None or not customer.remembered or order.delivery is not None:
        return
    order.delivery, order.shipping = DELIVERIES["address"], SHIPPINGS[0]
    order.shipping_address = order.billing_address = customer.addresses[0]


def set_delivery(session: Session, form: dict[str, str], reported: Variations) -> Errors:
    rows = [DELIVERIES[slug] for slug in reported.deliveries]
    chosen = _by_pk(rows, form.get("delivery_option"))
    if chosen is None:
        return _no_choice("delivery_option", form)
    if session.order.delivery not in (None, chosen):
        session.order.after_delivery()
    session.order.delivery = chosen
    return {}


def set_addresses(session: Session, form: dict[str, str], _reported: Variations) -> Errors:
    found = {name: _by_pk(session.addresses, form.get(name)) for name in ("shipping_address", "billing_address")}
    for name, address in found.items():
        if address is None:
            return _no_choice(name, form)
    order = session.order
    if order.shipping_address not in (None, found["shipping_address"]):
        order.after_shipping()
    order.shipping_address, order.billing_address = found["shipping_address"], found["billing_address"]
    return {}


def set_store(session: Session, form: dict[str, str], _reported: Variations) -> Errors:
    store = _by_pk(list(STORES.values()), form.get("retail_store"))
    billing = _by_pk(session.addresses, form.get("billing_address"))
    if store is None or billing is None:
        return _no_choice("billing_address" if store else "retail_store", form)
    session.order.store, session.order.billing_address = store, billing
    return {}


def set_shipping(session: Session, form: dict[str, str], _reported: Variations) -> Errors:
    chosen = _by_pk(SHIPPINGS, form.get("shipping_option"))
    if chosen is None:
        return _no_choice("shipping_option", form)
    if session.order.shipping not in (None, chosen):
        session.order.after_shipping()
    session.order.shipping = chosen
    return {}


def introduce(session: Session, form: dict[str, str], reported: Variations) -> Errors:
    if not reported.guests:
        return {"non_field_errors": "Guests cannot buy here."}
    errors: Errors = {}
    if "@" not in form.get("user_email", ""):
        errors["user_email"] = ["Enter a valid email address."]
    phone = form.get("phone_number", "")
    if not (phone.isdecimal() and len(phone) == 11):
        errors["phone_number"] = ["Phone number is invalid."]
    if not errors and session.customer is None:
        session.guest = {name: form[name] for name in ("user_email", "phone_number")}
    return errors


SETTERS = {INDEX: introduce, DELIVERY: set_delivery, ADDRESS: set_addresses, STORE: set_store, SHIPPING: set_shipping}


def _by_pk(rows: list[dict[str, Any]], pk: str | None) -> dict[str, Any] | None:
    return next((row for row in rows if str(row["pk"]) == pk), None)


def _no_choice(name: str, form: dict[str, str]) -> Errors:
    if not form.get(name):
        return {name: ["This field is required."]}
    return {name: ["Select a valid choice. That choice is not one of the available choices."]}


def pages(session: Session, reported: Variations, lists: str) -> list[str]:
    """The pages from the index to the first that is still open (``lists``: to the payment), the payment's own page last."""
    order, shown = session.order, [INDEX]
    collects = order.delivery is not None and order.delivery["delivery_option_type"] == "retail_store"
    settled = {
        DELIVERY: order.delivery is not None,
        ADDRESS: order.billing_address is not None
        and (order.store if collects else order.shipping_address) is not None,
        SHIPPING: order.shipping is not None,
        PAYMENT: bool(order.option),
    }
    is_open = not session.is_introduced
    for page in (*reported.order, PAYMENT):
        if is_open and (lists == "needed" or not session.is_introduced):
            break
        shown.append(STORE if page == ADDRESS and collects else page)
        is_open = is_open or not settled[page]
    if not is_open:
        shown.append(order.shown[0])
    return shown


def needed(session: Session, reported: Variations) -> str:
    """The first page that is still to be filled in."""
    return pages(session, reported, "needed")[-1]


def context(page: str, session: Session, reported: Variations, options: dict[str, Any]) -> dict[str, Any]:
    """What a page up to the payment shows; ``options`` are the payment options."""
    book = [addresses.in_checkout(address) for address in session.addresses]
    country = {key: COUNTRIES[1_001][key] for key in ("pk", "name", "code")}
    signed_in = session.customer is not None
    shows: dict[str, dict[str, Any]] = {
        INDEX: {"is_user_logged_in": signed_in, "can_guest_purchase": reported.guests, "has_gift_box": False},
        DELIVERY: {"delivery_options": [DELIVERIES[slug] for slug in reported.deliveries]},
        ADDRESS: {"addresses": book, "country": country},
        STORE: {"addresses": book, "retail_stores": list(STORES.values()), "country": country},
        SHIPPING: {"shipping_options": SHIPPINGS},
        PAYMENT: {"checkout_url": None, "status_url": None, **options},
    }
    return shows[page] if page in shows else session.order.shown[1]


def pre_order(session: Session, reported: Variations, option: dict[str, Any] | None) -> dict[str, Any]:
    """The pre-order as recorded."""
    order, campaign = session.order, Decimal(reported.campaign)
    shipping = Decimal(order.shipping["shipping_amount"]) if order.shipping else Decimal("0.00")
    total = session.basket.total(campaign) + shipping
    sent_to = order.shipping_address and addresses.in_checkout(order.shipping_address)
    billed_to = order.billing_address and addresses.in_checkout(order.billing_address)
    if order.store:
        person = {"email": session.email, "phone_number": session.phone, "first_name": "Ada", "last_name": "Byron"}
        sent_to = addresses.of_store(order.store, person)
    document = {
        "basket": session.basket.document(campaign),
        "shipping_address": sent_to,
        "billing_address": billed_to,
        "shipping_option": order.shipping,
        "billing_and_shipping_same": sent_to is not None and sent_to == billed_to,
        "payment_option": option,
        "notifications": None,
        "shipping_amount": str(shipping) if order.shipping else None,
        "total_amount": str(total),
        "unpaid_amount": str(total - order.loyalty),
        "loyalty_money": str(order.loyalty),
        "currency_type_label": "TL",
        "installment": order.installment,
        "redirect_to_three_d": None,
        "delivery_option": order.delivery,
        "retail_store": order.store,
        "payment_choice": order.choice,
        "phone_number": session.guest and session.guest["phone_number"],
        "gift_box": None,
        "delivery_range": None,
        "user_phone_number": session.phone or None,
        "total_amount_with_interest": str(total),
        "is_guest": session.guest is not None,
        "is_post_order": False,
    }
    if order.is_redirected:
        document["is_redirected"] = True
    if order.credit_option:
        document["credit_payment_option"] = order.credit_option
    if order.notes is not None:
        document["notes"] = order.notes
    return document


def envelope(entries: list[tuple[str, dict[str, Any]]], state: dict[str, Any], errors: Any) -> dict[str, Any]:
    """The reply of every page of the checkout."""
    return {
        "context_list": [
            {"page_context": shown, "page_name": page, "page_slug": page.lower()} for page, shown in entries
        ],
        "template_name": "orders/checkout.html",
        "errors": errors,
        "pre_order": state,
    }
