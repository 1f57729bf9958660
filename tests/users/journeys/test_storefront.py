"""The storefront's automatic choices, on a tiny shop whose responses come back in any order."""

from __future__ import annotations

import random
from collections import Counter

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.measurement.outcomes import Outcome
from shop.contract import CHECKOUT_PATH, Page
from users.journeys.checks import check_response
from users.journeys.context import JourneyContext
from users.journeys.steps import JourneyFailed, PageRequest, fetch_in_order
from users.journeys.storefront import MAX_POSTS, AutomaticSelections
from users.population.journey_spec import JourneySpec, ShopperPolicy

LISTS = {
    "delivery_options": [
        {"pk": 2, "slug": "store", "delivery_option_type": "retail_store"},
        {"pk": 1, "slug": "home", "delivery_option_type": "customer"},
    ],
    "addresses": [{"pk": 84}, {"pk": 85}],
    "shipping_options": [{"pk": 3}, {"pk": 4}],
    "payment_options": [{"pk": 1, "slug": "credit-card"}, {"pk": 9, "slug": "gpay"}],
}
DELIVERY_CHOICES = {
    Page.DELIVERY_OPTION: ("delivery_option", "delivery_options"),
    Page.ADDRESS_SELECTION: ("shipping_address", "addresses"),
    Page.SHIPPING_OPTION: ("shipping_option", "shipping_options"),
    Page.PAYMENT_OPTION: ("payment_option", "payment_options"),
}


class TinyShop:
    """Takes each choice as it comes; with ``resets``, a delivery voids the shipping chosen before it."""

    def __init__(self, *, resets=False, forgets=(), missing=()):
        self.resets, self.forgets, self.missing = resets, forgets, missing
        self.order, self.posts = {}, []

    def response(self, request):
        if request.method == "POST":
            self.posts.append((request.page, dict(request.form)))
            key, rows = DELIVERY_CHOICES[request.page]
            pk = int(request.form[key])
            if request.page not in self.forgets:
                self.order[key] = next(row for row in LISTS[rows] if row["pk"] == pk)
                if key == "shipping_address":
                    self.order["billing_address"] = {"pk": int(request.form["billing_address"])}
            if self.resets and request.page is Page.DELIVERY_OPTION:
                self.order.pop("shipping_option", None)
        shown = {key: rows for key, rows in LISTS.items() if key not in self.missing}
        entries = [
            {"page_name": page, "page_context": {key: shown.get(key, [])}}
            for page, (_, key) in DELIVERY_CHOICES.items()
        ]
        if request.method == "POST":
            entries = [{"page_name": Page.PAYMENT_OPTION, "page_context": {}}]
        document = {
            "context_list": entries,
            "template_name": "orders/checkout.html",
            "errors": [],
            "pre_order": {"total_amount": "10.00", **self.order},
        }
        response, outcome = check_response(request, 200, orjson.dumps(document))
        assert outcome is Outcome.OK
        return response


def context():
    return JourneyContext(JourneySpec(0, "returning", "gpay"), ShopperPolicy(), lambda _: True)


def opening():
    return PageRequest(Page.CHECKOUT, path=CHECKOUT_PATH, think_first=False)


def complete(order):
    return all(order.get(key) for key in (*(key for key, _ in DELIVERY_CHOICES.values()), "billing_address"))


def test_delivery_shipping_and_payment_are_posted_at_once_and_then_the_address():
    shop, page = TinyShop(), AutomaticSelections(context()).start_round(opening())
    first = page.on_response(opening(), shop.response(opening()))
    assert [request.page for request in first] == [Page.DELIVERY_OPTION, Page.SHIPPING_OPTION, Page.PAYMENT_OPTION]
    assert first[0].form == {"delivery_option": "1"}  # the first one that brings it home
    then = page.on_response(first[0], shop.response(first[0]))
    assert [request.page for request in then] == [Page.ADDRESS_SELECTION]  # the other two are under way
    assert then[0].form == {"shipping_address": "84", "billing_address": "84"}


def test_posts_carry_pks_and_do_not_think():
    shop, page = TinyShop(), AutomaticSelections(context()).start_round(opening())
    posts = page.on_response(opening(), shop.response(opening()))
    assert {value for request in posts for value in request.form.values()} == {"1", "3"}
    assert not any(request.think_first for request in posts)


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 10**6), resets=st.booleans())
def test_selections_end_whatever_the_order_of_responses(seed, resets):
    rng, shop, page = (
        random.Random(seed),
        TinyShop(resets=resets),
        AutomaticSelections(context()).start_round(opening()),
    )
    arriving = [(request, shop.response(request)) for request in page.initial()]
    while arriving:
        request, response = arriving.pop(rng.randrange(len(arriving)))
        under_way = Counter(each.page for each, _ in arriving)
        for follows in page.on_response(request, response):
            assert not under_way[follows.page], "the same choice is posted twice at a time"
            arriving.append((follows, shop.response(follows)))
    assert complete(shop.order)
    assert len(shop.posts) <= 4 * MAX_POSTS


def test_a_choice_already_made_is_not_posted_again():
    shop = TinyShop()
    fetch_in_order(AutomaticSelections(context()).start_round(opening()), shop.response)
    shop.posts.clear()
    fetch_in_order(AutomaticSelections(context()).start_round(opening()), shop.response)
    assert shop.posts == []


@pytest.mark.parametrize(
    ("stale", "posted"),
    [
        ({"shipping_option": {"pk": 99}}, Page.SHIPPING_OPTION),  # a carrier that the list does not hold any more
        ({"billing_address": None}, Page.ADDRESS_SELECTION),
    ],
)
def test_a_choice_that_the_order_has_lost_is_posted_again(stale, posted):
    shop = TinyShop()
    fetch_in_order(AutomaticSelections(context()).start_round(opening()), shop.response)
    shop.posts.clear()
    shop.order |= stale
    fetch_in_order(AutomaticSelections(context()).start_round(opening()), shop.response)
    assert [page for page, _ in shop.posts] == [posted]
    assert complete(shop.order)


def test_nothing_is_posted_for_a_list_that_was_not_shown():
    shop = TinyShop(missing=("addresses",))
    page = AutomaticSelections(context()).start_round(opening())
    fetch_in_order(page, shop.response)
    assert not page.rows("addresses")
    assert {page for page, _ in shop.posts} == {Page.DELIVERY_OPTION, Page.SHIPPING_OPTION, Page.PAYMENT_OPTION}


def test_a_choice_that_the_shop_keeps_losing_fails_the_journey():
    shop = TinyShop(forgets=(Page.SHIPPING_OPTION,))
    with pytest.raises(JourneyFailed) as failed:
        fetch_in_order(AutomaticSelections(context()).start_round(opening()), shop.response)
    assert (failed.value.outcome, failed.value.page) == (Outcome.NOT_ECHOED, Page.SHIPPING_OPTION)
    assert len(shop.posts) < 20
