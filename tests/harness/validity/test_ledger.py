"""checkload's counts are compared with the shop's ledger, and only known causes of every single difference excuse it."""

import math

import pytest

from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.measurement.totals import RunTotals
from harness.validity.ledger import LedgerDifference, compare_with_ledger, known_causes

BOUGHT = {"credit_card": 3, "gpay": 2}
REVENUE = 500
FAILED = ("gpay", "http_5xx", "shop")


def some_counts():
    recorder = Recorder(Window(0.0, 0.0, 10.0))
    for due in (1.0, 2.0):
        recorder.page(PageSample("A", "gpay", "ok", "nobody", due, due, due))
        recorder.journey(JourneySample("guest", "gpay", "ok", "nobody", due, due, due, ordered=True, amount=100))
    recorder.journey(JourneySample("guest", "credit_card", "declined", "shopper", 1.0, 1.0, 1.0))
    return RunTotals.of(recorder)


def test_equal_counts_agree():
    comparison = compare_with_ledger(some_counts(), {"A": 2}, {"gpay": 2}, 200)
    assert comparison.agrees
    assert (comparison.pages_theirs, comparison.orders_theirs, comparison.revenue_theirs) == (2, 2, 200)


def test_a_missing_entry_counts_as_zero():
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
    # The totals alone agree.
    assert (comparison.pages_ours, comparison.orders_ours) == (comparison.pages_theirs, comparison.orders_theirs)


def test_a_difference_reads_as_a_sentence():
    assert (
        str(LedgerDifference("orders", "gpay", 1200, 1201)) == "orders of gpay: checkload counted 1,200, the shop 1,201"
    )
    assert str(LedgerDifference("revenue", "", 123_456, 2)) == "revenue: checkload counted 1,234.56, the shop 0.02"


def recorder_of(*ends, pages=()):
    """Five paid journeys, and others that ended as given: ``(payment option, outcome, blame)``; ``(page, outcome)``."""
    recorder = Recorder(Window(0.0, 0.0, 100.0))
    for option, n in BOUGHT.items():
        for _ in range(n):
            recorder.journey(JourneySample("guest", option, "ok", "nobody", 1, 1, 2, ordered=True, amount=100))
            recorder.page(PageSample("ThankYouPage", option, "ok", "nobody", 1, 1, 2))
    for option, outcome, blame in ends:
        recorder.journey(JourneySample("guest", option, outcome, blame, 1, 1, math.inf if outcome == "dropped" else 2))
    for page, outcome in pages:
        recorder.page(PageSample(page, "gpay", outcome, "shop", 1, 1, 2))
    return recorder


def explanation(recorder, *, sold=None, more_pages=None, revenue=REVENUE):
    """The known causes if the shop counted these orders, and so many more (or fewer) of some pages."""
    counts = RunTotals.of(recorder)
    pages = dict(counts.pages_by_page)
    for page, n in (more_pages or {}).items():
        pages[page] = pages.get(page, 0) + n
    return known_causes(compare_with_ledger(counts, pages, BOUGHT | (sold or {}), revenue), recorder)


@pytest.mark.parametrize(
    ("ends", "sold", "said"),
    [
        ([FAILED], {"gpay": 3}, "1 order was sold to shoppers who never saw their receipt"),
        ([FAILED] * 4, {"gpay": 4}, "2 orders were sold to shoppers who never saw their receipt"),
        ([("gpay", "aborted", "harness")], {"gpay": 3}, "1 order was sold to shoppers who never saw their receipt"),
        ([("gpay", "unfinished", "shop")], {"gpay": 3}, "1 order was sold to shoppers who never saw their receipt"),
    ],
)
def test_failed_journeys_explain_orders_without_a_receipt(ends, sold, said):
    assert explanation(recorder_of(*ends), sold=sold, revenue=REVENUE + 200) == said


def test_a_journey_without_a_free_socket_may_have_bought():
    ends = recorder_of(("gpay", "no_socket", "harness"))
    assert explanation(ends, sold={"gpay": 3}, revenue=REVENUE + 100).startswith("1 order was sold")


@pytest.mark.parametrize(
    ("ends", "sold", "revenue"),
    [
        ([], {"gpay": 3}, 600),  # no journey failed
        ([FAILED], {"gpay": 4}, 700),  # fewer journeys failed than orders were sold
        ([FAILED], {"credit_card": 4}, 600),  # the failed journey used another payment option
        ([("gpay", "dropped", "shop")], {"gpay": 3}, 600),  # the journey never began
        ([("gpay", "abandoned", "shopper")], {"gpay": 3}, 600),  # the shopper left on purpose
        ([("gpay", "declined", "shopper")], {"gpay": 3}, 600),  # the bank refused, and the shop sold all the same
        ([("gpay", "no_account", "harness")], {"gpay": 3}, 600),  # the journey had no account
        ([FAILED], {"gpay": 1}, 400),  # a receipt without a sale
        ([FAILED], {"gpay": 3, "credit_card": 2}, 500),  # the same total, but other options
        ([FAILED] * 2, {"gpay": 4, "credit_card": 2}, 600),  # more in total, and one receipt without a sale
        ([FAILED], {"gpay": 3}, 400),  # one order more, and less money
        ([FAILED], {}, 501),  # no order more, and more money
        ([FAILED], {}, 499),
    ],
)
def test_other_differences_are_not_explained(ends, sold, revenue):
    assert explanation(recorder_of(*ends), sold=sold, revenue=revenue) == ""


@pytest.mark.parametrize("outcome", ["timeout", "connection", "aborted"])
def test_unanswered_requests_explain_missing_pages(outcome):
    recorder = recorder_of(pages=[("BinNumberPage", outcome)] * 2)
    assert explanation(recorder, more_pages={"BinNumberPage": -1}) == "1 unanswered request never reached the shop"
    assert explanation(recorder, more_pages={"BinNumberPage": -2}).startswith("2 unanswered requests never")
    assert explanation(recorder, more_pages={"BinNumberPage": -1, "ThankYouPage": -1}) == ""
    assert explanation(recorder, more_pages={"BinNumberPage": 1}) == ""
    assert explanation(recorder, more_pages={"BinNumberPage": -1}, revenue=REVENUE + 1) == ""


def test_an_answered_request_is_not_explained():
    assert explanation(recorder_of(pages=[("BinNumberPage", "http_5xx")]), more_pages={"BinNumberPage": -1}) == ""


def test_one_unexplained_difference_leaves_the_others_unexplained():
    recorder = recorder_of(FAILED)
    assert explanation(recorder, sold={"gpay": 3}, more_pages={"ThankYouPage": 1}, revenue=600) == ""


def test_both_causes_are_named_together():
    recorder = recorder_of(FAILED, pages=[("BinNumberPage", "connection")])
    assert explanation(recorder, sold={"gpay": 3}, more_pages={"BinNumberPage": -1}, revenue=600) == (
        "1 order was sold to shoppers who never saw their receipt and 1 unanswered request never reached the shop"
    )


def test_without_a_difference_or_a_ledger_there_is_nothing_to_explain():
    assert explanation(recorder_of(FAILED)) == ""
    assert known_causes(None, recorder_of(FAILED)) == ""
