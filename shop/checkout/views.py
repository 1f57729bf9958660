"""The documents of the checkout: the envelope of every reply, the pre-order, and the content of each page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from shop.catalogue import CURRENCY, DELIVERY_OPTIONS, SHIPPING_OPTIONS
from shop.checkout.context import CheckoutContext
from shop.checkout.payments import HANDLERS, balance
from shop.contract import PAYMENT_OPTIONS, TEMPLATE_CHECKOUT, TEMPLATE_SIGNED_OUT, Page, PaymentOption
from shop.customers.session import Session
from shop.geography import RETAIL_STORES, short_country
from shop.http_messages import Errors
from shop.ledger import Order
from shop.settings import Conventions, Settings

BASKET_URL = "/baskets/basket/"
_UNAVAILABLE = 1000
_NEEDS_ACCOUNT = 1001
_NO_CREDIT = 1002


def envelope(
    conventions: Conventions,
    entries: list[dict[str, Any]],
    pre_order: Mapping[str, Any] | None,
    errors: Errors | None = None,
) -> dict[str, Any]:
    """The envelope of every reply of the checkout."""
    return {
        "context_list": entries,
        "template_name": TEMPLATE_CHECKOUT,
        "errors": errors or ([] if conventions.no_errors == "list" else None),
        "pre_order": pre_order,
    }


def signed_out(conventions: Conventions) -> dict[str, Any]:
    """The reply for an unknown session."""
    return envelope(conventions, [], None) | {"template_name": TEMPLATE_SIGNED_OUT}


def basket_is_empty(conventions: Conventions) -> dict[str, Any]:
    """The reply for an empty basket.

    It has no pre-order. The storefront's client posts its choices as long as a pre-order lacks them, so an empty pre-order
    would make it post for ever.
    """
    return envelope(conventions, [], None) | {"redirect_url": BASKET_URL}


def entry(conventions: Conventions, page: Page, context: dict[str, Any]) -> dict[str, Any]:
    """A page in the list of an envelope."""
    slug = page.value.lower() if conventions.page_slug == "lower" else page.value
    return {"page_context": context, "page_name": page.value, "page_slug": slug}


def slug_of(settings: Settings, option: PaymentOption) -> str:
    """The slug of a payment option in this shop; its ``payment_type`` is always the slug of the contract."""
    return settings.slugs.get(option.slug, option.slug) if settings.slugs else option.slug


@lru_cache(64)
def _option_document(payment_type: str, slug: str) -> dict[str, Any]:
    option = PAYMENT_OPTIONS[payment_type]
    return {
        "pk": option.pk,
        "name": slug if slug == option.slug else option.label,
        "slug": slug,
        "payment_type": option.slug,
        "payment_type_label": option.label,
    }


def option_document(settings: Settings, option: PaymentOption) -> dict[str, Any]:
    """A payment option as in the API description; with another slug, as in the recorded replies."""
    return _option_document(option.slug, slug_of(settings, option))


def why_unavailable(settings: Settings, session: Session, slug: str) -> tuple[int, str] | None:
    """The code and the message of an unavailable payment option; ``None`` if it is available."""
    if slug in settings.unavailable:
        return _UNAVAILABLE, settings.unavailable[slug]
    if slug in ("saved_card", "stored_card") and session.account is None and not settings.guest_saved_cards:
        return _NEEDS_ACCOUNT, "Sign in to pay with a card of yours."
    if slug == "loyalty_money" and not settings.store_credit:
        return _NO_CREDIT, "There is no store credit left."
    return None


def _payment_options(context: CheckoutContext) -> dict[str, Any]:
    offered, missing = [], []
    for slug, option in PAYMENT_OPTIONS.items():
        reason = why_unavailable(context.settings, context.session, slug)
        if reason is None:
            offered.append(option_document(context.settings, option))
        else:
            missing.append(
                {
                    "name": option.label,
                    "slug": slug_of(context.settings, option),
                    "payment_type": slug,
                    "payment_type_label": option.label,
                    "error_code": reason[0],
                    "error_message": reason[1],
                }
            )
    url = f"{context.origin}/checkout-with-token/{context.pre_order.token}"
    return {
        "checkout_url": url,
        "status_url": f"{url}/status/",
        "payment_options": offered,
        "unavailable_options": missing,
    }


def _index(context: CheckoutContext) -> dict[str, Any]:
    return {
        "is_user_logged_in": context.session.account is not None,
        "can_guest_purchase": context.settings.guest_purchase,
        "has_gift_box": False,
    }


def _addresses(context: CheckoutContext) -> dict[str, Any]:
    return {"addresses": list(context.session.addresses.entries.values()), "country": short_country(1)}


def _stores(context: CheckoutContext) -> dict[str, Any]:
    shown = {**_addresses(context), "retail_stores": [store.document() for store in RETAIL_STORES.values()]}
    if context.pre_order.retail_store is None:
        # The storefront's client posts choices from its lists as long as the pre-order lacks one. Only the shopper can
        # choose a store, so these lists must be empty until then.
        shown |= {"shipping_options": [], "payment_options": []}
    return shown


def _shipping_options(context: CheckoutContext) -> dict[str, Any]:
    chosen = context.pre_order.delivery
    options = [option for option in SHIPPING_OPTIONS.values() if chosen and option.delivery_pk == chosen.pk]
    return {"shipping_options": [option.document() for option in options]}


_SHOWS: Mapping[Page, Callable[[CheckoutContext], dict[str, Any]]] = MappingProxyType(
    {
        Page.INDEX: _index,
        Page.DELIVERY_OPTION: lambda _: {"delivery_options": [row.document() for row in DELIVERY_OPTIONS.values()]},
        Page.ADDRESS_SELECTION: _addresses,
        Page.RETAIL_STORE: _stores,
        Page.SHIPPING_OPTION: _shipping_options,
        Page.PAYMENT_OPTION: _payment_options,
        Page.LOYALTY_USAGE: balance,
        Page.COUPON: lambda _: {"coupons": []},
        Page.ORDER_NOTE: lambda _: {},
    }
)


def page_context(page: Page, context: CheckoutContext) -> dict[str, Any]:
    """The content of a page."""
    show = _SHOWS.get(page) or HANDLERS[context.payment.option.flow].shows.get(page)
    return show(context) if show else {}


def thank_you(context: CheckoutContext, order: Order) -> dict[str, Any]:
    """The content of the last page, for a completed order."""
    return {
        "redirect_url": context.url(f"/orders/completed/{order.token}/"),
        "order_id": order.id,
        "order_number": order.number,
        "new_user": order.new_user,
        "token": order.token,
        "campaigns": [{"code": "1", "message": "Thank you for your order."}],
    }


def _plain(documents: Iterable[Mapping[str, Any] | None]) -> list[dict[str, Any] | None]:
    return [None if document is None else dict(document) for document in documents]


def pre_order_document(context: CheckoutContext) -> dict[str, Any]:
    """The pre-order in every reply of the checkout."""
    session, chosen, payment = context.session, context.pre_order, context.pre_order.payment
    bill = context.bill
    plan = payment.plan if payment else None
    choice, account, credit = _plain(
        (payment.choice, payment.bank_account, payment.credit_option) if payment else (None, None, None)
    )
    return {
        "basket": session.basket.document(),
        "payment_option": option_document(context.settings, payment.option) if payment else None,
        "payment_choice": choice,
        "bank_account": account,
        "credit_payment_option": credit,
        "card_type": payment.card_type if payment else None,
        "installment": plan.document() if plan else None,
        "delivery_option": chosen.delivery.document() if chosen.delivery else None,
        "shipping_option": chosen.shipping.document() if chosen.shipping else None,
        "shipping_address": chosen.shipping_address,
        "billing_address": chosen.billing_address,
        "billing_and_shipping_same": chosen.shipping_address is not None
        and chosen.shipping_address is chosen.billing_address,
        "shipping_amount": str(bill.shipping),
        "total_amount": str(bill.total),
        "total_amount_with_interest": str(bill.charged),
        "unpaid_amount": str(bill.unpaid),
        "loyalty_money": str(bill.loyalty),
        "user_email": session.email,
        "user_phone_number": session.phone,
        "phone_number": session.phone,
        "currency_type_label": CURRENCY,
        "is_guest": session.account is None and bool(session.guest_email),
        "is_post_order": False,
        "is_redirected": payment is not None and payment.redirected,
        "redirect_to_three_d": None,
        "retail_store": chosen.retail_store.document() if chosen.retail_store else None,
        "delivery_range": None,
        "gift_box": None,
        "notes": chosen.notes,
        "notifications": None,
    }
