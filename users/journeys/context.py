"""The state of one journey under way, and the requests for checkout pages that every step makes from it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from harness.measurement.outcomes import Outcome
from shop.contract import CHECKOUT_PATH, RETURN_PAGES, Page
from users.journeys.money import amount
from users.journeys.steps import (
    NO_ORDER,
    Expectation,
    JourneyFailed,
    OrderState,
    PageRequest,
    PageResponse,
    ResponseCheck,
    ResponseFormat,
    Steps,
)
from users.population.accounts import Account
from users.population.identity import Identity, identity_for
from users.population.journey_spec import Fidelity, JourneySpec, ShopperPolicy
from users.population.pools import LocationPool, ProductPool

Row = Mapping[str, Any]
"""One object of a list that the shop shows: a payment option, an address."""

_CHECKOUT_PATHS: Final[Mapping[Page, str]] = {page: f"{CHECKOUT_PATH}?page={page}" for page in Page}
# With each path: whether the shop's page sends its token. A page that another site posts to does not.
_CHECKOUT_FORMS: Final[Mapping[Page, tuple[str, bool]]] = {
    page: (path, page not in RETURN_PAGES) for page, path in _CHECKOUT_PATHS.items()
}
# A module's own name for an enum member is found five times as fast.
_ENVELOPE: Final = ResponseFormat.ENVELOPE
_THANK_YOU: Final = Page.THANK_YOU
_SEED_MASK: Final = 0x2D5A_91C3_7B1E_68F5

DEFAULT_PRODUCTS = ("1", "2", "3")
"""Primary keys of products that the embedded shop has."""

ORDER_PLACED_PAGES = frozenset({Page.THANK_YOU, Page.VERIFY_SMS})
"""What a shop may show after the post that places the order: the order, or the form for an SMS code."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The result of a journey that bought something.

    ``amount`` is in hundredths of the shop's currency. ``verification`` names the SMS script that ran (empty: the shop
    did not ask for a code).
    """

    order_number: str
    amount: int
    payment_option: str
    verification: str = ""


@dataclass(slots=True)
class JourneyContext:
    """One journey under way: what it was given, and what it has reached so far."""

    spec: JourneySpec
    policy: ShopperPolicy
    order_is_new: Callable[[str], bool]
    """Says whether an order number appears for the first time."""
    account: Account | None = None
    signed_in: bool = False
    """The shopper is signed in from an earlier journey; a journey that signs in sets it."""
    shop_url: str = ""
    """The shop's own address (``http://host:port``), by which a journey knows an absolute link to the shop."""
    run_seed: int = 0
    """Makes e-mail addresses and phone numbers differ from run to run."""
    places: LocationPool = field(default_factory=LocationPool)
    """Shared with all shoppers of the process, as are ``products``."""
    products: ProductPool = field(default_factory=lambda: ProductPool(DEFAULT_PRODUCTS))
    # -- the state of the journey ---------------------------------------------------------------------
    identity: Identity = field(init=False)
    rng: random.Random = field(init=False)
    last_response: PageResponse = field(init=False, default_factory=PageResponse)
    """What the shopper has on the screen."""
    page: str | None = field(init=False, default=None)
    """The page of the last request."""
    pre_order: Mapping[str, Any] = field(init=False, default_factory=dict)
    """The last state of the order that the shop reported."""
    order_state: OrderState = field(init=False, default=NO_ORDER)
    """What the next response must report."""
    total: Decimal | None = field(init=False, default=None)
    """What the order costs; known from the list of payment options on."""
    payable: Decimal | None = field(init=False, default=None)
    """What the shopper pays, with the interest of installments; known from the payment on."""
    order_number: str = field(init=False, default="")
    """The number of the order, as soon as the shop has shown it."""
    currency: str = field(init=False, default="")
    """The currency of the order, if the shop has shown it."""
    product: str = field(init=False, default="")
    """The primary key of the product in the basket."""
    is_identified: bool = field(init=False)
    """The shop knows who the shopper is."""
    adds_address: bool = field(init=False, default=False)
    """The shopper adds an address even if the shop has some."""
    address_pk: str = field(init=False, default="")
    """The primary key of the address that the shopper chose."""
    csrf_token: str = field(init=False, default="")
    """The token that a page of the shop has shown; empty: it is in a cookie."""
    payment_option: str = field(init=False)
    verification: str = field(init=False, default="")
    """The SMS script that ran; empty: the shop asked for no code."""
    abandon_after: frozenset[str] = field(init=False, default=frozenset())
    """The shopper leaves after the first of these pages."""

    def __post_init__(self) -> None:
        self.payment_option = self.spec.payment_option
        self.is_identified = self.account is not None
        # Think times are drawn with the seed itself. A number, because seeding with a text takes longer.
        self.rng = random.Random(self.spec.seed ^ _SEED_MASK)
        self.identity = identity_for(self.spec, self.run_seed)

    @property
    def as_storefront(self) -> bool:
        """Whether this journey sends the requests of the platform's own client."""
        return self.policy.fidelity is Fidelity.STOREFRONT

    @property
    def phone(self) -> str:
        """The shopper's phone number: the account's, if it has one."""
        return (self.account.phone if self.account else "") or self.identity.phone

    @property
    def sms_phone(self) -> str:
        """The number that the shop sends codes to; for a customer the shop may know another one than ``phone``."""
        number = self.pre_order.get("user_phone_number") if self.account else None
        return number if isinstance(number, str) and number else self.phone

    def expect_goods_amount(self, goods_amount: Decimal) -> None:
        """From now on the total must be this amount plus shipping."""
        self.order_state = OrderState(self.order_state.echo, goods_amount=str(goods_amount))

    def expect_total(self, total: Decimal) -> None:
        """From now on the order must cost this."""
        self.total = total
        self.order_state = OrderState(self.order_state.echo, total=str(total))

    def expect_payment_option(self, value: str) -> None:
        """From now on each response must echo this payment option; empty: it need not echo one."""
        echo = {"payment_option": value} if value else {}
        self.order_state = OrderState(echo, self.order_state.total, self.order_state.goods_amount)


