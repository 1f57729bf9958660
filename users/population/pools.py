"""What the shoppers of one process share: the places and the products that the shop has told of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Pk: TypeAlias = int | str


@dataclass(slots=True)
class LocationPool:
    """Where addresses may lie: ``pinned`` by the scenario, and the rest ``found`` in the shop's lists (``None``: not yet).

    ``districts`` are those of the place that was found; each address draws one. ``seed`` draws the place, so that all
    processes of a run find the same.
    """

    pinned: Mapping[str, Pk] = field(default_factory=dict)
    seed: int = 0
    found: Mapping[str, Pk] | None = None
    districts: Sequence[Pk] = ()


@dataclass(slots=True)
class ProductPool:
    """What is for sale: the ``pks`` that are drawn from, ``None`` until the shop has been searched for ``search``."""

    pks: tuple[str, ...] | None = None
    search: str = ""

    def mark_sold_out(self, pk: str) -> None:
        """Do not draw this product any more."""
        self.pks = tuple(other for other in self.pks or () if other != pk)
