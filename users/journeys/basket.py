"""Choose a product, look at it, and add it to the basket."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

from harness.measurement.outcomes import Outcome
from shop.contract import PATHS, Page
from users.journeys.context import JourneyContext, check_is_list, fetch, has_value, required_amount, rows_of
from users.journeys.money import amount
from users.journeys.steps import (
    Expectation,
    JourneyFailed,
    PageRequest,
    PageResponse,
    ResponseCheck,
    ResponseFormat,
    Steps,
)
from users.journeys.storefront import installment_table

MAX_FOUND = 1000
"""Products of a search that are kept."""

_QUANTITIES = (1, 1, 1, 2, 3)
_ZERO = Decimal(0)
_JSON = ResponseFormat.JSON


def fill_basket(context: JourneyContext) -> Steps[None]:
    """Add some pieces of one product to the basket; from here on the order must cost what they cost."""
    product = yield from choose_product(context)
    quantity = context.rng.choice(_QUANTITIES)
    path = PATHS[Page.PRODUCT].format(pk=quote(product, safe=""))
    described = _described((yield from fetch(context, PageRequest(Page.PRODUCT, path=path, expect=_FOR_SALE))))
    if context.as_storefront:
        yield installment_table(product)
    # If the product has a price, the basket must keep to it.
    price = amount(described["price"]) if "price" in described else None
    check = _basket_total_check(context, None if price is None else price * quantity, quantity)
    wanted: Mapping[str, Any] = {
        "product": int(product) if product.isdecimal() else product,
        "quantity": quantity,
        "attributes": {},
    }
    add = PageRequest(
        Page.BASKET_ADD, "POST", PATHS[Page.BASKET_ADD], json=wanted, expect=Expectation(_JSON, check=check)
    )
    basket = (yield from fetch(context, add)).document.get("basket")
    if not isinstance(basket, dict):
        # Only the page of the basket itself is sure to show it.
        expect = Expectation(_JSON, keys=frozenset({"basket"}), check=check)
        read = PageRequest(Page.BASKET, path=PATHS[Page.BASKET], expect=expect, think_first=False)
        basket = (yield from fetch(context, read)).document["basket"]
        if not isinstance(basket, dict):
            raise JourneyFailed(Outcome.ENVELOPE, Page.BASKET)
    context.expect_goods_amount(required_amount(context, basket.get("total_amount")))


def choose_product(context: JourneyContext) -> Steps[str]:
    """Choose one of the products that are not known to be sold out; returns its ``pk``."""
    products = context.products
    if products.pks is None:
        found = yield from _search(context)
        if products.pks is None:  # another journey may have searched meanwhile, and have found one sold out
            products.pks = found
    if not products.pks:
        raise JourneyFailed(Outcome.NO_PRODUCT, context.page)
    context.product = context.rng.choice(products.pks)
    return context.product


def _search(context: JourneyContext) -> Steps[tuple[str, ...]]:
    """The products in stock on the first page of the shop's search; if it fails, the next journey searches again."""
    text = context.products.search
    path = f"{PATHS[Page.SEARCH]}?{urlencode({'format': 'json', **({'search_text': text} if text else {})})}"
    response = yield from fetch(context, PageRequest(Page.SEARCH, path=path, expect=_SEARCH_RESULT, think_first=False))
    rows = rows_of(response.document, "products") or ()
    return tuple(str(row["pk"]) for row in rows[:MAX_FOUND] if has_value(row.get("pk")) and not is_sold_out(row))


def is_sold_out(product: Mapping[str, Any]) -> bool:
    """Whether a shop says that a product is sold out; if it says nothing, the product is in stock."""
    return product.get("in_stock") is False or (type(product.get("stock")) is int and product["stock"] <= 0)


def _described(response: PageResponse) -> Mapping[str, Any]:
    product = response.document.get("product")
    return product if isinstance(product, dict) else response.document


def _check_for_sale(response: PageResponse) -> Outcome:
    """A product needs no price, but a price must be readable. A sold-out product is no fault of the shop."""
    described = _described(response)
    if is_sold_out(described) or response.document.get("in_stock") is False:
        return Outcome.UNAVAILABLE
    return Outcome.OK if "price" not in described or amount(described["price"]) is not None else Outcome.AMOUNT_MISMATCH


def _basket_total_check(context: JourneyContext, added: Decimal | None, quantity: int) -> ResponseCheck:
    """A basket that the response shows must cost what was added, less the discounts that it names."""

    def check(response: PageResponse) -> Outcome:
        basket = response.document.get("basket")
        if not isinstance(basket, dict):
            return Outcome.OK
        total, held = amount(basket.get("total_amount")), basket.get("total_quantity")
        discount_text = basket.get("total_discount_amount")
        discount = _ZERO if discount_text is None else amount(discount_text)
        if total is None or discount is None or discount < _ZERO:
            return Outcome.AMOUNT_MISMATCH
        total += discount
        # An account keeps its basket. This journey also buys what an earlier one left in it, at the price of then.
        leftovers = context.account is not None and isinstance(held, int) and held > quantity
        wrong = added is not None and ((total < added) if leftovers else (total != added))
        return Outcome.AMOUNT_MISMATCH if wrong else Outcome.OK

    return check


_FOR_SALE = Expectation(_JSON, keys=frozenset({"product"}), check=_check_for_sale)
_SEARCH_RESULT = Expectation(_JSON, keys=frozenset({"products"}), check=check_is_list("products"))
