"""Each fault has its symptom, hits its share, and leaves the rest alone."""

from __future__ import annotations

import asyncio

import pytest

from shop.contract import APPROVED_CARD
from shop.serving.asgi import AsgiShop
from shop.settings import FaultName

LIST = "/orders/checkout/?page=PaymentOptionSelectionPage"


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
    """Some faults happen after the order is placed, some before. A second try leaves one order in both cases."""
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
