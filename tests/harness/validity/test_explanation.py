"""Only what accounts for every single difference explains a ledger; the rest is a riddle, and a riddle spoils a run."""

import math

import pytest

from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.validity.explanation import known_causes
from harness.validity.ledger import compare_with_ledger

BOUGHT = {"credit_card": 3, "gpay": 2}
REVENUE = 500


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
    """What is said when the shop counted these orders, and so many more (or fewer) of some pages."""
    counts = recorder.totals()
    pages = dict(counts.pages_by_page)
    for page, n in (more_pages or {}).items():
        pages[page] = pages.get(page, 0) + n
    return known_causes(compare_with_ledger(counts, pages, BOUGHT | (sold or {}), revenue), recorder)


FAILED = ("gpay", "http_5xx", "shop")


@pytest.mark.parametrize(
    ("ends", "sold", "said"),
    [
        ([FAILED], {"gpay": 3}, "1 order was sold to shoppers who never saw their receipt"),
        ([FAILED] * 4, {"gpay": 4}, "2 orders were sold to shoppers who never saw their receipt"),
        ([("gpay", "aborted", "harness")], {"gpay": 3}, "1 order was sold to shoppers who never saw their receipt"),
        ([("gpay", "unfinished", "shop")], {"gpay": 3}, "1 order was sold to shoppers who never saw their receipt"),
    ],
)
def test_orders_without_a_receipt_are_explained_by_journeys_that_failed_on_the_way_to_it(ends, sold, said):
    assert explanation(recorder_of(*ends), sold=sold, revenue=REVENUE + 200) == said


def test_a_shopper_who_could_open_no_connection_may_have_bought():
    ends = recorder_of(("gpay", "no_socket", "harness"))
    assert explanation(ends, sold={"gpay": 3}, revenue=REVENUE + 100).startswith("1 order was sold")


@pytest.mark.parametrize(
    ("ends", "sold", "revenue"),
    [
        ([], {"gpay": 3}, 600),  # nobody failed
        ([FAILED], {"gpay": 4}, 700),  # fewer failed than were sold
        ([FAILED], {"credit_card": 4}, 600),  # she who failed was paying otherwise
        ([("gpay", "dropped", "shop")], {"gpay": 3}, 600),  # she never entered the shop
        ([("gpay", "abandoned", "shopper")], {"gpay": 3}, 600),  # she left of her own will
        ([("gpay", "declined", "shopper")], {"gpay": 3}, 600),  # her bank refused, and the shop sold all the same
        ([("gpay", "no_account", "harness")], {"gpay": 3}, 600),  # she never set out
        ([FAILED], {"gpay": 1}, 400),  # a receipt for what was never sold
        ([FAILED], {"gpay": 3, "credit_card": 2}, 500),  # as many in total, but under another name
        ([FAILED] * 2, {"gpay": 4, "credit_card": 2}, 600),  # more in total, and one receipt for what was never sold
        ([FAILED], {"gpay": 3}, 400),  # one order more, and less money
        ([FAILED], {}, 501),  # nothing more sold, and more money
        ([FAILED], {}, 499),
    ],
)
def test_everything_else_is_a_riddle(ends, sold, revenue):
    assert explanation(recorder_of(*ends), sold=sold, revenue=revenue) == ""


@pytest.mark.parametrize("outcome", ["timeout", "connection", "aborted"])
def test_a_request_that_nobody_answered_may_not_have_arrived(outcome):
    recorder = recorder_of(pages=[("BinNumberPage", outcome)] * 2)
    assert (
        explanation(recorder, more_pages={"BinNumberPage": -1}) == "1 request without an answer never reached the shop"
    )
    assert explanation(recorder, more_pages={"BinNumberPage": -2}).startswith("2 requests without")
    assert explanation(recorder, more_pages={"BinNumberPage": -1, "ThankYouPage": -1}) == ""
    assert explanation(recorder, more_pages={"BinNumberPage": 1}) == ""
    assert explanation(recorder, more_pages={"BinNumberPage": -1}, revenue=REVENUE + 1) == ""


def test_a_request_that_was_answered_has_arrived():
    assert explanation(recorder_of(pages=[("BinNumberPage", "http_5xx")]), more_pages={"BinNumberPage": -1}) == ""


def test_a_page_that_the_shop_counted_more_often_spoils_an_explanation_of_the_orders():
    recorder = recorder_of(FAILED)
    assert explanation(recorder, sold={"gpay": 3}, more_pages={"ThankYouPage": 1}, revenue=600) == ""


def test_both_kinds_are_told_together():
    recorder = recorder_of(FAILED, pages=[("BinNumberPage", "connection")])
    assert explanation(recorder, sold={"gpay": 3}, more_pages={"BinNumberPage": -1}, revenue=600) == (
        "1 order was sold to shoppers who never saw their receipt and 1 request without an answer never reached the shop"
    )


def test_where_nothing_differs_or_nothing_is_known_there_is_nothing_to_explain():
    assert explanation(recorder_of(FAILED)) == ""
    assert known_causes(None, recorder_of(FAILED)) == ""
