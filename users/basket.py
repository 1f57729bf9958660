"""Looking at a product and putting it into the basket."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from shop.contract import PATHS, Outcome, Page
from users.errand import Errand, ask, read_amount
from users.steps import JourneyFailed, Reads, Steps, Visit

_QUANTITIES = (1, 1, 1, 2, 3)


def fill_basket(errand: Errand) -> Steps[None]:
    """Choose a product and how many of it; afterwards ``errand.goods`` is what the shop must ask for them."""
    product = errand.chance.choice(errand.conduct.products)
    quantity = errand.chance.choice(_QUANTITIES)
    path = PATHS[Page.PRODUCT].format(pk=quote(product, safe=""))
    answer = yield from ask(errand, Visit(Page.PRODUCT, path=path, reads=Reads.JSON))
    described = answer.document.get("product")
    described = described if isinstance(described, dict) else answer.document
    # Nothing says what a product looks like; where it has a price, the basket must keep to it.
    price = read_amount(errand, described["price"]) if "price" in described else None
    wanted: Mapping[str, Any] = {
        "product": int(product) if product.isdecimal() else product,
        "quantity": quantity,
        "attributes": {},
    }
    add = Visit(Page.BASKET_ADD, "POST", PATHS[Page.BASKET_ADD], json=wanted, reads=Reads.JSON)
    basket = (yield from ask(errand, add)).document.get("basket")
    if not isinstance(basket, dict):
        # Only the reply to reading the basket is known for certain.
        read = Visit(Page.BASKET, path=PATHS[Page.BASKET], reads=Reads.JSON, needs=frozenset({"basket"}), thinks=False)
        basket = (yield from ask(errand, read)).document["basket"]
        if not isinstance(basket, dict):
            raise JourneyFailed(Outcome.ENVELOPE, Page.BASKET)
    errand.goods = _goods(errand, basket, None if price is None else price * quantity, quantity)


def _goods(errand: Errand, basket: Mapping[str, Any], added: Decimal | None, quantity: int) -> Decimal:
    total = read_amount(errand, basket.get("total_amount"))
    held = basket.get("total_quantity")
    # An account keeps its basket: what an earlier journey left in it is bought along, at a price seen then.
    leftovers = errand.account is not None and isinstance(held, int) and held > quantity
    if added is not None and ((total < added) if leftovers else (total != added)):
        raise JourneyFailed(Outcome.AMOUNT_MISMATCH, errand.page)
    return total
