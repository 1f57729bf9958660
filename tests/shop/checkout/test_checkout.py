"""The order of the steps of the checkout, and what resets them."""

from __future__ import annotations

import pytest

from shop.contract import PAYMENT_OPTIONS

YES = {"agreement": "1"}


def buy(client, slug="cash_register", page="CashRegisterPage"):
    client.choose(slug)
    return client.post(page, **YES)


def test_a_guest_completes_the_pages_in_order(browse, shown, context):
    client = browse().open().fill_basket()
    assert shown(client.get()) == "IndexPage"
    assert context(client.get())["can_guest_purchase"] is True
    reply = client.post("IndexPage", user_email="ada@shoppers.example", phone_number="05000000001")
    assert shown(reply) == "DeliveryOptionSelectionPage"
    pk = str(context(reply)["delivery_options"][0]["pk"])
    reply = client.post("DeliveryOptionSelectionPage", delivery_option=pk)
    assert shown(reply) == "AddressSelectionPage"
    pk = client.add_address()
    assert [address["pk"] for address in context(client.get())["addresses"]] == [int(pk)]
    reply = client.post("AddressSelectionPage", shipping_address=pk, billing_address=pk)
    assert shown(reply) == "ShippingOptionSelectionPage"
    assert reply["pre_order"]["shipping_address"]["pk"] == int(pk)
    pk = str(context(reply)["shipping_options"][0]["pk"])
    reply = client.post("ShippingOptionSelectionPage", shipping_option=pk)
    assert shown(reply) == "PaymentOptionSelectionPage"
    assert [option["slug"] for option in context(reply)["payment_options"]] == list(PAYMENT_OPTIONS)


def test_the_total_is_items_and_shipping(browse):
    pre_order = browse().to_payment().get()["pre_order"]
    amounts = [pre_order["basket"]["total_amount"], pre_order["shipping_amount"], pre_order["total_amount"]]
    items, shipping, total = (round(float(amount) * 100) for amount in amounts)
    assert (shipping, total) == (2990, items + 2990)
    assert pre_order["total_amount_with_interest"] == pre_order["unpaid_amount"] == pre_order["total_amount"]


@pytest.mark.parametrize(
    ("page", "form"),
    [
        ("AddressSelectionPage", {"shipping_address": "1", "billing_address": "1"}),
        ("DeliveryOptionSelectionPage", {"delivery_option": "1"}),
        ("ShippingOptionSelectionPage", {"shipping_option": "1"}),
        ("PaymentOptionSelectionPage", {"payment_option": "gpay"}),
        ("CashRegisterPage", YES),
        ("VerifySmsPage", {"verify_code": "123456"}),
        ("LoyaltyMoneyUsagePage", {"loyalty_amount_to_use": "1"}),
    ],
)
def test_a_post_out_of_turn_gets_the_missing_page(browse, shown, page, form):
    client = browse().open().fill_basket()
    for reply in (client.post(page, **form), client.get(page)):
        assert shown(reply) == "IndexPage"
        assert reply["errors"] is None


RESETS = [
    ("delivery_first", "DeliveryOptionSelectionPage", {"delivery_option": "2"}, ["delivery_option"]),
    ("delivery_first", "AddressSelectionPage", "address", ["delivery_option", "shipping_address"]),
    ("address_first", "AddressSelectionPage", "address", ["shipping_address"]),
    ("address_first", "DeliveryOptionSelectionPage", {"delivery_option": "2"}, ["shipping_address", "delivery_option"]),
    *(
        (order, page, form, ["shipping_address", "delivery_option", "shipping_option"])
        for order in ("delivery_first", "address_first")
        for page, form in (
            ("ShippingOptionSelectionPage", {"shipping_option": "2"}),
            ("PaymentOptionSelectionPage", {"payment_option": "gpay"}),
        )
    ),
]


@pytest.mark.parametrize(("page_order", "page", "form", "kept"), RESETS)
def test_changing_a_step_resets_the_later_ones(browse, page_order, page, form, kept):
    client = browse(conventions={"page_order": page_order})
    client.walk_to_payment(page_order)
    client.choose("funds_transfer")
    assert client.post("FundsTransferChoicePage", bank_account="1")["pre_order"]["bank_account"]["pk"] == 1
    if form == "address":
        pk = client.add_address(line="2 Quay")
        form = {"shipping_address": pk, "billing_address": pk}
    pre_order = client.post(page, **form)["pre_order"]
    steps = ("shipping_address", "delivery_option", "shipping_option")
    assert {key for key in steps if pre_order[key] is not None} == set(kept)
    assert pre_order["bank_account"] is None
    assert (pre_order["payment_option"] or {}).get("slug") == ("gpay" if "Payment" in page else None)


def test_the_same_choice_again_changes_nothing(browse, shown):
    client = browse().to_payment()
    client.choose("funds_transfer")
    for page, form in (
        ("AddressSelectionPage", {"shipping_address": "1", "billing_address": "1"}),
        ("DeliveryOptionSelectionPage", {"delivery_option": "1"}),
        ("ShippingOptionSelectionPage", {"shipping_option": "1"}),
    ):
        reply = client.post(page, **form)
        assert shown(reply) == "FundsTransferChoicePage"
        assert reply["pre_order"]["payment_option"]["slug"] == "funds_transfer"


