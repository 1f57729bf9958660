"""Two witnesses of one run: what we counted, and what the shop says it did."""

from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.validity.ledger import LedgerDifference, compare_with_ledger


def some_counts():
    recorder = Recorder(Window(0.0, 0.0, 10.0))
    for due in (1.0, 2.0):
        recorder.page(PageSample("A", "gpay", "ok", "nobody", due, due, due))
        recorder.journey(JourneySample("guest", "gpay", "ok", "nobody", due, due, due, ordered=True, amount=100))
    recorder.journey(JourneySample("guest", "credit_card", "declined", "shopper", 1.0, 1.0, 1.0))
    return recorder.totals()


def test_they_agree_to_the_last_one():
    comparison = compare_with_ledger(some_counts(), {"A": 2}, {"gpay": 2}, 200)
    assert comparison.agrees
    assert (comparison.pages_theirs, comparison.orders_theirs, comparison.revenue_theirs) == (2, 2, 200)


def test_an_option_that_sold_nothing_need_not_stand_in_their_ledger():
    assert compare_with_ledger(some_counts(), {"A": 2, "B": 0}, {"gpay": 2, "credit_card": 0}, 200).agrees


def test_every_difference_is_named():
    comparison = compare_with_ledger(some_counts(), {"A": 1, "B": 1}, {"gpay": 1, "masterpass": 1}, 199)
    assert not comparison.agrees
    assert comparison.differences == (
        LedgerDifference("pages", "A", 2, 1),
        LedgerDifference("pages", "B", 0, 1),
        LedgerDifference("orders", "gpay", 2, 1),
        LedgerDifference("orders", "masterpass", 0, 1),
        LedgerDifference("revenue", "", 200, 199),
    )
    # The totals alone would have agreed.
    assert (comparison.pages_ours, comparison.orders_ours) == (comparison.pages_theirs, comparison.orders_theirs)


def test_a_difference_reads_as_a_sentence():
    assert str(LedgerDifference("orders", "gpay", 1200, 1201)) == "orders of gpay: we counted 1,200, the shop 1,201"
    assert str(LedgerDifference("revenue", "", 123_456, 2)) == "revenue: we counted 1,234.56, the shop 0.02"
