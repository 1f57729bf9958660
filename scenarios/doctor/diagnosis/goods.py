"""What keeps a product from the basket, and a basket from the checkout."""

from __future__ import annotations

import re

from harness.measurement.outcomes import Outcome
from scenarios.doctor.diagnosis.failure import Failure
from scenarios.doctor.finding import Finding
from shop.contract import Page

_BASKET_PAGES = (Page.BASKET_ADD, Page.BASKET)
MINIMUM = re.compile(
    r"minimum|at least|en az|asgari|alt limit|min\.? ?(?:basket|order|amount)|mindest|m[ií]nimo", re.IGNORECASE
)
_VARIANT = re.compile(r"variant|attribute|\bsize\b|\bcolou?r\b|beden|renk", re.IGNORECASE)
_QUANTITY = re.compile(r"quantity|adet|piece", re.IGNORECASE)
_REFUSED = (Outcome.BUSINESS_ERROR, Outcome.HTTP_4XX)
_NAME_PRODUCTS = 'name products that can be bought: products = [...] in [conduct], or search = "..." in [products]'
_KEY = "[products] search"


def products(failure: Failure) -> Finding | None:
    """The shop has no product to sell, not this one, or none in stock."""
    if failure.outcome is Outcome.NO_PRODUCT:
        seen = "shows no product in stock: there is nothing left to buy"
        remedy = f"put products in stock on the test system, or {_NAME_PRODUCTS}"
        return failure.finding("no_products", seen, remedy, _KEY)
    if failure.page is Page.PRODUCT and failure.exchange.status == 404:  # noqa: PLR2004 - Not Found
        return failure.finding(
            "product_missing", "is not there: the shop has no such product (404)", _NAME_PRODUCTS, _KEY, '""'
        )
    if failure.outcome is Outcome.UNAVAILABLE and failure.page in (Page.PRODUCT, *_BASKET_PAGES):
        said = f": {failure.said}" if failure.said else ""
        seen = f"shows that the product is out of stock{said}"
        return failure.finding("product_sold_out", seen, f"put it in stock, or {_NAME_PRODUCTS}", _KEY, '""')
    if failure.page is Page.SEARCH:
        said = f": {failure.said}" if failure.said else ""
        seen = f"gave no list of products (status {failure.exchange.status}){said}"
        return failure.finding(
            "no_search", seen, 'name products by their pk: products = ["1", "2"] in [conduct]', "[conduct] products"
        )
    return None


def basket(failure: Failure) -> Finding | None:
    """The shop refuses the basket: an order of at least so much, a variant to choose, or another reason."""
    pages = (*_BASKET_PAGES, Page.CHECKOUT, Page.INDEX, Page.PAYMENT_OPTION)
    if failure.page not in pages or failure.outcome not in (*_REFUSED, Outcome.BASKET_LOST):
        return None
    if MINIMUM.search(failure.said):
        seen = f"was refused: the basket is worth too little: {failure.said}"
        return failure.finding(
            "minimum_amount", seen, "name products that cost more: products = [...] in [conduct]", "[conduct] products"
        )
    if failure.page not in _BASKET_PAGES:
        return None
    if _VARIANT.search(failure.said):
        seen = f"was refused: the product wants a choice first: {failure.said}"
        return failure.finding(
            "product_variant",
            seen,
            "name the pk of a variant, not of its group, in [conduct] products",
            "[conduct] products",
        )
    if _QUANTITY.search(failure.said):
        seen = f"was refused: {failure.said}"
        return failure.finding(
            "quantity",
            seen,
            "name products with at least three pieces in stock: shoppers buy one to three",
            "[conduct] products",
        )
    said = failure.said or f"status {failure.exchange.status}"
    return failure.finding("basket_refused", f"was refused: {said}", _NAME_PRODUCTS, _KEY)
