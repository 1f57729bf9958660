"""What a payment handler works with, and the three things it can answer."""

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
    """What came of posting a page: errors (nothing has changed), the next page, or the order is complete.

    ``told`` is what this one reply says on the next page, and no later reply.
    """

    page: Page | None = None
    errors: Errors | None = None
    page_extras: Mapping[str, Any] = MappingProxyType({})


ORDER_COMPLETE = PostResult()


def next_page(page: Page) -> PostResult:
    """The shopper goes on to a page."""
    return PostResult(page)


def field_error(field_name: str, message: str) -> PostResult:
    """The shopper stays, with one message on one field."""
    return PostResult(errors={field_name: [message]})


def declined() -> PostResult:
    """The shopper stays, as the bank did not pay."""
    return field_error("non_field_errors", "The bank declined the payment.")


@dataclass(frozen=True, slots=True)
class CheckoutContext:
    """One shopper at the till: her session, the moment, and what the shop is set to.

    ``broken`` names the promises to break in this one exchange; ``origin`` is the shop's own address.
    """

    session: Session
    settings: Settings
    now: float
    origin: str
    rng: random.Random
    active_faults: frozenset[FaultName] = frozenset()

    @property
    def pre_order(self) -> PreOrder:
        """The order so far."""
        return self.session.pre_order

    @property
    def payment(self) -> Payment:
        """The payment that was begun; asking without one is a mistake of ours."""
        if self.session.pre_order.payment is None:
            raise LookupError("no payment option is chosen")
        return self.session.pre_order.payment

    @property
    def bill(self) -> Bill:
        """What the order comes to as things stand."""
        return bill_of(self.session.basket, self.session.pre_order)

    @property
    def strict(self) -> bool:
        """Whether the shop refuses fields that it does not know."""
        return self.settings.unknown_fields == "refuse"

    @property
    def conventions(self) -> Conventions:
        """How this shop says things that can be said in two ways."""
        return self.settings.conventions

    def url(self, path: str) -> str:
        """A ``redirect_url``, as a path or absolute by convention."""
        return self.origin + path if self.conventions.redirect_url == "absolute" else path

    def fresh_token(self) -> str:
        """A word nobody can have known before."""
        return f"{self.rng.getrandbits(96):024x}"


PostHandler = Callable[[Form, CheckoutContext], PostResult]
PageRenderer = Callable[[CheckoutContext], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class PaymentHandler:
    """How one flow is honoured: what each page's post does, and what each page shows.

    ``shortcuts`` are pages that may be posted without having been shown. ``completes`` is set where more than one page
    completes the order: once one has done so, the reply of the others is the order. ``returns`` are pages
    that a bank, wallet or provider sends the shopper back to.
    """

    posts: Mapping[Page, PostHandler]
    shows: Mapping[Page, PageRenderer] = field(default_factory=dict)
    shortcuts: frozenset[Page] = frozenset()
    completes: frozenset[Page] = frozenset()
    returns: frozenset[Page] = frozenset()

    def may_post(self, page: Page, context: CheckoutContext) -> bool:
        """Whether the shopper has come far enough to post a page."""
        if page not in self.posts:
            return False
        # Who comes back from a bank was not shown the page she comes back to; the page itself knows whom it expects.
        return page in self.returns or page in self.shortcuts or page in context.payment.visited
