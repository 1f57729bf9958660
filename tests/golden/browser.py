"""A browser without a socket: it speaks ASGI to the embedded shop."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from shop.app import Shop
from shop.customers.accounts import Accounts
from shop.serving.asgi import AsgiShop
from shop.settings import Settings


class Browser:
    """Keeps cookies and the CSRF token, and speaks ASGI to the shop."""

    def __init__(self, settings: dict[str, Any], accounts: Accounts | None = None) -> None:
        self.shop = Shop(Settings.model_validate({"seed": 1, **settings}), accounts)
        self.now = 1_750_000_000.0
        self._app = AsgiShop(self.shop, lambda: self.now)
        self.cookies: dict[str, str] = {}

    def send(self, method, url, *, form=None, document=None, csrf=False) -> tuple[int, bytes, set[str]]:
        """Send as a browser with cookies does."""
        headers = {"host": "shop.test", "x-requested-with": "XMLHttpRequest"}
        if self.cookies:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if csrf:
            headers["x-csrftoken"] = self.cookies["csrftoken"]
        body = b""
        if form is not None:
            body, headers["content-type"] = urlencode(form).encode(), "application/x-www-form-urlencoded"
        elif document is not None:
            body, headers["content-type"] = json.dumps(document).encode(), "application/json"
        status, reply, sent = self.exchange(method, url, headers, body)
        named = set()
        for value in sent:
            cookie, _, content = value.partition(";")[0].partition("=")
            self.cookies[cookie] = content
            named.add(cookie)
        return status, reply, named

    def exchange(self, method, url, headers, body=b"") -> tuple[int, bytes, list[str]]:
        """Send exactly these bytes, with or without cookies; returns the reply's status, body and cookies."""
        parts = urlsplit(url)
        scope = {
            "type": "http",
            "method": method,
            "path": parts.path,
            "query_string": parts.query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        }
        sent: list[dict[str, Any]] = []

        async def receive():
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message):
            sent.append(message)

        serving = self._app(scope, receive, send)
        with pytest.raises(StopIteration):  # nothing here waits, so one step finishes it
            serving.send(None)
        cookies = [value.decode() for name, value in sent[0]["headers"] if name == b"set-cookie"]
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]), cookies

    def json(self, method, url, **sent) -> Any:
        """The JSON document of a reply; anything but success is a mistake of the test."""
        status, body, _ = self.send(method, url, csrf="csrftoken" in self.cookies and method != "GET", **sent)
        assert status in (200, 201), (url, status, body)
        return json.loads(body)

    def post(self, page, **form) -> Any:
        return self.json("POST", f"/orders/checkout/?page={page}", form=form)

    def to_payment(self, address, *, email="", store=False) -> None:
        """Fill a basket and choose everything before the payment, as a guest or as the customer of an address."""
        self.json("GET", "/csrf_token/")
        self.json("POST", "/baskets/basket/", document={"product": 1, "quantity": 1, "attributes": {}})
        if email:
            login = {"email": email, "password": "Secret1", "formType": "login", "locale": "en"}
            self.json("POST", "/users/login/", document=login)
        else:
            self.post("IndexPage", user_email="ada@shoppers.example", phone_number="05551234567")
        self.post("DeliveryOptionSelectionPage", delivery_option="2" if store else "1")
        pk = str(self.json("POST", "/address/", document=address)["pk"])
        if store:
            self.post("RetailStoreSelectionPage", retail_store="1", billing_address=pk)
        else:
            self.post("AddressSelectionPage", shipping_address=pk, billing_address=pk)
        self.post("ShippingOptionSelectionPage", shipping_option="3" if store else "1")
