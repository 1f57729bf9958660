from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlencode

import orjson
import pytest

from shop.contract import APPROVED_CARD, PAYMENT_OPTIONS
from shop.serving.asgi import RESET_EXTENSION, AsgiShop
from shop.settings import FaultName

LIST = "/orders/checkout/?page=PaymentOptionSelectionPage"


class Received:
    """What came out of the application for one request."""

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


@pytest.fixture
def wire(browse, clock):
    """A guest before the list of payment options, and a wire to the application."""

    def start(*, share=1.0, fault=None, pages=("PaymentOptionSelectionPage",), seconds=None, **settings):
        if fault:
            settings["faults"] = [{"name": fault, "share": share, "pages": list(pages), "seconds": seconds}]
        return Wire(browse(**settings).to_payment(), clock)

    return start


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
    """A byte behind it would be taken for the beginning of the next reply."""
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

    shop.clock.advance = lambda _seconds: None  # nobody leaves before all have come
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


# -- faults ---------------------------------------------------------------------------------------

ENVELOPE = {"context_list", "template_name", "errors", "pre_order"}


def page_of(received):
    return received.document["context_list"][-1]["page_name"]


SYMPTOMS = {
    FaultName.WRONG_PAGE: lambda received: received.status == 200 and page_of(received) == "IndexPage",
    FaultName.MISSING_FIELD: lambda received: (
        "pre_order" not in received.document or "page_context" not in received.document["context_list"][0]
    ),
    FaultName.TRUNCATED_JSON: lambda received: not received.is_json and received.body.startswith(b"{"),
    FaultName.INVALID_JSON: lambda received: not received.is_json and received.body.endswith(b"}"),
    FaultName.HTML_INSTEAD: lambda received: (
        received.status == 200 and received.headers["content-type"].startswith("text/html")
    ),
    FaultName.OK_WITH_ERRORS: lambda received: received.status == 200 and bool(received.document["errors"]),
    FaultName.SIGN_IN_REDIRECT: lambda received: received.status == 302 and "login" in received.headers["location"],
    FaultName.THROTTLED: lambda received: received.status == 429,
    FaultName.SERVER_ERROR: lambda received: received.status == 500,
    FaultName.UNAVAILABLE: lambda received: received.status == 503,
    FaultName.CLIENT_ERROR: lambda received: received.status == 400,
    FaultName.RESET: lambda received: received.status == 0 and received.aborted,
    FaultName.STALL: lambda received: received.status == 0 and received.aborted,
    FaultName.SLOW_BODY: lambda received: received.is_json and received.chunks > 10,
    FaultName.SESSION_DROPPED: lambda received: received.document["template_name"] == "orders/index.html",
    FaultName.EMPTY_BASKET: lambda received: "basket" in received.document["redirect_url"],
    FaultName.OVERSIZED_BODY: lambda received: received.is_json and len(received.body) > 12_000_000,
}
ELSEWHERE = {FaultName.LOST_SMS, FaultName.WRONG_AMOUNT, FaultName.NOT_ECHOED, FaultName.REPEATED_ORDER_NUMBER}


def test_every_fault_has_a_test():
    assert set(SYMPTOMS) | ELSEWHERE == set(FaultName)


@pytest.mark.parametrize("fault", SYMPTOMS, ids=str)
def test_each_fault_has_its_symptom(wire, fault):
    assert SYMPTOMS[fault](wire(fault=fault).ask("GET", LIST))
    healthy = wire().ask("GET", LIST)
    assert healthy.status == 200
    assert set(healthy.document) == ENVELOPE
    assert page_of(healthy) == "PaymentOptionSelectionPage"


def test_a_wrong_amount_is_wrong_by_one(wire):
    right = wire().ask("GET", LIST).document["pre_order"]["total_amount"]
    wrong = wire(fault="wrong_amount").ask("GET", LIST).document["pre_order"]["total_amount"]
    assert float(wrong) - float(right) == pytest.approx(1)


def test_not_echoed_hides_a_stored_choice(wire):
    shop = wire(fault="not_echoed")
    received = shop.ask("POST", LIST, form={"payment_option": "gpay"})
    assert received.document["pre_order"]["payment_option"] is None
    assert shop.ask("GET", "/orders/checkout/").document["pre_order"]["payment_option"]["slug"] == "gpay"


