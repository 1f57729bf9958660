"""The storefront's automatic choices, on a shop of a dozen lines whose replies come back in any order."""

from __future__ import annotations

import random
from collections import Counter

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.measurement.outcomes import Outcome
from shop.contract import CHECKOUT_PATH, Page
from users.journeys.automatic import MAX_POSTS, AutomaticSelections
from users.journeys.checks import check
from users.journeys.context import JourneyContext
from users.journeys.steps import JourneyFailed, PageRequest, fetch_in_order
from users.population.journey_spec import Conduct, JourneySpec

LISTS = {
    "delivery_options": [
        {"pk": 2, "slug": "store", "delivery_option_type": "retail_store"},
        {"pk": 1, "slug": "home", "delivery_option_type": "customer"},
    ],
    "addresses": [{"pk": 84}, {"pk": 85}],
    "shipping_options": [{"pk": 3}, {"pk": 4}],
    "payment_options": [{"pk": 1, "slug": "credit-card"}, {"pk": 9, "slug": "gpay"}],
}
CHOICES = {
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

    def answer(self, visit):
        if visit.method == "POST":
            self.posts.append((visit.page, dict(visit.form)))
            key, rows = CHOICES[visit.page]
            pk = int(visit.form[key])
            if visit.page not in self.forgets:
                self.order[key] = next(row for row in LISTS[rows] if row["pk"] == pk)
                if key == "shipping_address":
                    self.order["billing_address"] = {"pk": int(visit.form["billing_address"])}
            if self.resets and visit.page is Page.DELIVERY_OPTION:
                self.order.pop("shipping_option", None)
        shown = {key: rows for key, rows in LISTS.items() if key not in self.missing}
        entries = [{"page_name": page, "page_context": {key: shown.get(key, [])}} for page, (_, key) in CHOICES.items()]
        if visit.method == "POST":
            entries = [{"page_name": Page.PAYMENT_OPTION, "page_context": {}}]
        document = {
            "context_list": entries,
            "template_name": "orders/checkout.html",
            "errors": [],
            "pre_order": {"total_amount": "10.00", **self.order},
        }
        answer, outcome = check(visit, 200, orjson.dumps(document))
        assert outcome is Outcome.OK
        return answer


def errand():
    return JourneyContext(JourneySpec(0, "returning", "gpay"), Conduct(), lambda _: True)


def opening():
    return PageRequest(Page.CHECKOUT, path=CHECKOUT_PATH, think_first=False)


def complete(order):
    return all(order.get(key) for key in (*(key for key, _ in CHOICES.values()), "billing_address"))


def test_delivery_shipping_and_payment_are_posted_at_once_and_then_the_address():
    shop, page = TinyShop(), AutomaticSelections(errand()).start_round(opening())
    first = page.then(opening(), shop.answer(opening()))
    assert [visit.page for visit in first] == [Page.DELIVERY_OPTION, Page.SHIPPING_OPTION, Page.PAYMENT_OPTION]
    assert first[0].form == {"delivery_option": "1"}  # the first one that brings it home
    then = page.then(first[0], shop.answer(first[0]))
    assert [visit.page for visit in then] == [Page.ADDRESS_SELECTION]  # the other two are under way
    assert then[0].form == {"shipping_address": "84", "billing_address": "84"}


def test_posts_carry_pks_and_do_not_think():
    shop, page = TinyShop(), AutomaticSelections(errand()).start_round(opening())
    posts = page.then(opening(), shop.answer(opening()))
    assert {value for visit in posts for value in visit.form.values()} == {"1", "3"}
    assert not any(visit.think_first for visit in posts)


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 10**6), resets=st.booleans())
def test_it_comes_to_rest_in_whatever_order_replies_come(seed, resets):
    chance, shop, page = (
        random.Random(seed),
        TinyShop(resets=resets),
        AutomaticSelections(errand()).start_round(opening()),
    )
    arriving = [(visit, shop.answer(visit)) for visit in page.first()]
    while arriving:
        visit, answer = arriving.pop(chance.randrange(len(arriving)))
        under_way = Counter(each.page for each, _ in arriving)
        for follows in page.then(visit, answer):
            assert not under_way[follows.page], "the same choice is posted twice at a time"
            arriving.append((follows, shop.answer(follows)))
    assert complete(shop.order)
    assert len(shop.posts) <= 4 * MAX_POSTS


def test_what_is_chosen_already_is_not_posted_again():
    shop = TinyShop()
    fetch_in_order(AutomaticSelections(errand()).start_round(opening()), shop.answer)
    shop.posts.clear()
    fetch_in_order(AutomaticSelections(errand()).start_round(opening()), shop.answer)
    assert shop.posts == []


@pytest.mark.parametrize(
    ("stale", "posted"),
    [
        ({"shipping_option": {"pk": 99}}, Page.SHIPPING_OPTION),  # a carrier that the list does not hold any more
        ({"billing_address": None}, Page.ADDRESS_SELECTION),
    ],
)
def test_a_choice_that_does_not_hold_any_more_is_posted_again(stale, posted):
    shop = TinyShop()
    fetch_in_order(AutomaticSelections(errand()).start_round(opening()), shop.answer)
    shop.posts.clear()
    shop.order |= stale
    fetch_in_order(AutomaticSelections(errand()).start_round(opening()), shop.answer)
    assert [page for page, _ in shop.posts] == [posted]
    assert complete(shop.order)


def test_a_list_that_was_not_shown_is_left_to_the_shopper():
    shop = TinyShop(missing=("addresses",))
    page = AutomaticSelections(errand()).start_round(opening())
    fetch_in_order(page, shop.answer)
    assert page.rows("addresses") == []
    assert {page for page, _ in shop.posts} == {Page.DELIVERY_OPTION, Page.SHIPPING_OPTION, Page.PAYMENT_OPTION}


def test_a_shop_that_forgets_a_choice_is_not_asked_for_ever():
    shop = TinyShop(forgets=(Page.SHIPPING_OPTION,))
    with pytest.raises(JourneyFailed) as failed:
        fetch_in_order(AutomaticSelections(errand()).start_round(opening()), shop.answer)
    assert (failed.value.outcome, failed.value.page) == (Outcome.NOT_ECHOED, Page.SHIPPING_OPTION)
    assert len(shop.posts) < 20
