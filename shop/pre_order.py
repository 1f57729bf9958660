"""The order so far: what a shopper has chosen, step by step, and what it comes to.

The steps are basket, address, delivery, shipping, store credit, payment option, its pages, the code by SMS;
changing one resets those after it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from shop.catalogue import DeliveryOption, Plan, Product, ShippingOption
from shop.contract import Page, PaymentOption
from shop.sms import Verification

ZERO = Decimal("0.00")


@dataclass(slots=True)
class Line:
    """So many pieces of one product."""

    pk: int
    product: Product
    quantity: int

    @property
    def amount(self) -> Decimal:
        """What the line costs."""
        return self.product.price * self.quantity

    def document(self) -> dict[str, Any]:
        """The line as the API shows it."""
        return {
            "pk": self.pk,
            "product": self.product.document(),
            "quantity": self.quantity,
            "unit_price": str(self.product.price),
            "total_amount": str(self.amount),
        }


@dataclass(slots=True)
class Basket:
    """What lies in a shopper's basket, by product pk."""

    pk: int
    lines: dict[str, Line] = field(default_factory=dict)

    @property
    def amount(self) -> Decimal:
        """What the basket costs, without shipping."""
        return sum((line.amount for line in self.lines.values()), ZERO)

    def add(self, product: Product, quantity: int) -> None:
        """Put so many pieces more of a product in the basket."""
        key = str(product.pk)
        if key in self.lines:
            self.lines[key].quantity += quantity
        else:
            self.lines[key] = Line(len(self.lines) + 1, product, quantity)

    def document(self) -> dict[str, Any]:
        """The basket as the API shows it."""
        return {
            "pk": self.pk,
            "basketitem_set": [line.document() for line in self.lines.values()],
            "total_amount": str(self.amount),
            "total_quantity": sum(line.quantity for line in self.lines.values()),
            "currency_type_label": "TRY",
        }


@dataclass(slots=True)
class Payment:
    """How far a shopper has come in paying by one option.

    ``page`` is the page she stands on, ``visited`` those she was shown (``page`` included). ``reference`` names the
    visit to a bank, wallet or provider she is expected back from, ``return_page`` where she will come back to.
    ``token`` is what the page gave her to send back: a wallet's token, a confirmation's payment token.
    """

    option: PaymentOption
    page: Page
    visited: list[Page]
    card_type: dict[str, Any] | None = None
    bin_number: str = field(default="", repr=False)
    plans: tuple[Plan, ...] = ()
    plan: Plan | None = None
    choice: dict[str, Any] | None = None
    bank_account: dict[str, Any] | None = None
    credit_option: dict[str, Any] | None = None
    saved_card: bool = False
    reference: str = ""
    return_page: Page | None = None
    approved: bool = True
    redirected: bool = False
    token: str = ""
    order_no: str = ""


@dataclass(slots=True)
class PreOrder:
    """Everything chosen since the basket was filled; ``None`` where nothing is chosen yet."""

    token: str
    shipping_address: dict[str, Any] | None = None
    billing_address: dict[str, Any] | None = None
    delivery: DeliveryOption | None = None
    shipping: ShippingOption | None = None
    loyalty: Decimal = ZERO
    payment: Payment | None = None
    verification: Verification | None = None

    def restart(self) -> None:
        """The basket has changed: choose everything again."""
        self.shipping_address = self.billing_address = None
        self.after_address()

    def after_address(self) -> None:
        """The address has changed: choose delivery and all that follows again."""
        self.delivery = None
        self.after_delivery()

    def after_delivery(self) -> None:
        """The delivery option has changed: choose shipping and payment again."""
        self.shipping = None
        self.after_shipping()

    def after_shipping(self) -> None:
        """The shipping option, and so the total, has changed: choose payment again."""
        self.loyalty = ZERO
        self.after_loyalty()

    def after_loyalty(self) -> None:
        """What is left to pay has changed: choose how to pay it."""
        self.payment = None
        self.verification = None


@dataclass(frozen=True, slots=True)
class Bill:
    """What an order comes to, as exact amounts."""

    items: Decimal
    shipping: Decimal
    loyalty: Decimal
    interest: Decimal

    @property
    def total(self) -> Decimal:
        """Items and shipping."""
        return self.items + self.shipping

    @property
    def unpaid(self) -> Decimal:
        """What is left when store credit has been used."""
        return self.total - self.loyalty

    @property
    def charged(self) -> Decimal:
        """What the shopper pays in all, interest of installments included; the order's amount."""
        return self.total + self.interest


def bill_of(basket: Basket, chosen: PreOrder) -> Bill:
    """What the basket comes to with all that is chosen."""
    shipping = chosen.shipping.amount if chosen.shipping else ZERO
    items = basket.amount
    plan = chosen.payment.plan if chosen.payment else None
    interest = plan.price - (items + shipping - chosen.loyalty) if plan else ZERO
    return Bill(items, shipping, chosen.loyalty, interest)
