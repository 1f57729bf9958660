"""The embedded shop follows the golden exchanges, as bytes through its ASGI application."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from shop.contract import PAYMENT_OPTIONS
from shop.customers.accounts import Account, Accounts
from shop.customers.address_book import default_saved_choices
from tests.golden.browser import Browser

ADDRESS = {
    "title": "Home",
    "first_name": "Ada",
    "last_name": "Byron",
    "phone_number": "05551234567",
    "country": 1,
    "city": 80,
    "township": 933,
    "line": "1 Quay",
}
# An object in a reply that has this key is one of a closed set and must be equal, not only alike.
CLOSED_SET_KEY = "payment_type"


class FirstForm(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.form: dict[str, str] | None = None
        self.fields: dict[str, str] = {}
        self._open = False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        held = dict(attrs)
        if tag == "form" and self.form is None:
            self.form, self._open = held, True
        elif tag == "input" and self._open and held.get("name"):
            self.fields[held["name"]] = held.get("value") or ""

    def handle_endtag(self, tag):
        self._open = self._open and tag != "form"


def alike(wanted: Any, found: Any, where: str, *, exactly: bool = False) -> None:
    """Check that the reply has the wanted keys and types, and the wanted values if they are known."""
    assert type(found) is type(wanted), f"{where} is {found!r}, not like {wanted!r}"
    if isinstance(wanted, dict):
        closed = CLOSED_SET_KEY in wanted
        for key, value in wanted.items():
            assert key in found, f"{where} has no {key}: {sorted(found)}"
            known = exactly or (closed and key not in {"pk", "error_code", "error_message"})
            alike(value, found[key], f"{where}.{key}", exactly=known)
    elif isinstance(wanted, list):
        assert len(found) >= min(1, len(wanted)), f"{where} is empty"
        if wanted and "slug" in (wanted[0] if isinstance(wanted[0], dict) else ()) and CLOSED_SET_KEY in wanted[0]:
            by_slug = {entry["slug"]: entry for entry in found}
            for entry in wanted:
                alike(entry, by_slug.get(entry["slug"]), f"{where}[{entry['slug']}]")
        elif wanted:
            for entry in found:
                alike(wanted[0], entry, f"{where}[]")
    elif exactly or isinstance(wanted, bool):
        assert found == wanted, where


class Witness:
    """Sends golden steps to the shop and compares its replies with them."""

    def __init__(self, golden, settings, accounts=None) -> None:
        self.browser = Browser(settings, accounts)
        self.golden = golden
        self.memory = golden.Memory()
        self.shown: dict[str, Any] = {}
        self._form_method = "GET"

    def play(self, exchange) -> None:
        for step in exchange.steps:
            self.hold(step)

    def hold(self, step) -> None:
        memory, golden = self.memory, self.golden
        form, document = step.form(memory), None
        if form is not None:
            form = memory.sent = golden.plain(form)
        if "json" in step.raw:
            document = ADDRESS if step.raw["json"] == "any" else golden.json_plain(memory.fill(step.raw["json"]))
        method = step.method or self._form_method
        url = step.path(memory)
        if method == "GET" and form is not None:
            url, form = f"{url}{'&' if '?' in url else '?'}{urlencode(form)}", None
        status, body, cookies = self.browser.send(method, url, form=form, document=document, csrf=step.csrf)
        statuses = step.reply.get("status", 200)
        assert status in (statuses if isinstance(statuses, list) else [statuses]), f"{step}: {status} {body[:200]!r}"
        assert set(step.reply.get("cookies", ())) <= cookies, str(step)
        if "html" in step.reply:
            self._html(step, body.decode())
            return
        found = json.loads(body)
        if "json" in step.reply:
            alike(step.reply["json"], found, str(step))
            memory.capture(step.reply.get("capture", {}), found)
        else:
            self._envelope(step, found)

    def _html(self, step, html: str) -> None:
        first = FirstForm(html)
        assert first.form is not None, f"{step}: no form"
        wanted = step.reply["html"]
        action = urlsplit(first.form.get("action") or "")
        if wanted["action"].startswith("/orders/"):
            assert f"{action.path}?{action.query}" == wanted["action"], str(step)
        assert set(wanted["fields"]) <= set(first.fields), str(step)
        self.memory.action = first.form.get("action") or ""
        self.memory.fields = first.fields
        self._form_method = (first.form.get("method") or "GET").upper()

    def _envelope(self, step, found) -> None:
        reply, memory = step.reply, self.memory
        assert {"context_list", "template_name", "errors", "pre_order"} <= set(found), str(step)
        assert found["template_name"] == "orders/checkout.html", str(step)
        if reply.get("errors"):
            assert isinstance(found["errors"], dict), str(step)
            assert found["errors"], str(step)
        else:
            assert not found["errors"], f"{step}: {found['errors']}"
        entry = found["context_list"][-1]
        if reply.get("page") not in {None, "any"}:
            assert entry["page_name"] == reply["page"], str(step)
        self.shown = entry["page_context"]
        alike(reply.get("context", {}), entry["page_context"], f"{step}: page_context")
        for key, value in reply.get("pre_order", {}).items():
            wanted = memory.fill(value)
            self._pre_order(f"{step}: pre_order.{key}", wanted, found["pre_order"].get(key), value)
        memory.capture(reply.get("capture", {}), entry["page_context"])

    @staticmethod
    def _pre_order(where: str, wanted: Any, found: Any, written: Any) -> None:
        if not isinstance(written, dict):
            alike(wanted, found, where, exactly=str(written).startswith("$"))
            return
        for key, value in written.items():
            assert isinstance(found, dict), where
            assert key in found, where
            if str(value).startswith("$"):  # just sent, so it must be echoed; a number may have become one
                assert str(found[key]) == wanted[key], f"{where}.{key}"
            else:
                alike(wanted[key], found[key], f"{where}.{key}", exactly=CLOSED_SET_KEY in written)


OTHER_CONVENTIONS = {
    "no_errors": "list",
    "page_slug": "lower",
    "context_list": "cumulative",
    "redirect_url": "absolute",
}


@pytest.mark.parametrize("conventions", [{}, OTHER_CONVENTIONS], ids=["described", "recorded"])
def test_a_guest_pays(golden, payment, conventions):
    settings = payment.raw.get("shop", {})
    settings = {**settings, "conventions": {**settings.get("conventions", {}), **conventions}}
    witness = Witness(golden, settings)
    witness.play(golden.load("before_payment"))
    witness.play(payment)
    ledger = witness.browser.shop.ledger
    assert dict(ledger.orders) == {payment.option: 1}
    witness.play(golden.load("thank_you"))
    assert dict(ledger.orders) == {payment.option: 1}


def test_an_option_may_be_echoed_by_its_pk(golden, payment):
    witness = Witness(golden, payment.raw.get("shop", {}))
    witness.play(golden.load("before_payment"))
    listed = witness.shown["payment_options"]
    payment.steps[0].raw["form"]["payment_option"] = str(
        next(option["pk"] for option in listed if option["slug"] == payment.option)
    )
    witness.play(payment)
    assert dict(witness.browser.shop.ledger.orders) == {payment.option: 1}


def test_an_unavailable_option_ends_the_journey(golden):
    exchange = golden.load("unavailable")
    witness = Witness(golden, exchange.raw["shop"])
    before = golden.load("before_payment").steps[:-1]
    for step in (*before, *exchange.steps):
        witness.hold(step)
    assert not witness.browser.shop.ledger.orders


def test_a_returning_customer_signs_in(golden):
    ada = Account(1, "ada@example.com", "correct-horse", "Ada", "Lovelace", "05550000001")
    ada.saved_choices = default_saved_choices(ada)
    witness = Witness(golden, {}, Accounts([ada]))
    witness.memory.values["password"] = "correct-horse"
    witness.play(golden.load("sign_in"))


def test_there_is_a_golden_exchange_for_every_option(golden):
    assert set(PAYMENT_OPTIONS) == {exchange.option for exchange in golden.every() if exchange.option}
