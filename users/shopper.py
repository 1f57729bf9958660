"""The Locust users: one class per journey. Each is a virtual user that waits for the next arrival of its kind."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import gevent
from gevent import GreenletExit
from gevent.event import AsyncResult
from locust import User, tag, task

from harness.measurement.outcomes import Blame, Outcome
from harness.measurement.sample import JourneySample
from harness.monitoring.shop_messages import ShopMessage
from harness.run.local_load import LocalLoad
from harness.run.registry import current_load
from harness.schedule.dispatch import Arrival, Assignment
from shop.contract import Page
from users.browser import Browser, Pace
from users.funnel import furthest_step
from users.http.transport import Transport
from users.journeys.catalogue import JOURNEYS
from users.journeys.context import JourneyContext, Receipt
from users.journeys.diagnosis import remedy
from users.journeys.steps import JourneyFailed, drive_journey
from users.journeys.storefront import RETRY_DELAYS
from users.parallel_requests import ParallelFetcher
from users.placed_orders import placed_order
from users.population.accounts import Account, AccountPool
from users.population.journey_spec import Fidelity, JourneySpec, ShopperPolicy
from users.population.pools import LocationPool, ProductPool
from users.traceparent import TraceContext
from users.transports import ClientSettings, make_transport

_PRODUCT_PAGES = frozenset({Page.PRODUCT, Page.BASKET_ADD})  # on these, unavailable means sold out


class WorkerContext(Protocol):
    """What a scenario gives the shoppers of one process for one run."""

    client: ClientSettings
    policy: ShopperPolicy
    accounts: AccountPool
    places: LocationPool
    products: ProductPool
    seed: int
    trace_sampled: float

    def spec_for(self, arrival: Arrival) -> JourneySpec:
        """What the shopper of this arrival does."""

    def think(self, page: str, rng: random.Random) -> float:
        """The think time before a page, in seconds."""


class RunObserver:
    """Hands each page of the shoppers to the run; see ``users.browser.PageObserver``."""

    def __init__(self, load: LocalLoad[Any], *, json_as_json: bool) -> None:
        self.in_flight = load.pending
        # The methods themselves, without a call in between: a run records every page.
        self.record = load.run.recorder.page
        self.record_traced = load.traced
        self._mislabelled = load.mislabelled
        self._json_as_json = json_as_json

    def accepts_media_type(self, page: str) -> bool:
        """Report the page to the run as a warning, unless the scenario calls it a failure."""
        if self._json_as_json:
            return False
        self._mislabelled(page)
        return True


@dataclass(slots=True)
class JourneyResult:
    """How a journey ended: with a receipt, or with a failure on a page."""

    outcome: Outcome
    failed_page: str = ""
    receipt: Receipt | None = None


class ShopperUser(User):
    """A virtual user. The schedule decides when it shops, and ``users.journeys`` what it does."""

    abstract = True
    kind: ClassVar[str] = ""

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self.load: LocalLoad[WorkerContext] = current_load(environment)
        self.run_ = self.load.run
        worker = self.load.worker_context
        self._transport: Transport = make_transport(
            self, self.run_.target.url, worker.client, worker.policy, self.load.resource_exhausted
        )
        self._parallel = ParallelFetcher(self._transport)
        self._assigned: AsyncResult[None] = AsyncResult()
        self._assignment: Assignment | None = None
        self._account: Account | None = None
        self._context: JourneyContext | None = None

    def take(self, assignment: Assignment) -> None:
        """Take the next arrival; the schedule calls this."""
        self._assignment = assignment
        self._assigned.set()

    def wait_time(self) -> float:
        """Wait for an arrival. Locust counts a user in here as waiting, so it can stop it at once."""
        if self._assignment is None:
            self._assigned = AsyncResult()
            self.load.wait_for_arrival(self)
            if self._assignment is None:
                self._assigned.get()
        return 0.0

    def on_stop(self) -> None:
        """Clean up: return an arrival that did not start to the schedule, and the account to the pool."""
        self.load.withdraw(self)
        if self._assignment is not None:
            assignment, self._assignment = self._assignment, None
            self.load.give_back(assignment)
        self._release_account()
        self._parallel.close()
        self._transport.close()

    def run_journey(self) -> None:
        """Run one journey, from the first page to a receipt or to one named failure."""
        assignment, self._assignment = self._assignment, None
        if assignment is None:
            return
        run, load, due = self.run_, self.load, assignment.arrival.due
        spec = load.worker_context.spec_for(assignment.arrival)
        started = load.begin_journey(assignment, spec.payment_option)
        browser = self._browser(spec, due)
        self._context = None
        result = JourneyResult(Outcome.ABORTED)
        try:
            result = JourneyResult(Outcome.OK, receipt=self._drive(spec, browser))
        except JourneyFailed as failure:
            result = JourneyResult(failure.outcome, str(failure.page or ""))
            self._report_failure(failure)
        except GreenletExit:
            if run.drain_timed_out and browser.awaits_response:
                result = JourneyResult(Outcome.UNFINISHED)
            raise
        except Exception:
            result = JourneyResult(Outcome.BUG)
            raise
        finally:
            sample = self._sample(result, spec, browser, due, started)
            load.end_journey(sample, spec.payment_option)
            self._report_order(browser)
            if run.journey_log is not None:
                order = result.receipt.order_number if result.receipt else ""
                start = run.recorder.window.start
                trace = browser.trace.id if browser.trace else ""
                run.journey_log.write(spec.number, sample, order, browser.trail, start, trace=trace)

    def _sample(
        self, result: JourneyResult, spec: JourneySpec, browser: Browser, due: float, started: float
    ) -> JourneySample:
        outcome, receipt = result.outcome, result.receipt
        return JourneySample(
            journey=spec.journey,
            payment_option=receipt.payment_option if receipt else spec.payment_option,
            outcome=str(outcome),
            blame=str(outcome.blame),
            due=due,
            started=started,
            done=self.run_.clock(),
            ordered=receipt is not None,
            amount=receipt.amount if receipt else 0,
            # A script counts once the shop has asked for a code, however the journey ends.
            verification=self._context.verification if self._context is not None else "",
            failed_page="" if outcome.blame is Blame.SHOPPER else result.failed_page,
            reached=furthest_step(browser.trail, ordered=receipt is not None),
        )

    def _report_order(self, browser: Browser) -> None:
        run, context = self.run_, self._context
        if context is not None and (order := placed_order(context, browser.trail, run.wall_clock())) is not None:
            run.orders.add(order)

    def _report_failure(self, failure: JourneyFailed) -> None:
        """Tell the report what the shop said, and the other shoppers of this process that a product is sold out."""
        if failure.outcome.blame is not Blame.SHOPPER:
            said = failure.shop_message
            if self._account:
                said = said.replace(self._account.password, "…")
            hint = remedy(failure.outcome, failure.page, failure.status)
            if said or hint:
                self.load.remark(ShopMessage(str(failure.outcome), str(failure.page or ""), said, hint))
        if failure.outcome is Outcome.UNAVAILABLE and failure.page in _PRODUCT_PAGES and self._context is not None:
            self.load.worker_context.products.mark_sold_out(self._context.product)

    def _browser(self, spec: JourneySpec, due: float) -> Browser:
        run, worker = self.run_, self.load.worker_context
        policy, rng = worker.policy, random.Random(spec.seed)
        return Browser(
            self._transport,
            RunObserver(self.load, json_as_json=policy.json_as_json),
            Pace(run.clock, gevent.sleep, lambda page: worker.think(page, rng)),
            spec.payment_option,
            due,
            TraceContext(run.id, spec.number, worker.trace_sampled),
            RETRY_DELAYS if policy.fidelity is Fidelity.STOREFRONT else (),
        )

    def _drive(self, spec: JourneySpec, browser: Browser) -> Receipt:
        worker = self.load.worker_context
        journey = JOURNEYS[spec.journey]
        signed_in = self._account is not None
        if journey.signs_in and self._account is None:
            self._account = worker.accounts.lease(spec.journey)
            if self._account is None:
                raise JourneyFailed(Outcome.NO_ACCOUNT, None)
        if not signed_in:
            self._transport.clear_cookies()
        context = self._context = JourneyContext(
            spec=spec,
            policy=worker.policy,
            order_is_new=self.load.order_numbers.is_new,
            account=self._account,
            signed_in=signed_in,
            shop_url=self.run_.target.url,
            run_seed=worker.seed,
            places=worker.places,
            products=worker.products,
        )
        stays_signed_in = False
        try:
            receipt: Receipt = drive_journey(
                journey.steps(context), browser.fetch, lambda parallel: self._parallel.fetch(parallel, browser)
            )
            stays_signed_in = worker.policy.sign_in_once
        finally:
            # After a failure the session may be broken, so the next journey signs in again.
            if not stays_signed_in:
                self._release_account()
        return receipt

    def _release_account(self) -> None:
        if self._account is not None:
            self.load.worker_context.accounts.release(self._account)
            self._account = None


class Guest(ShopperUser):
    """Buys without an account."""

    kind = "guest"

    @tag("guest")
    @task
    def guest(self) -> None:
        """One journey of a guest."""
        self.run_journey()


class Returning(ShopperUser):
    """Signs in; with the saved choices, the checkout opens on the payment page."""

    kind = "returning"

    @tag("returning")
    @task
    def returning(self) -> None:
        """One journey of a returning customer."""
        self.run_journey()


class FirstTime(ShopperUser):
    """Signs in, and has to choose address and delivery first."""

    kind = "first_time"

    @tag("first_time")
    @task
    def first_time(self) -> None:
        """One journey of a new customer."""
        self.run_journey()


class Abandoning(ShopperUser):
    """Leaves before paying."""

    kind = "abandoning"

    @tag("abandoning")
    @task
    def abandoning(self) -> None:
        """One journey that ends early."""
        self.run_journey()
