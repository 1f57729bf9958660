"""The shop as an ASGI application: requests, replies and the queue."""

from __future__ import annotations

import asyncio

import pytest
from asgi_client import Wire

from shop.contract import PAYMENT_OPTIONS

LIST = "/orders/checkout/?page=PaymentOptionSelectionPage"


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