def test_a_changed_basket_resets_every_step(browse, shown):
    client = browse().to_payment()
    client.choose("funds_transfer")
    client.fill_basket(product=2)
    reply = client.get()
    assert shown(reply) == "DeliveryOptionSelectionPage"
    assert reply["pre_order"]["shipping_address"] is None
    assert reply["pre_order"]["basket"]["total_quantity"] == 4


def test_an_earlier_page_can_be_shown_again(browse, shown):
    client = browse().to_payment()
    client.choose("credit_card")
    for page in ("AddressSelectionPage", "PaymentOptionSelectionPage", "BinNumberPage"):
        assert shown(client.get(page)) == page
    for page in ("InstallmentSelectionPage", "CashRegisterPage", "VerifySmsPage", "ThankYouPage"):
        assert shown(client.get(page)) == "BinNumberPage"


@pytest.mark.parametrize(
    ("page", "form", "field"),
    [
        ("IndexPage", {"user_email": "nobody", "phone_number": "05000000001"}, "user_email"),
        ("IndexPage", {"user_email": "a@b.example", "phone_number": "5"}, "phone_number"),
        ("AddressSelectionPage", {"shipping_address": "9", "billing_address": "1"}, "shipping_address"),
        ("AddressSelectionPage", {"shipping_address": "1"}, "billing_address"),
        ("DeliveryOptionSelectionPage", {"delivery_option": "9"}, "delivery_option"),
        ("ShippingOptionSelectionPage", {"shipping_option": "3"}, "shipping_option"),  # of the other delivery
        ("PaymentOptionSelectionPage", {"payment_option": "barter"}, "payment_option"),
        ("PaymentOptionSelectionPage", {"payment_option": "gpay", "more": "1"}, "more"),
    ],
)
def test_a_wrong_choice_stays_on_its_page_and_keeps_what_was_valid(browse, shown, page, form, field):
    client = browse().to_payment()
    before = client.get()["pre_order"]
    reply = client.post(page, **form)
    assert list(reply["errors"]) == [field]
    assert shown(reply) == page
    assert reply["pre_order"] == before


def test_a_shop_can_refuse_guests(browse, context):
    client = browse(guest_purchase=False).open().fill_basket()
    assert context(client.get())["can_guest_purchase"] is False
    reply = client.post("IndexPage", user_email="a@b.example", phone_number="05000000001")
    assert list(reply["errors"]) == ["non_field_errors"]


def test_a_returning_customer_opens_on_the_payment_page(browse, shown):
    client = browse().open().fill_basket()
    client.sign_in()
    assert shown(client.get()) == "DeliveryOptionSelectionPage"
    pk = client.add_address()
    client.post("DeliveryOptionSelectionPage", delivery_option="1")
    client.post("AddressSelectionPage", shipping_address=pk, billing_address=pk)
    client.post("ShippingOptionSelectionPage", shipping_option="2")
    buy(client)
    again = browse(client.shop).open()
    again.sign_in()
    again.fill_basket()
    reply = again.get()
    assert shown(reply) == "PaymentOptionSelectionPage"
    assert reply["pre_order"]["shipping_option"]["pk"] == 2
    # Another address completes the steps after it in one reply, as they were chosen last time.
    pk = again.add_address(line="2 Quay")
    reply = again.post("AddressSelectionPage", shipping_address=pk, billing_address=pk)
    assert shown(reply) == "PaymentOptionSelectionPage"
    assert reply["pre_order"]["shipping_option"]["pk"] == 2


@pytest.mark.parametrize("page_order", ["delivery_first", "address_first"])
def test_a_parcel_can_be_collected_in_a_store(browse, shown, context, page_order):
    client = browse(conventions={"page_order": page_order}).walk_to_payment(page_order)
    reply = client.post("DeliveryOptionSelectionPage", delivery_option="2")
    assert shown(reply) == "RetailStoreSelectionPage"
    assert context(reply)["addresses"][0]["pk"] == 1
    # Or else a client that chooses for itself would go on with what it knows from before.
    assert context(reply)["shipping_options"] == context(reply)["payment_options"] == []
    store = context(reply)["retail_stores"][1]
    wrong = client.post("RetailStoreSelectionPage", retail_store="9", billing_address="9")
    assert (shown(wrong), set(wrong["errors"])) == ("RetailStoreSelectionPage", {"retail_store", "billing_address"})
    reply = client.post("RetailStoreSelectionPage", retail_store=str(store["pk"]), billing_address="1")
    assert shown(reply) == "ShippingOptionSelectionPage"
    pre_order = reply["pre_order"]
    assert pre_order["retail_store"] == store
    assert (pre_order["shipping_address"]["pk"], pre_order["shipping_address"]["line"]) == (None, store["address"])
    assert (pre_order["billing_address"]["pk"], pre_order["billing_and_shipping_same"]) == (1, False)
    client.post("ShippingOptionSelectionPage", shipping_option="3")
    # Brought home after all: the store's address is no longer where it goes.
    reply = client.post("DeliveryOptionSelectionPage", delivery_option="1")
    assert shown(reply) == "AddressSelectionPage"
    assert reply["pre_order"]["retail_store"] is reply["pre_order"]["shipping_address"] is None


