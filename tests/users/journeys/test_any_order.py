"""Shoppers answer the shop's pages in any order, and find payment options under any name."""

from __future__ import annotations

from itertools import permutations

import pytest

from harness.measurement.outcomes import Outcome
from shop.contract import PAYMENT_OPTIONS, Page
from users.population.journey_spec import ShopperPolicy

RECORDED = [
    {"pk": 1, "name": "Credit Card", "slug": "credit-card", "payment_type": "credit_card"},
    {"pk": 4, "name": "havale", "slug": "havale", "payment_type": "funds_transfer"},
    {"pk": 5, "name": "First wallet", "slug": "pay_with_first", "payment_type": "redirection"},
    {"pk": 6, "name": "Second wallet", "slug": "pay_with_second", "payment_type": "redirection"},
    {"pk": 3, "name": "Pay On Delivery", "slug": "pay-on-delivery", "payment_type": "pay_on_delivery"},
]
STEPS = (Page.INDEX, Page.DELIVERY_OPTION, Page.ADDRESS_SELECTION, Page.SHIPPING_OPTION)


def chosen_option(walked):
    return [
        request.form["payment_option"]
        for request in walked.shop.requests
        if request.form and "payment_option" in request.form
    ]


@pytest.mark.parametrize("shows_options", [False, True])
@pytest.mark.parametrize("cumulative", [False, True])
@pytest.mark.parametrize("order", list(permutations(STEPS)), ids=lambda order: " ".join(page[:2] for page in order))
def test_every_order_of_the_steps_leads_to_a_receipt(walker, order, cumulative, shows_options):
    for journey in ("guest", "returning", "first_time"):
        shop = walker.Shop(order=order, cumulative=cumulative, shows_options=shows_options)
        walked = walker(shop, "cash_register", journey)
        assert walked.outcome is Outcome.OK, (journey, walked.failure)


@pytest.mark.parametrize(
    "left_out", [page for page in STEPS if page not in (Page.DELIVERY_OPTION, Page.SHIPPING_OPTION)]
)
def test_a_shop_may_leave_out_a_step(walker, left_out):
    shop = walker.Shop(order=tuple(page for page in STEPS if page is not left_out))
    walked = walker(shop, "cash_register")
    assert walked.outcome is Outcome.OK
    assert left_out not in shop.pages


def test_one_response_may_complete_several_steps(walker):
    class Hurried(walker.Shop):
        def _post(self, page, form):
            if page is Page.DELIVERY_OPTION:
                self.done |= {Page.SHIPPING_OPTION}
                self.pre_order["shipping_option"] = {"pk": 3}
                self._ship("5.00")
            return super()._post(page, form)

    walked = walker(Hurried(), "cash_register")
    assert walked.outcome is Outcome.OK
    assert Page.SHIPPING_OPTION not in walked.shop.pages


def test_a_choice_undone_by_a_later_one_is_made_again_with_the_same_address(walker):
    class Forgetful(walker.Shop):
        undone = False

        def _post(self, page, form):
            if page is Page.DELIVERY_OPTION and not self.undone:
                self.undone = True
                self.done.discard(Page.ADDRESS_SELECTION)
            return super()._post(page, form)

    order = (Page.INDEX, Page.ADDRESS_SELECTION, Page.DELIVERY_OPTION, Page.SHIPPING_OPTION)
    for journey in ("guest", "first_time"):
        shop = Forgetful(order=order)
        walked = walker(shop, "cash_register", journey)
        assert walked.outcome is Outcome.OK
        assert (shop.pages.count(Page.ADDRESS_SELECTION), shop.pages.count(Page.ADDRESS_ADD)) == (2, 1)


@pytest.mark.parametrize("page", STEPS)
def test_a_page_that_keeps_coming_back_fails_the_journey(walker, page):
    class Stuck(walker.Shop):
        def _missing(self):
            self.done.discard(page)
            return super()._missing()

    walked = walker(Stuck())
    assert walked.outcome is Outcome.UNEXPECTED_PAGE
    assert walked.shop.pages.count(page) <= 2


def test_without_home_delivery_a_store_and_a_billing_address_are_chosen(walker):
    for journey in ("guest", "first_time"):
        walked = walker(walker.Shop(stores_only=True), "cash_register", journey)
        assert walked.outcome is Outcome.OK, walked.failure
        assert walked.shop.posted(Page.RETAIL_STORE) == {"retail_store": "21", "billing_address": "11"}
        assert Page.ADDRESS_SELECTION not in walked.shop.pages


def test_a_customer_takes_an_address_that_the_shop_has_and_a_new_one_adds_one(walker):
    returning = walker(walker.Shop(addresses=(84, 85)), "cash_register", "returning").shop
    assert Page.ADDRESS_ADD not in returning.pages
    assert returning.posted(Page.ADDRESS_SELECTION)["shipping_address"] in ("84", "85")
    new = walker(walker.Shop(addresses=(84, 85)), "cash_register", "first_time").shop
    assert new.posted(Page.ADDRESS_SELECTION) == {"shipping_address": "11", "billing_address": "11"}


