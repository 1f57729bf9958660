"""The platform's own storefront client buys from the embedded shop: its code, unchanged, over the wire."""

import json
import os
import urllib.request

import pytest
from npm_packages import NotInstalled
from real_client.driving import HERE, RealClient
from real_client.pattern import steps

from shop.contract import PAYMENT_OPTIONS
from shop.serving.process import ShopProcess
from shop.settings import Settings

pytestmark = pytest.mark.end_to_end

SETTINGS = {"sms": {"options": []}}  # the client has no page for a code
REST = {"shippingCompleted": True, "option": "credit_card"}

# Each flow that ends with an order, and the payment type of the order.
PATTERN = json.loads((HERE / "pattern.json").read_text())
COMPLETED = [
    ("guest", "credit_card"),
    ("card", "credit_card"),
    ("card_3d", "credit_card"),
    ("card_3d_left", "credit_card"),
    ("card_declined", "credit_card"),
    ("paid_twice", "credit_card"),
    ("again", "credit_card"),
    ("other_delivery", "credit_card"),
    ("store", "credit_card"),
    ("reloaded", "credit_card"),
    ("redirection_given_up", "credit_card"),
    ("signed_in_late", "credit_card"),
    ("undecided", "credit_card"),
    ("option_changed", "funds_transfer"),
    ("other_address", "credit_card"),
    ("other_quantity", "credit_card"),
    ("funds_transfer", "funds_transfer"),
    ("delivery_choice", "pay_on_delivery"),
    ("delivery_page", "pay_on_delivery"),
    ("delivery_both", "pay_on_delivery"),
    ("masterpass", "masterpass"),
    ("masterpass_back", "masterpass"),
    ("redirection", "redirection"),
    ("redirection_left", "redirection"),
    ("gpay", "gpay"),
    ("credit_payment", "credit_payment"),
    ("loyalty_full", "loyalty_money"),
    ("loyalty_at_once", "loyalty_money"),
    ("loyalty_part", "credit_card"),
    ("confirmation", "confirmation"),
]


@pytest.fixture(scope="module")
def shop():
    process = ShopProcess.start(Settings.model_validate(SETTINGS))
    yield process
    process.stop()


@pytest.fixture(scope="module")
def client(shop):
    try:
        driven = RealClient(shop.url)
    except NotInstalled as why:
        if os.environ.get("CHECKLOAD_SKIP_NOTHING"):
            pytest.fail(f"the storefront client cannot be driven, and CI skips nothing: {why}")
        pytest.skip(str(why))
    yield driven
    driven.close()


@pytest.fixture(scope="module")
def walk(client, shop):
    """Walk a flow once for all tests, with an account of its own; returns its result, and the ledger's record of it."""
    done = {}

    def go(flow, **asked):
        if flow not in done:
            before = shop.ledger()
            walked = client.run(flow, email=f"{flow}@shop.test", **asked)
            assert walked["failed"] is None, walked["failed"]
            done[flow] = walked | {"before": before, "after": shop.ledger()}
        return done[flow]

    return go


def refusals(walked):
    """What the shop refused: any status but 2xx, and any reply with errors."""
    return [
        (one["method"], one["path"], one["page"], one["status"], one["reply"])
        for one in walked["log"]
        if not 200 <= one["status"] < 400 or (isinstance(one["reply"], dict) and one["reply"].get("errors"))
    ]


def posts(walked, page):
    return [one for one in walked["log"] if one["method"] == "POST" and one["page"] == page]


def test_it_signs_in_with_the_fields_of_its_sign_in_library(walk):
    walked = walk("sign_in")
    assert walked["found"]["user"]["pk"]
    assert walked["found"]["user"]["email"].startswith("sign_in")
    assert refusals(walked) == []


def test_it_adds_an_address_and_its_automatic_selections_end(walk):
    walked = walk("rest")
    found = walked["found"]
    assert found | REST == found
    assert None not in (found["delivery"], found["address"], found["billing"], found["shipping"])
    # One post for each selection, and one or two that overlap with another's reply.
    selections = [one for one in walked["log"] if one["method"] == "POST" and one["path"] == "/orders/checkout/"]
    assert 4 <= len(selections) <= 8, [one["page"] for one in selections]
    assert refusals(walked) == []


@pytest.mark.parametrize(("flow", "option"), COMPLETED, ids=[flow for flow, _ in COMPLETED])
def test_it_completes_an_order(walk, flow, option):
    walked = walk(flow)
    before, after = walked["before"], walked["after"]
    assert after["orders_total"] - before["orders_total"] == 1
    assert after["orders"][option] - before["orders"].get(option, 0) == 1
    assert after["order_numbers"] - before["order_numbers"] == 1
    assert walked["order"]["number"]
    assert walked["order"]["payment_option"]["payment_type"] == option
    # The card that the bank declines is the only refusal that a flow asks for.
    assert len(refusals(walked)) == (1 if flow == "card_declined" else 0), refusals(walked)
    assert len(walked["log"]) < 45


