"""``fidelity = "storefront"``: our shoppers send what the platform's own client sends, as it was recorded at the second shop."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path
from types import SimpleNamespace

import gevent
import pytest
from fault_walks import locust_transport, own_transport
from observers import browser_of
from real_client.pattern import steps
from second_shop.running import SecondShop, write_accounts

from shop.contract import PAYMENT_OPTIONS
from shop.serving.process import ShopProcess
from shop.settings import Settings
from users.journeys.catalogue import JOURNEYS
from users.journeys.context import JourneyContext
from users.journeys.steps import drive_journey
from users.parallel_requests import ParallelFetcher
from users.population.accounts import Account
from users.population.journey_spec import Fidelity, JourneySpec, ShopperPolicy
from users.population.pools import ProductPool

pytestmark = pytest.mark.end_to_end

PATTERN = json.loads((Path(__file__).parents[1] / "real_client" / "pattern.json").read_text())
OPTIONS = {
    "card": {"option": "credit_card"},
    "card_3d": {"option": "credit_card", "three_d": True},
    "funds_transfer": {"option": "funds_transfer"},
    "delivery_choice": {"option": "pay_on_delivery"},
    "masterpass": {"option": "masterpass"},
    "redirection": {"option": "redirection"},
    "gpay": {"option": "gpay"},
    "credit_payment": {"option": "credit_payment"},
    "loyalty_full": {"option": "loyalty_money"},
    "confirmation": {"option": "confirmation"},
}
"""The client's ways of paying that a scenario can ask for."""

ASIDE = ("/payments/cards/product/", "/orders/contract/")
"""What a page may look up besides (``aside`` in the pattern), not written down here."""

PASSWORD, PRODUCT = "Good1234", "212"
NUMBERS = itertools.count()


class Recording:
    """A transport that writes down what goes over it, and over those beside it."""

    def __init__(self, wire, log):
        self._wire, self._log = wire, log

    def send(self, page, method, url, headers, body):
        path, _, query = url.partition("?")
        if path.startswith(ASIDE):
            return self._wire.send(page, method, url, headers, body)
        request = {
            "method": method,
            "path": path,
            "query": f"?{query}" if query else "",
            "body": (body or b"").decode(),
        }
        self._log.append(request | {"page": page, "sent": time.perf_counter()})
        place = len(self._log) - 1
        try:
            return self._wire.send(page, method, url, headers, body)
        finally:
            self._log[place]["answered"] = time.perf_counter()

    def open_parallel(self):
        return Recording(self._wire.open_parallel(), self._log)

    def __getattr__(self, name):
        return getattr(self._wire, name)


def buy(wire, url="", *, option, journey, account=None, three_d=False, product=PRODUCT):
    """One journey with the storefront's pattern over this transport; its receipt."""
    number = next(NUMBERS)
    policy, products = ShopperPolicy(fidelity=Fidelity.STOREFRONT), ProductPool((product,))
    spec = JourneySpec(number, journey, option, three_d=three_d, seed=number)
    context = JourneyContext(spec, policy, lambda _: True, account=account, shop_url=url, products=products)
    browser = browser_of(wire, option=option, now=time.perf_counter, sleep=gevent.sleep)
    parallel = ParallelFetcher(wire)
    wire.clear_cookies()
    try:
        return drive_journey(
            JOURNEYS[journey].steps(context), browser.fetch, lambda overlap: parallel.fetch(overlap, browser)
        )
    finally:
        parallel.close()


@pytest.fixture(scope="module", params=["needed", "all"])
def recorded(request, tmp_path_factory):
    """Our shoppers' requests at both kinds of second shop, by journey and way of paying."""
    accounts = tmp_path_factory.mktemp("accounts") / "accounts.csv"
    write_accounts(accounts, [f"{payment}@x.test" for payment in OPTIONS], PASSWORD, saved=False)
    write_accounts(accounts, ["returning@x.test"], PASSWORD, saved=True)
    bought = [(payment, "first_time", payment) for payment in OPTIONS]
    bought += [("card", "returning", "returning"), ("card", "guest", "")]
    logs = {}
    with SecondShop(accounts, lists=request.param) as shop:
        wire = own_transport(shop.url)
        for payment, journey, name in bought:
            log = logs[journey, payment] = []
            account = Account(f"{name}@x.test", PASSWORD, phone="06000000001") if name else None
            buy(Recording(wire, log), shop.url, journey=journey, account=account, **OPTIONS[payment])
        wire.close()
        books = shop.books()
    return SimpleNamespace(lists=request.param, logs=logs, books=books)


def test_no_request_is_refused_and_each_journey_buys(recorded):
    assert recorded.books["refused"] == []
    assert len(recorded.books["orders"]) == len(recorded.logs)


def test_the_requests_before_payment_match_the_client(recorded):
    if recorded.lists == "all":
        # How the posts overlap, and which are sent again, depends on which reply comes first.
        for journey, way in PATTERN["ways_where_all_is_listed"].items():
            assert kinds(steps(recorded.logs[journey, "card"])) == kinds(way) | kinds(PATTERN["payments"]["card"])
        return
    for journey, way in PATTERN["ways"].items():
        assert steps(recorded.logs[journey, "card"])[: len(way)] == way, journey


def test_the_requests_of_each_payment_match_the_client(recorded):
    payments = PATTERN["payments"] | PATTERN.get("payments_where_all_is_listed" * (recorded.lists == "all"), {})
    for payment in OPTIONS:
        sent = steps(recorded.logs["first_time", payment])
        assert sent[-len(payments[payment]) :] == payments[payment], payment


def kinds(steps_):
    """Which requests there are, without their order and number."""
    return {request for step in steps_ for request in (step if isinstance(step, list) else [step])}


@pytest.fixture(scope="module")
def shop():
    process = ShopProcess.start(Settings(seed=1))
    yield process
    process.stop()


@pytest.mark.parametrize("wire", [own_transport, locust_transport])
@pytest.mark.parametrize("journey", ["guest", "first_time"])
def test_every_option_of_the_embedded_shop_is_bought(shop, wire, journey):
    transport = wire(shop.url)
    account = Account("ada@shoppers.example", "Aa1secret", phone="06000000001") if journey == "first_time" else None
    for option in PAYMENT_OPTIONS:
        receipt = buy(transport, shop.url, option=option, journey=journey, account=account, product="1")
        assert receipt.payment_option == option
    transport.close()
