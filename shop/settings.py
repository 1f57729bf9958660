"""How this shop behaves: everything that can be chosen about it, in one table.

Each field has a default, so ``Settings()`` is a shop in good order. A wrong table is refused with every error at
once. Times are seconds inside; a file may write ``0.8`` or ``"800ms"``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from shop.contract import PAYMENT_OPTIONS, Page

_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(us|ms|s|min|m|h)\s*")


class FaultName(StrEnum):
    """Every way in which the shop can be told to break its promises; ``shop/serving/faults.py`` says what each does."""

    WRONG_PAGE = "wrong_page"
    MISSING_FIELD = "missing_field"
    TRUNCATED_JSON = "truncated_json"
    INVALID_JSON = "invalid_json"
    HTML_INSTEAD = "html_instead"
    OK_WITH_ERRORS = "ok_with_errors"
    SIGN_IN_REDIRECT = "sign_in_redirect"
    THROTTLED = "throttled"
    SERVER_ERROR = "server_error"
    UNAVAILABLE = "unavailable"
    CLIENT_ERROR = "client_error"
    RESET = "reset"
    STALL = "stall"
    SLOW_BODY = "slow_body"
    LOST_SMS = "lost_sms"
    SESSION_DROPPED = "session_dropped"
    WRONG_AMOUNT = "wrong_amount"
    NOT_ECHOED = "not_echoed"
    REPEATED_ORDER_NUMBER = "repeated_order_number"
    EMPTY_BASKET = "empty_basket"
    OVERSIZED_BODY = "oversized_body"


def _seconds(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if (match := _DURATION.fullmatch(value)) is None:
        raise ValueError(
            f"{value!r} is no duration; write seconds as a number, or text such as '800ms', '2s', '5m', '1h'"
        )
    return float(match[1]) * _UNITS[match[2]]


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
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class SmsSettings(_Table):
    """Which completions ask for a code by SMS, and how patient the shop is with it."""

    options: Annotated[tuple[Slug, ...], Field(strict=False)] = ("pay_on_delivery",)
    share: Share = 1.0
    """The part of the shoppers who are asked, by a hash of the seed and the phone number."""
    code_lifetime: Duration = 60.0
    max_tries: Annotated[int, Field(ge=1)] = 3
    """After so many wrong codes the pre-order is locked until the payment option is chosen again."""
    resend_after: Duration = 0.0
    """A new code can be asked for only so long after the last one."""
    delivery_delay: Duration = 0.0
    """How long an SMS is under way before the inbox shows it."""
    fixed_code: Annotated[str, Field(pattern=r"^\d{6}$")] | None = None
    """The one code that is always sent; without it, six random digits each time."""


class Conventions(_Table):
    """Which of two documented ways of saying the same thing this shop uses."""

    no_errors: Literal["null", "list"] = "null"
    page_slug: Literal["same", "lower"] = "same"
    context_list: Literal["recorded", "next", "cumulative"] = "recorded"
    """``recorded``: the checkout opens with all pages so far, any other reply holds one. ``next``: each reply holds one
    page. ``cumulative``: each reply holds all pages so far."""
    page_order: Literal["delivery_first", "address_first"] = "delivery_first"
    """Whether the shopper says first how, or first where to, the parcel goes."""
    redirect_url: Literal["path", "absolute"] = "path"


class ServiceSettings(_Table):
    """How long a worker of the shop is busy with one request."""

    default: Duration = 0.0
    """Mean service time of a page, seconds."""
    distribution: Literal["constant", "exponential", "lognormal"] = "constant"
    sigma: Annotated[float, Field(gt=0, le=3)] = 0.5
    """Shape of the lognormal distribution; its mean is the page's service time whatever sigma."""
    pages: dict[PageName, Duration] = {}
    """Mean service times of single pages, seconds."""


class FreezeSettings(_Table):
    """A stretch of time in which nothing moves in the shop: what comes waits, what is under way stands still."""

    after: Duration = 0.0
    """Seconds from the first page that is asked for, or from the moment at which a running shop is told of the freeze."""
    lasts: Annotated[Duration, Field(gt=0)]


class Fault(_Table):
    """One promise to break: which, how often, and on which pages (none named: on all)."""

    name: Annotated[FaultName, BeforeValidator(_fault_name)]
    share: Share = 1.0
    pages: Annotated[tuple[PageName, ...], Field(strict=False)] = ()
    seconds: Duration | None = None
    """How long ``stall`` holds its reply back (600 if unset), or ``slow_body`` takes over it (10 if unset)."""


class SessionSettings(_Table):
    """How many shoppers the shop remembers, and for how long."""

    most: Annotated[int, Field(ge=1, le=1_000_000)] = 50_000
    age: Duration = 1800.0
    """A session that nobody used for so long is forgotten."""


class SignInSettings(_Table):
    """What the shop wants of somebody who signs in."""

    wants: Literal["password", "one_time_code", "captcha"] = "password"
    """Anything but ``password`` refuses every sign-in in the documented way."""
    tries: Annotated[int, Field(ge=1)] = 10
    """After so many wrong passwords in a row, an address is answered 429."""
    locked_for: Duration = 60.0


class Settings(_Table):
    """Everything that can be chosen about the embedded shop."""

    seed: Annotated[int, Field(ge=0)] = 0
    csrf: Literal["echo", "strict"] = "echo"
    """``echo``: a request that carries the token's cookie must carry the token in its header, too. ``strict``: so must
    all others but GET, sign-in and the posts that come back from a bank."""
    unknown_fields: Literal["ignore", "refuse"] = "ignore"
    """What becomes of a field that a form or a JSON body has and the shop does not know."""
    slugs: dict[Slug, Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,60}$")]] = {}
    """Other slugs for payment options, each by its ``payment_type``; such an option is named by its label."""
    sms: SmsSettings = SmsSettings()
    conventions: Conventions = Conventions()
    service: ServiceSettings = ServiceSettings()
    workers: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """How many requests are served at a time; ``None``: any number."""
    queue: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    """How many requests may wait for a worker before the next is answered 503; ``None``: any number."""
    freeze: FreezeSettings | None = None
    unavailable: dict[Slug, Annotated[str, Field(min_length=1)]] = {}
    """Payment options that are not offered, each with the message that says why."""
    faults: Annotated[tuple[Fault, ...], Field(strict=False)] = ()
    sessions: SessionSettings = SessionSettings()
    sign_in: SignInSettings = SignInSettings()
    guest_purchase: bool = True
    guest_saved_cards: bool = True
    """Whether a guest, too, finds a card of hers stored, so that every journey may take any option."""
    store_credit: Money = Decimal("100000.00")
    """What each shopper has to pay with under ``loyalty_money``."""
    monthly_interest: Annotated[float, Field(ge=0, le=1)] = 0.01
    """What each month of an installment plan beyond the first adds to the price, as a share of it."""
    accounts_file: str | None = None
    """A CSV file with the header ``email,password,first_name,last_name,phone,saved_choices``."""
    order_history: Annotated[int, Field(ge=1)] = 20_000
    """How many completed orders can still be looked at; older ones are only counted."""
    access_log: Annotated[str, Field(min_length=1)] | None = None
    """A file to which a line is appended for each request; its path is seen from where the run is started."""

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
