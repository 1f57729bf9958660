"""Runs the journeys of one virtual user at one host: its HTTP client, its session and its account."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Protocol

import gevent
from gevent import GreenletExit
from locust import User

from harness.measurement.outcomes import Blame, Outcome
from harness.measurement.sample import JourneySample
from harness.monitoring.shop_messages import ShopMessage
from harness.run.local_load import LocalLoad
from harness.schedule.dispatch import Arrival, Assignment
from shop.contract import Page
from users.browser import Browser, Pace
from users.funnel import furthest_step
from users.http.locust.stats import locust_stats_of
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
from users.run_observer import RunObserver
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


@dataclass(slots=True)
class JourneyResult:
    """How a journey ended: with a receipt, or with a failure on a page."""

    outcome: Outcome
    failed_page: str = ""
    receipt: Receipt | None = None


class HostShopper:
    """One virtual user at the host of ``load``; for each journey, ``lease_account`` is called before ``run_journey``.

    ``stays_signed_in`` says whether the last journey left a session that the next one can use.
    """

    def __init__(self, user: User, load: LocalLoad[WorkerContext]) -> None:
        self.load = load
        self.run_ = load.run
        self.stays_signed_in = False
        worker = load.worker_context
        self._transport: Transport = make_transport(
            user, self.run_.target.url, worker.client, worker.policy, load.resource_exhausted
        )
        self._parallel = ParallelFetcher(self._transport)
        self._statistics = locust_stats_of(user.environment)
        self._account: Account | None = None
        self._signed_in = False
        self._context: JourneyContext | None = None

    def lease_account(self, spec: JourneySpec) -> None:
        """Take an account if the journey needs one and the last journey left none."""
        self._signed_in = self._account is not None
        if JOURNEYS[spec.journey].signs_in and self._account is None:
            self._account = self.load.worker_context.accounts.lease(spec.journey)

    def release_account(self) -> None:
        """Return the account to the pool, if there is one."""
        if self._account is not None:
            self.load.worker_context.accounts.release(self._account)
            self._account = None

    def close(self) -> None:
        """Return the account and close all connections."""
        self.release_account()
        self._parallel.close()
        self._transport.close()

    def run_journey(self, spec: JourneySpec, assignment: Assignment) -> None:
        """Run one journey, from the first page to a receipt or to one named failure."""
        run, load, due = self.run_, self.load, assignment.arrival.due
        started = load.begin_journey(assignment, spec.payment_option)
        observer = RunObserver(load, json_as_json=load.worker_context.policy.json_as_json)
        browser = self._browser(spec, due, observer)
        self._context, self.stays_signed_in = None, False
        result = JourneyResult(Outcome.ABORTED)
        try:
            result = JourneyResult(Outcome.OK, receipt=self._drive(spec, browser))
        except JourneyFailed as failure:
            result = JourneyResult(failure.outcome, str(failure.page or ""))
            self._report_failure(failure, browser)
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
            observer.end_trace(sample, spec.number, browser.trace)
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

    def _report_failure(self, failure: JourneyFailed, browser: Browser) -> None:
        """Tell the report what the shop said, and the other shoppers of this process that a product is sold out."""
        if failure.outcome.blame is not Blame.SHOPPER:
            said = failure.shop_message
            if self._account:
                said = said.replace(self._account.password, "…")
            hint = remedy(failure.outcome, failure.page, failure.status)
            if said or hint:
                self.load.remark(ShopMessage(str(failure.outcome), str(failure.page or ""), said, hint))
        page, outcome = str(failure.page or ""), str(failure.outcome)
        if failure.outcome.blame is Blame.SHOP and (page, outcome) not in browser.trail:
            # The reply looked right by itself, so Locust has counted it as a success.
            self._statistics.count_failure(page, outcome)
        if failure.outcome is Outcome.UNAVAILABLE and failure.page in _PRODUCT_PAGES and self._context is not None:
            self.load.worker_context.products.mark_sold_out(self._context.product)

    def _browser(self, spec: JourneySpec, due: float, observer: RunObserver) -> Browser:
        run, worker = self.run_, self.load.worker_context
        policy, rng = worker.policy, random.Random(spec.seed)
        share, keep = worker.trace_sampled, run.tracer is not None
        return Browser(
            self._transport,
            observer,
            Pace(run.clock, gevent.sleep, lambda page: worker.think(page, rng)),
            spec.payment_option,
            due,
            TraceContext(run.id, spec.number, share, keep=keep) if share or keep else None,
            RETRY_DELAYS if policy.fidelity is Fidelity.STOREFRONT else (),
        )

    def _drive(self, spec: JourneySpec, browser: Browser) -> Receipt:
        worker, journey = self.load.worker_context, JOURNEYS[spec.journey]
        if journey.signs_in and self._account is None:
            raise JourneyFailed(Outcome.NO_ACCOUNT, None)
        if not self._signed_in:
            self._transport.clear_cookies()
        context = self._context = JourneyContext(
            spec=spec,
            policy=worker.policy,
            order_is_new=self.load.order_numbers.is_new,
            account=self._account,
            signed_in=self._signed_in,
            shop_url=self.run_.target.url,
            run_seed=worker.seed,
            places=worker.places,
            products=worker.products,
        )
        if worker.policy.csrf_in_page:
            browser.shown_token = lambda: context.csrf_token
        receipt: Receipt = drive_journey(
            journey.steps(context), browser.fetch, lambda parallel: self._parallel.fetch(parallel, browser)
        )
        # After a failure the session may be broken, so the next journey signs in again.
        self.stays_signed_in = worker.policy.sign_in_once
        return receipt
