"""Why the shop's ledger may differ from what we counted without either being wrong."""

from __future__ import annotations

from collections import Counter

from harness.measurement.outcomes import Blame, Outcome
from harness.measurement.recorder import Recorder
from harness.units import format_number
from harness.validity.ledger import LedgerComparison

UNANSWERED_OUTCOMES = frozenset({Outcome.TIMEOUT, Outcome.CONNECTION, Outcome.NO_SOCKET, Outcome.ABORTED})
"""Outcomes of a page of which nobody can say whether the request has reached the shop."""


def known_causes(comparison: LedgerComparison | None, recorder: Recorder) -> str:
    """What is known to have caused the differences; ``""`` unless it accounts for each single one of them.

    A request that was never answered may not have reached the shop, and a shopper who fails on the way to her receipt
    may have bought: as many pages less, and as many orders more, are no riddle. Everything else is one.
    """
    if comparison is None:
        return ""
    unanswered, without_receipt = _unanswered(recorder), _without_receipt(recorder)
    less = more = 0
    for one in comparison.differences:
        match one.what:
            case "pages" if 0 < one.ours - one.theirs <= unanswered[one.name]:
                less += one.ours - one.theirs
            case "orders" if 0 < one.theirs - one.ours <= without_receipt[one.name]:
                more += one.theirs - one.ours
            case "revenue" if one.theirs > one.ours and comparison.orders_theirs > comparison.orders_ours:
                pass  # what was sold without a receipt was paid for, too
            case _:
                return ""
    reasons = []
    if more:
        reasons.append(f"{_number(more, 'order was', 'orders were')} sold to shoppers who never saw their receipt")
    if less:
        reasons.append(f"{_number(less, 'request', 'requests')} without an answer never reached the shop")
    return " and ".join(reasons)


def _unanswered(recorder: Recorder) -> Counter[str]:
    """How many requests nobody answered, by page."""
    found = Counter[str]()
    for key, cell in recorder.pages.items():
        if key.outcome in UNANSWERED_OUTCOMES:
            found[key.page] += cell.response.total
    return found


def _without_receipt(recorder: Recorder) -> Counter[str]:
    """How many journeys the shop failed, or the end of the run cut off, by payment option; those that never began not."""
    found = Counter[str]()
    for key, cell in recorder.journeys.items():
        failed = key.blame == Blame.SHOP and key.outcome != Outcome.DROPPED
        if failed or key.outcome in (Outcome.ABORTED, Outcome.NO_SOCKET):
            found[key.payment_option] += cell.response.total
    return found


def _number(n: int, one: str, several: str) -> str:
    return f"{format_number(n)} {one if n == 1 else several}"
