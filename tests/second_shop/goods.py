"""What the shop sells, and baskets of it, in the recorded shapes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

_PRICES = {212: "54.49", 37: "59.00", 154: "29.99", 29: "1349.00", 301: "0.95"}
CENT = Decimal("0.01")


def product(pk: int, *, stock: int) -> dict[str, Any]:
    """One product as recorded."""
    return {
        "pk": pk,
        "name": f"Product {pk}",
        "sku": f"AKN-{pk:03}",
        "base_code": f"AKN-{pk:03}",
        "attributes": {},
        "attribute_set": 6,
        "attributes_kwargs": {},
        "extra_attributes": {},
        "productimage_set": [
            {
                "pk": 2 * pk,
                "status": "active",
                "image": "https://shop.example/image.jpg",
                "order": 0,
                "created_date": "2023-01-09T07:02:08.250452Z",
                "specialimage_set": [],
            }
        ],
        "price": _PRICES[pk],
        "in_stock": stock > 0,
        "currency_type": "try",
        "retail_price": _PRICES[pk],
        "unit_type": "qty",
        "absolute_url": f"/product/{pk}/",
        "productvideo_set": [],
        "product_type": "0",
        "price_type": "default",
        "form_schema": None,
        "is_ready_to_basket": False,
        "stock": stock,
        "data_source": None,
    }


def is_sold(pk: Any) -> bool:
    """Whether a product of this primary key exists."""
    return not isinstance(pk, bool) and str(pk).isdecimal() and int(pk) in _PRICES


def products(sold_out: list[int]) -> list[dict[str, Any]]:
    """All products."""
    return [product(pk, stock=0 if pk in sold_out else 900) for pk in _PRICES]


def card_plans(pk: str) -> dict[str, Any]:
    """The table of installments for a product, for cards of one bank."""
    price = float(_PRICES.get(int(pk) if pk.isdecimal() else 0, "0"))
    one = {"pk": 1, "name": "Other", "slug": "other", "logo": "https://shop.example/other.jpg"}
    plan = {
        "pk": 1,
        "card": 1,
        "installment_count": 1,
        "label": "1",
        "interest_rate": "0.000000",
        "is_active": True,
        "config": {},
        "translations": None,
        "amount": price,
        "interest_amount": 0,
        "single_installment_amount": price,
        "total_amount": price,
    }
    return {
        "pk": 1,
        "name": "Other",
        "bank": one,
        "card_type": one,
        "card_payment_type": "credit",
        "cash_payment": 1,
        "installment_payment": 1,
        "slug": "other",
        "three_d_payment": 1,
        "is_commerce_card": False,
        "installments": [plan],
    }


class Basket:
    """The lines of one session's basket."""

    def __init__(self, pk: int) -> None:
        self.pk = pk
        self.lines: dict[int, int] = {}
        self.voucher: str | None = None

    @property
    def quantity(self) -> int:
        return sum(self.lines.values())

    @property
    def amount(self) -> Decimal:
        return sum((Decimal(_PRICES[pk]) * quantity for pk, quantity in self.lines.items()), Decimal("0.00"))

    def total(self, campaign: Decimal) -> Decimal:
        """What the goods cost after the campaign's discount, which leaves at least a cent to pay."""
        return max(self.amount - campaign, CENT) if self.lines else Decimal("0.00")

    def document(self, campaign: Decimal) -> dict[str, Any]:
        total = self.total(campaign)
        off = self.amount - total
        discounts = [{"description": "A campaign.", "discount": str(off)}] if off else []
        return {
            "basketitem_set": [self._line(n, *line, discounts) for n, line in enumerate(self.lines.items(), 95)],
            "total_amount": str(total),
            "total_quantity": self.quantity,
            "unavailable_basket_products": [],
            "upsell_details": [],
            "upsell_messages": [],
            "discounts": discounts,
            "total_discount_amount": str(off),
            "total_product_amount": str(self.amount),
            "voucher_code": self.voucher,
            "pk": self.pk,
            "created_date": "2023-04-27T12:12:28.890431Z",
            "modified_date": "2023-04-27T12:12:28.890452Z",
            "segment": {"pk": 2, "stock_list": None, "price_list": None},
        }

    def _line(self, number: int, pk: int, quantity: int, badges: list[dict[str, Any]]) -> dict[str, Any]:
        price = Decimal(_PRICES[pk])
        return {
            "quantity": quantity,
            "product": product(pk, stock=900),
            "unit_price": str(price),
            "currency_type": "try",
            "currency_type_label": "TL",
            "tax_rate": "5.00",
            "total_amount": str(price * quantity),
            "shipping_discount": None,
            "attributes": {},
            "id": number,
            "attributes_kwargs": {},
            "image": None,
            "parent": None,
            "offer_badges": badges,
            "price": str(price),
            "retail_price": str(price),
            "stock": 900,
            "discount_amount": "0.00",
            "datasource": None,
            "datasource_detailed": None,
            "extra_product_stock_detailed": None,
            "extra_product_price_detailed": None,
        }
