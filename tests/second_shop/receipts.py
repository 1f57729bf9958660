"""Orders: what the shop writes down, and the completed order as recorded."""

from __future__ import annotations

import itertools
import secrets
from decimal import Decimal
from typing import Any

from second_shop.customers import Session

_NUMBERS = itertools.count(164)


def order_of(session: Session, option: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    """A new order from the session's pre-order; ``document`` is the document of the completed order."""
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
    """What the thank-you page says about the order."""
    return {
        "redirect_url": f"/orders/completed/{order['token']}/",
        "order_id": order["id"],
        "order_number": order["number"],
        "new_user": False,
        "token": order["token"],
        "campaigns": [],
    }


_NOTHING = (
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
_NOTHING_YET = (
    "active_cancellation_request",
    "shipping_company",
    "tracking_url",
    "datasource",
    "datasource_detailed",
    "extra_product_stock",
    "extra_product_stock_detailed",
    "extra_product_price",
    "extra_product_price_detailed",
    "invoice_number",
    "invoice_date",
    "e_archive_url",
    "tracking_number",
    "image",
    "estimated_delivery_date",
    "shipping_tracking_url",
    "parent",
)
_APPROVED = {"value": "400", "label": "Onaylandı"}
_LIRA = {"value": "try", "label": "TL"}
_MADE = {"created_date": "2023-05-09T14:32:54.651818Z", "modified_date": "2023-05-09T14:33:01.528271Z"}


def _document(order: dict[str, Any], session: Session, option: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    chosen, basket = session.order, state["basket"]
    # The platform writes one line for each piece.
    pieces = [line for line in basket["basketitem_set"] for _ in range(line["quantity"])]
    return {
        **dict.fromkeys(_NOTHING),
        **_MADE,
        "id": order["id"],
        "number": order["number"],
        "status": _APPROVED,
        "currency": _LIRA,
        "orderitem_set": [_piece(order, 2 * order["id"] + place, line) for place, line in enumerate(pieces)],
        "discountitem_set": [],
        "is_cancelled": False,
        "is_cancellable": True,
        "is_refundable": False,
        "is_payable": False,
        "shipping_address": _address(chosen.shipping_address or state["shipping_address"]),
        "billing_address": _address(chosen.billing_address or {}),
        "client_type": "default",
        "payment_option": {key: option[key] for key in ("pk", "name", "payment_type", "slug")},
        "payment_option_slug": option["slug"],
        "shipping_option_slug": state["shipping_option"]["slug"],
        "shipping_option": state["shipping_option"]["pk"],
        "bank": {"pk": 1, "name": "Other", "slug": "other", "logo": "https://shop.example/other.jpg"},
        "card": 1,
        "installment": 1,
        "amount": order["amount"],
        "amount_without_discount": str(Decimal(order["amount"]) + Decimal(basket["total_discount_amount"])),
        "discount_amount": basket["total_discount_amount"],
        "shipping_amount": state["shipping_amount"],
        "refund_amount": "0.00",
        "discount_refund_amount": "0.00",
        "shipping_refund_amount": "0.00",
        "remote_addr": "127.0.0.1",
        "user_email": order["email"],
        "user": session.customer and session.customer.pk,
        "basket": basket["pk"],
        "has_gift_box": False,
        "language_code": "tr-tr",
        "notes": chosen.notes,
        "extra_field": {},
        "bin_number": chosen.bin_number or None,
        "installment_count": 1,
        "installment_interest_amount": "0.00",
    }


def _address(address: dict[str, Any]) -> dict[str, Any]:
    return address | {name: address.get(name) or "" for name in ("company_name", "tax_office", "tax_no")}


def _piece(order: dict[str, Any], pk: int, line: dict[str, Any]) -> dict[str, Any]:
    product = line["product"]
    kept = ("pk", "sku", "base_code", "name", "absolute_url", "attributes", "attributes_kwargs", "extra_attributes")
    shown = {key: product[key] for key in (*kept, "form_schema", "data_source")}
    return {
        **dict.fromkeys(_NOTHING_YET),
        **_MADE,
        "id": pk,
        "status": _APPROVED,
        "price_currency": _LIRA,
        "product": shown | {"image": "https://shop.example/image.jpg"},
        "is_cancelled": False,
        "is_cancellable": True,
        "is_refundable": False,
        "is_tradable": False,
        "cancellationrequest_set": [],
        "available_easy_return_shipping_companies": [
            {"pk": 1, "shipping_company": {"value": "yurtici", "label": "Yurtiçi Kargo"}}
        ],
        "attributes": {},
        "attributes_kwargs": {},
        "localized_attributes": {},
        "localized_attributes_kwargs": {},
        "price": line["unit_price"],
        "retail_price": line["retail_price"],
        "tax_rate": line["tax_rate"],
        "extra_field": {"price_extra_field": {}, "stock_extra_field": {}},
        "order": order["id"],
    }
