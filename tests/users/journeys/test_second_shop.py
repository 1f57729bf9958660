"""Shoppers buy from a second shop, written from the recordings alone, in every variation and with no request refused."""

from __future__ import annotations

from http.cookies import SimpleCookie
from itertools import count
from urllib.parse import parse_qsl, urlsplit

import pytest
from observers import browser_of
from second_shop import checkout, options
from second_shop.application import Application
from second_shop.customers import Customer
from second_shop.exchange import Request
from second_shop.variations import Variations

from harness.measurement.outcomes import Outcome
from shop.contract import Page
from users.http.transport import HttpResponse
from users.journeys.catalogue import JOURNEYS
from users.journeys.context import JourneyContext
from users.journeys.steps import JourneyFailed, drive_journey
from users.population.accounts import Account
from users.population.journey_spec import Fidelity, JourneySpec, ShopperPolicy
from users.population.pools import LocationPool, ProductPool

ORIGIN = "http://second.test"
ACCEPT_ENCODING = (
    "credit_card", "masterpass", "funds_transfer", "redirection", "pay_on_delivery", "gpay", "credit_payment",
    "loyalty_money", "cash_register", "pay_later", "confirmation",
)  # fmt: skip
FEW = ("credit_card", "pay_on_delivery", "loyalty_money", "redirection", "confirmation")
WHO = ("guest", "returning", "first_time")
DELIVERY, ADDRESS = "DeliveryOptionSelectionPage", "AddressSelectionPage"
SHIPPING = "ShippingOptionSelectionPage"


class Wire:
    """Both ends of a connection without a socket: the shopper's cookies, and the second shop."""

    def __init__(self, **variations) -> None:
        self.customers: dict[str, Customer] = {}
        self.shop = Application(Variations.read(variations), self.customers)
        self.cookies = SimpleCookie()
        self.numbers = count(1)

    def send(self, page, method, url, headers, body):
        parts = urlsplit(url)
        path = parts.path if parts.path.endswith("/") else f"{parts.path}/"
        sent = {name.lower(): value for name, value in headers.items()}
        sent["cookie"] = "; ".join(f"{name}={morsel.value}" for name, morsel in self.cookies.items())
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        reply = self.shop.answer(Request(method, path, query, {"host": "second.test", **sent}, body or b""))
        for cookie in reply.cookies:
            self.cookies.load(cookie)
        return HttpResponse(reply.status, reply.payload()[0], reply.location or "")

    def report(self, outcome, *, failed):
        """Do nothing: no statistics are kept here."""

    def cookie(self, name):
        return self.cookies[name].value if name in self.cookies else ""

    def shop_for(self, option, journey, **policy):
        """One journey: its failure, or ``None``."""
        number = next(self.numbers)
        account = None
        if JOURNEYS[journey].signs_in:
            account = Account(f"c{number}@shoppers.example", "Secret-1", "Ada", "Lovelace", f"0500000{number:04d}")
            remembered = journey == "returning"
            known = (account.email, account.password, account.first_name, account.last_name, account.phone, remembered)
            self.customers[account.email] = Customer(*known)
        self.cookies.clear()
        spec = JourneySpec(number, journey, option, seed=number)
        context = JourneyContext(
            spec,
            ShopperPolicy(**policy),
            lambda order: True,
            account=account,
            shop_url=ORIGIN,
            places=LocationPool(),
            products=ProductPool(("212",)),
        )
        browser = browser_of(self, option=option)
        try:
            drive_journey(JOURNEYS[journey].steps(context), browser.fetch)
        except JourneyFailed as failure:
            return failure
        return None


def outcomes(wire, options, **policy):
    ends = {(option, who): wire.shop_for(option, who, **policy) for option in options for who in WHO}
    return {key: (str(end), end.shop_message) for key, end in ends.items() if end is not None}


