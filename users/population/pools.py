"""What the shoppers of one process share: the location and the products that the shop's lists gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Pk: TypeAlias = int | str
"""A primary key of the shop."""


@dataclass(slots=True)
class LocationPool:
    """Where addresses are: ``pinned`` fields from the scenario, and the others ``found`` in the shop's lists.

    ``found`` is ``None`` until the first lookup. Each address draws one of the ``districts`` of the found location.
    ``seed`` draws the location, so that all processes of a run find the same.
    """

    pinned: Mapping[str, Pk] = field(default_factory=dict)
    seed: int = 0
    found: Mapping[str, Pk] | None = None
    districts: Sequence[Pk] = ()


@dataclass(slots=True)
class ProductPool:
    """The products for sale: the ``pks`` to draw from, ``None`` until a journey has searched the shop for ``search``."""

    pks: tuple[str, ...] | None = None
    search: str = ""

    def mark_sold_out(self, pk: str) -> None:
        """Do not draw this product again."""
        self.pks = tuple(other for other in self.pks or () if other != pk)
