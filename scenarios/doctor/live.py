"""Examines a running shop: makes the shoppers of a scenario, walks, and puts together what was learnt."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import gevent

from harness.errors import UsageError
from harness.results.redact import Redactor
from scenarios.doctor.recording import ObservedTransport, Recorder
from scenarios.doctor.walking.choice import Choice
from scenarios.doctor.walking.customers import Customers
from scenarios.doctor.walking.examination import Examination
from scenarios.doctor.walking.gather import gather_facts
from scenarios.doctor.walking.manner import Manner
from scenarios.doctor.walking.paths import WalkedPath
from scenarios.doctor.walking.shopper import PathWalker
from scenarios.doctor.walking.walker import Walk
from scenarios.loading.scenario import Scenario
from scenarios.runtime.accounts import ScenarioAccounts
from scenarios.runtime.embedded_shop import EmbeddedShop
from users.http.observed_client import ObservedClient
from users.http.origin import parse_origin, refuse_proxy
from users.http.timeouts import HttpLimits
from users.population.accounts import AccountPool
from users.population.journey_spec import ShopperPolicy
from users.storefront_headers import storefront_headers

Connect = Callable[[ShopperPolicy], ObservedTransport]

LONGEST_EXPIRY = 15.0
"""Seconds that a walk waits for a code to expire; a code that lives longer is typed in time."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says. Without ``url``, the embedded shop is walked.

    ``adapts_freely``: no scenario is given, so the walk finds out what works. ``folder`` is where a scenario is written.
    ``tell`` shows a line of progress, ``sleep`` waits so many seconds.
    """

    url: str = ""
    adapts_freely: bool = True
    places_orders: bool = True
    seconds: float = 600.0
    folder: Path = field(default_factory=Path)
    tell: Callable[[str], None] = lambda _line: None
    sleep: Callable[[float], None] = gevent.sleep


def plain_tables() -> dict[str, Any]:
    """A scenario for an unknown shop."""
    return {
        "description": "A walk through an unknown shop.",
        "objectives": ["journey failures <= 0%"],
        "arrivals": {"rate": "1/s", "duration": "1s"},
        "products": {"search": ""},
    }


def examine(
    scenario: Scenario, options: Options, connect: Connect | None = None
) -> tuple[Examination, Collection[str]]:
    """Walk through a shop; returns what was found, and the secrets that no output may show.

    ``connect`` makes the HTTP client of a shopper; without it, checkload's own.
    """
    pool = ScenarioAccounts(scenario).pool
    with _shop(scenario, options, pool) as url:
        customers = Customers(pool, known=not options.url or scenario.accounts_file is not None)
        walk = _walk(scenario, options, url, customers, connect or _client(scenario, url))
        found = walk.run()
    found.embedded = not options.url
    facts, secrets = gather_facts(found, walk.manner, customers, scenario, options.folder), _secrets(scenario, pool)
    written = Redactor(secrets)  # the scenario quotes the shop, which may repeat a secret
    offered = [replace(option, left_out=written.redact_text(option.left_out)) for option in facts.options]
    found.facts = replace(facts, options=tuple(offered))
    return found, secrets


@contextmanager
def _shop(scenario: Scenario, options: Options, pool: AccountPool) -> Iterator[str]:
    if options.url:
        try:
            refuse_proxy(parse_origin(options.url))
        except ValueError as error:
            raise UsageError(f"--host: {error}") from None
        yield options.url.rstrip("/")
        return
    shop = EmbeddedShop.start(scenario.shop_settings, pool)
    try:
        yield shop.url
    finally:
        shop.stop()


def _client(scenario: Scenario, url: str) -> Connect:
    """Makes checkload's own client, with the limits and headers of the scenario."""
    target, origin, headers = scenario.target, parse_origin(url), scenario.headers
    limits = HttpLimits(
        target.connect_timeout,
        target.read_timeout,
        target.connect_timeout + target.read_timeout,
        target.largest_reply,
        verify_tls=target.verify_tls,
    )
    return lambda policy: ObservedClient(
        url, limits, storefront_headers(origin, policy.locale, policy.currency, headers)
    )


def _walk(scenario: Scenario, options: Options, url: str, customers: Customers, connect: Connect) -> Walk:
    policy = replace(scenario.policy, sms_longest_wait=LONGEST_EXPIRY)
    products = scenario.products
    return Walk(
        PathWalker(
            url,
            connect,
            Recorder(options.seconds),
            options.places_orders,
            scenario.target.verify_tls,
            sleep=options.sleep,
        ),
        Manner(policy, scenario.places, products, searches=products.pks is None),
        customers,
        Choice() if options.adapts_freely else Choice.of(scenario),
        announce=lambda orders: options.tell(_announcement(orders)),
        progress=lambda walked: options.tell(_progress(walked)),
        wait=lambda seconds: options.tell(f"The shop throttles. Waiting {seconds:g} s, as it says."),
    )


def _announcement(orders: int) -> str:
    return f"Up to {orders} orders will be placed now, one at a time. Cancel them afterwards; --no-orders places none."


def _progress(walked: WalkedPath) -> str:
    return f"{walked.end:8} {walked.path.name} ({len(walked.exchanges)} requests, {walked.seconds:.2f} s)"


def _secrets(scenario: Scenario, pool: AccountPool) -> Collection[str]:
    headers = {part for value in scenario.headers.values() for part in (value, *value.split())}
    passwords = {account.password for account in pool.accounts}
    return (headers | passwords | {scenario.policy.sms_code}) - {""}
