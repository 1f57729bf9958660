"""The shop's own counts: orders by payment option, requests by page, faults."""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from shop.contract import Page
from shop.packed import PackedDocument


@dataclass(frozen=True, slots=True)
class Order:
    """A completed order. A post of ``completed_by`` completed it; ``pre_order`` is its document at that time.

    ``slug`` is the payment option. ``proof`` is the reference or token from a bank or wallet. ``verified`` is the content of
    the page for the SMS code after the right code. ``customer`` is the document of the customer.
    """

    id: int
    number: str
    token: str
    slug: str
    amount: Decimal
    email: str
    pre_order: PackedDocument
    completed_by: Page
    placed: float = 0.0
    customer: PackedDocument = field(default_factory=lambda: PackedDocument({}))
    interest: Decimal = Decimal(0)
    installments: int = 1
    bin_number: str = ""
    checkout_token: str = ""
    proof: str = ""
    new_user: bool = False
    verified: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Ledger:
    """Counts all orders and requests, and keeps the last ``most`` orders of the last ``age()`` seconds."""

    most: int
    age: Callable[[], float] = lambda: math.inf
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
        """The id of the next order."""
        return self.orders.total() + 1

    def add(self, order: Order) -> None:
        """Add a completed order."""
        self.orders[order.slug] += 1
        self.revenue[order.slug] = self.revenue.get(order.slug, Decimal(0)) + order.amount
        if not self.first_number:
            self.first_number = order.number
        if order.number != self.first_number or self.order_numbers == 0:
            self.order_numbers += 1
        self._kept[order.token] = order
        oldest = order.placed - self.age()
        while len(self._kept) > self.most or next(iter(self._kept.values())).placed < oldest:
            self._kept.popitem(last=False)

    def order(self, token: str) -> Order | None:
        """The order with this token, if it is still kept."""
        return self._kept.get(token)

    def document(self) -> dict[str, Any]:
        """The counts for the control endpoint. Amounts are texts with two decimals.

        ``order_numbers`` counts distinct order numbers; fewer than the orders means that a number was used twice.
        ``double_completions`` counts repeated completing posts, which were answered with the existing order.
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
