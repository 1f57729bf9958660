"""Looking at a product and putting it into the basket."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

from harness.measurement.outcomes import Outcome
from shop.contract import PATHS, Page
from users.journeys.context import JourneyContext, ResponseCheck, fetch, has_value, required_amount
from users.journeys.money import amount
from users.journeys.steps import JourneyFailed, PageRequest, PageResponse, ResponseFormat, Steps
from users.journeys.storefront import installment_table

_QUANTITIES = (1, 1, 1, 2, 3)
_ZERO = Decimal(0)


def fill_basket(context: JourneyContext) -> Steps[None]:
    """Choose a product and how many of it; afterwards ``context.goods_amount`` is what the shop must ask for them."""
    product = yield from pick_product(context)
    quantity = context.rng.choice(_QUANTITIES)
    path = PATHS[Page.PRODUCT].format(pk=quote(product, safe=""))
    required_keys = frozenset({"product"})
    look_at = PageRequest(
        Page.PRODUCT, path=path, response_format=ResponseFormat.JSON, required_keys=required_keys, check=_check_for_sale
    )
    described = _described((yield from fetch(context, look_at)))
    if context.as_storefront:
        yield installment_table(product)
    # Where it has a price, the basket must keep to it.
    price = amount(described["price"]) if "price" in described else None
    check = _basket_total_check(context, None if price is None else price * quantity, quantity)
    wanted: Mapping[str, Any] = {
        "product": int(product) if product.isdecimal() else product,
        "quantity": quantity,
        "attributes": {},
    }
    add = PageRequest(
        Page.BASKET_ADD, "POST", PATHS[Page.BASKET_ADD], json=wanted, response_format=ResponseFormat.JSON, check=check
    )
    basket = (yield from fetch(context, add)).document.get("basket")
    if not isinstance(basket, dict):
        # Only the reply to reading the basket is known for certain.
        required_keys = frozenset({"basket"})
        read = PageRequest(
            Page.BASKET,
            path=PATHS[Page.BASKET],
            response_format=ResponseFormat.JSON,
            required_keys=required_keys,
            check=check,
            think_first=False,
        )
        basket = (yield from fetch(context, read)).document["basket"]
        if not isinstance(basket, dict):
            raise JourneyFailed(Outcome.ENVELOPE, Page.BASKET)
    context.goods_amount = required_amount(context, basket.get("total_amount"))


def _described(response: PageResponse) -> Mapping[str, Any]:
    product = response.document.get("product")
    return product if isinstance(product, dict) else response.document


def _check_for_sale(response: PageResponse) -> Outcome:
    """A product without a price is in order; one whose price cannot be read is not, and one that is sold out is luck."""
    described = _described(response)
    if is_sold_out(described) or response.document.get("in_stock") is False:
        return Outcome.UNAVAILABLE
    return Outcome.OK if "price" not in described or amount(described["price"]) is not None else Outcome.AMOUNT_MISMATCH


def _basket_total_check(context: JourneyContext, added: Decimal | None, quantity: int) -> ResponseCheck:
    """A basket, where the reply shows one, costs what was put into it, less the discounts that it names."""

    def check(response: PageResponse) -> Outcome:
        basket = response.document.get("basket")
        if not isinstance(basket, dict):
            return Outcome.OK
        total, held = amount(basket.get("total_amount")), basket.get("total_quantity")
        named = basket.get("total_discount_amount")
        off = _ZERO if named is None else amount(named)
        if total is None or off is None or off < _ZERO:
            return Outcome.AMOUNT_MISMATCH
        total += off
        # An account keeps its basket: what an earlier journey left in it is bought along, at a price seen then.
        leftovers = context.account is not None and isinstance(held, int) and held > quantity
        wrong = added is not None and ((total < added) if leftovers else (total != added))
        return Outcome.AMOUNT_MISMATCH if wrong else Outcome.OK

    return check


MAX_FOUND = 1000
"""Products of a search that are kept."""

_NEEDS = frozenset({"products"})


def pick_product(context: JourneyContext) -> Steps[str]:
    """A product by its pk, drawn among those that are not known to be sold out."""
    products = context.products
    if products.pks is None:
        found = yield from _search(context)
        if products.pks is None:  # another journey may have found them, and sold one out, meanwhile
            products.pks = found
    if not products.pks:
        raise JourneyFailed(Outcome.NO_PRODUCT, context.page)
    context.product = context.rng.choice(products.pks)
    return context.product


def _search(context: JourneyContext) -> Steps[tuple[str, ...]]:
    """The products in stock on the first page of what the shop finds; where that fails, the next journey looks again."""
    text = context.products.search
    query = urlencode({"format": "json", **({"search_text": text} if text else {})})
    path = f"{PATHS[Page.SEARCH]}?{query}"
    request = PageRequest(
        Page.SEARCH,
        path=path,
        response_format=ResponseFormat.JSON,
        required_keys=_NEEDS,
        check=_is_list,
        think_first=False,
    )
    rows = (yield from fetch(context, request)).document["products"][:MAX_FOUND]
    return tuple(str(row["pk"]) for row in rows if isinstance(row, dict) and _is_for_sale(row))


def _is_for_sale(row: Mapping[str, Any]) -> bool:
    return has_value(row.get("pk")) and not is_sold_out(row)


def is_sold_out(product: Mapping[str, Any]) -> bool:
    """Whether a shop says of a product that there is none left; one that says nothing has some."""
    return product.get("in_stock") is False or (type(product.get("stock")) is int and product["stock"] <= 0)


def _is_list(response: PageResponse) -> Outcome:
    return Outcome.OK if isinstance(response.document["products"], list) else Outcome.ENVELOPE
