"""Products, delivery options, shipping options and installment plans. The seed sets the prices."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any

CURRENCY = "TRY"
STOCK = 1_000
TAX_RATE = "20.00"
OPENING_DATE = "2024-01-01T00:00:00.000000Z"
"""The creation date of everything that exists from the start."""

_CENT = Decimal("0.01")
_NAMES = (
    "Kettle", "Lamp", "Chair", "Mug", "Rug", "Clock", "Vase", "Shelf", "Basket", "Mirror", "Stool", "Blanket",
    "Teapot", "Frame", "Candle", "Tray", "Cushion", "Bowl", "Plate", "Jug", "Bench", "Towel", "Apron", "Carafe",
)  # fmt: skip


def cents(amount: Decimal) -> Decimal:
    """Round an amount to hundredths, half up."""
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP)


def api_timestamp(moment: float) -> str:
    """A time in the form of the API."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


@dataclass(frozen=True, slots=True)
class Product:
    """A product, with its price per piece."""

    pk: int
    name: str
    sku: str
    price: Decimal

    def document(self) -> dict[str, Any]:
        """The product in the form of the API. The object is shared: do not change it."""
        return _product_document(self)


@lru_cache(256)
def _product_document(product: Product) -> dict[str, Any]:
    picture = f"/media/products/{product.pk}.jpg"
    return {
        "pk": product.pk,
        "name": product.name,
        "sku": product.sku,
        "base_code": product.sku,
        "price": str(product.price),
        "retail_price": str(product.price),
        "currency_type": CURRENCY.lower(),
        "in_stock": True,
        "stock": STOCK,
        "attributes": {},
        "attribute_set": 1,
        "attributes_kwargs": {},
        "extra_attributes": {},
        "productimage_set": [
            {
                "pk": product.pk,
                "status": "active",
                "image": picture,
                "order": 0,
                "created_date": OPENING_DATE,
                "specialimage_set": [],
            }
        ],
        "unit_type": "qty",
        "absolute_url": f"/product/{product.pk}/",
        "productvideo_set": [],
        "product_type": "0",
        "price_type": "default",
        "form_schema": None,
        "is_ready_to_basket": False,
        "data_source": None,
    }


@dataclass(frozen=True, slots=True)
class DeliveryOption:
    """A delivery option: to the customer, or to a store."""

    pk: int
    slug: str
    name: str
    kind: str

    @property
    def to_store(self) -> bool:
        """Whether the shopper collects the parcel in a store."""
        return self.kind == "retail_store"

    def document(self) -> dict[str, Any]:
        """The option in the form of the API."""
        return {
            "pk": self.pk,
            "slug": self.slug,
            "name": self.name,
            "delivery_option_type": self.kind,
            "sort_order": self.pk,
        }


@dataclass(frozen=True, slots=True)
class ShippingOption:
    """A shipping option: a carrier and its price, for one delivery option."""

    pk: int
    slug: str
    name: str
    amount: Decimal
    delivery_pk: int

    def document(self) -> dict[str, Any]:
        """The option in the form of the API."""
        return {
            "pk": self.pk,
            "name": self.name,
            "slug": self.slug,
            "logo": None,
            "shipping_amount": str(self.amount),
            "description": None,
            "kwargs": {},
        }


@dataclass(frozen=True, slots=True)
class InstallmentPlan:
    """A number of installments, and the total price with them."""

    pk: int
    count: int
    monthly: Decimal
    price: Decimal

    def document(self) -> dict[str, Any]:
        """The plan in the form of the API."""
        return {
            "pk": self.pk,
            "installment_count": self.count,
            "label": "Single payment" if self.count == 1 else f"{self.count} installments",
            "monthly_price_with_accrued_interest": str(self.monthly),
            "price_with_accrued_interest": str(self.price),
        }


def products(seed: int) -> Mapping[str, Product]:
    """All products by pk (``"1"``, ``"2"``, ...); the seed sets their prices."""
    rng = random.Random(f"prices {seed}")
    return MappingProxyType(
        {
            str(pk): Product(pk, name, f"SKU-{pk:05d}", Decimal(rng.randint(1_000, 60_000)) / 100)
            for pk, name in enumerate(_NAMES, start=1)
        }
    )