@pytest.mark.parametrize("flow", PATTERN["payments"])
def test_it_pays_as_in_the_recorded_pattern(walk, flow):
    walked = walk(flow)
    assert steps(walked["log"][walked["atRest"] :]) == PATTERN["payments"][flow]


@pytest.mark.parametrize(("way", "flow"), [("first_time", "rest"), ("guest", "guest")])
def test_it_reaches_the_payment_as_in_the_recorded_pattern(walk, way, flow):
    walked = walk(flow)
    assert steps(walked["log"][: walked["atRest"]]) == PATTERN["ways"][way]


def test_a_payment_refused_by_the_bank_sells_nothing_and_tells_the_storefront(walk):
    walked = walk("card_3d_refused", refuse={"status": "failure"})
    assert walked["after"]["orders_total"] == walked["before"]["orders_total"]
    assert walked["order"] is None
    assert walked["found"]["location"].endswith("/orders/checkout/")


def test_an_unpaid_3d_secure_is_not_resumed_by_looking_at_the_checkout(walk):
    assert walk("card_3d_left")["found"] == {"sentAwayAgain": False}


def test_an_unpaid_redirection_is_chosen_again_by_the_client_alone(walk):
    walked = walk("redirection_left")
    assert walked["found"]["option"] == "redirection"
    assert len(posts(walked, "PaymentOptionSelectionPage")) <= 4


def test_store_credit_pays_the_whole_order_or_a_part_of_it(walk):
    full = walk("loyalty_full")["found"]
    assert full["unpaid"] == "0.00"
    assert float(full["balance"]) > 0
    part = walk("loyalty_part")["found"]
    assert part["used"] == "5.00"
    assert float(part["unpaid"]) == pytest.approx(float(part["total"]) - 5)


@pytest.mark.parametrize("flow", ["empty_basket", "emptied_basket"])
def test_an_empty_basket_makes_no_client_post_endlessly(walk, flow):
    walked = walk(flow)
    comparisons = [one for one in walked["log"] if one["path"] == "/orders/checkout/" and one["method"] == "GET"]
    assert "basket" in comparisons[-1]["reply"]["redirect_url"]
    last = walked["log"].index(comparisons[-1])
    assert [one["page"] for one in walked["log"][last + 1 :]] == []


@pytest.mark.parametrize("flow", ["again", "other_delivery", "store"])
def test_changing_the_choice_makes_no_client_post_endlessly(walk, flow):
    assert walk(flow)["found"]["posts"] <= 20


def test_a_changed_address_and_quantity_are_in_the_order(walk):
    found = walk("other_address")["found"]
    assert (found["sentTo"], found["billedTo"]) == (found["second"], found["first"])
    assert found["first"] != found["second"]
    walked = walk("other_quantity")
    assert float(walked["found"]["after"]) > float(walked["found"]["before"])
    assert walked["order"]["amount"] == walked["found"]["after"]


def test_a_chosen_option_stays_until_another_is_chosen(walk):
    held = walk("undecided")["found"]["held"]
    assert len(held) == len(PAYMENT_OPTIONS)
    assert all(held)


def test_it_changes_its_address_book(walk):
    walked = walk("address_book")
    assert walked["found"] == {"edited": ["Harbour", "Work"], "left": ["Work"], "primary": [True]}
    assert refusals(walked) == []


def test_it_signs_out(walk):
    assert walk("sign_out")["found"] == {"before": 200, "signedOut": 200, "after": 401}


def test_it_changes_and_empties_its_basket(walk):
    walked = walk("basket")
    assert walked["found"]["quantities"] == [1, 3, 0]
    done = {one["method"]: one["status"] for one in walked["log"] if one["path"] == "/baskets/basket/"}
    assert set(done) == {"GET", "POST", "PUT", "PATCH", "DELETE"}


def test_contracts_coupons_installments_and_the_note_are_answered(walk):
    walked = walk("around")
    assert walked["found"] == {"notes": "Ring twice"}
    assert refusals(walked) == []


def test_it_retries_a_failed_request_three_times_and_each_is_counted(walk, shop):
    page = "FundsTransferChoicePage"
    _put(shop, "faults", {"faults": [{"name": "server_error", "pages": [page]}]})
    try:
        walked = walk("retries", page=page)
    finally:
        _put(shop, "faults", {"faults": []})
    found, counted = walked["found"], walked["after"]["pages"][page] - walked["before"]["pages"].get(page, 0)
    assert len(found["statuses"]) == counted == 4
    assert all(status >= 500 for status in found["statuses"])
    # The library draws each wait: 0.4 to 1.4 times 0.6, 1.2 and 2.4 s.
    for gap, base in zip(found["gaps"], (600, 1200, 2400), strict=True):
        assert 0.4 * base - 5 <= gap <= 1.4 * base + 400


def _put(shop, name, document):
    request = urllib.request.Request(
        f"{shop.url}/_control/{name}",
        data=json.dumps(document).encode(),
        headers={"content-type": "application/json"},
        method="PUT",
    )
    with urllib.request.urlopen(request, timeout=10) as reply:
        assert reply.status == 200
