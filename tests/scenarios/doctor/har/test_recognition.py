"""A request is recognised at the shop itself, behind the storefront's proxy and in another language; others are not."""

import pytest

from scenarios.doctor.har.recognition import recognise
from shop.contract import Page

SHOP = "https://shop.example"


@pytest.mark.parametrize(
    ("method", "path", "page", "at_shop", "proxied"),
    [
        ("GET", "/orders/checkout/", Page.CHECKOUT, "/orders/checkout/", False),
        ("GET", "/en/orders/checkout/", Page.CHECKOUT, "/orders/checkout/", False),
        ("GET", "/tr-tr/orders/checkout", Page.CHECKOUT, "/orders/checkout/", False),
        (
            "POST",
            "/orders/checkout/?page=BinNumberPage",
            Page.BIN_NUMBER,
            "/orders/checkout/?page=BinNumberPage",
            False,
        ),
        (
            "POST",
            "/api/client/orders/checkout/?page=BinNumberPage&options=%7B%22useFormData%22%3Atrue%7D",
            Page.BIN_NUMBER,
            "/orders/checkout/?page=BinNumberPage",
            True,
        ),
        (
            "POST",
            "/api/client/orders/checkout?page=IndexPage&slug=orders,checkout",
            Page.INDEX,
            "/orders/checkout/?page=IndexPage",
            True,
        ),
        ("POST", "/en/api/client/baskets/basket", Page.BASKET_ADD, "/baskets/basket/", True),
        ("GET", "/api/client/baskets,basket/", Page.BASKET, "/baskets/basket/", True),
        ("GET", "/api/client/address/city/?country=1", Page.CITIES, "/address/city/?country=1", True),
        ("POST", "/api/auth/callback/default", Page.LOGIN, "/users/login/", True),
        (
            "GET",
            "/api/client/orders/completed/abc/?format=json",
            Page.COMPLETED_ORDER,
            "/orders/completed/abc/?format=json",
            True,
        ),
    ],
)
def test_a_request_of_a_shop_is_recognised(method, path, page, at_shop, proxied):
    found = recognise(method, SHOP + path)
    assert (found.page, found.page_name, found.path, found.proxied) == (page, page.value, at_shop, proxied)
    assert found.origin == SHOP


def test_a_page_of_the_checkout_that_nobody_knows_keeps_its_name():
    found = recognise("POST", f"{SHOP}/orders/checkout/?page=MyWalletPage")
    assert (found.page, found.page_name) == (None, "MyWalletPage")


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", f"{SHOP}/logo.png"),
        ("GET", f"{SHOP}/women/shoes"),
        ("GET", f"{SHOP}/api/client/wishlists/"),
        ("OPTIONS", f"{SHOP}/orders/checkout/"),
        ("GET", "data:image/png;base64,AAAA"),
        ("GET", "wss://shop.example/orders/checkout/"),
        ("GET", "https://[broken/orders/checkout/"),
        ("GET", f"{SHOP}/orders/checkout/?page=<script>"),
        ("GET", f"{SHOP}/orders/checkout/?{'a=1&' * 200}"),
        ("GET", f"{SHOP}/orders/checkout/?a={'x' * 9000}"),
        ("GET", f"{SHOP}/analytics/api/client/orders/checkout/"),
        ("GET", f"{SHOP}/_sms/05551112233/"),
    ],
)
def test_another_request_is_not(method, url):
    assert recognise(method, url) is None


def test_the_user_and_password_of_an_address_are_dropped():
    assert (
        recognise("GET", "https://ada:secret@Shop.Example:8443/orders/checkout/").origin == "https://shop.example:8443"
    )
