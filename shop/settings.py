"""How this shop behaves: everything that can be chosen about it, in one table.

Each field has a default, so ``Settings()`` is a shop in good order. A wrong table is refused with every error at
once. Times are seconds inside; a file may write ``0.8`` or ``"800ms"``.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from shop.contract import PAYMENT_OPTIONS, Page

_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(us|ms|min|s|m|h)\s*")


class FaultName(StrEnum):
    """The faults that the shop can make; ``shop/serving/faults.py`` says what each one does."""

    WRONG_PAGE = "wrong_page"
    """The reply shows another page than the one that is due."""
    MISSING_FIELD = "missing_field"
    """The reply lacks a part of the envelope."""
    TRUNCATED_JSON = "truncated_json"
    """The reply ends in the middle of its JSON."""
    INVALID_JSON = "invalid_json"
    """The reply is not valid JSON."""
    HTML_INSTEAD = "html_instead"
    """The reply is an HTML page with status 200."""
    OK_WITH_ERRORS = "ok_with_errors"
    """The reply has status 200, and ``errors`` in its body."""
    SIGN_IN_REDIRECT = "sign_in_redirect"
    """The shop redirects to the sign-in page (302). The request is not carried out."""
    THROTTLED = "throttled"
    """The shop answers 429. The request is not carried out."""
    SERVER_ERROR = "server_error"
    """The shop answers 500. The request is carried out."""
    UNAVAILABLE = "unavailable"
    """The shop answers 503. The request is not carried out."""
    CLIENT_ERROR = "client_error"
    """The shop answers 400. The request is not carried out."""
    RESET = "reset"
    """The shop closes the connection without a reply. The request is carried out."""
    STALL = "stall"
    """No reply comes. After ``seconds`` the shop closes the connection. The request is carried out."""
    SLOW_BODY = "slow_body"
    """The reply comes slowly, over ``seconds``."""
    LOST_SMS = "lost_sms"
    """The SMS with the code never arrives."""
    SESSION_DROPPED = "session_dropped"
    """The shop forgets the session."""
    WRONG_AMOUNT = "wrong_amount"
    """The amounts in the reply are wrong."""
    NOT_ECHOED = "not_echoed"
    """The reply does not repeat what the shopper chose."""
    REPEATED_ORDER_NUMBER = "repeated_order_number"
    """The order gets a number that an earlier order has."""
    EMPTY_BASKET = "empty_basket"
    """The shop empties the basket."""
    OVERSIZED_BODY = "oversized_body"
    """The reply is 12 MB longer than it should be."""


def _seconds(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    # The grammar of harness.units.parse_duration, written again: the shop imports nothing of the harness.
    text = value.strip().lower()
    if not text or _DURATION_PART.sub("", text):
        raise ValueError(
            f"{value!r} is not a duration; write seconds as a number, or a text such as '800ms', '2s', '5m' or '1h30m'"
        )
    return math.fsum(float(number) * _UNITS[unit] for number, unit in _DURATION_PART.findall(text))


def _money(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return value
    try:
        return Decimal(str(value)).quantize(Decimal("0.01"))
    except InvalidOperation:
        raise ValueError(f"{value!r} is no amount of money; write for example '500.00'") from None


def _chosen_from(names: Iterable[str], kind: str, value: str) -> str:
    known = tuple(names)
    if value in known:
        return value
    near = difflib.get_close_matches(value, known, n=1, cutoff=0.5)
    remedy = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
    raise ValueError(f"{value!r} is no {kind}; {remedy}")


def _page(value: Any) -> Any:
    return Page(_chosen_from((page.value for page in Page), "page", value)) if isinstance(value, str) else value


def _slug(value: Any) -> Any:
    return _chosen_from(PAYMENT_OPTIONS, "payment option", value) if isinstance(value, str) else value


def _fault_name(value: Any) -> Any:
    return (
        FaultName(_chosen_from((name.value for name in FaultName), "fault", value)) if isinstance(value, str) else value
    )


Duration = Annotated[float, BeforeValidator(_seconds), Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Money = Annotated[Decimal, BeforeValidator(_money), Field(ge=0)]
PageName = Annotated[Page, BeforeValidator(_page)]
Slug = Annotated[str, BeforeValidator(_slug)]


class _Table(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True)


class SmsSettings(_Table):
    """Which completions ask for a code by SMS, and how patient the shop is with it."""

    options: Annotated[tuple[Slug, ...], Field(strict=False)] = ("pay_on_delivery",)
    """Payment options that ask for a code."""
    share: Share = 1.0
    """The share of shoppers who are asked for a code, chosen by a hash of the seed and the phone number."""
    code_lifetime: Duration = 60.0
    """How long a code is valid."""
    max_tries: Annotated[int, Field(ge=1)] = 3
    """After this many wrong codes the pre-order is locked, until the shopper chooses a payment option again."""
    resend_after: Duration = 0.0
    """How long a shopper must wait before they can ask for another code."""
    delivery_delay: Duration = 0.0
    """How long an SMS takes to reach the inbox."""
    fixed_code: Annotated[str, Field(pattern=r"^\d{6}$")] | None = None
    """The code that is always sent; left out: six random digits each time."""


class Conventions(_Table):
    """How this shop writes what the API description allows in more than one way."""

    no_errors: Literal["null", "list"] = "null"
    """What ``errors`` is in a reply without errors: ``null``, or an empty ``list``."""
    page_slug: Literal["same", "lower"] = "same"
    """A page's slug: ``same`` is its name, ``lower`` its name in lower case."""
    context_list: Literal["recorded", "next", "cumulative"] = "recorded"
    """``recorded``: the checkout opens with all pages so far, any other reply holds one. ``next``: each reply holds one
    page. ``cumulative``: each reply holds all pages so far."""
    page_order: Literal["delivery_first", "address_first"] = "delivery_first"
    """Which page comes first: ``delivery_first`` or ``address_first``."""
    redirect_url: Literal["path", "absolute"] = "path"
    """Whether ``redirect_url`` is a ``path`` or an ``absolute`` URL."""


