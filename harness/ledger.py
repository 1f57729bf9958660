"""Holds what we counted against what the shop says it did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.recorder import Counts


@dataclass(frozen=True, slots=True)
class Difference:
    """One number on which we and the shop disagree; ``what`` is ``pages``, ``orders`` or ``revenue``."""

    what: str
    name: str
    ours: int
    theirs: int

    def __str__(self) -> str:
        of_what = f"{self.what} of {self.name}" if self.name else self.what
        if self.what == "revenue":
            return f"{of_what}: we counted {self.ours / 100:,.2f}, the shop {self.theirs / 100:,.2f}"
        return f"{of_what}: we counted {self.ours:,}, the shop {self.theirs:,}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Our totals beside the shop's; they agree if there is no difference. Money in hundredths of the currency."""

    pages_ours: int
    pages_theirs: int
    orders_ours: int
    orders_theirs: int
    revenue_ours: int
    revenue_theirs: int
    differences: tuple[Difference, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether we and the shop counted the same, page by page and option by option."""
        return not self.differences


def compare(counts: Counts, pages: Mapping[str, int], orders: Mapping[str, int], revenue: int) -> Comparison:
    """Compare our counts with the shop's: requests received by page, orders by payment option, and its revenue.

    A page or option that only one of us knows counts as 0 for the other.
    """
    differences = [*_apart("pages", counts.pages_by_page, pages), *_apart("orders", counts.orders_by_option, orders)]
    if counts.amount != revenue:
        differences.append(Difference("revenue", "", counts.amount, revenue))
    return Comparison(
        pages_ours=counts.pages,
        pages_theirs=sum(pages.values()),
        orders_ours=counts.orders,
        orders_theirs=sum(orders.values()),
        revenue_ours=counts.amount,
        revenue_theirs=revenue,
        differences=tuple(differences),
    )


def _apart(what: str, ours: Mapping[str, int], theirs: Mapping[str, int]) -> Iterator[Difference]:
    for name in sorted({*ours, *theirs}):
        if ours.get(name, 0) != theirs.get(name, 0):
            yield Difference(what, name, ours.get(name, 0), theirs.get(name, 0))