def test_the_store_is_part_of_the_saved_choices(browse, shown):
    client = browse().open().fill_basket()
    client.sign_in()
    pk = client.add_address()
    client.post("DeliveryOptionSelectionPage", delivery_option="2")
    client.post("RetailStoreSelectionPage", retail_store="2", billing_address=pk)
    client.post("ShippingOptionSelectionPage", shipping_option="3")
    buy(client)
    client.fill_basket()
    reply = client.get()
    assert shown(reply) == "PaymentOptionSelectionPage"
    assert reply["pre_order"]["retail_store"]["pk"] == 2


def test_parallel_posts_have_the_same_result_as_serial_ones(browse, shown):
    """Whatever order they are served in, the shopper who posts again what was not taken gets through."""
    client = browse().open().fill_basket()
    client.post("IndexPage", user_email="ada@shoppers.example", phone_number="05000000001")
    pk = client.add_address()
    wanted = {
        "payment_option": ("PaymentOptionSelectionPage", {"payment_option": "gpay"}),
        "shipping_option": ("ShippingOptionSelectionPage", {"shipping_option": "1"}),
        "delivery_option": ("DeliveryOptionSelectionPage", {"delivery_option": "1"}),
        "shipping_address": ("AddressSelectionPage", {"shipping_address": pk, "billing_address": pk}),
    }
    for _ in range(len(wanted)):
        pre_order = client.get()["pre_order"]
        for key, (page, form) in wanted.items():
            if pre_order[key] is None:
                client.post(page, **form)
    assert shown(client.get()) == "PaySelectionPage"


def test_a_late_repeated_post_does_not_order_the_next_basket(browse, shown):
    client = browse().to_payment()
    buy(client)
    client.fill_basket()
    assert shown(client.post("CashRegisterPage", **YES)) == "DeliveryOptionSelectionPage"
    assert client.ledger["orders"] == {"cash_register": 1}
    assert client.ledger["double_completions"] == 0


def test_a_repeat_of_another_page_is_not_mistaken_for_the_completing_one(browse):
    client = browse().to_payment()
    buy(client)
    assert client.post("PayLaterCompletePage", **YES)["redirect_url"] == "/baskets/basket/"
    assert client.ledger["double_completions"] == 0


def test_another_guest_in_the_session_resets_the_payment(browse, shown):
    client = browse().to_payment()
    client.choose("gpay")
    same = {"user_email": "ada@shoppers.example", "phone_number": "05000000001"}
    assert shown(client.post("IndexPage", **same)) == "PaySelectionPage"
    reply = client.post("IndexPage", **same | {"phone_number": "05000000009"})
    assert shown(reply) == "PaymentOptionSelectionPage"
    assert reply["pre_order"]["user_phone_number"] == "05000000009"


def test_a_customer_skips_the_contact_step(browse, shown):
    client = browse().open().fill_basket()
    client.sign_in()
    assert shown(client.get("IndexPage")) == "DeliveryOptionSelectionPage"
    reply = client.post("IndexPage", user_email="eve@shoppers.example", phone_number="05000000009")
    assert shown(reply) == "DeliveryOptionSelectionPage"
    assert reply["pre_order"]["user_email"] == "ada@shop.test"


def test_early_shipping_and_payment_choices_stay_until_a_step_resets_them(browse, shown, context):
    client = browse().to_payment()
    client.choose("gpay")
    reply = client.post("DeliveryOptionSelectionPage", delivery_option="2")
    assert reply["pre_order"]["shipping_option"] is None
    # The storefront's client posts from the lists that it still has, until it is told that they are taken.
    for page, form, kept in (
        ("ShippingOptionSelectionPage", {"shipping_option": "1"}, "shipping_option"),
        ("PaymentOptionSelectionPage", {"payment_option": "1"}, "payment_option"),
    ):
        reply = client.post(page, **form)
        assert shown(reply) == "RetailStoreSelectionPage"
        assert reply["pre_order"][kept]["pk"] == 1
    billing = str(context(reply)["addresses"][0]["pk"])
    reply = client.post("RetailStoreSelectionPage", retail_store="1", billing_address=billing)
    assert shown(reply) == "ShippingOptionSelectionPage"
    assert reply["pre_order"]["shipping_option"] is None
    assert reply["pre_order"]["payment_option"] is None
    reply = client.post("ShippingOptionSelectionPage", shipping_option="1")
    assert set(reply["errors"]) == {"shipping_option"}
    assert shown(client.post("ShippingOptionSelectionPage", shipping_option="3")) == "PaymentOptionSelectionPage"


def test_an_unknown_guest_cannot_choose_early(browse):
    client = browse().open().fill_basket()
    reply = client.post("PaymentOptionSelectionPage", payment_option="gpay")
    assert reply["pre_order"]["payment_option"] is None
