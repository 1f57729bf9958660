"""The Locust users: one class per journey, each a free seat that takes the next arrival of its kind."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import gevent
from gevent import GreenletExit
from gevent.event import AsyncResult
from locust import User, tag, task

from harness.measurement.outcomes import Blame, Outcome
from harness.measurement.sample import JourneySample
from harness.monitoring.shop_messages import ShopMessage
from harness.run.driver import Run
from harness.run.registry import current_run
from harness.schedule.dispatch import Arrival, Assignment
from shop.contract import Page
from users.browser import Browser
from users.funnel import furthest_step
from users.http.client import HttpClient, HttpLimits
from users.http.locust_client import LocustHttpClient, locust_session
from users.http.locust_stats import locust_stats_of
from users.http.origin import parse_origin
from users.http.transport import Transport
from users.journeys.catalogue import JOURNEYS
from users.journeys.context import JourneyContext, Receipt
from users.journeys.diagnosis import remedy
from users.journeys.steps import JourneyFailed, drive_journey
from users.journeys.storefront import RETRY_DELAYS
from users.parallel_requests import ParallelFetcher
from users.population.accounts import Account, AccountPool
from users.population.journey_spec import Fidelity, JourneySpec, ShopperPolicy
from users.population.pools import LocationPool, ProductPool
from users.storefront_headers import storefront_headers
from users.traceparent import TraceContext

_PRODUCT_PAGES = frozenset({Page.PRODUCT, Page.BASKET_ADD})  # where unavailable means sold out


class WorkerContext(Protocol):
    """What shoppers need of a scenario that has been read and prepared for this process."""

    accounts: AccountPool
    policy: ShopperPolicy
    client: str
    verify_tls: bool
    connect_timeout: float
    read_timeout: float
    total_timeout: float
    largest_reply: int
    seed: int
    trace_sampled: float
    headers: Mapping[str, str]
    places: LocationPool
    products: ProductPool

    def spec_for(self, arrival: Arrival) -> JourneySpec:
        """What the shopper of this arrival is going to do."""

    def think(self, page: str, rng: random.Random) -> float:
        """Think time in seconds before a page."""


class ShopperUser(User):
    """A virtual user; what she does is a journey of ``users.journeys``, when she does it is the schedule's business."""

    abstract = True
    kind: ClassVar[str] = ""

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self.run_: Run[WorkerContext] = current_run(environment)
        stage = self.run_.worker_context
        self._transport: Transport = _transport(self, self.run_, stage)
        self._parallel = ParallelFetcher(self._transport)
        self._assigned: AsyncResult[None] = AsyncResult()
        self._assignment: Assignment | None = None
        self._account: Account | None = None
        self._context: JourneyContext | None = None

    def take(self, assignment: Assignment) -> None:
        """Called by the schedule: here is your next arrival."""
        self._assignment = assignment
        self._assigned.set()

    def wait_time(self) -> float:
        """Park until an arrival comes. Locust counts a user as waiting in here, so it can be stopped at once."""
        if self._assignment is None:
            self._assigned = AsyncResult()
            self.run_.wait_for_arrival(self)
            if self._assignment is None:
                self._assigned.get()
        return 0.0

    def on_stop(self) -> None:
        """Leave nothing behind: an arrival not yet begun goes back into the line, the account to the pool."""
        self.run_.withdraw(self)
        if self._assignment is not None:
            assignment, self._assignment = self._assignment, None
            self.run_.give_back(assignment)
        self._release_account()
        self._parallel.close()
        self._transport.close()

    def run_journey(self) -> None:
        """One journey, from the door to a receipt or to one named failure."""
        assignment, self._assignment = self._assignment, None
        if assignment is None:
            return
        run, stage = self.run_, self.run_.worker_context
        spec = stage.spec_for(assignment.arrival)
        started = run.begin_journey(assignment, spec.payment_option)
        outcome, failed_page, receipt = Outcome.ABORTED, "", None
        browser = self._browser(spec, assignment.arrival.due)
        self._context = None
        try:
            receipt = self._drive(spec, browser)
            outcome = Outcome.OK
        except JourneyFailed as failure:
            outcome, failed_page = failure.outcome, str(failure.page or "")
            self._report_failure(failure)
        except GreenletExit:
            outcome = Outcome.UNFINISHED if run.drain_timed_out and browser.awaits_reply else Outcome.ABORTED
            raise
        except Exception:
            outcome = Outcome.BUG
            raise
        finally:
            sample = JourneySample(
                journey=spec.journey,
                payment_option=receipt.payment_option if receipt else spec.payment_option,
                outcome=str(outcome),
                blame=str(outcome.blame),
                due=assignment.arrival.due,
                started=started,
                done=run.clock(),
                ordered=receipt is not None,
                amount=receipt.amount if receipt else 0,
                # Who was asked for a code was asked for it, whether or not she got anywhere with it.
                verification=self._verification(),
                failed_page="" if outcome.blame is Blame.SHOPPER else failed_page,
                reached=furthest_step(browser.trail, ordered=receipt is not None),
            )
            run.end_journey(sample, spec.payment_option)
            if run.journey_log is not None:
                order = receipt.order_number if receipt else ""
                start = run.recorder.window.start
                trace = browser.trace.id if browser.trace else ""
                run.journey_log.write(spec.number, sample, order, browser.trail, start, trace=trace)

    def _report_failure(self, failure: JourneyFailed) -> None:
        """Keep what the others of this process, or the report, should know of a failure."""
        if failure.outcome.blame is not Blame.SHOPPER:
            said = failure.shop_message.replace(self._account.password, "…") if self._account else failure.shop_message
            hint = remedy(failure.outcome, failure.page, failure.status)
            if said or hint:
                self.run_.remark(ShopMessage(str(failure.outcome), str(failure.page or ""), said, hint))
        if failure.outcome is Outcome.UNAVAILABLE and failure.page in _PRODUCT_PAGES and self._context is not None:
            self.run_.worker_context.products.mark_sold_out(self._context.product)

    def _verification(self) -> str:
        return self._context.verification if self._context is not None else ""

    def _browser(self, spec: JourneySpec, due: float) -> Browser:
        run, stage = self.run_, self.run_.worker_context
        rng = random.Random(spec.seed)
        return Browser(
            transport=self._transport,
            record=run.recorder.page,
            payment_option=spec.payment_option,
            due=due,
            clock=run.clock,
            sleep=gevent.sleep,
            think=lambda page: stage.think(page, rng),
            pending=run.pending,
            trace=TraceContext(run.id, spec.number, stage.trace_sampled),
            traced=run.traced,
            retry_delays=RETRY_DELAYS if stage.policy.fidelity is Fidelity.STOREFRONT else (),
            mislabelled=None if stage.policy.json_as_json else run.mislabelled,
        )

    def _drive(self, spec: JourneySpec, browser: Browser) -> Receipt:
        stage = self.run_.worker_context
        journey = JOURNEYS[spec.journey]
        signed_in = self._account is not None
        if journey.signs_in and self._account is None:
            self._account = stage.accounts.lease(spec.journey)
            if self._account is None:
                raise JourneyFailed(Outcome.NO_ACCOUNT, None)
        if not signed_in:
            self._transport.clear_cookies()
        context = self._context = JourneyContext(
            spec=spec,
            policy=stage.policy,
            account=self._account,
            signed_in=signed_in,
            order_is_new=self.run_.order_numbers.is_new,
            shop_url=self.run_.target_url,
            run_seed=stage.seed,
            places=stage.places,
            products=stage.products,
        )
        stays = False
        try:
            receipt: Receipt = drive_journey(
                journey.steps(context), browser.fetch, lambda overlap: self._parallel.fetch(overlap, browser)
            )
            stays = stage.policy.sign_in_once
        finally:
            # After a failure nobody knows what the session is worth: sign in anew.
            if not stays:
                self._release_account()
        return receipt

    def _release_account(self) -> None:
        if self._account is not None:
            self.run_.worker_context.accounts.release(self._account)
            self._account = None


