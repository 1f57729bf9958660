"""Every key of the platform's recorded replies is in the embedded shop's, with the same JSON type."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.golden.browser import Browser
from tests.golden.recorded_keys import TABLE, keys_of, table_of

RECORDED = json.loads(TABLE.read_text(encoding="utf-8"))
# The recording's ways of saying what the description says otherwise; they are the convention to choose.
SETTINGS = {"conventions": {"no_errors": "list", "page_slug": "lower"}, "slugs": {"credit_card": "credit-card"}}
# This shop gives no discount, so these lists are empty in it, and what would be in them is not shown.
NEVER_FILLED = ("basketitem_set[].offer_badges[]", "discounts[]")


@pytest.fixture(scope="module")
def replies() -> dict[str, Any]:
    """The embedded shop's reply of each recorded kind."""
    address = {
        "title": "Home", "first_name": "Ada", "last_name": "Byron", "phone_number": "05551234567", "postcode": "34710",
        "country": 1, "city": 80, "township": 933, "district": 71387, "line": "1 Quay", "is_corporate": "false",
        "type": "personal",
    }  # fmt: skip
    browser = Browser(SETTINGS)
    browser.to_payment(address, email="ada@shop.test", store=True)
    basket = browser.json("GET", "/baskets/basket/")
    browser.post("PaymentOptionSelectionPage", payment_option="credit-card")
    checkout = browser.json("GET", "/orders/checkout/")
    buyer = Browser(SETTINGS)
    buyer.to_payment(address, email="eve@shop.test")
    buyer.post("PaymentOptionSelectionPage", payment_option="1")
    buyer.post("BinNumberPage", bin_number="411111")
    buyer.post("InstallmentSelectionPage", installment="1")
    card = {"card_holder": "E", "card_number": "4111111111111111", "card_month": "1", "card_year": "2039"}
    sold = buyer.post("CreditCardConfirmationPage", agreement="1", use_three_d="0", card_cvv="123", **card)
    token = sold["context_list"][0]["page_context"]["token"]
    return {
        "GET /address/country/": browser.json("GET", "/address/country/"),
        "GET /address/city/?country=PK": browser.json("GET", "/address/city/?country=1"),
        "GET /address/township/?city=PK": browser.json("GET", "/address/township/?city=80"),
        "GET /address/district/?township=PK": browser.json("GET", "/address/district/?township=933"),
        "GET /address/detailed/": browser.json("GET", "/address/detailed/"),
        "GET retail stores": browser.json("GET", "/address/city/?retailstore__isnull=false"),
        "GET /baskets/basket/": basket,
        "GET /orders/checkout/": checkout,
        "GET /orders/completed/TOKEN/?format=json": buyer.json("GET", f"/orders/completed/{token}/?format=json"),
        "GET /product/PK/": browser.json("GET", "/product/1/"),
        "GET /payments/cards/product/PK/": browser.json("GET", "/payments/cards/product/1/"),
        "GET /users/profile/": browser.json("GET", "/users/profile/"),
    }


def test_every_kind_that_was_recorded_is_answered(replies):
    assert set(replies) == set(RECORDED)


@pytest.mark.parametrize("kind", RECORDED)
def test_every_recorded_key_is_there_with_its_type(replies, kind):
    ours = table_of({kind: replies[kind]})[kind]
    wrong = []
    for path, types in RECORDED[kind].items():
        if path not in ours:
            if not any(part in path for part in NEVER_FILLED):
                wrong.append(f"{path}: missing")
        # What was only ever seen empty may hold anything; what was seen empty once may be empty.
        elif types != "null" and not set(ours[path].split()) <= set(types.split()):
            wrong.append(f"{path}: {ours[path]}, recorded as {types}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("kind", RECORDED)
def test_no_row_of_a_list_lacks_a_key_that_recorded_rows_have(replies, kind):
    """The table above has a key if one row has it; here each row must have it."""
    wanted: dict[str, set[str]] = {}
    for path in RECORDED[kind]:
        around, found, key = path.rpartition("].")
        if found and "." not in key and "[" not in key:
            wanted.setdefault(f"{around}]", set()).add(key)

    def rows(value: Any, path: str = "") -> None:
        if path in wanted and isinstance(value, dict):
            assert wanted[path] <= set(value), path
        if isinstance(value, dict):
            for key, inner in value.items():
                rows(inner, f"{path}.{key}" if path else key)
        elif isinstance(value, list):
            for inner in value:
                rows(inner, f"{path}[{inner.get('page_name') if path == 'context_list' else ''}]")

    rows(replies[kind])


def test_the_checkout_opens_with_the_recorded_pages_in_their_order(replies):
    pages = [entry["page_name"] for entry in replies["GET /orders/checkout/"]["context_list"]]
    listed = [
        path for path in RECORDED["GET /orders/checkout/"] if path.startswith("context_list[") and path[-1] == "]"
    ]
    named = {path.removeprefix("context_list[").removesuffix("]") for path in listed if path.count("[") == 1}
    assert set(pages) == named
    assert pages == [
        "IndexPage",
        "DeliveryOptionSelectionPage",
        "RetailStoreSelectionPage",
        "ShippingOptionSelectionPage",
        "PaymentOptionSelectionPage",
        "BinNumberPage",
    ]
    slugs = [entry["page_slug"] for entry in replies["GET /orders/checkout/"]["context_list"]]
    assert slugs == [page.lower() for page in pages]


def test_the_table_is_made_of_keys_and_types_alone():
    seen = dict(keys_of({"a": [{"b": 1.5}, {"b": None}], "context_list": [{"page_name": "IndexPage", "c": True}]}))
    assert seen == {
        "a": "list",
        "a[]": "object",
        "a[].b": "null",
        "context_list": "list",
        "context_list[IndexPage]": "object",
        "context_list[IndexPage].page_name": "string",
        "context_list[IndexPage].c": "boolean",
    }
    assert table_of({"K": {"a": [{"b": 1.5}, {"b": None}]}})["K"]["a[].b"] == "null number"