@pytest.mark.parametrize("cumulative", [False, True])
@pytest.mark.parametrize("remembered", PAYMENT_OPTIONS)
def test_an_option_remembered_by_the_shop_is_replaced(walker, remembered, cumulative):
    shop = walker.Shop(remembers=True, remembers_option=remembered, cumulative=cumulative)
    walked = walker(shop, "funds_transfer", "returning")
    assert walked.outcome is Outcome.OK
    assert shop.sold == ["funds_transfer"]


def test_the_first_page_of_an_option_is_not_shown_while_none_is_chosen(walker):
    class Mistaken(walker.Shop):
        def _missing(self):
            return Page.BIN_NUMBER

    walked = walker(Mistaken(), journey="returning")
    assert (walked.outcome, walked.failure.page) == (Outcome.NOT_ECHOED, Page.CHECKOUT)


def test_a_first_time_customer_accepts_all_pages_at_once(walker):
    def spoil(request, document):
        if request.page is Page.CHECKOUT:
            rows = {"delivery_options": [{"pk": 7}], "payment_options": RECORDED}
            document["context_list"] += [{"page_name": "PaymentOptionSelectionPage", "page_context": rows}]
        return document

    walked = walker(walker.Shop(spoil=spoil), "cash_register", "first_time")
    assert walked.outcome is Outcome.OK, walked.failure
    assert walker(walker.Shop(spoil=spoil), "cash_register", "returning").outcome is Outcome.NOT_ECHOED


@pytest.mark.parametrize("how", ["slug", "pk"])
@pytest.mark.parametrize(
    ("option", "row"), [("credit_card", RECORDED[0]), ("funds_transfer", RECORDED[1]), ("pay_on_delivery", RECORDED[4])]
)
def test_an_option_is_found_by_its_type_and_posted_by_the_shops_slug(walker, option, row, how):
    walked = walker(walker.Shop(rows=RECORDED), option, policy=ShopperPolicy(option_value=how))
    assert walked.outcome is Outcome.OK, walked.failure
    assert walked.receipt.payment_option == option
    assert chosen_option(walked) == [str(row[how])]


@pytest.mark.parametrize("key", ["slug", "name"])
def test_an_option_without_a_type_is_found_by_slug_or_name(walker, key):
    row = {"pk": 9, "slug": "x", "name": "y", "payment_type": "cash_register"}

    def spoil(request, document):
        if request.page is Page.PAYMENT_OPTION:
            for entry in document["context_list"]:
                for option in entry["page_context"].get("payment_options", ()):
                    option |= {"payment_type": None, key: "cash_register"}
        return document

    walked = walker(walker.Shop(rows=[row | {key: "cash_register"}], spoil=spoil), "cash_register")
    assert walked.outcome is Outcome.OK, walked.failure


def test_one_of_several_rows_of_a_type_is_drawn_by_seed(walker):
    taken = [
        chosen_option(walker(walker.Shop(rows=RECORDED), "redirection", seed=seed))[0]
        for seed in (*range(12), *range(12))
    ]
    assert set(taken) == {"pay_with_first", "pay_with_second"}
    assert taken[:12] == taken[12:]
    own = [*RECORDED, {"pk": 7, "name": "Bank", "slug": "redirection", "payment_type": "redirection"}]
    assert {chosen_option(walker(walker.Shop(rows=own), "redirection", seed=seed))[0] for seed in range(9)} == {
        "redirection"
    }


def test_the_pre_order_must_hold_the_row_that_was_chosen(walker):
    def spoil(request, document):
        if request.page is Page.PAYMENT_OPTION and request.method == "POST":
            document["pre_order"]["payment_option"] = RECORDED[3]
        return document

    rows = [row for row in RECORDED if row["pk"] != 6]
    assert walker(walker.Shop(rows=rows, spoil=spoil), "redirection").outcome is Outcome.NOT_ECHOED


@pytest.mark.parametrize("fallback", ["", "credit_card"])
def test_an_option_that_is_not_offered_is_a_failure_that_lists_the_offer(walker, fallback):
    walked = walker(walker.Shop(rows=RECORDED), "gpay", policy=ShopperPolicy(fallback=fallback))
    assert (walked.outcome, walked.failure.page) == (Outcome.NOT_OFFERED, Page.PAYMENT_OPTION)
    assert walked.outcome.blame == "harness"
    assert (
        walked.failure.shop_message
        == "gpay is wanted, and credit_card, funds_transfer, redirection, pay_on_delivery are offered"
    )


def test_an_option_in_the_unavailable_list_counts_as_offered(walker):
    assert walker(walker.Shop(unavailable=frozenset({"gpay"})), "gpay").outcome is Outcome.UNAVAILABLE
