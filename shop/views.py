"""How the checkout shows itself: the envelope around every reply, the order so far, and what each page holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shop.catalogue import CURRENCY, DELIVERY_OPTIONS, SHIPPING_OPTIONS
from shop.contract import PAYMENT_OPTIONS, TEMPLATE_CHECKOUT, TEMPLATE_SIGNED_OUT, Page, PaymentOption
from shop.exchange import Errors
from shop.ledger import Order
from shop.payments import HANDLERS
from shop.pre_order import bill_of
from shop.session import Session
from shop.settings import Conventions, Settings
from shop.till import Till

BASKET_URL = "/baskets/basket/"
_UNAVAILABLE = 1000
_NEEDS_ACCOUNT = 1001
_NO_CREDIT = 1002


def envelope(
    conventions: Conventions,
    entries: list[dict[str, Any]],
    pre_order: Mapping[str, Any],
    errors: Errors | None = None,
) -> dict[str, Any]:
    """The shape of every reply of the checkout."""
    return {
        "context_list": entries,
        "template_name": TEMPLATE_CHECKOUT,
        "errors": errors or ([] if conventions.no_errors == "list" else None),
        "pre_order": pre_order,
    }


def signed_out(conventions: Conventions) -> dict[str, Any]:
    """The answer to somebody whose session the shop does not know."""
    return envelope(conventions, [], {}) | {"template_name": TEMPLATE_SIGNED_OUT}


def basket_is_empty(conventions: Conventions, pre_order: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to somebody with nothing to check out."""
    return envelope(conventions, [], pre_order) | {"redirect_url": BASKET_URL}


def entry(conventions: Conventions, page: Page, context: dict[str, Any]) -> dict[str, Any]:
    """One page in the list of an envelope."""
    slug = page.value.lower() if conventions.page_slug == "lower" else page.value
    return {"page_context": context, "page_name": page.value, "page_slug": slug}


def option_document(option: PaymentOption) -> dict[str, Any]:
    """A payment option as the API description prints it."""
    return {
        "pk": option.pk,
        "name": option.slug,
        "slug": option.slug,
        "payment_type": option.slug,
        "payment_type_label": option.label,
    }


_OPTION_DOCUMENTS = {slug: option_document(option) for slug, option in PAYMENT_OPTIONS.items()}


def why_unavailable(settings: Settings, session: Session, slug: str) -> tuple[int, str] | None:
    """The code and message that say why a shopper cannot have a payment option; ``None`` if she can."""
    if slug in settings.unavailable:
        return _UNAVAILABLE, settings.unavailable[slug]
    if slug in ("saved_card", "stored_card") and session.account is None and not settings.guest_saved_cards:
        return _NEEDS_ACCOUNT, "Sign in to pay with a card of yours."
    if slug == "loyalty_money" and not settings.store_credit:
        return _NO_CREDIT, "There is no store credit left."
    return None


def _payment_options(till: Till) -> dict[str, Any]:
    offered, missing = [], []
    for slug, option in PAYMENT_OPTIONS.items():
        reason = why_unavailable(till.settings, till.session, slug)
        if reason is None:
            offered.append(_OPTION_DOCUMENTS[slug])
        else:
            missing.append(
                {
                    "name": option.label,
                    "slug": slug,
                    "payment_type": slug,
                    "payment_type_label": option.label,
                    "error_code": reason[0],
                    "error_message": reason[1],
                }
            )
    url = f"{till.origin}/checkout-with-token/{till.pre_order.token}"
    return {
        "checkout_url": url,
        "status_url": f"{url}/status/",
        "payment_options": offered,
        "unavailable_options": missing,
    }


def page_context(page: Page, till: Till) -> dict[str, Any]:
    """What a page before the payment, or of the payment, holds."""
    match page:
        case Page.INDEX:
            return {"can_guest_purchase": till.settings.guest_purchase}
        case Page.ADDRESS_SELECTION:
            return {"addresses": list(till.session.addresses.entries.values())}
        case Page.DELIVERY_OPTION:
            return {"delivery_options": [option.document() for option in DELIVERY_OPTIONS.values()]}
        case Page.SHIPPING_OPTION:
            chosen = till.pre_order.delivery
            return {
                "shipping_options": [
                    option.document()
                    for option in SHIPPING_OPTIONS.values()
                    if chosen is not None and option.delivery_pk == chosen.pk
                ]
            }
        case Page.PAYMENT_OPTION:
            return _payment_options(till)
        case _:
            show = HANDLERS[till.payment.option.flow].shows.get(page)
            return show(till) if show else {}


def thank_you(till: Till, order: Order) -> dict[str, Any]:
    """What the last page says of a sold order."""
    return {
        "redirect_url": till.url(f"/orders/completed/{order.token}/"),
        "order_id": order.id,
        "order_number": order.number,
        "new_user": order.new_user,
        "token": order.token,
        "campaigns": [{"code": "1", "message": "Thank you for your order."}],
    }


def _plain(documents: Iterable[Mapping[str, Any] | None]) -> list[dict[str, Any] | None]:
    return [None if document is None else dict(document) for document in documents]


def pre_order_document(session: Session) -> dict[str, Any]:
    """The order so far as every reply of the checkout echoes it."""
    chosen, payment = session.pre_order, session.pre_order.payment
    bill = bill_of(session.basket, chosen)
    plan = payment.plan if payment else None
    choice, account, credit = _plain(
        (payment.choice, payment.bank_account, payment.credit_option) if payment else (None, None, None)
    )
    return {
        "basket": session.basket.document(),
        "payment_option": _OPTION_DOCUMENTS[payment.option.slug] if payment else None,
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
        and chosen.shipping_address == chosen.billing_address,
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
        "retail_store": None,
        "gift_box": None,
        "notes": None,
    }