@pytest.mark.parametrize("option_value", ["slug", "pk"])
def test_every_option_is_sold_to_every_customer_with_no_request_refused(option_value):
    wire = Wire()
    assert not outcomes(wire, ACCEPT_ENCODING, option_value=option_value)
    assert not wire.shop.books.refused
    assert len(wire.shop.books.orders) == len(ACCEPT_ENCODING) * len(WHO)


def test_an_option_without_a_slug_is_chosen_by_its_pk(monkeypatch):
    row = options.row
    monkeypatch.setattr(options, "row", lambda *of: row(*of) | {"slug": None})
    wire = Wire()
    assert not outcomes(wire, FEW, option_value="slug")
    assert not wire.shop.books.refused


def test_a_failure_names_the_missing_keys(monkeypatch):
    monkeypatch.setattr(checkout, "envelope", lambda *of: {"context_list": [], "errors": None, "pre_order": {}})
    failure = Wire().shop_for("credit_card", "guest")
    assert (failure.outcome, failure.page) == (Outcome.ENVELOPE, Page.CHECKOUT)
    assert "without template_name" in failure.shop_message


@pytest.mark.parametrize("missing", ["delivery", "shipping"])
def test_a_shop_that_never_asks_for_delivery_fails_with_the_missing_key(missing):
    order = [page for page in (DELIVERY, ADDRESS, SHIPPING) if not page.lower().startswith(missing)]
    failure = Wire(order=order).shop_for("credit_card", "guest")
    assert failure.outcome is Outcome.NOT_ECHOED
    assert f"without pre_order.{missing}_option" in failure.shop_message


@pytest.mark.parametrize(
    "variations",
    [
        {"order": [ADDRESS, DELIVERY, SHIPPING], "no_errors": None},
        {"order": [SHIPPING, DELIVERY, ADDRESS]},
        {"lists": "all", "extra_keys": True},
        {"deliveries": ["store"]},
        {"districts": False},
        {"three_d": "always"},
        {"choice_then": "PayOnDeliveryPage"},
        {"credit": "1.00"},
        {"slugs": {"credit_card": "kredi-karti", "loyalty_money": "puan"}},
        {"csrf_refusal": "json"},
    ],
    ids=str,
)
@pytest.mark.parametrize("fidelity", Fidelity)
def test_every_variation_of_a_shop_sells(variations, fidelity):
    wire = Wire(**variations)
    assert not outcomes(wire, FEW, fidelity=fidelity)
    assert not wire.shop.books.refused


@pytest.mark.parametrize(
    ("variations", "outcome", "page"),
    [
        ({"throttled": ["BinNumberPage"]}, Outcome.THROTTLED, Page.BIN_NUMBER),
        ({"queue": ["BinNumberPage"]}, Outcome.WAITING_ROOM, Page.BIN_NUMBER),
        ({"sign_in": "captcha"}, Outcome.CAPTCHA_WANTED, Page.LOGIN),
        ({"sign_in": "code"}, Outcome.CODE_WANTED, Page.LOGIN),
        ({"without": ["masterpass"]}, Outcome.NOT_OFFERED, Page.PAYMENT_OPTION),
        ({"guests": False}, Outcome.NOT_OFFERED, Page.CHECKOUT),
        ({"unavailable": ["masterpass"]}, Outcome.UNAVAILABLE, Page.PAYMENT_OPTION),
        ({"sold_out": [212]}, Outcome.UNAVAILABLE, Page.PRODUCT),
        ({"sold_out": [212], "stock_shown": False}, Outcome.UNAVAILABLE, Page.BASKET_ADD),
    ],
    ids=str,
)
@pytest.mark.parametrize("fidelity", Fidelity)
def test_every_obstacle_to_buying_has_its_own_outcome(variations, outcome, page, fidelity):
    wire = Wire(**variations)
    option = "masterpass" if page is Page.PAYMENT_OPTION else "credit_card"
    failure = wire.shop_for(option, "guest" if page is Page.CHECKOUT else "returning", fidelity=fidelity)
    assert (failure.outcome, failure.page) == (outcome, page)
    assert not wire.shop.books.refused
