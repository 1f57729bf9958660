"""Requests to the shop as a whole."""

from __future__ import annotations

import pytest

from shop.contract import PATHS, Page
from shop.http_messages import Request
from shop.routes import Route


def test_only_a_strict_shop_refuses_unknown_fields(browse, address):
    lax = browse(unknown_fields="ignore").open()
    document = {"email": "a@b.test", "password": "x", "redirect": "false", "callbackUrl": "/", "json": "true"}
    assert lax.send("POST", "/users/login/", json=document).status == 200
    assert lax.send("POST", "/address/", json=address | {"planet": "Mars"}).status == 201
    assert lax.send("POST", "/baskets/basket/", json={"product": 1, "quantity": 1, "price": "0"}).status == 200
    assert lax.post("DeliveryOptionSelectionPage", delivery_option="1", more="1")["errors"] is None


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("text/plain", b"payment_option=gpay", 415),
        ("application/x-www-form-urlencoded", b"payment_option=gpay&payment_option=bkm_express", 400),
        ("application/x-www-form-urlencoded", b"\xff=1", 400),
        ("application/json", b'{"payment_option": "gpay"}', 415),
    ],
)
def test_a_form_that_cannot_be_read_is_refused(browse, content_type, body, status):
    client = browse().to_payment()
    headers = {"content-type": content_type, "x-csrftoken": client.token, "x-requested-with": "XMLHttpRequest"}
    request = Request("POST", "/orders/checkout/", {}, client.cookies, headers, body)
    assert client.shop.handle(request, Route(Page.PAYMENT_OPTION), client.clock()).status == status


def test_an_order_is_only_shown_for_its_token(browse):
    client = browse()
    assert client.send("GET", "/orders/completed/0123/?format=json").status == 404


@pytest.mark.parametrize("path", sorted(path for path in PATHS.values() if "{" not in path))
def test_every_path_of_the_contract_exists(browse, path):
    client = browse()
    statuses = {client.send(method, path).status for method in ("GET", "POST")} - {404, 405}
    assert statuses or path == PATHS[Page.BANK]


def test_a_contract_is_about_the_order_and_escapes_markup(browse):
    client = browse().open().fill_basket(quantity=3)
    html = client.send("GET", "/orders/contract/?contract_name=<script>").html
    assert "3 pieces" in html
    assert "<script>" not in html


def test_a_checkout_token_works_only_in_its_session(browse, context):
    client = browse().to_payment()
    listed = context(client.choose("cash_register") and client.get("PaymentOptionSelectionPage"))
    checkout, status = (listed[key].removeprefix("http://127.0.0.1:8000") for key in ("checkout_url", "status_url"))
    assert client.send("GET", checkout).location == "/orders/checkout/"
    assert client.send("GET", status).document == {"status": "waiting", "order_number": None}
    assert browse(client.shop).open().send("GET", status).status == 404
    number = context(client.post("CashRegisterPage", agreement="1"))["order_number"]
    assert client.send("GET", status).document == {"status": "completed", "order_number": number}


@pytest.mark.parametrize("path", ["/orders/checkout", "/baskets/basket", "/users/logout/"])
def test_a_slash_at_the_end_makes_no_difference(browse, path):
    client = browse().open().fill_basket()
    method = "POST" if "logout" in path else "GET"
    assert client.send(method, path).status == 200
