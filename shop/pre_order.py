"""The current order of a shopper: basket, choices, payment and bill.

The steps are: the basket, the steps of ``shop/checkout/steps.py``, store credit, the payment option and its pages, and the
code by SMS. Changing one step resets the later ones.
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
    """A product in the basket, with its quantity."""

    pk: int
    product: Product
    quantity: int

    @property
    def amount(self) -> Decimal:
        """The price of the line."""
        return self.product.price * self.quantity

    def document(self) -> dict[str, Any]:
        """The line in the form of the API."""
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
    """The basket of a shopper; its lines are by product pk."""

    pk: int
    lines: dict[str, Line] = field(default_factory=dict)
    voucher: str | None = None
    created: float = 0.0
    changed: float = 0.0
    last_line: int = 0
    _document: dict[str, Any] | None = None

    @property
    def amount(self) -> Decimal:
        """The price of the basket, without shipping."""
        return sum((line.amount for line in self.lines.values()), ZERO)

    def add(self, product: Product, quantity: int, now: float) -> None:
        """Add pieces of a product."""
        held = self.lines.get(str(product.pk))
        self.put(product, quantity + (held.quantity if held else 0), now)

    def put(self, product: Product, quantity: int, now: float) -> None:
        """Set the quantity of a product; 0 removes its line."""
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
        """Remove everything."""
        self.lines.clear()
        self.voucher = None
        self.touch(now)

    def touch(self, now: float) -> None:
        """Note that the basket has changed."""
        self.created = self.created or now
        self.changed = now
        self._document = None

    def document(self) -> dict[str, Any]:
        """The basket in the form of the API. The object is cached: do not change it."""
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
    """The state of a payment with one option.

    ``page`` is the current page, ``visited`` are the pages shown so far, ``page`` included. ``reference`` is that of the
    expected return from a bank, wallet or provider, and ``return_page`` its page. ``token`` is the token that the page gave
    the shopper to send back.
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
    """All choices of the current order; ``None`` for a choice that is still open.

    With a ``retail_store``, the shipping address is that of the store.
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
        """Reset every choice, after a change of the basket."""
        self.forget_address()
        self.delivery = self.shipping = None
        self.reset_payment()

    def forget_address(self) -> None:
        """Reset the addresses and the store."""
        self.shipping_address = self.billing_address = self.retail_store = None

    def uses_address(self, pk: int) -> bool:
        """Whether the shipping or billing address has this pk."""
        return any(address and address["pk"] == pk for address in (self.shipping_address, self.billing_address))

    def rewrite_address(self, written: dict[str, Any]) -> None:
        """Replace an address that has changed; it stays chosen."""
        if self.shipping_address and self.shipping_address["pk"] == written["pk"]:
            self.shipping_address = written
        if self.billing_address and self.billing_address["pk"] == written["pk"]:
            self.billing_address = written

    def forget_store(self) -> None:
        """Reset the store and the addresses, if a store is chosen."""
        if self.retail_store is not None:
            self.forget_address()

    def reset_payment(self) -> None:
        """Reset store credit and payment, after a change of the total."""
        self.loyalty = ZERO
        self.reset_payment_choice()

    def reset_payment_choice(self) -> None:
        """Reset the payment option, after a change of the unpaid amount."""
        self.payment = None
        self.verification = None


@dataclass(frozen=True, slots=True)
class Bill:
    """The amounts of an order, as exact decimals."""

    items: Decimal
    shipping: Decimal
    loyalty: Decimal
    interest: Decimal

    @property
    def total(self) -> Decimal:
        """The price of items and shipping."""
        return self.items + self.shipping

    @property
    def unpaid(self) -> Decimal:
        """The amount that store credit does not cover."""
        return self.total - self.loyalty

    @property
    def charged(self) -> Decimal:
        """The amount of the order, with the interest of installments."""
        return self.total + self.interest


def bill_of(basket: Basket, chosen: PreOrder) -> Bill:
    """The bill for a basket and these choices."""
    shipping = chosen.shipping.amount if chosen.shipping else ZERO
    items = basket.amount
    plan = chosen.payment.plan if chosen.payment else None
    interest = plan.price - (items + shipping - chosen.loyalty) if plan else ZERO
    return Bill(items, shipping, chosen.loyalty, interest)
