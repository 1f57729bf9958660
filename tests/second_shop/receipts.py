"""Orders: what the shop writes down, and the completed order as recorded."""

from __future__ import annotations

import itertools
import secrets
from decimal import Decimal
from typing import Any

from second_shop.customers import Session

_NUMBERS = itertools.count(164)


def order_of(session: Session, option: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    """A new order of what the session's pre-order holds; ``document`` is the completed order's own."""
    number = next(_NUMBERS)
    order = {
        "id": number,
        "number": f"2284207301{number:06}",
        "token": secrets.token_hex(16),
        "payment_type": option["payment_type"],
        "amount": state["total_amount"],
        "kind": "guest" if session.customer is None else "returning" if session.customer.remembered else "first_time",
        "email": session.email,
        "delivery": state["delivery_option"]["slug"],
        "products": sorted(session.basket.lines),
    }
    return order | {"document": {"campaigns": [], "order": _document(order, session, option, state)}}


def thank_you(order: dict[str, Any]) -> dict[str, Any]:
    """What the page of thanks says of the order."""
    return {
        "redirect_url": f"/orders/completed/{order['token']}/",
        "order_id": order["id"],
        "order_number": order["number"],
        "new_user": False,
        "token": order["token"],
        "campaigns": [],
    }


def _document(order: dict[str, Any], session: Session, option: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    approved = {"value": "400", "label": "Onaylandı"}
    lines = state["basket"]["basketitem_set"]
    nothing = (
        "shipping_company",
        "tracking_url",
        "shipping_tax_rate",
        "invoice_number",
        "invoice_date",
        "e_archive_url",
        "tracking_number",
        "gift_box_note",
        "delivery_range",
        "shipping_tracking_url",
        "segment",
        "checkout_provider",
    )
    return {
        **dict.fromkeys(nothing),
        "id": order["id"],
        "number": order["number"],
        "status": approved,
        "currency": {"value": "try", "label": "TL"},
        "orderitem_set": [
            {
                "id": 2 * order["id"] + place,
                "status": approved,
                "product": {key: line["product"][key] for key in ("pk", "sku", "base_code", "name", "absolute_url")},
                "is_cancelled": False,
                "is_cancellable": True,
                "price": line["unit_price"],
                "order": order["id"],
            }
            # The platform writes one line for each piece.
            for line in lines
            for place in range(line["quantity"])
        ],
        "discountitem_set": [],
        "is_cancelled": False,
        "is_cancellable": True,
        "is_refundable": False,
        "is_payable": False,
        "shipping_address": state["shipping_address"],
        "billing_address": state["billing_address"],
        "client_type": "default",
        "payment_option": {key: option[key] for key in ("pk", "name", "payment_type", "slug")},
        "payment_option_slug": option["slug"],
        "shipping_option_slug": state["shipping_option"]["slug"],
        "shipping_option": state["shipping_option"]["pk"],
        "amount": order["amount"],
        "amount_without_discount": str(Decimal(order["amount"]) + Decimal(state["basket"]["total_discount_amount"])),
        "discount_amount": state["basket"]["total_discount_amount"],
        "shipping_amount": state["shipping_amount"],
        "refund_amount": "0.00",
        "user_email": order["email"],
        "user": session.customer and session.customer.pk,
        "basket": state["basket"]["pk"],
        "has_gift_box": False,
        "language_code": "tr-tr",
        "notes": session.order.notes,
        "extra_field": {},
        "bin_number": session.order.bin_number or None,
        "installment_count": 1,
        "installment_interest_amount": "0.00",
        "created_date": "2023-05-09T14:32:54.651818Z",
        "modified_date": "2023-05-09T14:33:01.528271Z",
    }
