"""The roles of a shop's pages in the metrics: the steps to an order, and the pages with codes and challenges."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageRoles:
    """Pages of the shop by their role; the harness itself knows no name of a page.

    ``steps`` are the steps to an order, in their order. ``challenges`` are the pages that answer a 3-D Secure challenge,
    ``codes`` those that submit an SMS code, and ``resends`` those that ask for another code.
    """

    steps: tuple[str, ...] = ()
    challenges: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    resends: frozenset[str] = frozenset()
