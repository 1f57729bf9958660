"""One shopper on one path: drives our own journey, and says where it ended and why."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import gevent

from harness.measurement.outcomes import Outcome
from harness.measurement.sample import PageSample
from scenarios.doctor.diagnosis.failure import Failure
from scenarios.doctor.exchange import Exchange
from scenarios.doctor.recording import ObservedTransport, Recorder, RecordingTransport
from scenarios.doctor.walking.manner import Manner
from scenarios.doctor.walking.paths import PathEnd, WalkedPath, WalkPath
from shop.contract import PAYMENT_OPTIONS, Page
from users.browser import Browser, Pace
from users.journeys.catalogue import JOURNEYS
from users.journeys.context import JourneyContext, Receipt
from users.journeys.steps import JourneyFailed, PageRequest, PageResponse, drive_journey
from users.population.accounts import Account
from users.population.journey_spec import JourneySpec, ShopperPolicy

_BEFORE_OPTION = frozenset({Page.PAYMENT_OPTION})
# A shop may never lock a shopper out: then wrong codes stay wrong.
_AS_KNOWN = {
    Outcome.CODE_LOCKED: PathEnd.OK,
    Outcome.WRONG_CODE: PathEnd.OK,
    Outcome.HANDED_OVER: PathEnd.LEFT,
    Outcome.ABANDONED: PathEnd.OK,
}
_REFUSED = frozenset({Outcome.BUSINESS_ERROR, Outcome.DECLINED, Outcome.HTTP_4XX, Outcome.SMS_LOST, Outcome.THROTTLED})
_COMPLETING = frozenset(option.completed_by for option in PAYMENT_OPTIONS.values()) | {Page.VERIFY_SMS}


class PaymentNotWanted(Exception):
    """The walk places no orders, so the path ends here."""


class Observer:
    """Takes the samples of pages and keeps none; notes pages that are served under another media type."""

    def __init__(self) -> None:
        self.in_flight: dict[int, tuple[str, str, float]] = {}
        self.mislabelled: set[str] = set()

    def record(self, sample: PageSample) -> None:
        """Forget it."""

    def record_traced(self, sample: PageSample, traceparent: str) -> None:
        """Forget it."""

    def accepts_media_type(self, page: str) -> bool:
        """Note it and go on."""
        self.mislabelled.add(page)
        return True


@dataclass(slots=True)
class Attempt:
    """One try of a path: how it ended, the evidence if it stopped, and what the journey knew."""

    walked: WalkedPath
    context: JourneyContext
    failure: Failure | None = None


@dataclass(slots=True)
class PathWalker:
    """Walks paths, each with a new shopper. ``places_orders``: whether shoppers pay, or leave after the choice of an option."""

    url: str
    connect: Callable[[ShopperPolicy], ObservedTransport]
    """Makes the HTTP client of a new shopper."""
    recorder: Recorder
    places_orders: bool
    verify_tls: bool = True
    observer: Observer = field(default_factory=Observer)
    sleep: Callable[[float], None] = gevent.sleep
    run_seed: int = field(default_factory=lambda: secrets.randbits(32))
    _numbers: int = 0
    _orders: set[str] = field(default_factory=set)
    _option_taken: bool = False

    def walk(self, path: WalkPath, manner: Manner, account: Account | None, *, invented: bool = False) -> Attempt:
        """Walk a path once; raises ``WalkEnded`` when the time is up."""
        first = len(self.recorder.exchanges)
        transport = self.open(manner)
        context = self._context(path, manner, account)
        browser = Browser(
            transport,
            self.observer,
            Pace(self.recorder.clock, self.sleep, lambda _page: 0.0),
            path.option,
            self.recorder.clock(),
        )
        if manner.policy.csrf_in_page:
            browser.shown_token = lambda: context.csrf_token
        asked: list[PageRequest] = []

        def fetch(request: PageRequest) -> PageResponse:
            if not self.places_orders and _is_after_option(asked):
                raise PaymentNotWanted
            asked.append(request)
            return browser.fetch(request)

        receipt: Receipt | None = None
        try:
            receipt = drive_journey(JOURNEYS[path.journey].steps(context), fetch)
            end, failed = PathEnd.OK, None
        except PaymentNotWanted:
            end, failed = PathEnd.OK, None
        except JourneyFailed as stopped:
            end, failed = _AS_KNOWN.get(stopped.outcome, PathEnd.STOPPED), stopped
        finally:
            transport.close()
        exchanges = self.recorder.exchanges[first:]
        self._option_taken |= _is_after_option(asked[:-1])
        walked = WalkedPath(
            path, end, exchanges, len(exchanges), receipt=receipt, asked_for_code=bool(context.verification)
        )
        walked.product = context.product if receipt is not None else ""
        if end is not PathEnd.STOPPED or failed is None:
            return Attempt(walked, context)
        walked.may_have_ordered = (
            failed.outcome not in _REFUSED
            and failed.page is not Page.SMS_INBOX
            and any(one.page in _COMPLETING and one.method == "POST" for one in asked[-2:])
        )
        return Attempt(walked, context, self._failure(failed, exchanges, asked, context, manner, invented=invented))

    def open(self, manner: Manner) -> RecordingTransport:
        """The HTTP client of a new shopper; close it after use."""
        return RecordingTransport(self.connect(manner.policy), self.recorder)

    def _context(self, path: WalkPath, manner: Manner, account: Account | None) -> JourneyContext:
        self._numbers += 1
        option = path.option or next(iter(PAYMENT_OPTIONS))
        spec = JourneySpec(
            self._numbers, path.journey, option, path.sms, three_d=path.three_d, seed=self.run_seed + self._numbers
        )
        context = JourneyContext(
            spec=spec,
            policy=manner.policy,
            order_is_new=self._is_new,
            account=account,
            shop_url=self.url,
            run_seed=self.run_seed,
            places=manner.places,
            products=manner.products,
        )
        if not path.option:
            context.abandon_after = _BEFORE_OPTION
        return context

    def _is_new(self, number: str) -> bool:
        known = number in self._orders
        self._orders.add(number)
        return not known

    def _failure(
        self,
        failed: JourneyFailed,
        exchanges: list[Exchange],
        asked: list[PageRequest],
        context: JourneyContext,
        manner: Manner,
        *,
        invented: bool,
    ) -> Failure:
        said = failed.shop_message
        if context.account is not None:
            said = said.replace(context.account.password, "…")
        return Failure(
            failed.outcome,
            failed.page,
            exchanges[-1] if exchanges else Exchange("GET", "/"),
            asked[-1] if asked else None,
            said,
            url=self.url,
            payment_option=context.payment_option,
            invented_account=invented,
            sms_code_given=bool(manner.policy.sms_code),
            guest=context.account is None,
            pinned={**manner.places.pinned, **manner.policy.address},
            history=exchanges,
            verify_tls=self.verify_tls,
            option_taken=self._option_taken,
        )


def may_have_paid(exchanges: Sequence[Exchange]) -> bool:
    """Whether a form was sent that can place an order."""
    pages = {one.path.partition("page=")[2] for one in exchanges if one.method == "POST"}
    return not pages.isdisjoint(page.value for page in _COMPLETING)


def _is_after_option(asked: list[PageRequest]) -> bool:
    """Whether the shopper has chosen a payment option; the next form might pay."""
    return any(one.page is Page.PAYMENT_OPTION and one.method == "POST" for one in asked)
