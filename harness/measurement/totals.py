"""The totals of a whole run: pages, journeys, orders and money, warm-up and drain included."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from harness.measurement.outcomes import Blame
from harness.measurement.recorder import Recorder


@dataclass(frozen=True, slots=True)
class RunTotals:
    """The totals of a whole run; results, metrics and Locust must agree on each of them exactly.

    Only the shop's failures count as failed. ``amount`` is in hundredths of the shop's currency.
    """

    pages: int
    failed_pages: int
    journeys: int
    failed_journeys: int
    orders: int
    amount: int
    pages_by_page: Mapping[str, int]
    pages_by_option: Mapping[str, int]
    pages_by_outcome: Mapping[str, int]
    journeys_by_option: Mapping[str, int]
    journeys_by_outcome: Mapping[str, int]
    orders_by_option: Mapping[str, int]

    @classmethod
    def of(cls, recorder: Recorder) -> RunTotals:
        """The totals of everything that a recorder has counted."""
        by_page, by_option, by_outcome = Counter[str](), Counter[str](), Counter[str]()
        failed = 0
        for page, series in recorder.pages.items():
            n = series.response.total
            by_page[page.page] += n
            by_option[page.payment_option] += n
            by_outcome[page.outcome] += n
            failed += n * (page.blame == Blame.SHOP)
        journeys_by_option, journeys_by_outcome, orders_by_option = Counter[str](), Counter[str](), Counter[str]()
        failed_journeys = amount = 0
        for journey, series in recorder.journeys.items():
            n = series.response.total
            journeys_by_option[journey.payment_option] += n
            journeys_by_outcome[journey.outcome] += n
            failed_journeys += n * (journey.blame == Blame.SHOP)
            if journey.ordered:
                orders_by_option[journey.payment_option] += n
                amount += series.amount
        return cls(
            pages=by_page.total(),
            failed_pages=failed,
            journeys=journeys_by_option.total(),
            failed_journeys=failed_journeys,
            orders=orders_by_option.total(),
            amount=amount,
            pages_by_page=dict(by_page),
            pages_by_option=dict(by_option),
            pages_by_outcome=dict(by_outcome),
            journeys_by_option=dict(journeys_by_option),
            journeys_by_outcome=dict(journeys_by_outcome),
            orders_by_option=dict(orders_by_option),
        )
