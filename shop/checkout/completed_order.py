"""The document of a completed order, for ``/orders/completed/<token>/``."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from shop.catalogue import CURRENCY, TAX_RATE, api_timestamp
from shop.customers.address_book import full_document
from shop.ledger import Order

_STATUS = {"value": "400", "label": "Approved"}
_CURRENCY = {"value": CURRENCY.lower(), "label": CURRENCY}
_BANK = {"pk": 1, "name": "Other", "slug": "other", "logo": "/static/banks/other.svg"}
_EMPTY_ORDER_FIELDS = (
    "shipping_company", "tracking_url", "shipping_tax_rate", "invoice_number", "invoice_date", "e_archive_url",
    "tracking_number", "gift_box_note", "delivery_range", "shipping_tracking_url", "segment", "checkout_provider",
)  # fmt: skip
_EMPTY_ITEM_FIELDS = (
    "active_cancellation_request", "shipping_company", "tracking_url", "datasource_detailed",
    "extra_product_stock_detailed", "extra_product_price_detailed", "invoice_number", "invoice_date", "e_archive_url",
    "tracking_number", "image", "estimated_delivery_date", "shipping_tracking_url", "parent", "extra_product_price",
    "extra_product_stock", "datasource",
)  # fmt: skip
"""Fields that are always empty, because this shop ships nothing."""
_COMPANY_FIELDS = ("company_name", "tax_office", "tax_no")
_EASY_RETURN = {"pk": 1, "shipping_company": {"value": "standard", "label": "Standard"}}
_PRODUCT_FIELDS = (
    "pk", "sku", "base_code", "name", "absolute_url", "attributes", "attributes_kwargs", "form_schema", "data_source",
    "extra_attributes",
)  # fmt: skip


def completed_order_document(order: Order) -> dict[str, Any]:
    """The document with the order and its campaigns."""
    return {"order": _order(order), "campaigns": []}


def _order(order: Order) -> dict[str, Any]:
    before, customer = order.pre_order.read(), order.customer.read()
    moment = api_timestamp(order.placed)
    option = before["payment_option"]
    goods = Decimal(before["total_amount"])
    return {
        **dict.fromkeys(_EMPTY_ORDER_FIELDS),
        "id": order.id,
        "number": order.number,
        "status": _STATUS,
        "currency": _CURRENCY,
        "amount": str(order.amount),
        "amount_without_discount": str(goods),
        "discount_amount": "0.00",
        "shipping_amount": before["shipping_amount"],
        "refund_amount": "0.00",
        "discount_refund_amount": "0.00",
        "shipping_refund_amount": "0.00",
        "installment_interest_amount": str(order.interest),
        "installment_count": order.installments,
        "installment": order.installments,
        "bin_number": order.bin_number,
        "card": 1,
        "bank": _BANK,
        "orderitem_set": [_item(order, line, moment) for line in before["basket"]["basketitem_set"]],
        "discountitem_set": [],
        "is_cancelled": False,
        "is_cancellable": True,
        "is_refundable": False,
        "is_payable": False,
        "shipping_address": _address(before["shipping_address"], customer),
        "billing_address": _address(before["billing_address"], customer),
        "payment_option": {name: option[name] for name in ("pk", "name", "payment_type", "slug")},
        "payment_option_slug": option["slug"],
        "shipping_option": before["shipping_option"]["pk"],
        "shipping_option_slug": before["shipping_option"]["slug"],
        "client_type": "default",
        "created_date": moment,
        "modified_date": moment,
        "remote_addr": "127.0.0.1",
        "has_gift_box": False,
        "language_code": "en-us",
        "notes": before["notes"],
        "extra_field": {},
        "user_email": order.email,
        "user": customer["pk"],
        "basket": before["basket"]["pk"],
    }


def _address(entry: Mapping[str, Any] | None, customer: Mapping[str, Any]) -> dict[str, Any] | None:
    if entry is None:
        return None
    # Null in an address book, but an empty text in an order, as in the recorded replies.
    return full_document(entry, customer) | {name: entry[name] or "" for name in _COMPANY_FIELDS}


def _item(order: Order, line: Mapping[str, Any], moment: str) -> dict[str, Any]:
    product = line["product"]
    return {
        **dict.fromkeys(_EMPTY_ITEM_FIELDS),
        "id": line["pk"],
        "order": order.id,
        "status": _STATUS,
        "price_currency": _CURRENCY,
        "product": {name: product[name] for name in _PRODUCT_FIELDS}
        | {"image": product["productimage_set"][0]["image"]},
        "quantity": line["quantity"],
        "price": line["total_amount"],
        "retail_price": line["retail_price"],
        "tax_rate": TAX_RATE,
        "is_cancelled": False,
        "is_cancellable": True,
        "is_refundable": False,
        "is_tradable": False,
        "cancellationrequest_set": [],
        "available_easy_return_shipping_companies": [_EASY_RETURN],
        "attributes": {},
        "attributes_kwargs": {},
        "localized_attributes": {},
        "localized_attributes_kwargs": {},
        "extra_field": {"price_extra_field": {}, "stock_extra_field": {}},
        "created_date": moment,
        "modified_date": moment,
    }
