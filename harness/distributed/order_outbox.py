"""Carries the placed orders of a worker to the master: each one is sent again until the master has acknowledged it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from harness.results.orders_file import PlacedOrder

NO_ORDERS: Mapping[str, Any] = MappingProxyType({"first": 0, "rows": ()})


class OrderOutbox:
    """A worker's side: the orders that the master has not acknowledged, the oldest first."""

    def __init__(self) -> None:
        self._first = 0
        self._waiting: list[PlacedOrder] = []

    def add(self, order: PlacedOrder) -> None:
        """Keep an order until it is acknowledged."""
        self._waiting.append(order)

    def message(self) -> dict[str, Any]:
        """The orders to send, with the number of the first one, counted from 0."""
        return {"first": self._first, "rows": [list(order) for order in self._waiting]}

    def acknowledge(self, taken: int) -> None:
        """Forget the first ``taken`` orders of the run: the master has them."""
        arrived = max(0, taken - self._first)
        del self._waiting[:arrived]
        self._first += arrived


def new_orders(message: Mapping[str, Any], taken: int) -> list[PlacedOrder]:
    """The orders of a message that follow the first ``taken`` ones of this worker; the others came before."""
    rows = message["rows"][max(0, taken - message["first"]) :]
    return [PlacedOrder(*map(str, row)) for row in rows]
