"""What of a shop's pages the metrics know by name: the steps to an order, and where codes and challenges are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageRoles:
    """Names out of the shop: the harness itself knows none.

    ``steps`` are those to an order, in their order; ``challenges`` are pages on which a 3-D Secure challenge is answered,
    ``codes`` those to which an SMS code is sent in, ``resends`` those that ask for another code.
    """

    steps: tuple[str, ...] = ()
    challenges: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    resends: frozenset[str] = frozenset()
