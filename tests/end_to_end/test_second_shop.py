"""Our shoppers buy from a shop that shares no code with ours: with every option it offers, and without a refused request."""

from collections import Counter

import pytest
from second_shop.options import OPTIONS
from second_shop.running import SecondShop, write_accounts

from harness.results.orders_file import read_orders

pytestmark = pytest.mark.end_to_end

JOURNEYS = ("guest", "returning", "first_time")
PRODUCTS = ("212", "37", "154", "301")
SCENARIO = """
description = "A shop that shares no code with ours."
seed = 3
objectives = ["journey failures <= 0%", "page failures <= 0%"]
[arrivals]
trace = "arrivals.csv"
drain = "20s"
[accounts]
file = "accounts.csv"
[cards]
three_d = 0.5
[sms]
code = "123456"
[think]
scale = 0
[conduct]
"""
OTHERWISE = {
    "slugs": {"credit_card": "kart", "funds_transfer": "eft", "redirection": "paytr", "pay_on_delivery": "kapida"},
    "order": ["AddressSelectionPage", "DeliveryOptionSelectionPage", "ShippingOptionSelectionPage"],
    "lists": "all",
    "deliveries": ["store", "address"],
    "extra_keys": True,
    "no_errors": None,
    "csrf_refusal": "json",
    "choice_then": "PayOnDeliveryPage",
    "campaign": "5.00",
}
OWN_OPTION = """
[payments.recipes.my_wallet]
pages = [
    { page = "MyWalletPage", fields = { wallet = "{one_of.wallets}", wallet_no = "{shown.wallet_no}", phone = "{phone}" } },
    { page = "MyWalletConfirmPage", fields = { agreement = "true" } },
]
[payments.availability.my_wallet]
path = "/payments/my_wallet/check/"
fields = { phone = "{phone}", amount = "{amount}", currency = "{currency}" }
"""
TO_A_STORE = {"deliveries": ["store"], "choice_then": "VerifySmsPage", "districts": False}


@pytest.fixture
def buy(locust, scenario, tmp_path):
    """Send a shopper for each arrival (payment option, journey) and return the run with the shop's books."""
    started = []

    def go(arrivals, variations, more="", rate=12):
        accounts = tmp_path / "accounts.csv"
        emails = [f"{journey}.{n}@shop.test" for journey in JOURNEYS for n in range(len(OPTIONS) + 2)]
        write_accounts(accounts, [one for one in emails if one.startswith("returning")], "secret-1", saved=True)
        write_accounts(accounts, [one for one in emails if one.startswith("first_time")], "secret-1", saved=False)
        shop = SecondShop(accounts, **variations)
        started.append(shop)
        rows = [f"{number / rate},{option},{journey}\n" for number, (option, journey) in enumerate(arrivals)]
        (tmp_path / "arrivals.csv").write_text("time,payment_option,journey\n" + "".join(rows))
        text = SCENARIO + (more if "products" in more else f"products = {list(PRODUCTS)}\n{more}")
        run = locust("--headless", "--scenario", scenario(text), "--host", shop.url).wait()
        return run, shop.books()

    yield go
    for shop in started:
        shop.close()


def outcomes(run):
    return run.result["counts"]["journeys_by_outcome"]


