"""What the storefront's page posts on its own: the choices that an order still lacks, several of them at the same time.

The platform's client keeps the lists that replies have shown. After each reply it posts a choice for everything that the
pre-order lacks and a list exists for, without waiting for posts under way; a choice is never posted twice at a time (client).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from harness.measurement.outcomes import Outcome
from shop.contract import Page
from users.journeys.context import JourneyContext, has_value, post, remember, required
from users.journeys.steps import Answer, JourneyFailed, PageRequest, ResponseFormat

MAX_POSTS = 4
"""After so many posts of one choice that the pre-order never shows, the shop is held to have lost it."""

_TO_AN_ADDRESS = "customer"

Row = Mapping[str, Any]


class AutomaticSelections:
    """The choices that the storefront's page makes from one look at the checkout until it comes to rest.

    ``context`` holds what replies have shown so far, by the key of the page context: all that the page has on the screen.
    ``start_round`` sets the visits that begin the next round.
    """

    def __init__(self, errand: JourneyContext) -> None:
        self._errand = errand
        self._begin: Sequence[PageRequest] = ()
        self._under_way: set[Page] = set()
        self._posts = Counter[Page]()
        self.context: dict[str, Any] = {}

    def start_round(self, *visits: PageRequest) -> AutomaticSelections:
        """The same page, which now sends these visits."""
        self._begin = visits
        self._posts.clear()
        return self

    def first(self) -> Sequence[PageRequest]:
        """The visits that the shopper asked for."""
        return self._begin

    def then(self, visit: PageRequest, answer: Answer) -> Sequence[PageRequest]:
        """Keep what the reply shows, and post what the order still lacks."""
        remember(self._errand, visit, answer)
        self._under_way.discard(visit.page)
        if visit.reads is not ResponseFormat.ENVELOPE:
            return ()
        self.context.update(answer.context)
        lacking = [choice for choice in self._lacking(answer.pre_order) if choice[0] not in self._under_way]
        return [self._post(page, form) for page, form in lacking]

    def rows(self, key: str) -> Sequence[Row]:
        """The rows of a list that was shown, empty if it was not."""
        rows = self.context.get(key)
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else ()

    def _lacking(self, order: Mapping[str, Any]) -> Sequence[tuple[Page, Mapping[str, str]]]:
        rows, found = self.rows, list[tuple[Page, Mapping[str, str]]]()
        delivery = order.get("delivery_option")
        if not delivery and (options := rows("delivery_options")):
            row = next((row for row in options if row.get("delivery_option_type") == _TO_AN_ADDRESS), options[0])
            found.append((Page.DELIVERY_OPTION, {"delivery_option": self._pk(row)}))
        addressed = order.get("shipping_address") and order.get("billing_address")
        home = isinstance(delivery, dict) and delivery.get("delivery_option_type") == _TO_AN_ADDRESS
        if not addressed and home and (addresses := rows("addresses")):
            pk = self._pk(addresses[0])
            found.append((Page.ADDRESS_SELECTION, {"shipping_address": pk, "billing_address": pk}))
        if (options := rows("shipping_options")) and not _is_among(order.get("shipping_option"), options):
            found.append((Page.SHIPPING_OPTION, {"shipping_option": self._pk(options[0])}))
        if not order.get("payment_option") and (options := rows("payment_options")):
            found.append((Page.PAYMENT_OPTION, {"payment_option": self._pk(options[0])}))
        return found

    def _pk(self, row: Row) -> str:
        return required(self._errand, row, "pk")

    def _post(self, page: Page, form: Mapping[str, str]) -> PageRequest:
        self._posts[page] += 1
        if self._posts[page] > MAX_POSTS:
            raise JourneyFailed(Outcome.NOT_ECHOED, page)
        self._under_way.add(page)
        return post(self._errand, page, form, frozenset(), think_first=False)


def _is_among(chosen: object, rows: Sequence[Row]) -> bool:
    pk = chosen.get("pk") if isinstance(chosen, dict) else None
    return has_value(pk) and any(row.get("pk") == pk for row in rows)