def test_a_lost_sms_never_arrives(wire):
    choice = "PayOnDeliveryPaymentChoicePage"
    shop = wire(fault="lost_sms", pages=[choice])
    shop.ask("POST", LIST, form={"payment_option": "pay_on_delivery"})
    received = shop.ask("POST", f"/orders/checkout/?page={choice}", form={"payment_choice": "cash"})
    assert page_of(received) == "VerifySmsPage"
    assert shop.ask("GET", "/_sms/05000000001/").document == {"messages": []}
    shop.ask("POST", "/orders/checkout/?page=SendSmsPage", form={})
    assert len(shop.ask("GET", "/_sms/05000000001/").document["messages"]) == 1


def test_an_order_number_is_given_twice(wire):
    shop = wire(fault="repeated_order_number", pages=["CashRegisterPage"])
    numbers = []
    for _ in range(2):
        shop.client.to_payment().choose("cash_register")
        received = shop.ask("POST", "/orders/checkout/?page=CashRegisterPage", form={"agreement": "1"})
        numbers.append(received.document["context_list"][0]["page_context"]["order_number"])
    assert numbers[0] == numbers[1]
    ledger = shop.ledger()
    assert (ledger["orders_total"], ledger["order_numbers"]) == (2, 1)


DONE = ["server_error", "reset", "stall", "truncated_json", "html_instead", "ok_with_errors", "wrong_page"]
NOT_DONE = ["sign_in_redirect", "throttled", "unavailable", "client_error"]


@pytest.mark.parametrize("fault", DONE + NOT_DONE)
def test_a_retry_after_a_lost_reply_completes_one_order(wire, fault):
    """Some faults strike when the order has been sold, some before; trying again sells one order in any case."""
    shop = wire(fault=fault, pages=["CashRegisterPage"])
    shop.client.choose("cash_register")
    address = "/orders/checkout/?page=CashRegisterPage"
    shop.ask("POST", address, form={"agreement": "1"})
    assert shop.ledger()["orders"] == ({"cash_register": 1} if fault in DONE else {})
    assert shop.ask("PUT", "/_control/faults", json=[]).status == 200
    received = shop.ask("POST", address, form={"agreement": "1"})
    assert page_of(received) == "ThankYouPage"
    ledger = shop.ledger()
    assert ledger["orders"] == {"cash_register": 1}
    assert ledger["double_completions"] == (fault in DONE)


def test_a_fault_hits_its_share_of_its_pages_and_is_counted(wire):
    shop = wire(fault="server_error", share=0.25)
    statuses = [shop.ask("GET", LIST).status for _ in range(400)]
    # Four standard deviations of a binomial count around its mean.
    assert abs(statuses.count(500) - 100) < 4 * (400 * 0.25 * 0.75) ** 0.5
    assert shop.ask("GET", "/orders/checkout/").status == 200
    assert shop.ledger()["faults"] == {"server_error": statuses.count(500)}


def test_a_fault_without_pages_hits_all_pages_of_the_shop(wire):
    shop = wire(fault="server_error", pages=[])
    assert [shop.ask("GET", path).status for path in (LIST, "/csrf_token/", "/product/1/", "/nowhere/")] == [500] * 4
    assert shop.ask("GET", "/_sms/1/").status == 200
    assert shop.ask("GET", "/_bank/gpay/?reference=1").status == 200
    assert shop.ask("GET", "/_control/health").status == 200


def test_the_same_seed_hits_the_same_requests(wire):
    def story(seed):
        shop = wire(fault="server_error", share=0.5, seed=seed)
        return [shop.ask("GET", LIST).status for _ in range(40)]

    assert story(1) == story(1) != story(2)


def test_a_stall_ends_in_a_reset_when_its_time_is_over(wire):
    shop = wire(fault="stall", seconds=30)
    assert asyncio.run(shop.fetch("GET", LIST, stays=True)).aborted
    assert shop.slept == [30]


def test_a_stall_ends_when_the_client_disconnects(wire):
    shop = wire(fault="stall")

    async def never_over(_seconds):
        await asyncio.Event().wait()

    shop.app = AsgiShop(shop.client.shop, shop.clock, never_over)
    assert asyncio.run(asyncio.wait_for(shop.fetch("GET", LIST), 5)).status == 0