@pytest.mark.parametrize(
    ("variations", "more"),
    [
        pytest.param({}, "", id="as_recorded"),
        pytest.param({}, 'fidelity = "storefront"\n', id="as_the_storefront"),
        pytest.param(OTHERWISE, 'option_value = "pk"\n[target]\nclient = "locust"\n', id="otherwise"),
        pytest.param(TO_A_STORE, "", id="to_a_store"),
        pytest.param(OTHERWISE, 'fidelity = "storefront"\n', id="otherwise_as_the_storefront"),
    ],
)
def test_every_option_is_sold_to_every_kind_of_shopper_and_nothing_is_refused(buy, variations, more):
    wanted = [(option, journey) for option in OPTIONS for journey in JOURNEYS]
    run, books = buy(wanted, variations, more)
    assert books["refused"] == [], run.output
    assert outcomes(run) == {"ok": len(wanted)}, run.output
    assert Counter((order["payment_type"], order["kind"]) for order in books["orders"]) == Counter(wanted)
    chosen = {order["delivery"] for order in books["orders"] if order["kind"] != "returning"}
    assert chosen <= set(variations.get("deliveries", ["delivery_point", "address"]))
    # Of those who pay by card, some go through the bank and some do not.
    assert 0 < books["requests"]["POST CreditCardThreeDSecurePage"] < len(JOURNEYS)
    amounts = sum(round(float(order["amount"]) * 100) for order in books["orders"])
    assert run.result["counts"]["amount"] == amounts


@pytest.mark.parametrize("fidelity", ["api", "storefront"])
def test_an_option_of_the_shops_own_is_bought_with_by_a_recipe(buy, fidelity):
    wanted = [(option, journey) for option in ("my_wallet", "credit_card") for journey in JOURNEYS]
    run, books = buy(wanted, {"wallet": "yes"}, f'fidelity = "{fidelity}"\n{OWN_OPTION}')
    assert books["refused"] == [], run.output
    assert outcomes(run) == {"ok": len(wanted)}, run.output
    assert Counter((order["payment_type"], order["kind"]) for order in books["orders"]) == Counter(wanted)
    assert run.result["counts"]["pages_by_page"]["PaymentAvailability"] == len(JOURNEYS)
    assert run.result["counts"]["pages_by_page"]["MyWalletConfirmPage"] == len(JOURNEYS)
    assert Counter(order.payment_option for order in read_orders(run.folder)) == {"my_wallet": 3, "credit_card": 3}


def test_an_own_option_that_is_not_available_is_replaced_by_the_fallback(buy):
    run, books = buy([("my_wallet", "guest")] * 3, {"wallet": "no"}, f'fallback = "gpay"\n{OWN_OPTION}')
    assert books["refused"] == [], run.output
    assert Counter(order["payment_type"] for order in books["orders"]) == {"gpay": 3}, run.output


def test_a_missing_option_and_a_sold_out_product_each_get_a_finding(buy):
    wanted = [(option, "guest") for option in ("gpay", "credit_card", "bkm_express") * 4]
    run, books = buy(wanted, {"without": ["gpay"], "sold_out": [37]}, 'products = ["37", "212"]\n', rate=4)
    assert books["refused"] == [], run.output
    assert {order["payment_type"] for order in books["orders"]} == {"credit_card"}
    assert {tuple(order["products"]) for order in books["orders"]} == {(212,)}
    # Half of the shoppers would look at it, were it not forgotten once it was seen to be gone.
    assert books["requests"]["GET /product/37/"] <= 2
    assert run.code == 4, run.output
    said = " ".join(run.output.split())
    for option in ("bkm_express", "gpay"):
        assert f"{option} is wanted, and credit_card, masterpass, " in said
    found = outcomes(run)
    assert found["ok"] + found["not_offered"] + found["unavailable"] == len(wanted)
    assert found["not_offered"] >= 6


@pytest.mark.parametrize(
    ("variations", "guests", "customers"),
    [
        ({"throttled": ["DeliveryOptionSelectionPage"], "sign_in": "captcha"}, "throttled", "captcha_wanted"),
        ({"queue": ["/orders/checkout/"], "sign_in": "code"}, "waiting_room", "code_wanted"),
    ],
)
def test_each_reason_that_keeps_shoppers_out_has_its_own_finding(buy, variations, guests, customers):
    run, books = buy([("credit_card", "guest"), ("credit_card", "first_time")] * 3, variations)
    assert books["refused"] == [], run.output
    assert books["orders"] == []
    assert len(books["provoked"]) == 6
    assert outcomes(run) == {guests: 3, customers: 3}, run.output
