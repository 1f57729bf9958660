"""Looking at a product and putting it into the basket."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from harness.measurement.outcomes import Outcome
from shop.contract import PATHS, Page
from users.journeys.context import JourneyContext, ResponseCheck, ask, required_amount
from users.journeys.money import amount
from users.journeys.products import is_sold_out, pick_product
from users.journeys.steps import Answer, JourneyFailed, PageRequest, ResponseFormat, Steps
from users.journeys.storefront import installment_table

_QUANTITIES = (1, 1, 1, 2, 3)
_ZERO = Decimal(0)


def fill_basket(errand: JourneyContext) -> Steps[None]:
    """Choose a product and how many of it; afterwards ``errand.goods`` is what the shop must ask for them."""
    product = yield from pick_product(errand)
    quantity = errand.chance.choice(_QUANTITIES)
    path = PATHS[Page.PRODUCT].format(pk=quote(product, safe=""))
    needs = frozenset({"product"})
    look_at = PageRequest(Page.PRODUCT, path=path, reads=ResponseFormat.JSON, needs=needs, judge=_is_for_sale)
    described = _described((yield from ask(errand, look_at)))
    if errand.as_storefront:
        yield installment_table(product)
    # Where it has a price, the basket must keep to it.
    price = amount(described["price"]) if "price" in described else None
    judge = _basket_total_check(errand, None if price is None else price * quantity, quantity)
    wanted: Mapping[str, Any] = {
        "product": int(product) if product.isdecimal() else product,
        "quantity": quantity,
        "attributes": {},
    }
    add = PageRequest(
        Page.BASKET_ADD, "POST", PATHS[Page.BASKET_ADD], json=wanted, reads=ResponseFormat.JSON, judge=judge
    )
    basket = (yield from ask(errand, add)).document.get("basket")
    if not isinstance(basket, dict):
        # Only the reply to reading the basket is known for certain.
        needs = frozenset({"basket"})
        read = PageRequest(
            Page.BASKET, path=PATHS[Page.BASKET], reads=ResponseFormat.JSON, needs=needs, judge=judge, think_first=False
        )
        basket = (yield from ask(errand, read)).document["basket"]
        if not isinstance(basket, dict):
            raise JourneyFailed(Outcome.ENVELOPE, Page.BASKET)
    errand.goods = required_amount(errand, basket.get("total_amount"))


def _described(answer: Answer) -> Mapping[str, Any]:
    product = answer.document.get("product")
    return product if isinstance(product, dict) else answer.document


def _is_for_sale(answer: Answer) -> Outcome:
    """A product without a price is in order; one whose price cannot be read is not, and one that is sold out is luck."""
    described = _described(answer)
    if is_sold_out(described) or answer.document.get("in_stock") is False:
        return Outcome.UNAVAILABLE
    return Outcome.OK if "price" not in described or amount(described["price"]) is not None else Outcome.AMOUNT_MISMATCH


def _basket_total_check(errand: JourneyContext, added: Decimal | None, quantity: int) -> ResponseCheck:
    """A basket, where the reply shows one, costs what was put into it, less the discounts that it names."""

    def judge(answer: Answer) -> Outcome:
        basket = answer.document.get("basket")
        if not isinstance(basket, dict):
            return Outcome.OK
        total, held = amount(basket.get("total_amount")), basket.get("total_quantity")
        named = basket.get("total_discount_amount")
        off = _ZERO if named is None else amount(named)
        if total is None or off is None or off < _ZERO:
            return Outcome.AMOUNT_MISMATCH
        total += off
        # An account keeps its basket: what an earlier journey left in it is bought along, at a price seen then.
        leftovers = errand.account is not None and isinstance(held, int) and held > quantity
        wrong = added is not None and ((total < added) if leftovers else (total != added))
        return Outcome.AMOUNT_MISMATCH if wrong else Outcome.OK

    return judge
