"""Choosing what to buy: a product of the scenario's list, or of the shop's own search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from harness.measurement.outcomes import Outcome
from shop.contract import PATHS, Page
from users.journeys.context import JourneyContext, ask, has_value
from users.journeys.steps import Answer, JourneyFailed, PageRequest, ResponseFormat, Steps

MAX_FOUND = 1000
"""Products of a search that are kept."""

_NEEDS = frozenset({"products"})


def pick_product(errand: JourneyContext) -> Steps[str]:
    """A product by its pk, drawn among those that are not known to be sold out."""
    products = errand.products
    if products.pks is None:
        found = yield from _search(errand)
        if products.pks is None:  # another journey may have found them, and sold one out, meanwhile
            products.pks = found
    if not products.pks:
        raise JourneyFailed(Outcome.NO_PRODUCT, errand.page)
    errand.product = errand.chance.choice(products.pks)
    return errand.product


def _search(errand: JourneyContext) -> Steps[tuple[str, ...]]:
    """The products in stock on the first page of what the shop finds; where that fails, the next journey looks again."""
    text = errand.products.search
    query = urlencode({"format": "json", **({"search_text": text} if text else {})})
    path = f"{PATHS[Page.SEARCH]}?{query}"
    visit = PageRequest(
        Page.SEARCH, path=path, reads=ResponseFormat.JSON, needs=_NEEDS, judge=_is_list, think_first=False
    )
    rows = (yield from ask(errand, visit)).document["products"][:MAX_FOUND]
    return tuple(str(row["pk"]) for row in rows if isinstance(row, dict) and _is_for_sale(row))


def _is_for_sale(row: Mapping[str, Any]) -> bool:
    return has_value(row.get("pk")) and not is_sold_out(row)


def is_sold_out(product: Mapping[str, Any]) -> bool:
    """Whether a shop says of a product that there is none left; one that says nothing has some."""
    return product.get("in_stock") is False or (type(product.get("stock")) is int and product["stock"] <= 0)


def _is_list(answer: Answer) -> Outcome:
    return Outcome.OK if isinstance(answer.document["products"], list) else Outcome.ENVELOPE