def _transport(user: User, run: Run[WorkerContext], stage: WorkerContext) -> Transport:
    """What speaks HTTP for one virtual user: our own client, or Locust's."""
    target = run.target_url
    target_headers = storefront_headers(parse_origin(target), stage.policy.locale, stage.policy.currency, stage.headers)
    if stage.client == "locust":
        return LocustHttpClient(
            lambda: locust_session(
                target,
                user,
                verify_tls=stage.verify_tls,
                connect_timeout=stage.connect_timeout,
                read_timeout=stage.read_timeout,
                largest=stage.largest_reply,
            ),
            stage.total_timeout,
            target_headers=target_headers,
            on_resource_exhausted=run.resource_exhausted,
        )
    limits = HttpLimits(
        connect_timeout=stage.connect_timeout,
        read_timeout=stage.read_timeout,
        total_timeout=stage.total_timeout,
        largest_reply=stage.largest_reply,
        verify_tls=stage.verify_tls,
    )
    statistics = locust_stats_of(user.environment)
    return HttpClient(
        target,
        user,
        limits,
        target_headers=target_headers,
        statistics=statistics,
        on_resource_exhausted=run.resource_exhausted,
    )


class Guest(ShopperUser):
    """Buys without an account."""

    kind = "guest"

    @tag("guest")
    @task
    def guest(self) -> None:
        """One journey as a guest."""
        self.run_journey()


class Returning(ShopperUser):
    """Signs in; her saved choices open the payment page."""

    kind = "returning"

    @tag("returning")
    @task
    def returning(self) -> None:
        """One journey of a returning customer."""
        self.run_journey()


class FirstTime(ShopperUser):
    """Signs in and has to give address and delivery first."""

    kind = "first_time"

    @tag("first_time")
    @task
    def first_time(self) -> None:
        """One journey of a new customer."""
        self.run_journey()


class Abandoning(ShopperUser):
    """Leaves before she has paid."""

    kind = "abandoning"

    @tag("abandoning")
    @task
    def abandoning(self) -> None:
        """One journey that ends early."""
        self.run_journey()
