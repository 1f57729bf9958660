"""Conventions and details of the checkout's replies."""

from __future__ import annotations

import pytest

YES = {"agreement": "1"}


def buy(client, slug="cash_register", page="CashRegisterPage"):
    client.choose(slug)
    return client.post(page, **YES)


def test_an_empty_basket_leads_back_to_the_basket(browse):
    client = browse().open()
    for reply in (client.get(), client.post("PaymentOptionSelectionPage", payment_option="gpay")):
        assert reply["redirect_url"] == "/baskets/basket/"
        assert reply["context_list"] == []


@pytest.mark.parametrize("cookie", [None, "0123abc"])
def test_an_unknown_session_is_signed_out(browse, cookie):
    client = browse().to_payment()
    client.cookies.pop("osessionid")
    if cookie:
        client.cookies["osessionid"] = cookie
    for reply in (client.get("PaymentOptionSelectionPage"), client.choose("gpay")):
        assert reply["template_name"] == "orders/index.html"
        assert reply["context_list"] == []


def test_the_session_cookie_is_known_under_its_other_name_too(browse, shown):
    client = browse().to_payment()
    client.cookies["sessionid"] = client.cookies.pop("osessionid")
    assert shown(client.get()) == "PaymentOptionSelectionPage"


def test_the_completed_order_matches_the_api_description(browse, context):
    client = browse().to_payment()
    bought = buy(client)
    reply = client.get("ThankYouPage")
    assert set(reply["context_list"][0]) == {"page_context"}
    assert context(reply) == context(bought)
    assert {"redirect_url", "order_id", "order_number", "new_user", "token", "campaigns"} == set(context(reply))
    assert reply["pre_order"]["payment_option"]["slug"] == "cash_register"
    assert client.get()["redirect_url"] == "/baskets/basket/"
    client.fill_basket()
    assert client.shown(client.get("ThankYouPage")) == "DeliveryOptionSelectionPage"


@pytest.mark.parametrize("page", ["NoSuchPage", "Bank", "ThankYouPage", ""])
def test_a_post_to_a_read_only_page_is_refused(browse, page):
    client = browse().to_payment()
    reply = client.send("POST", f"/orders/checkout/?page={page}", form={})
    assert reply.status == (405 if page == "ThankYouPage" else 404)
    assert client.send("GET", "/orders/checkout/?page=NoSuchPage").status == 404


def test_conventions_change_only_the_form_of_replies(browse):
    conventions = {"no_errors": "list", "page_slug": "lower", "context_list": "cumulative", "redirect_url": "absolute"}
    client = browse(conventions=conventions).to_payment()
    reply = client.choose("funds_transfer")
    assert reply["errors"] == []
    assert [entry["page_name"] for entry in reply["context_list"]] == [
        "IndexPage",
        "DeliveryOptionSelectionPage",
        "AddressSelectionPage",
        "ShippingOptionSelectionPage",
        "PaymentOptionSelectionPage",
        "FundsTransferChoicePage",
    ]
    assert all(entry["page_slug"] == entry["page_name"].lower() for entry in reply["context_list"])
    assert all(isinstance(entry["page_context"], dict) for entry in reply["context_list"])
    client.post("FundsTransferChoicePage", bank_account="1")
    reply = client.post("FundsTransferPage", **YES)
    url = reply["context_list"][-1]["page_context"]["redirect_url"]
    assert url.startswith("http://127.0.0.1:8000/orders/completed/")


def test_plain_conventions_are_those_of_the_description(browse):
    reply = browse().to_payment().choose("funds_transfer")
    assert reply["errors"] is None
    assert len(reply["context_list"]) == 1
    assert reply["context_list"][0]["page_slug"] == "FundsTransferChoicePage"


def test_the_same_seed_gives_the_same_shop(browse):
    def story(seed):
        client = browse(seed=seed).to_payment()
        return [client.cookies, buy(client)]

    assert story(7) == story(7)
    assert story(7) != story(8)


SHAPES = {"recorded": (4, 1), "next": (1, 1), "cumulative": (4, 4)}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_list_of_pages_has_one_of_three_shapes(browse, shape):
    client = browse(conventions={"context_list": shape}).to_payment()
    opened, asked = client.get(), client.get("ShippingOptionSelectionPage")
    whole, single = SHAPES[shape]
    assert len(opened["context_list"]) == (5 if whole == 4 else 1)
    assert len(asked["context_list"]) == single
    assert [reply["context_list"][-1]["page_name"] for reply in (opened, asked)] == [
        "PaymentOptionSelectionPage",
        "ShippingOptionSelectionPage",
    ]


def test_an_empty_basket_has_no_order_that_a_client_could_fill(browse):
    client = browse().open()
    fresh = client.get()
    client.fill_basket()
    client.send("DELETE", "/baskets/basket/", json={})
    for reply in (fresh, client.get(), client.post("DeliveryOptionSelectionPage", delivery_option="1")):
        assert (reply["context_list"], reply["pre_order"]) == ([], None)
        assert reply["redirect_url"] == "/baskets/basket/"


def test_the_balance_of_store_credit_is_shown_before_it_is_chosen(browse, shown, context):
    client = browse(store_credit="12.50").to_payment()
    reply = client.get("LoyaltyMoneyUsagePage")
    assert (shown(reply), context(reply)["balance"]) == ("LoyaltyMoneyUsagePage", "12.50")
    assert reply["pre_order"]["payment_option"] is None


def test_a_note_is_kept_with_the_order_and_a_coupon_refused(browse, shown, context):
    client = browse().to_payment()
    client.choose("cash_register")
    reply = client.post("OrderNotePage", notes="Ring twice")
    assert (shown(reply), reply["pre_order"]["notes"]) == ("CashRegisterPage", "Ring twice")
    assert context(client.get("CouponSelectionPage"))["coupons"] == []
    assert list(client.post("CouponSelectionPage", coupon="1", action="select")["errors"]) == ["coupon"]
    token = context(client.post("CashRegisterPage", **YES))["token"]
    assert client.send("GET", f"/orders/completed/{token}/?format=json").document["order"]["notes"] == "Ring twice"


def test_own_slugs_of_the_shop_are_used(browse, context):
    client = browse(slugs={"credit_card": "credit-card", "funds_transfer": "havale"}).to_payment()
    listed = {row["payment_type"]: row for row in context(client.get("PaymentOptionSelectionPage"))["payment_options"]}
    assert (listed["funds_transfer"]["slug"], listed["gpay"]["slug"]) == ("havale", "gpay")
    assert listed["credit_card"] | {"pk": 0} == {
        "pk": 0,
        "name": "Credit Card",
        "slug": "credit-card",
        "payment_type": "credit_card",
        "payment_type_label": "Credit Card",
    }
    assert list(client.choose("funds_transfer")["errors"]) == ["payment_option"]
    for word in ("havale", str(listed["funds_transfer"]["pk"])):
        assert client.choose(word)["pre_order"]["payment_option"] == listed["funds_transfer"]
    client.post("FundsTransferChoicePage", bank_account="1")
    token = context(client.post("FundsTransferPage", **YES))["token"]
    order = client.send("GET", f"/orders/completed/{token}/?format=json").document["order"]
    assert (order["payment_option"]["slug"], order["payment_option_slug"]) == ("havale", "havale")
    assert client.ledger["orders"] == {"funds_transfer": 1}
