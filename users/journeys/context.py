"""What one shopper has in mind and in hand on her way through the shop, and the visits she makes of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from harness.measurement.outcomes import Outcome
from shop.contract import CHECKOUT_PATH, Page
from users.journeys.money import amount
from users.journeys.steps import JourneyFailed, PageRequest, PageResponse, ResponseFormat, Steps
from users.population.accounts import Account
from users.population.identity import Identity, identity_for
from users.population.journey_spec import Fidelity, JourneySpec, ShopperPolicy
from users.population.pools import LocationPool, ProductPool

_CHECKOUT_PATHS: Mapping[Page, str] = {page: f"{CHECKOUT_PATH}?page={page}" for page in Page}

ResponseCheck = Callable[[PageResponse], Outcome]
"""The last word on an answer that is in order otherwise; see ``PageRequest.check``."""

_ENVELOPE, _THANK_YOU = ResponseFormat.ENVELOPE, Page.THANK_YOU
_SEED_MASK = 0x2D5A_91C3_7B1E_68F5

DEFAULT_PRODUCTS = ("1", "2", "3")
"""Primary keys of products that the embedded shop has."""

ORDERED = frozenset({Page.THANK_YOU, Page.VERIFY_SMS})
"""What a shop may show to the post that completes an order: the order, or the question for a code."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a journey that bought something ends in.

    ``amount`` is in hundredths of the shop's currency. ``verification`` names the SMS script that was walked (empty:
    the shop did not ask for a code).
    """

    order_number: str
    amount: int
    payment_option: str
    verification: str = ""


@dataclass(slots=True)
class JourneyContext:
    """One journey under way.

    ``order_is_new`` tells of an order number whether it comes up for the first time. ``signed_in`` says that the
    shopper is signed in from an earlier journey; a journey that signs in sets it. ``shop_url`` is the shop's own address
    (``http://host:port``), by which absolute links to the shop are known. ``run_seed`` is the seed of the run, from which
    the shopper's e-mail address and telephone come. ``places`` and ``products`` are shared with all shoppers of the process.

    ``adds_address`` says that the shopper adds an address even where the shop has some. ``is_identified`` says that the shop has been
    told who they are. ``address_pk`` is the shop's number of the address they chose, ``product`` that of what they buy.
    """

    spec: JourneySpec
    policy: ShopperPolicy
    order_is_new: Callable[[str], bool]
    account: Account | None = None
    signed_in: bool = False
    shop_url: str = ""
    run_seed: int = 0
    places: LocationPool = field(default_factory=LocationPool)
    products: ProductPool = field(default_factory=lambda: ProductPool(DEFAULT_PRODUCTS))
    # -- as the journey goes on -----------------------------------------------------------------------
    identity: Identity = field(init=False)
    payment_option: str = field(init=False)
    adds_address: bool = field(init=False, default=False)
    is_identified: bool = field(init=False)
    address_pk: str = field(init=False, default="")
    product: str = field(init=False, default="")
    verification: str = field(init=False, default="")
    last_response: PageResponse = field(init=False, default_factory=PageResponse)
    page: Page | None = field(init=False, default=None)
    pre_order: Mapping[str, Any] = field(init=False, default_factory=dict)
    goods_amount: Decimal | None = field(init=False, default=None)
    total: Decimal | None = field(init=False, default=None)
    chosen_option: Mapping[str, str] = field(init=False, default_factory=dict)
    abandon_after: frozenset[Page] = field(init=False, default=frozenset())
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.payment_option = self.spec.payment_option
        self.is_identified = self.account is not None
        # Not the seed itself, which her think times are drawn by; and a number, as a text takes longer.
        self.rng = random.Random(self.spec.seed ^ _SEED_MASK)
        self.identity = identity_for(self.spec, self.run_seed)

    @property
    def as_storefront(self) -> bool:
        """Whether this journey sends what the platform's own client sends."""
        return self.policy.fidelity is Fidelity.STOREFRONT

    @property
    def phone(self) -> str:
        """The telephone of this shopper: her account's, if it has one."""
        return (self.account.phone if self.account else "") or self.identity.phone

    @property
    def sms_phone(self) -> str:
        """Where the shop sends this shopper's codes: for a customer it may know another telephone than we do."""
        told = self.pre_order.get("user_phone_number") if self.account else None
        return told if isinstance(told, str) and told else self.phone


def fetch(context: JourneyContext, request: PageRequest) -> Steps[PageResponse]:
    """Make a visit and remember what it showed; a shopper who leaves after this page leaves."""
    response = yield request
    record_response(context, request, response)
    return response


def record_response(context: JourneyContext, request: PageRequest, response: PageResponse) -> None:
    """Keep what a visit showed; a shopper who leaves after this page leaves."""
    context.last_response = response
    context.page = request.page
    if request.response_format is _ENVELOPE and response.page is not _THANK_YOU and (pre_order := response.pre_order):
        context.pre_order = pre_order
    if context.abandon_after and request.page in context.abandon_after:
        raise JourneyFailed(Outcome.ABANDONED, request.page)


def view_checkout_page(
    context: JourneyContext,
    page: Page,
    expected_pages: frozenset[Page],
    required_keys: frozenset[str] = frozenset(),
    *,
    check: ResponseCheck | None = None,
    think_first: bool = True,
) -> PageRequest:
    """Ask for a page of the checkout; the reply must echo the option chosen before, if one is."""
    return PageRequest(
        page,
        path=_CHECKOUT_PATHS[page],
        expected_pages=expected_pages,
        echo=context.chosen_option,
        total=_text(context.total),
        goods_amount=_goods(context),
        required_keys=required_keys,
        check=check,
        think_first=think_first,
    )


def post_checkout_form(
    context: JourneyContext,
    page: Page,
    form: Mapping[str, str],
    expected_pages: frozenset[Page],
    *,
    echo: Mapping[str, str] | None = None,
    required_keys: frozenset[str] = frozenset(),
    refused_as: Outcome | None = None,
    check: ResponseCheck | None = None,
    csrf: bool = True,
    think_first: bool = True,
    extra_wait: float = 0.0,
) -> PageRequest:
    """Fill in a page of the checkout and send it; the reply must echo ``echo``, and the option chosen before."""
    return PageRequest(
        page,
        "POST",
        _CHECKOUT_PATHS[page],
        form=form,
        expected_pages=expected_pages,
        refused_as=refused_as,
        echo={**context.chosen_option, **(echo or {})},
        total=_text(context.total),
        goods_amount=_goods(context),
        required_keys=required_keys,
        check=check,
        csrf=csrf,
        think_first=think_first,
        extra_wait=extra_wait,
    )


def offered_rows(context: JourneyContext, key: str) -> Sequence[Mapping[str, Any]]:
    """The objects that the shop offers under this key of the page just shown; a shop that offers none breaks its word."""
    rows = context.last_response.page_context.get(key)
    found = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    if not found:
        raise JourneyFailed(Outcome.ENVELOPE, context.page, f"no {key} to choose from")
    return found


def choose_offered(context: JourneyContext, key: str, name: str = "pk") -> str:
    """One of the things offered, by chance: its ``pk``, or whatever else it is called by."""
    return required_value(context, context.rng.choice(offered_rows(context, key)), name)


def required_value(context: JourneyContext, held: Mapping[str, Any], name: str) -> str:
    """A value that the shop must have given on the page just shown, as text."""
    value = held.get(name)
    if not has_value(value):
        raise JourneyFailed(Outcome.ENVELOPE, context.page, f"no {name} where one is due")
    return str(value)


def has_value(value: object) -> bool:
    """Whether a shop's value is one that a shopper can send back: a number, or a text that is not empty."""
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


def must_be_refused(_answer: PageResponse) -> Outcome:
    """The judge of a visit that can only end in a refusal: an answer without one is not what the shopper came for."""
    return Outcome.UNEXPECTED_PAGE


def required_amount(context: JourneyContext, value: object) -> Decimal:
    """An amount that the shop must have given on the page just shown."""
    read = amount(value)
    if read is None:
        raise JourneyFailed(Outcome.AMOUNT_MISMATCH, context.page)
    return read


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _goods(context: JourneyContext) -> str | None:
    return _text(context.goods_amount) if context.total is None else None
