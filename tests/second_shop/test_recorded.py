"""The second shop's replies hold every key that the platform's replies were recorded with, with the same JSON type."""

import json

import pytest

from second_shop.test_application import BIN, CARD, PLAN, Visitor, names
from tests.golden.recorded_keys import TABLE, table_of

RECORDED = json.loads(TABLE.read_text(encoding="utf-8"))
PAGES = {"GET /orders/checkout/": "RetailStoreSelectionPage"}
PATHS = {
    "GET /address/city/?country=PK": "/address/city/",
    "GET /address/township/?city=PK": "/address/township/",
    "GET /address/district/?township=PK": "/address/district/",
    "GET retail stores": "/address/city/",
    "GET /product/PK/": "/product/212/",
    "GET /payments/cards/product/PK/": "/payments/cards/product/212/",
}


@pytest.fixture(scope="module")
def replies():
    """The reply of each recorded kind: a parcel to a store, in a shop with a campaign, paid by card."""
    visitor = Visitor(campaign="5.00")
    visitor.fill_basket()
    visitor.sign_in()
    kinds = [kind for kind in RECORDED if "/orders/" not in kind]
    found = {kind: visitor.send("GET", PATHS.get(kind, kind.removeprefix("GET "))).document for kind in kinds}
    found["GET /baskets/basket/"] = found["GET /baskets/basket/"]["basket"]
    home = Visitor()
    home.fill_basket()
    home.sign_in()
    for shopper in (visitor, home):
        shopper.look()
    visitor.post("DeliveryOptionSelectionPage", {"delivery_option": "2"})
    billing = str(visitor.customer.addresses[0]["pk"])
    visitor.post("RetailStoreSelectionPage", {"retail_store": "51", "billing_address": billing})
    visitor.post("ShippingOptionSelectionPage", {"shipping_option": "2"})
    visitor.post("PaymentOptionSelectionPage", {"payment_option": "credit-card"})
    found["GET /orders/checkout/"] = visitor.look()
    for page, form in (
        ("BinNumberPage", BIN),
        ("InstallmentSelectionPage", PLAN),
        ("CreditCardConfirmationPage", CARD),
    ):
        home.post(page, form)
    completed = home.shop.books.orders[0]["document"]
    return found | {"GET /orders/completed/TOKEN/?format=json": completed}


@pytest.mark.parametrize("kind", RECORDED)
def test_every_recorded_key_is_there_with_its_type(replies, kind):
    ours = table_of({kind: replies[kind]})[kind]
    wrong = [
        f"{path}: {ours.get(path, 'missing')}, recorded as {types}"
        for path, types in RECORDED[kind].items()
        if path not in ours or (types != "null" and not set(ours[path].split()) <= set(types.split()))
    ]
    assert not wrong, "\n".join(wrong)


def test_the_checkout_opens_with_the_recorded_pages(replies):
    assert names(replies["GET /orders/checkout/"]) == [
        "IndexPage",
        "DeliveryOptionSelectionPage",
        "RetailStoreSelectionPage",
        "ShippingOptionSelectionPage",
        "PaymentOptionSelectionPage",
        "BinNumberPage",
    ]
