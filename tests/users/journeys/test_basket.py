"""Products are drawn from a list or the shop's search, and not again once they are sold out."""

from __future__ import annotations

import pytest

from harness.measurement.outcomes import Outcome
from shop.contract import Page
from users.population.pools import ProductPool


def bought(walked):
    return next(str(request.json["product"]) for request in walked.shop.requests if request.page is Page.BASKET_ADD)


def test_the_search_runs_once_and_gives_products_in_stock(walker):
    products = ProductPool(search="wool & silk")
    walks = [walker(walker.Shop(), "cash_register", products=products, seed=seed) for seed in range(9)]
    assert [walked.shop.pages.count(Page.SEARCH) for walked in walks] == [1, *[0] * 8]
    (asked,) = [request for request in walks[0].shop.requests if request.page is Page.SEARCH]
    assert asked.path == "/list/?format=json&search_text=wool+%26+silk"
    assert {bought(walked) for walked in walks} == {"31", "33"}


@pytest.mark.parametrize(
    ("reply", "outcome", "page"),
    [
        (500, Outcome.HTTP_5XX, Page.SEARCH),
        ({"products": {}}, Outcome.ENVELOPE, Page.SEARCH),
        ({"pagination": {}}, Outcome.ENVELOPE, Page.SEARCH),
    ],
)
def test_a_search_that_fails_is_named_and_tried_again_by_the_next_journey(walker, reply, outcome, page):
    products = ProductPool()
    walked = walker(walker.Shop(spoil=lambda request, sent: reply if request.page is page else sent), products=products)
    assert (walked.outcome, walked.failure.page) == (outcome, page)
    assert walker(walker.Shop(), products=products).receipt


@pytest.mark.parametrize("products", [ProductPool(()), ProductPool(search="nothing")])
def test_an_empty_product_list_is_blamed_on_the_scenario(walker, products):
    def spoil(request, document):
        return {"products": [7, {}, {"pk": 3, "in_stock": False}]} if request.page is Page.SEARCH else document

    walked = walker(walker.Shop(spoil=spoil), products=products)
    assert walked.outcome is Outcome.NO_PRODUCT
    assert walked.outcome.blame == "harness"


@pytest.mark.parametrize(
    "reply",
    [
        {"in_stock": False, "product": {"pk": 1, "price": "10.00"}},
        {"product": {"pk": 1, "price": "10.00", "in_stock": False}},
        {"product": {"pk": 1, "price": "10.00", "stock": 0}},
    ],
)
def test_a_sold_out_product_is_blamed_on_the_shopper(walker, reply):
    walked = walker(walker.Shop(spoil=lambda request, sent: reply if request.page is Page.PRODUCT else sent))
    assert (walked.outcome, walked.failure.page) == (Outcome.UNAVAILABLE, Page.PRODUCT)
    assert walked.outcome.blame == "shopper"


def test_sold_out_products_are_not_drawn_again(walker):
    products = ProductPool(("1", "2", "3"))
    products.mark_sold_out("2")
    assert {bought(walker(walker.Shop(), products=products, seed=seed)) for seed in range(20)} == {"1", "3"}
    products.mark_sold_out("1")
    products.mark_sold_out("3")
    products.mark_sold_out("3")
    assert walker(walker.Shop(), products=products).outcome is Outcome.NO_PRODUCT
