"""The shop as an ASGI application: requests, replies and the queue."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlencode

import orjson
import pytest

from shop.contract import PAYMENT_OPTIONS
from shop.serving.asgi import RESET_EXTENSION, AsgiShop

LIST = "/orders/checkout/?page=PaymentOptionSelectionPage"


class Received:
    """The reply of the application to one request."""

    def __init__(self):
        self.status, self.headers, self.body, self.chunks, self.aborted = 0, {}, b"", 0, False

    @property
    def document(self):
        return orjson.loads(self.body)

    @property
    def is_json(self):
        with suppress(orjson.JSONDecodeError):
            orjson.loads(self.body)
            return True
        return False


class Wire:
    """A client that speaks ASGI to the application, with a clock that sleeping moves on."""

    def __init__(self, client, clock):
        self.client, self.clock, self.slept = client, clock, []
        self.app = AsgiShop(client.shop, clock, self._sleep)

    async def _sleep(self, seconds):
        self.slept.append(seconds)
        self.clock.advance(seconds)
        await asyncio.sleep(0)

    def ask(self, method, address, *, form=None, json=None, body=b"", hangs_up=False):
        return asyncio.run(self.fetch(method, address, form=form, json=json, body=body, hangs_up=hangs_up))

    async def fetch(self, method, address, *, form=None, json=None, body=b"", hangs_up=False, stays=False):
        path, _, query = address.partition("?")
        cookies = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())
        headers = [(b"host", b"shop"), (b"cookie", cookies.encode()), (b"x-requested-with", b"XMLHttpRequest")]
        headers.append((b"x-csrftoken", self.client.token.encode()))
        if form is not None:
            body = urlencode(form).encode()
            headers.append((b"content-type", b"application/x-www-form-urlencoded"))
        if json is not None:
            body = orjson.dumps(json)
            headers.append((b"content-type", b"application/json"))
        received = Received()
        left = [] if hangs_up else [{"type": "http.request", "body": body, "more_body": False}]

        async def receive():
            await (asyncio.Event().wait() if stays and not left else asyncio.sleep(0))
            return left.pop() if left else {"type": "http.disconnect"}

        async def send(message):
            if message["type"] == "http.response.start":
                received.status = message["status"]
                received.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            else:
                received.body += message.get("body", b"")
                received.chunks += 1

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": headers,
            "extensions": {RESET_EXTENSION: {"call": lambda: setattr(received, "aborted", True)}},
        }
        await self.app(scope, receive, send)
        return received

    def ledger(self):
        return self.ask("GET", "/_control/ledger").document


def test_the_shop_answers_the_list_of_payment_options(wire):
    received = wire().ask("GET", LIST)
    assert received.status == 200
    assert received.headers["content-type"] == "application/json"
    assert int(received.headers["content-length"]) == len(received.body)
    options = received.document["context_list"][0]["page_context"]["payment_options"]
    assert [row["slug"] for row in options] == list(PAYMENT_OPTIONS)


def test_each_cookie_has_its_own_header(browse, clock):
    received = Wire(browse(), clock).ask("GET", "/csrf_token/")
    assert (
        received.document["csrf_token"] in received.headers["set-cookie"]
        or "osessionid" in received.headers["set-cookie"]
    )


def test_a_reply_without_content_has_no_body(wire):
    """A client would read a byte after the reply as the beginning of the next one."""
    received = wire().ask("DELETE", "/address/1/", json={})
    assert (received.status, received.headers, received.body) == (204, {}, b"")


def test_requests_are_counted_by_page_without_control(wire):
    shop = wire()
    shop.ask("GET", LIST)
    shop.ask("POST", LIST, form={"payment_option": "gpay"})
    shop.ask("GET", "/orders/checkout/")
    shop.ask("GET", "/favicon.ico")
    shop.ask("GET", "/_sms/1/")
    ledger = shop.ledger()
    assert ledger["pages"] == {"PaymentOptionSelectionPage": 2, "Checkout": 1, "unknown": 1, "SmsInbox": 1}
    assert ledger["requests"] == 5


def test_a_too_long_body_is_refused(wire):
    assert wire().ask("POST", LIST, body=b"x" * 70_000).status == 413


def test_an_incomplete_post_does_nothing(wire):
    shop = wire()
    received = shop.ask("POST", LIST, form={"payment_option": "gpay"}, hangs_up=True)
    assert received.status == 0
    assert shop.ask("GET", LIST).document["pre_order"]["payment_option"] is None


def test_pages_have_a_service_time_and_the_bank_has_none(wire):
    shop = wire(service={"default": "20ms", "pages": {"PaymentOptionSelectionPage": "50ms"}})
    shop.ask("GET", LIST)
    shop.ask("GET", "/orders/checkout/")
    shop.ask("GET", "/_bank/gpay/?reference=1")
    shop.ask("GET", "/_control/health")
    assert shop.slept == pytest.approx([0.05, 0.02])


def test_a_full_queue_refuses_the_next_request(wire):
    shop = wire(service={"default": 1.0}, workers=1, queue=1)

    async def at_once():
        return await asyncio.gather(*(shop.fetch("GET", LIST) for _ in range(3)))

    shop.clock.advance = lambda _seconds: None  # no request leaves before all have arrived
    received = asyncio.run(at_once())
    assert [reply.status for reply in received] == [200, 200, 503]
    assert received[2].headers["retry-after"] == "1"
    assert shop.slept == pytest.approx([1.0, 2.0])
    assert shop.ledger()["refused_full"] == 1


def test_a_busy_shop_does_not_delay_the_bank(wire):
    shop = wire(service={"default": 1.0}, workers=1, queue=0)

    async def at_once():
        return await asyncio.gather(*(shop.fetch("GET", path) for path in (LIST, "/_bank/gpay/?reference=1", LIST)))

    shop.clock.advance = lambda _seconds: None
    assert [reply.status for reply in asyncio.run(at_once())] == [200, 200, 503]
    assert shop.slept == pytest.approx([1.0])


def test_parallel_posts_of_one_session_complete_one_order(wire):
    shop = wire()
    shop.ask("POST", LIST, form={"payment_option": "cash_register"})

    async def at_once():
        page = "/orders/checkout/?page=CashRegisterPage"
        return await asyncio.gather(*(shop.fetch("POST", page, form={"agreement": "1"}) for _ in range(5)))

    numbers = {reply.document["context_list"][0]["page_context"]["order_number"] for reply in asyncio.run(at_once())}
    assert len(numbers) == 1
    ledger = shop.ledger()
    assert (ledger["orders"], ledger["double_completions"]) == ({"cash_register": 1}, 4)
