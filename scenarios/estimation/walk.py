"""Walks a sample of a scenario's journeys through an embedded shop in this process, to count what each journey needs."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from harness.measurement.outcomes import Outcome
from harness.measurement.sample import JourneySample, PageSample
from harness.schedule.dispatch import Arrival
from scenarios.estimation.memory_transport import URL, MemoryTransport, WalkingClock
from scenarios.estimation.own_options import OwnOption, availability_answers
from scenarios.loading.scenario import SECONDS_PER_PAGE
from scenarios.runtime.worker_context import ScenarioWorkerContext
from scenarios.runtime.workload import ScenarioWorkload
from shop.app import Shop
from shop.customers.accounts import Accounts, read_accounts
from shop.customers.address_book import default_saved_choices
from users.browser import Browser, Pace
from users.journeys.catalogue import JOURNEYS
from users.journeys.context import JourneyContext
from users.journeys.steps import JourneyFailed, drive_journey
from users.journeys.storefront import RETRY_DELAYS
from users.population.journey_spec import Fidelity, JourneySpec

MOST_WALKED = 2000
"""Journeys that are walked; of a longer schedule, a random sample."""


@dataclass(frozen=True, slots=True)
class WalkedJourney:
    """One journey: how it ended, and its pages. Its times count from its own start, in seconds."""

    journey: JourneySample
    pages: tuple[PageSample, ...]


@dataclass(frozen=True, slots=True)
class Walk:
    """The walked journeys, and the processor time in seconds that checkload needed for one of their requests."""

    journeys: tuple[WalkedJourney, ...]
    seconds_per_request: float


class _Observer:
    """Keeps the pages of one journey; see ``users.browser.PageObserver``."""

    def __init__(self) -> None:
        self.in_flight: dict[int, tuple[str, str, float]] = {}
        self.pages: list[PageSample] = []

    def record(self, sample: PageSample) -> None:
        self.pages.append(sample)

    def record_traced(self, sample: PageSample, traceparent: str) -> None:
        """No trace is sent."""

    def accepts_media_type(self, _page: str) -> bool:
        return True


def walk(workload: ScenarioWorkload, total: int) -> Walk:
    """Walk up to ``MOST_WALKED`` of the ``total`` journeys of a workload; raises ``UsageError`` for wrong accounts."""
    context = workload.population.worker_context(0, 1)
    with tempfile.TemporaryDirectory(prefix="checkload-accounts-") as folder:
        path = Path(folder) / "accounts.csv"
        context.accounts.write_csv(path)
        accounts = Accounts(read_accounts(path, default_saved_choices))
    settings = workload.target.shop_settings.model_copy(update={"faults": (), "freeze": None})
    shop = Shop(settings, accounts)
    clock, number = WalkingClock(), min(total, MOST_WALKED)
    began = time.process_time()
    arrivals = _arrivals(workload, number, total)
    walked = tuple(_walk_one(context, context.spec_for(each), shop, clock) for each in arrivals)
    own = time.process_time() - began - clock.shop_seconds
    return Walk(walked, own / max(1, sum(len(each.pages) for each in walked)))


def _arrivals(workload: ScenarioWorkload, number: int, total: int) -> Iterator[Arrival]:
    if workload.schedule.is_open:
        # Drawn at random: a sample at equal distances meets the guaranteed journeys, which are spread evenly, too often.
        drawn = random.Random(workload.seed).sample(range(total), number)
        yield from (Arrival(each, "", 0.0) for each in sorted(drawn))
        return
    weights = workload.population.weights
    for kind, weight in weights.items():
        of_kind = max(1, round(number * weight / sum(weights.values())))
        yield from (Arrival(index, kind, 0.0) for index in range(of_kind))


def _walk_one(context: ScenarioWorkerContext, spec: JourneySpec, shop: Shop, clock: WalkingClock) -> WalkedJourney:
    journey, observer, rng = JOURNEYS[spec.journey], _Observer(), random.Random(spec.seed)
    own, think = OwnOption.of(spec, context.policy), partial(context.think, rng=rng)
    spec = own.walked_spec(spec)
    start = clock.now
    browser = Browser(
        MemoryTransport(shop, clock, SECONDS_PER_PAGE, availability_answers(context.policy)),
        observer,
        Pace(clock, clock.sleep, think),
        spec.payment_option,
        start,
        retry_delays=RETRY_DELAYS if context.policy.fidelity is Fidelity.STOREFRONT else (),
    )
    account = context.accounts.lease(spec.journey) if journey.signs_in else None
    asked = JourneyContext(
        spec=spec,
        policy=own.walked_policy(context.policy),
        order_is_new=lambda _number: True,
        account=account,
        shop_url=URL,
        run_seed=context.seed,
        places=context.places,
        products=context.products,
    )
    if context.policy.csrf_in_page:
        browser.shown_token = lambda: asked.csrf_token
    receipt, outcome = None, Outcome.OK
    try:
        receipt = drive_journey(journey.steps(asked), browser.fetch)
    except JourneyFailed as failure:
        outcome = failure.outcome
    finally:
        if account is not None:
            context.accounts.release(account)
    pages = tuple(own.pages(observer.pages, think))
    longer = pages[-1].done - observer.pages[-1].done if pages else 0.0
    option = own.named(receipt.payment_option if receipt else spec.payment_option)
    sample = JourneySample(
        spec.journey, option, str(outcome), str(outcome.blame), 0.0, 0.0, clock.now - start + longer,
        ordered=receipt is not None, verification=asked.verification,
    )  # fmt: skip
    shifted = (page._replace(due=page.due - start, sent=page.sent - start, done=page.done - start) for page in pages)
    return WalkedJourney(sample, tuple(shifted))