def installment_plans(amount: Decimal, monthly_interest: float) -> tuple[InstallmentPlan, ...]:
    """The installment plans for an amount. Each month after the first costs interest."""
    interest = Decimal(str(monthly_interest))
    rows = []
    for pk, count in enumerate((1, 2, 3, 6, 9), start=1):
        price = cents(amount * (1 + interest * (count - 1)))
        rows.append(InstallmentPlan(pk, count, cents(price / count), price))
    return tuple(rows)


DELIVERY_OPTIONS: Mapping[str, DeliveryOption] = MappingProxyType(
    {
        "1": DeliveryOption(1, "home_delivery", "Home Delivery", "customer"),
        "2": DeliveryOption(2, "click_and_collect", "Click and Collect", "retail_store"),
    }
)

SHIPPING_OPTIONS: Mapping[str, ShippingOption] = MappingProxyType(
    {
        "1": ShippingOption(1, "standard", "Standard", Decimal("29.90"), 1),
        "2": ShippingOption(2, "express", "Express", Decimal("59.90"), 1),
        "3": ShippingOption(3, "pickup", "Pick Up", Decimal("0.00"), 2),
    }
)

BANK_ACCOUNTS: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        str(pk): {
            "pk": pk,
            "name": f"{bank} account",
            "holder_name": "Checkload Shop",
            "iban": f"TR00000000000000000000000{pk}",
            "description": "",
            "sort_order": pk,
            "bank": {"pk": pk, "name": bank, "slug": bank.lower(), "logo": f"/static/banks/{bank.lower()}.svg"},
        }
        for pk, bank in ((1, "Northbank"), (2, "Southbank"))
    }
)

CREDIT_OPTIONS: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        str(pk): {"pk": pk, "name": name, "slug": name.lower().replace(" ", "_"), "price": "0.00"}
        for pk, name in ((1, "Shopping Credit"), (2, "Short Credit"))
    }
)

DELIVERY_PAYMENT_CHOICES: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        "credit_card": {"label": "Kredi Karti", "sku": "00001", "value": "credit_card"},
        "cash": {"label": "Pesin", "sku": "00002", "value": "cash"},
    }
)
"""As in the API description."""

CUSTOMER_CARD: Mapping[str, Any] = MappingProxyType({"pk": 1, "name": "My card", "masked_card_number": "**** 1111"})
"""The stored card that every shopper has. The shop does not know its full number."""


def card_type(number: str) -> dict[str, Any]:
    """The card network of a card number, or of its first digits."""
    names = {"4": "Visa", "5": "Mastercard", "2": "Mastercard", "9": "Troy"}
    name = names.get(number[:1], "Other")
    return {"name": name, "slug": name.lower(), "logo": f"/static/cards/{name.lower()}.svg"}


def installment_table(amount: Decimal, monthly_interest: float) -> list[dict[str, Any]]:
    """The prices of a product for each kind of card and number of installments, as in ``/payments/cards/``."""
    bank = {"pk": 1, "name": "Other", "slug": "other", "logo": "/static/banks/other.svg"}
    offered = installment_plans(amount, monthly_interest)
    return [
        {
            "pk": card,
            "name": kind["name"],
            "slug": kind["slug"],
            "bank": bank,
            "card_type": {"pk": card, **kind},
            "card_payment_type": "credit",
            "cash_payment": 1,
            "installment_payment": 1,
            "three_d_payment": 1,
            "is_commerce_card": False,
            "installments": [_installment(card, plan, amount) for plan in offered],
        }
        for card, kind in enumerate(map(card_type, ("4", "5", "9")), start=1)
    ]


def _installment(card: int, plan: InstallmentPlan, amount: Decimal) -> dict[str, Any]:
    # Amounts are numbers here and texts everywhere else, as in the recorded replies.
    interest = plan.price - amount
    return {
        "pk": plan.pk,
        "card": card,
        "installment_count": plan.count,
        "label": str(plan.count),
        "interest_rate": f"{interest / amount:.6f}",
        "is_active": True,
        "config": {},
        "translations": None,
        "amount": float(amount),
        "interest_amount": float(interest),
        "single_installment_amount": float(plan.monthly),
        "total_amount": float(plan.price),
    }
