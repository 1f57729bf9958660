"""Holds what we counted against what the shop says it did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.measurement.recorder import RunTotals


@dataclass(frozen=True, slots=True)
class LedgerDifference:
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
class LedgerComparison:
    """Our totals beside the shop's; they agree if there is no difference. Money in hundredths of the currency."""

    pages_ours: int
    pages_theirs: int
    orders_ours: int
    orders_theirs: int
    revenue_ours: int
    revenue_theirs: int
    differences: tuple[LedgerDifference, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether we and the shop counted the same, page by page and option by option."""
        return not self.differences


def compare_with_ledger(
    counts: RunTotals, pages: Mapping[str, int], orders: Mapping[str, int], revenue: int
) -> LedgerComparison:
    """Compare our counts with the shop's: requests received by page, orders by payment option, and its revenue.

    A page or option that only one of us knows counts as 0 for the other.
    """
    differences = [
        *_differences("pages", counts.pages_by_page, pages),
        *_differences("orders", counts.orders_by_option, orders),
    ]
    if counts.amount != revenue:
        differences.append(LedgerDifference("revenue", "", counts.amount, revenue))
    return LedgerComparison(
        pages_ours=counts.pages,
        pages_theirs=sum(pages.values()),
        orders_ours=counts.orders,
        orders_theirs=sum(orders.values()),
        revenue_ours=counts.amount,
        revenue_theirs=revenue,
        differences=tuple(differences),
    )


def _differences(what: str, ours: Mapping[str, int], theirs: Mapping[str, int]) -> Iterator[LedgerDifference]:
    for name in sorted({*ours, *theirs}):
        if ours.get(name, 0) != theirs.get(name, 0):
            yield LedgerDifference(what, name, ours.get(name, 0), theirs.get(name, 0))
