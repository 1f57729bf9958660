"""The order so far: what a shopper has chosen, step by step, and what it comes to.

The steps are the basket, those of ``shop/checkout/steps.py``, store credit, payment option, its pages, the code by SMS;
changing one resets those after it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from shop.catalogue import (
    CURRENCY,
    STOCK,
    TAX_RATE,
    DeliveryOption,
    InstallmentPlan,
    Product,
    ShippingOption,
    api_timestamp,
)
from shop.contract import Page, PaymentOption
from shop.geography import RetailStore
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
        amount, price = str(self.amount), str(self.product.price)
        return {
            "pk": self.pk,
            "id": self.pk,
            "quantity": self.quantity,
            "product": self.product.document(),
            "unit_price": price,
            "price": amount,
            "retail_price": amount,
            "total_amount": amount,
            "discount_amount": "0.00",
            "tax_rate": TAX_RATE,
            "currency_type": CURRENCY.lower(),
            "currency_type_label": CURRENCY,
            "stock": STOCK,
            "attributes": {},
            "attributes_kwargs": {},
            "offer_badges": [],
            "shipping_discount": None,
            "image": None,
            "parent": None,
            "datasource": None,
            "datasource_detailed": None,
            "extra_product_stock_detailed": None,
            "extra_product_price_detailed": None,
        }


@dataclass(slots=True)
class Basket:
    """What lies in a shopper's basket, by product pk."""

    pk: int
    lines: dict[str, Line] = field(default_factory=dict)
    voucher: str | None = None
    created: float = 0.0
    changed: float = 0.0
    last_line: int = 0
    _document: dict[str, Any] | None = None

    @property
    def amount(self) -> Decimal:
        """What the basket costs, without shipping."""
        return sum((line.amount for line in self.lines.values()), ZERO)

    def add(self, product: Product, quantity: int, now: float) -> None:
        """Put so many pieces more of a product in the basket."""
        held = self.lines.get(str(product.pk))
        self.put(product, quantity + (held.quantity if held else 0), now)

    def put(self, product: Product, quantity: int, now: float) -> None:
        """Have so many pieces of a product in the basket; of none there is no line."""
        key = str(product.pk)
        if quantity == 0:
            self.lines.pop(key, None)
        elif key in self.lines:
            self.lines[key].quantity = quantity
        else:
            self.last_line += 1
            self.lines[key] = Line(self.last_line, product, quantity)
        self.touch(now)

    def clear(self, now: float) -> None:
        """Take everything out."""
        self.lines.clear()
        self.voucher = None
        self.touch(now)

    def touch(self, now: float) -> None:
        """The basket has changed."""
        self.created = self.created or now
        self.changed = now
        self._document = None

    def document(self) -> dict[str, Any]:
        """The basket as the API shows it; the same object until the basket changes: do not change it."""
        if self._document is None:
            self._document = self._written()
        return self._document

    def _written(self) -> dict[str, Any]:
        amount = str(self.amount)
        return {
            "pk": self.pk,
            "basketitem_set": [line.document() for line in self.lines.values()],
            "total_amount": amount,
            "total_product_amount": amount,
            "total_discount_amount": "0.00",
            "total_quantity": sum(line.quantity for line in self.lines.values()),
            "currency_type_label": CURRENCY,
            "unavailable_basket_products": [],
            "upsell_details": [],
            "upsell_messages": [],
            "discounts": [],
            "voucher_code": self.voucher,
            "created_date": api_timestamp(self.created),
            "modified_date": api_timestamp(self.changed),
            "segment": {"pk": 1, "stock_list": None, "price_list": None},
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
    plans: tuple[InstallmentPlan, ...] = ()
    plan: InstallmentPlan | None = None
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
    """Everything chosen since the basket was filled; ``None`` where nothing is chosen yet.

    With a ``retail_store`` the shipping address is the store's.
    """

    token: str
    shipping_address: dict[str, Any] | None = None
    billing_address: dict[str, Any] | None = None
    delivery: DeliveryOption | None = None
    retail_store: RetailStore | None = None
    shipping: ShippingOption | None = None
    loyalty: Decimal = ZERO
    payment: Payment | None = None
    verification: Verification | None = None
    notes: str | None = None

    def restart(self) -> None:
        """The basket has changed: choose everything again."""
        self.forget_address()
        self.delivery = self.shipping = None
        self.reset_payment()

    def forget_address(self) -> None:
        """Choose again where the parcel goes."""
        self.shipping_address = self.billing_address = self.retail_store = None

    def uses_address(self, pk: int) -> bool:
        """Whether the parcel or its bill goes to the address of this pk."""
        return any(address and address["pk"] == pk for address in (self.shipping_address, self.billing_address))

    def rewrite_address(self, written: dict[str, Any]) -> None:
        """An address is written otherwise now; where it was chosen, it stays chosen."""
        if self.shipping_address and self.shipping_address["pk"] == written["pk"]:
            self.shipping_address = written
        if self.billing_address and self.billing_address["pk"] == written["pk"]:
            self.billing_address = written

    def forget_store(self) -> None:
        """Choose again where the parcel is collected."""
        if self.retail_store is not None:
            self.forget_address()

    def reset_payment(self) -> None:
        """The total has changed: choose payment again."""
        self.loyalty = ZERO
        self.reset_payment_choice()

    def reset_payment_choice(self) -> None:
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
