"""What the shop knows of an order before the order is placed."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(slots=True)
class PreOrder:
    """The choices so far. ``shown`` is the payment page to fill in next, with what it shows; ``reached`` those open now."""

    delivery: dict[str, Any] | None = None
    shipping_address: dict[str, Any] | None = None
    billing_address: dict[str, Any] | None = None
    store: dict[str, Any] | None = None
    shipping: dict[str, Any] | None = None
    option: str = ""
    shown: tuple[str, dict[str, Any]] = ("", {})
    reached: set[str] = field(default_factory=set)
    installment: dict[str, Any] | None = None
    bin_number: str = ""
    choice: dict[str, Any] | None = None
    credit_option: dict[str, Any] | None = None
    loyalty: Decimal = Decimal("0.00")
    wallet_asked: bool = False
    reference: str = ""
    is_redirected: bool = False
    notes: str | None = None
    codes_wrong: int = 0

    def after_delivery(self) -> None:
        """After a change of the way of delivery: discard the choices that depend on it."""
        self.shipping_address = self.billing_address = self.store = self.shipping = None
        self.after_shipping()

    def after_shipping(self) -> None:
        """After a change of the amount to pay: begin the payment again."""
        self.option = ""
        self.loyalty = Decimal("0.00")
        self.after_option()

    def after_option(self) -> None:
        """After a change of the payment option: discard the entries for the last one."""
        self.shown, self.reached = ("", {}), set()
        self.installment = self.choice = self.credit_option = None
        self.bin_number = self.reference = ""
        self.is_redirected = False
        self.codes_wrong = 0
