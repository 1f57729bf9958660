"""Think times of a recording are the person's pauses, and not the browser's own requests or a lunch break."""

import pytest

from scenarios.doctor.exchange import Exchange
from scenarios.doctor.har.think_gaps import ThinkGaps
from shop.contract import Page


def gaps(*exchanges):
    """Exchanges as (page, start, end)."""
    found = ThinkGaps()
    for page, start, end in exchanges:
        found.add(Exchange("GET", "/", started=start, seconds=end - start), page, page.value if page else "MyPage")
    return found


def test_a_pause_counts_from_the_end_of_everything_before():
    found = gaps((Page.PRODUCT, 0, 1), (Page.BASKET_ADD, 3, 3.5), (Page.BASKET, 3.2, 6), (Page.CHECKOUT, 10, 11))
    assert found.medians == {"Product": 0.0, "BasketAdd": 2.0, "Checkout": 4.0}
    assert found.length == 11


def test_a_pause_before_a_list_belongs_to_the_form_that_needs_it():
    found = gaps(
        (Page.CHECKOUT, 0, 0), (Page.CITIES, 20, 20.1), (Page.TOWNSHIPS, 22.1, 22.2), (Page.ADDRESS_ADD, 25.2, 26)
    )
    assert found.medians["AddressAdd"] == pytest.approx(20 + 2 + 3)


def test_requests_of_the_browser_do_not_shorten_the_pause_of_the_person():
    found = gaps((Page.BASKET, 0, 0), (Page.CHECKOUT, 8, 8), (Page.CHECKOUT, 8.01, 8.02), (Page.CHECKOUT, 8.03, 8.04))
    assert found.medians == {"Checkout": 8.0}


def test_a_long_break_and_the_time_at_the_bank_are_no_think_time():
    found = gaps((Page.BIN_NUMBER, 0, 0), (Page.INSTALLMENT, 1000, 1001), (Page.THREE_D_SECURE, 1040, 1041))
    assert found.medians == {"BinNumberPage": 0.0, "InstallmentSelectionPage": 0.0}
    assert found.length == 41


def test_a_page_that_a_scenario_cannot_name_has_no_think_time():
    assert gaps((None, 0, 1), (None, 5, 6)).medians == {}
