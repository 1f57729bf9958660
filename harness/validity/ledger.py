"""Compares checkload's counts with the shop's own ledger, and explains differences that are no error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.measurement.outcomes import Blame, Outcome
from harness.measurement.recorder import Recorder
from harness.measurement.totals import RunTotals
from harness.units import format_count

UNANSWERED_OUTCOMES = frozenset({Outcome.TIMEOUT, Outcome.CONNECTION, Outcome.NO_SOCKET, Outcome.ABORTED})
"""Outcomes of a page after which it is unknown whether the request reached the shop."""

MOST_SAID = 3
"""So many differences a sentence names."""


@dataclass(frozen=True, slots=True)
class LedgerDifference:
    """One number on which checkload and the shop disagree; ``what`` is ``pages``, ``orders`` or ``revenue``.

    ``name`` is the page or the payment option. ``ours`` is checkload's number, ``theirs`` the shop's.
    """

    what: str
    name: str
    ours: int
    theirs: int

    def __str__(self) -> str:
        subject = f"{self.what} of {self.name}" if self.name else self.what
        if self.what == "revenue":
            return f"{subject}: checkload counted {self.ours / 100:,.2f}, the shop {self.theirs / 100:,.2f}"
        return f"{subject}: checkload counted {self.ours:,}, the shop {self.theirs:,}"


@dataclass(frozen=True, slots=True)
class LedgerComparison:
    """The totals of checkload and of the shop, with each difference; money in hundredths of the currency."""

    pages_ours: int
    pages_theirs: int
    orders_ours: int
    orders_theirs: int
    revenue_ours: int
    revenue_theirs: int
    differences: tuple[LedgerDifference, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether both counted the same, page by page and payment option by payment option."""
        return not self.differences


def first_differences(differences: Sequence[str]) -> str:
    """The first differences in words, and how many more there are; ``result.json`` has all of them."""
    left = len(differences) - MOST_SAID
    return "; ".join([*differences[:MOST_SAID], *([f"and {left} more"] if left > 0 else [])])


def compare_with_ledger(
    counts: RunTotals, pages: Mapping[str, int], orders: Mapping[str, int], revenue: int
) -> LedgerComparison:
    """Compare checkload's counts with the shop's: requests received by page, orders by payment option, and revenue.

    A page or an option that only one of the two knows counts as 0 for the other.
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


def known_causes(comparison: LedgerComparison | None, recorder: Recorder) -> str:
    """What caused the differences, in words; ``""`` unless the known causes account for every single one.

    Two causes are known. An unanswered request may not have reached the shop: the shop may count as many pages fewer. A
    journey that failed on the way to its receipt may have bought: the shop may count as many orders more.
    """
    if comparison is None:
        return ""
    unanswered, without_receipt = _unanswered(recorder), _without_receipt(recorder)
    requests = orders = 0
    for one in comparison.differences:
        match one.what:
            case "pages" if 0 < one.ours - one.theirs <= unanswered[one.name]:
                requests += one.ours - one.theirs
            case "orders" if 0 < one.theirs - one.ours <= without_receipt[one.name]:
                orders += one.theirs - one.ours
            case "revenue" if one.theirs > one.ours and comparison.orders_theirs > comparison.orders_ours:
                pass  # the shop was paid for the orders without a receipt, too
            case _:
                return ""
    reasons = []
    if orders:
        reasons.append(
            f"{format_count(orders, 'order was', 'orders were')} sold to shoppers who never saw their receipt"
        )
    if requests:
        reasons.append(f"{format_count(requests, 'unanswered request')} never reached the shop")
    return " and ".join(reasons)


def _differences(what: str, ours: Mapping[str, int], theirs: Mapping[str, int]) -> Iterator[LedgerDifference]:
    for name in sorted({*ours, *theirs}):
        if ours.get(name, 0) != theirs.get(name, 0):
            yield LedgerDifference(what, name, ours.get(name, 0), theirs.get(name, 0))


def _unanswered(recorder: Recorder) -> Counter[str]:
    """The number of requests without an answer, by page."""
    found = Counter[str]()
    for key, cell in recorder.pages.items():
        if key.outcome in UNANSWERED_OUTCOMES:
            found[key.page] += cell.response.total
    return found


def _without_receipt(recorder: Recorder) -> Counter[str]:
    """The number of journeys that failed or were cut off after they began, by payment option."""
    found = Counter[str]()
    for key, cell in recorder.journeys.items():
        failed = key.blame == Blame.SHOP and key.outcome != Outcome.DROPPED
        if failed or key.outcome in (Outcome.ABORTED, Outcome.NO_SOCKET):
            found[key.payment_option] += cell.response.total
    return found