def fetch(context: JourneyContext, request: PageRequest) -> Steps[PageResponse]:
    """Fetch a page and record its response; a shopper who leaves after this page leaves."""
    response = yield request
    record_response(context, request, response)
    return response


def record_response(context: JourneyContext, request: PageRequest, response: PageResponse) -> None:
    """Record what a response shows; a shopper who leaves after this page leaves."""
    context.last_response = response
    context.page = request.page
    if request.expect.format is _ENVELOPE and response.page is not _THANK_YOU and (pre_order := response.pre_order):
        context.pre_order = pre_order
    if context.abandon_after and request.page in context.abandon_after:
        raise JourneyFailed(Outcome.ABANDONED, request.page)


def view_checkout_page(
    context: JourneyContext, page: Page, expect: Expectation, *, think_first: bool = True
) -> PageRequest:
    """The request to see a page of the checkout."""
    return PageRequest(
        page, path=_CHECKOUT_PATHS[page], expect=expect, order=context.order_state, think_first=think_first
    )


def post_checkout_form(
    context: JourneyContext,
    page: Page,
    form: Mapping[str, str],
    expect: Expectation,
    *,
    think_first: bool = True,
    extra_wait: float = 0.0,
) -> PageRequest:
    """The request to post the form of a page of the checkout."""
    path, csrf = _CHECKOUT_FORMS[page]
    return PageRequest(page, "POST", path, form, None, expect, context.order_state, csrf, think_first, extra_wait)


def rows_of(page_context: Mapping[str, Any], key: str) -> Sequence[Row] | None:
    """The objects of a list that the shop shows; ``None`` if it shows no such list."""
    rows = page_context.get(key)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else None


def offered_rows(context: JourneyContext, key: str) -> Sequence[Row]:
    """What the last page offers under this key; a shop that offers nothing fails the journey."""
    rows = rows_of(context.last_response.page_context, key)
    if not rows:
        raise JourneyFailed(Outcome.ENVELOPE, context.page, f"no {key} to choose from")
    return rows


def choose_offered(context: JourneyContext, key: str, name: str = "pk") -> str:
    """Choose one of the offered objects at random; returns its ``pk``, or the value called ``name``."""
    return required_value(context, context.rng.choice(offered_rows(context, key)), name)


def required_value(context: JourneyContext, row: Mapping[str, Any], name: str) -> str:
    """A value that the last page must contain, as text."""
    value = row.get(name)
    if not has_value(value):
        raise JourneyFailed(Outcome.ENVELOPE, context.page, f"no {name} where one is due")
    return str(value)


def required_amount(context: JourneyContext, value: object) -> Decimal:
    """An amount that the last page must contain."""
    read = amount(value)
    if read is None:
        raise JourneyFailed(Outcome.AMOUNT_MISMATCH, context.page)
    return read


def has_value(value: object) -> bool:
    """Whether a shopper can send this value back: a number, or a text that is not empty."""
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


def must_be_refused(_response: PageResponse) -> Outcome:
    """The check of a request that the shop must refuse: it runs only if the shop did not."""
    return Outcome.UNEXPECTED_PAGE


def check_is_list(key: str) -> ResponseCheck:
    """A check that the document has a list under this key, if it has the key."""

    def check(response: PageResponse) -> Outcome:
        return Outcome.OK if isinstance(response.document.get(key, []), list) else Outcome.ENVELOPE

    return check