def test_a_slow_body_takes_its_set_time(wire):
    shop = wire(fault="slow_body", seconds=5)
    shop.ask("GET", LIST)
    assert sum(shop.slept) == pytest.approx(5, rel=0.06)


def test_no_fault_shows_a_card_number(wire, card):
    for fault in FaultName:
        shop = wire(fault=fault, pages=["CreditCardConfirmationPage"])
        shop.client.choose("credit_card")
        shop.client.post("BinNumberPage", bin_number=APPROVED_CARD[:6])
        shop.client.post("InstallmentSelectionPage", installment="1")
        received = shop.ask("POST", "/orders/checkout/?page=CreditCardConfirmationPage", form=card)
        assert APPROVED_CARD.encode() not in received.body


# -- control --------------------------------------------------------------------------------------


def test_faults_can_be_changed_while_the_shop_runs(wire):
    shop = wire()
    received = shop.ask(
        "PUT", "/_control/faults", json=[{"name": "throttled", "pages": ["PaymentOptionSelectionPage"]}]
    )
    assert received.document["faults"][0]["name"] == "throttled"
    assert shop.ask("GET", LIST).status == 429
    assert shop.ask("PUT", "/_control/faults", json={"faults": []}).status == 200
    assert shop.ask("GET", LIST).status == 200


def test_settings_can_be_changed_while_the_shop_runs(wire):
    shop = wire()
    settings = shop.ask("GET", "/_control/settings").document
    settings |= {"service": {"default": "1s"}, "workers": 1, "unavailable": {"gpay": "Away."}}
    assert shop.ask("PUT", "/_control/settings", json=settings).status == 200
    listed = shop.ask("GET", LIST).document["context_list"][0]["page_context"]
    assert [option["slug"] for option in listed["unavailable_options"]] == ["gpay"]
    assert shop.slept == pytest.approx([1.0])


@pytest.mark.parametrize(
    ("path", "document", "keys"),
    [
        ("faults", [{"name": "explode"}, {"name": "reset", "share": 2}], {"0.name", "1.share"}),
        ("faults", {"no": "list"}, {"settings"}),
        ("settings", {"workers": 0, "colour": "red"}, {"workers", "colour"}),
        ("settings", {"seed": 99}, {"seed"}),
        ("settings", [], {"settings"}),
    ],
)
def test_wrong_settings_are_refused_with_every_problem_and_change_nothing(wire, path, document, keys):
    shop = wire()
    before = shop.ask("GET", "/_control/settings").document
    received = shop.ask("PUT", f"/_control/{path}", json=document)
    assert received.status == 400
    assert {problem["key"] for problem in received.document["errors"]} == keys
    assert shop.ask("GET", "/_control/settings").document == before


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/_control/nothing", b"", 404),
        ("PUT", "/_control/ledger", b"", 405),
        ("PUT", "/_control/faults", b"[]", 415),
    ],
)
def test_control_refuses_unknown_requests(wire, method, path, body, status):
    assert wire().ask(method, path, body=body).status == status


def test_a_freeze_counts_from_the_first_request(wire):
    shop = wire(freeze={"after": "10s", "lasts": "3s"})
    shop.clock.advance(100)
    assert shop.ask("GET", LIST).status == 200
    assert shop.slept == []
    shop.clock.advance(11)
    assert shop.ask("GET", LIST).status == 200
    assert shop.slept == [pytest.approx(2.0)]
    shop.ask("GET", LIST)
    assert len(shop.slept) == 1


def test_a_running_shop_can_be_frozen_at_once(wire):
    shop = wire()
    shop.ask("GET", LIST)
    settings = shop.ask("GET", "/_control/settings").document
    assert shop.ask("PUT", "/_control/settings", json=settings | {"freeze": {"lasts": "3s"}}).status == 200
    shop.clock.advance(1)
    shop.ask("GET", LIST)
    assert shop.slept == [pytest.approx(2.0)]
    # The same again changes nothing: a freeze that is over does not come back with other settings.
    shop.ask("PUT", "/_control/settings", json=settings | {"freeze": {"lasts": "3s"}, "workers": 5})
    shop.ask("GET", LIST)
    assert len(shop.slept) == 1
