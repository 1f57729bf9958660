"""What there is to buy, and the ways to have it delivered and paid: the same in every shop of one seed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Any

CURRENCY = "TRY"
_CENT = Decimal("0.01")
_NAMES = (
    "Kettle", "Lamp", "Chair", "Mug", "Rug", "Clock", "Vase", "Shelf", "Basket", "Mirror", "Stool", "Blanket",
    "Teapot", "Frame", "Candle", "Tray", "Cushion", "Bowl", "Plate", "Jug", "Bench", "Towel", "Apron", "Carafe",
)  # fmt: skip


def cents(amount: Decimal) -> Decimal:
    """An amount rounded to hundredths, half up, as a till does."""
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Product:
    """Something to buy, with its price per piece."""

    pk: int
    name: str
    sku: str
    price: Decimal

    def document(self) -> dict[str, Any]:
        """The product as the API shows it."""
        return {
            "pk": self.pk,
            "name": self.name,
            "sku": self.sku,
            "price": str(self.price),
            "currency_type": CURRENCY.lower(),
            "in_stock": True,
        }


@dataclass(frozen=True, slots=True)
class DeliveryOption:
    """Where the parcel goes: to the customer, or to a store."""

    pk: int
    slug: str
    name: str
    kind: str

    def document(self) -> dict[str, Any]:
        """The option as the API shows it."""
        return {"pk": self.pk, "slug": self.slug, "name": self.name, "delivery_option_type": self.kind}


@dataclass(frozen=True, slots=True)
class ShippingOption:
    """Who carries the parcel, and for how much; offered with one delivery option."""

    pk: int
    slug: str
    name: str
    amount: Decimal
    delivery_pk: int

    def document(self) -> dict[str, Any]:
        """The option as the API shows it."""
        return {"pk": self.pk, "slug": self.slug, "name": self.name, "shipping_amount": str(self.amount)}


@dataclass(frozen=True, slots=True)
class Plan:
    """Paying in so many installments, and what that comes to."""

    pk: int
    count: int
    monthly: Decimal
    price: Decimal

    def document(self) -> dict[str, Any]:
        """The plan as the API shows it."""
        return {
            "pk": self.pk,
            "installment_count": self.count,
            "label": "Single payment" if self.count == 1 else f"{self.count} installments",
            "monthly_price_with_accrued_interest": str(self.monthly),
            "price_with_accrued_interest": str(self.price),
        }


def products(seed: int) -> Mapping[str, Product]:
    """Everything on the shelves, by pk (``"1"``, ``"2"``, ...), priced by the seed."""
    rng = random.Random(f"prices {seed}")
    return MappingProxyType(
        {
            str(pk): Product(pk, name, f"SKU-{pk:05d}", Decimal(rng.randint(1_000, 60_000)) / 100)
            for pk, name in enumerate(_NAMES, start=1)
        }
    )


def plans(amount: Decimal, monthly_interest: float) -> tuple[Plan, ...]:
    """The installment plans for an amount: each month beyond the first costs interest."""
    interest = Decimal(str(monthly_interest))
    rows = []
    for pk, count in enumerate((1, 2, 3, 6, 9), start=1):
        price = cents(amount * (1 + interest * (count - 1)))
        rows.append(Plan(pk, count, cents(price / count), price))
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
            "bank": {"pk": pk, "name": bank, "slug": bank.lower()},
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
"""As the API description prints them."""

CARD_OF_HERS: Mapping[str, Any] = MappingProxyType({"pk": 1, "name": "My card", "masked_card_number": "**** 1111"})
"""The one stored card that every shopper has; its full number is nowhere but at the bank."""


def card_type(number: str) -> dict[str, Any]:
    """Which network a card number, or its first digits, belongs to."""
    names = {"4": "Visa", "5": "Mastercard", "2": "Mastercard", "9": "Troy"}
    name = names.get(number[:1], "Other")
    return {"name": name, "slug": name.lower(), "logo": f"/static/cards/{name.lower()}.svg"}
