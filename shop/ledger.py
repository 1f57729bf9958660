"""What was sold, by which payment option, and which pages were asked for: the shop's own count."""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from shop.contract import Page


@dataclass(frozen=True, slots=True)
class Order:
    """One order that was sold. ``sold_on`` is the page whose post completed it, ``pre_order`` how it looked then.

    ``slug`` is the contract's word for the payment option. ``proof`` is what came back from a bank or wallet,
    ``verified`` what the code's page said when the code was right, ``customer`` who bought it.
    """

    id: int
    number: str
    token: str
    slug: str
    amount: Decimal
    email: str
    pre_order: dict[str, Any]
    completed_by: Page
    placed: float = 0.0
    customer: dict[str, Any] = field(default_factory=dict)
    interest: Decimal = Decimal(0)
    installments: int = 1
    bin_number: str = ""
    checkout_token: str = ""
    proof: str = ""
    new_user: bool = False
    verified: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Ledger:
    """Counts everything for ever, and keeps the latest ``most`` orders to look at."""

    most: int
    orders: Counter[str] = field(default_factory=Counter)
    revenue: dict[str, Decimal] = field(default_factory=dict)
    pages: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    double_completions: int = 0
    order_numbers: int = 0
    refused_full: int = 0
    first_number: str = ""
    _kept: OrderedDict[str, Order] = field(default_factory=OrderedDict)

    def next_id(self) -> int:
        """The id of the order that is sold next."""
        return self.orders.total() + 1

    def add(self, order: Order) -> None:
        """Write a sold order down."""
        self.orders[order.slug] += 1
        self.revenue[order.slug] = self.revenue.get(order.slug, Decimal(0)) + order.amount
        if not self.first_number:
            self.first_number = order.number
        if order.number != self.first_number or self.order_numbers == 0:
            self.order_numbers += 1
        self._kept[order.token] = order
        if len(self._kept) > self.most:
            self._kept.popitem(last=False)

    def order(self, token: str) -> Order | None:
        """The order of a token, if it is still kept."""
        return self._kept.get(token)

    def document(self) -> dict[str, Any]:
        """The counts as the control endpoint shows them; amounts are text with two decimals.

        ``order_numbers`` counts different numbers: fewer than the orders means that a number was given twice.
        ``double_completions`` counts completing posts that came again and were answered with the order they had made.
        """
        return {
            "orders": dict(self.orders),
            "orders_total": self.orders.total(),
            "revenue": {slug: str(amount) for slug, amount in self.revenue.items()},
            "pages": {str(page): count for page, count in self.pages.items()},
            "requests": self.pages.total(),
            "double_completions": self.double_completions,
            "order_numbers": self.order_numbers,
            "refused_full": self.refused_full,
            "faults": {str(name): count for name, count in self.faults.items()},
        }
