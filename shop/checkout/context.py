"""The context that payment handlers work with, and the results they return."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from shop.contract import Page
from shop.customers.session import Session
from shop.forms import Form
from shop.http_messages import Errors
from shop.pre_order import Bill, Payment, PreOrder, bill_of
from shop.settings import Conventions, FaultName, Settings


class PostResult(NamedTuple):
    """The result of a posted page: errors without any change, the next page, or a complete order (neither).

    ``page_extras`` are fields that only this reply adds to the next page.
    """

    page: Page | None = None
    errors: Errors | None = None
    page_extras: Mapping[str, Any] = MappingProxyType({})


ORDER_COMPLETE = PostResult()


def next_page(page: Page) -> PostResult:
    """The shopper goes on to this page."""
    return PostResult(page)


def field_error(field_name: str, message: str) -> PostResult:
    """The shopper stays on the page, with one message on one field."""
    return PostResult(errors={field_name: [message]})


def declined() -> PostResult:
    """The shopper stays on the page, because the bank declined."""
    return field_error("non_field_errors", "The bank declined the payment.")


@dataclass(frozen=True, slots=True)
class CheckoutContext:
    """The context of one request of the checkout: session, settings and time.

    ``active_faults`` are the faults of this request; ``origin`` is the address of the shop.
    """

    session: Session
    settings: Settings
    now: float
    origin: str
    rng: random.Random
    active_faults: frozenset[FaultName] = frozenset()

    @property
    def pre_order(self) -> PreOrder:
        """The current order."""
        return self.session.pre_order

    @property
    def payment(self) -> Payment:
        """The payment; raises ``LookupError`` without one, which is a bug."""
        if self.session.pre_order.payment is None:
            raise LookupError("no payment option is chosen")
        return self.session.pre_order.payment

    @property
    def bill(self) -> Bill:
        """The bill of the current order."""
        return bill_of(self.session.basket, self.session.pre_order)

    @property
    def strict(self) -> bool:
        """Whether the shop refuses unknown fields."""
        return self.settings.unknown_fields == "refuse"

    @property
    def conventions(self) -> Conventions:
        """The conventions of this shop's replies."""
        return self.settings.conventions

    def url(self, path: str) -> str:
        """A ``redirect_url``, as a path or as an absolute URL, by convention."""
        return self.origin + path if self.conventions.redirect_url == "absolute" else path

    def fresh_token(self) -> str:
        """A new random token."""
        return f"{self.rng.getrandbits(96):024x}"


PostHandler = Callable[[Form, CheckoutContext], PostResult]
PageRenderer = Callable[[CheckoutContext], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class PaymentHandler:
    """The pages of one payment flow: what a post of each page does, and what each page shows.

    ``shortcuts`` are pages that can be posted before they are shown. ``completes`` are pages that all complete the order: after
    one of them, a post of another one gets the same order. ``returns`` are the pages that a bank, wallet or provider sends the
    shopper back to.
    """

    posts: Mapping[Page, PostHandler]
    shows: Mapping[Page, PageRenderer] = field(default_factory=dict)
    shortcuts: frozenset[Page] = frozenset()
    completes: frozenset[Page] = frozenset()
    returns: frozenset[Page] = frozenset()

    def may_post(self, page: Page, context: CheckoutContext) -> bool:
        """Whether the shopper may post this page now."""
        if page not in self.posts:
            return False
        # A page of return was not shown before. It checks the reference itself.
        return page in self.returns or page in self.shortcuts or page in context.payment.visited
