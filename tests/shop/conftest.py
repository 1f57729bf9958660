from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson
import pytest

from shop.app import NO_FAULTS, Shop
from shop.contract import APPROVED_CARD
from shop.customers.accounts import Accounts
from shop.http_messages import Refused, Reply, Request
from shop.routes import route
from shop.settings import Settings

PHONE = "05000000001"
ADDRESS = {
    "title": "Home",
    "first_name": "Ada",
    "last_name": "Byron",
    "phone_number": PHONE,
    "country": 1,
    "city": 80,
    "township": 933,
    "district": 71387,
    "line": "1 Quay",
}
CARD = {
    "agreement": "1",
    "use_three_d": "0",
    "card_holder": "Ada Byron",
    "card_number": APPROVED_CARD,
    "card_month": "12",
    "card_year": "2039",
    "card_cvv": "123",
}


@dataclass
class Clock:
    now: float = 1_750_000_000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Client:
    """A browser without a socket: it keeps cookies and sends the CSRF token."""

    shop: Shop
    clock: Clock
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def send(
        self, method, address, *, form=None, json=None, ajax=True, csrf=True, active_faults=NO_FAULTS, headers=None
    ) -> Reply:
        parts = urlsplit(address)
        sent = {"host": "127.0.0.1:8000", **(headers or {})}
        body = b""
        if form is not None:
            body, sent["content-type"] = urlencode(form).encode(), "application/x-www-form-urlencoded"
        if json is not None:
            body, sent["content-type"] = orjson.dumps(json), "application/json"
        if ajax:
            sent["x-requested-with"] = "XMLHttpRequest"
        if csrf and self.token:
            sent["x-csrftoken"] = self.token
        request = Request(method, parts.path, dict(parse_qsl(parts.query)), dict(self.cookies), sent, body)
        try:
            asked = route(request.method, request.path, request.query)
        except Refused as refusal:
            return Reply(dict(refusal.document), refusal.status)
        reply = self.shop.handle(request, asked, self.clock(), frozenset(active_faults))
        for cookie in reply.cookies:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
            self.token = value if name == "csrftoken" else self.token
        orjson.dumps(reply.document)  # whatever is answered can be sent
        return reply

    def get(self, page: str | None = None) -> dict[str, Any]:
        query = f"?page={page}" if page else ""
        return self.send("GET", f"/orders/checkout/{query}").document

    def post(self, page: str, *, active_faults=NO_FAULTS, csrf=True, **form: str) -> dict[str, Any]:
        reply = self.send("POST", f"/orders/checkout/?page={page}", form=form, active_faults=active_faults, csrf=csrf)
        assert reply.status == 200, reply
        return reply.document

    def open(self):
        self.token = self.send("GET", "/csrf_token/").document["csrf_token"]
        return self

    def fill_basket(self, product=1, quantity=2):
        reply = self.send("POST", "/baskets/basket/", json={"product": product, "quantity": quantity, "attributes": {}})
        assert reply.status == 200
        return self

    def sign_in(self, email="ada@shop.test", password="Secret1") -> Reply:
        return self.send(
            "POST", "/users/login/", json={"email": email, "password": password, "formType": "login", "locale": "en"}
        )

    def add_address(self, **updates: Any) -> str:
        reply = self.send("POST", "/address/", json=ADDRESS | updates)
        assert reply.status == 201
        return str(reply.document["pk"])

    def to_payment(self, phone=PHONE):
        """A guest who stands before the list of payment options."""
        return self.walk_to_payment("delivery_first", phone)

    def walk_to_payment(self, page_order, phone=PHONE):
        self.open().fill_basket()
        self.post("IndexPage", user_email="ada@shoppers.example", phone_number=phone)
        if page_order == "delivery_first":
            self.post("DeliveryOptionSelectionPage", delivery_option="1")
        pk = self.add_address()
        self.post("AddressSelectionPage", shipping_address=pk, billing_address=pk)
        if page_order == "address_first":
            self.post("DeliveryOptionSelectionPage", delivery_option="1")
        self.post("ShippingOptionSelectionPage", shipping_option="1")
        return self

    def choose(self, slug: str) -> dict[str, Any]:
        return self.post("PaymentOptionSelectionPage", payment_option=slug)

    @staticmethod
    def shown(document) -> str:
        return document["context_list"][-1]["page_name"]

    def inbox(self, phone=PHONE) -> list[dict[str, Any]]:
        return self.send("GET", f"/_sms/{phone}/").document["messages"]

    @property
    def ledger(self) -> dict[str, Any]:
        return self.shop.ledger.document()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make_shop():
    def make(accounts=None, **settings):
        return Shop(Settings.model_validate({"unknown_fields": "refuse", **settings}), Accounts(accounts or []))

    return make


@pytest.fixture
def browse(clock, make_shop):
    """A browser on a new shop with these settings, or on a shop that is given."""

    def start(shop=None, **settings) -> Client:
        return Client(shop or make_shop(**settings), clock)

    return start


@pytest.fixture
def card():
    return dict(CARD)


@pytest.fixture
def address():
    return dict(ADDRESS)


@pytest.fixture
def shown():
    """The page that an envelope shows."""
    return Client.shown


@pytest.fixture
def context():
    """What the page that an envelope shows holds."""

    def read(document):
        return document["context_list"][-1]["page_context"]

    return read


@pytest.fixture(scope="session")
def make_client():
    """A browser on a new shop, for tests that need many of them."""
    return lambda **settings: Client(Shop(Settings.model_validate(settings)), Clock())