class ServiceSettings(_Table):
    """How long a worker of the shop is busy with one request."""

    default: Duration = 0.0
    """Mean service time of a page."""
    distribution: Literal["constant", "exponential", "lognormal"] = "constant"
    """How service times vary around their mean: ``constant``, ``exponential`` or ``lognormal``."""
    sigma: Annotated[float, Field(gt=0, le=3)] = 0.5
    """Shape of the lognormal distribution; it does not change the mean."""
    pages: dict[PageName, Duration] = {}
    """Mean service times of single pages."""


class FreezeSettings(_Table):
    """A stretch of time in which nothing moves in the shop: what comes waits, what is under way stands still."""

    after: Duration = 0.0
    """Seconds from the first page that is asked for, or from the moment at which a running shop is told of the freeze."""
    lasts: Annotated[Duration, Field(gt=0)]
    """How long the shop stands still."""


class Fault(_Table):
    """A fault: what goes wrong, how often, and on which pages."""

    name: Annotated[FaultName, BeforeValidator(_fault_name)]
    """The name of the fault."""
    share: Share = 1.0
    """The share of requests that it hits."""
    pages: Annotated[tuple[PageName, ...], Field(strict=False)] = ()
    """The pages that it hits; none named: all pages of the shop."""
    seconds: Duration | None = None
    """How long ``stall`` waits before it closes the connection (left out: 600), or how long ``slow_body`` takes to send the
    reply (left out: 10)."""


class SessionSettings(_Table):
    """How many shoppers the shop remembers, and for how long."""

    most: Annotated[int, Field(ge=1, le=1_000_000)] = 50_000
    """The most sessions that the shop remembers."""
    age: Duration = 1800.0
    """A session that is not used for this long is forgotten. Left out in a scenario: 300, or more if its shoppers pause longer."""


class SignInSettings(_Table):
    """What the shop asks of a shopper who signs in."""

    wants: Literal["password", "one_time_code", "captcha"] = "password"
    """``password``; ``one_time_code`` or ``captcha`` refuse every sign-in in the documented way."""
    tries: Annotated[int, Field(ge=1)] = 10
    """After this many wrong passwords in a row, the shop answers 429."""
    locked_for: Duration = 60.0
    """How long the shop then answers 429."""


class Settings(_Table):
    """Everything that can be chosen about the embedded shop."""

    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of prices, codes and faults."""
    csrf: Literal["echo", "strict"] = "echo"
    """``echo``: a request with the token's cookie must also have the token in its header. ``strict``: every request must,
    except GET, sign-in and posts that come back from a bank."""
    unknown_fields: Literal["ignore", "refuse"] = "ignore"
    """What the shop does with a field that it does not know, in a form or a JSON body."""
    slugs: dict[Slug, Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,60}$")]] = {}
    """Other slugs for payment options, by their ``payment_type``. The ``name`` of such an option is its label."""
    sms: SmsSettings = SmsSettings()
    conventions: Conventions = Conventions()
    service: ServiceSettings = ServiceSettings()
    workers: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """How many requests are served at a time; left out: any number."""
    queue: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    """How many requests may wait for a worker; the next one is answered 503. Left out: any number."""
    freeze: FreezeSettings | None = None
    unavailable: dict[Slug, Annotated[str, Field(min_length=1)]] = {}
    """Payment options that are not available, each with the message that the shop shows."""
    faults: Annotated[tuple[Fault, ...], Field(strict=False)] = ()
    sessions: SessionSettings = SessionSettings()
    sign_in: SignInSettings = SignInSettings()
    guest_purchase: bool = True
    """Whether guests may buy."""
    guest_saved_cards: bool = True
    """Whether guests also find a stored card, so that every journey can use every payment option."""
    store_credit: Money = Decimal("100000.00")
    """The store credit of each shopper, for ``loyalty_money``."""
    monthly_interest: Annotated[float, Field(ge=0, le=1)] = 0.01
    """How much each month of an installment plan after the first adds to the price, as a share."""
    accounts_file: str | None = None
    """A CSV file of accounts, with the header ``email,password,first_name,last_name,phone,saved_choices``."""
    order_history: Annotated[int, Field(ge=1)] = 20_000
    """How many completed orders the shop can still show, for as long as a session lasts; older ones are only counted."""
    access_log: Annotated[str, Field(min_length=1)] | None = None
    """A file that gets a line for each request. Its path is relative to the folder in which the run starts."""

    @model_validator(mode="after")
    def _slugs_differ(self) -> Self:
        slugs = [self.slugs.get(name, name) for name in PAYMENT_OPTIONS]
        if doubled := sorted({slug for slug in slugs if slugs.count(slug) > 1 or slug.isdecimal()}):
            raise ValueError(f"slugs: {', '.join(doubled)}: give each payment option a slug of its own, and no number")
        return self

    @model_validator(mode="after")
    def _queue_needs_workers(self) -> Self:
        if self.queue is not None and self.workers is None:
            raise ValueError("queue has no meaning without workers; set workers, or leave queue out")
        return self
