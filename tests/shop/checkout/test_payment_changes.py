"""Store credit, other choices, and ways back in a payment."""

from __future__ import annotations

import pytest

from shop.contract import APPROVED_CARD

BIN = APPROVED_CARD[:6]


YES = {"agreement": "true"}


def reference_of(context):
    return context["redirect_url"].partition("reference=")[2]


BOTH_WAYS = [
    ("pay_on_delivery", "PayOnDeliveryPaymentChoicePage", {"payment_choice": "cash"}),
    ("pay_on_delivery", "PayOnDeliveryPage", {"agreement": "1", "paymentType": "cash"}),
    ("loyalty_money", "LoyaltyMoneyPage", YES),
    ("loyalty_money", "LoyaltyPaymentSelectedPage", YES),
]


@pytest.mark.parametrize(("slug", "page", "form"), BOTH_WAYS)
def test_either_page_completes_the_order_and_the_other_gets_the_same_order(browse, shown, context, slug, page, form):
    client = browse(sms={"options": []}).to_payment()
    client.choose(slug)
    reply = client.post(page, **form)
    assert shown(reply) == "ThankYouPage"
    for _, late, its_form in [row for row in BOTH_WAYS if row[0] == slug] * 2:
        again = client.post(late, **its_form)
        assert context(again) == context(reply)
        assert again["pre_order"] == reply["pre_order"]
    assert client.ledger["orders"] == {slug: 1}
    assert client.ledger["double_completions"] == 2  # the very page that had sold, twice more


def test_the_pay_on_delivery_page_takes_the_payment_choice(browse):
    client = browse(sms={"options": []}).to_payment()
    client.choose("pay_on_delivery")
    reply = client.post("PayOnDeliveryPage", agreement="1", paymentType="credit_card")
    assert reply["pre_order"]["payment_choice"]["value"] == "credit_card"


def test_the_other_completing_page_also_needs_the_code(browse, shown):
    client = browse().to_payment()
    client.choose("pay_on_delivery")
    assert shown(client.post("PayOnDeliveryPaymentChoicePage", payment_choice="cash")) == "VerifySmsPage"
    assert shown(client.post("PayOnDeliveryPage", agreement="1", paymentType="cash")) == "VerifySmsPage"
    reply = client.post("VerifySmsPage", verify_code=client.inbox()[-1]["code"])
    assert shown(client.post("PayOnDeliveryPage", agreement="1", paymentType="cash")) == shown(reply) == "ThankYouPage"
    assert client.ledger["orders"] == {"pay_on_delivery": 1}


def test_a_part_paid_with_store_credit_leaves_the_rest_for_another_option(browse, shown, card):
    client = browse(monthly_interest=0.5, store_credit="20").to_payment()
    total = float(client.choose("loyalty_money")["pre_order"]["total_amount"])
    assert list(client.post("LoyaltyMoneyPage", **YES)["errors"]) == ["non_field_errors"]
    assert list(client.post("LoyaltyMoneyUsagePage", loyalty_amount_to_use="20.01")["errors"]) == [
        "loyalty_amount_to_use"
    ]
    reply = client.post("LoyaltyMoneyUsagePage", loyalty_amount_to_use="20")
    assert shown(reply) == "PaymentOptionSelectionPage"
    assert reply["pre_order"]["loyalty_money"] == "20.00"
    assert float(reply["pre_order"]["unpaid_amount"]) == pytest.approx(total - 20)
    client.choose("credit_card")
    client.post("BinNumberPage", bin_number=BIN)
    reply = client.post("InstallmentSelectionPage", installment="2")
    assert float(reply["pre_order"]["total_amount_with_interest"]) == pytest.approx(20 + (total - 20) * 1.5, abs=0.01)
    reply = client.post("CreditCardConfirmationPage", **card)
    assert shown(reply) == "ThankYouPage"


def test_store_credit_for_everything_needs_no_other_option(browse, shown):
    client = browse().to_payment()
    total = client.choose("loyalty_money")["pre_order"]["total_amount"]
    assert shown(client.post("LoyaltyMoneyUsagePage", loyalty_amount_to_use=total)) == "LoyaltyPaymentSelectedPage"
    assert shown(client.post("LoyaltyMoneyPage", **YES)) == "ThankYouPage"


def test_another_option_after_store_credit_is_paid_in_full(browse):
    client = browse(sms={"options": ["loyalty_money"]}).to_payment()
    total = client.choose("loyalty_money")["pre_order"]["total_amount"]
    client.post("LoyaltyMoneyPage", **YES)
    assert client.choose("cash_register")["pre_order"]["unpaid_amount"] == total


def test_choosing_again_invalidates_the_old_payment(browse, context, shown):
    client = browse().to_payment()
    client.choose("gpay")
    reference = reference_of(context(client.post("PaySelectionPage", **YES)))
    client.choose("gpay")
    reply = client.post("GPayCompletePage", reference=reference, status="success", csrf=False)
    assert list(reply["errors"]) == ["reference"]
    assert shown(reply) == "PaySelectionPage"
    client.post("PaySelectionPage", **YES)
    reply = client.post("GPayCompletePage", reference=reference, status="success", csrf=False)
    assert list(reply["errors"]) == ["reference"]
    assert client.ledger["orders"] == {}


def test_an_option_that_is_not_offered_says_why(browse, context, shown):
    client = browse(unavailable={"redirection": "The provider is away."}).to_payment()
    listed = context(client.get("PaymentOptionSelectionPage"))
    assert "redirection" not in [option["slug"] for option in listed["payment_options"]]
    assert listed["unavailable_options"] == [
        {
            "name": "Redirect to Bank",
            "slug": "redirection",
            "payment_type": "redirection",
            "payment_type_label": "Redirect to Bank",
            "error_code": 1000,
            "error_message": "The provider is away.",
        }
    ]
    reply = client.choose("redirection")
    assert reply["errors"] == {"payment_option": ["The provider is away."]}
    assert shown(reply) == "PaymentOptionSelectionPage"


def test_a_shop_can_refuse_saved_cards_for_guests(browse, context):
    client = browse(guest_saved_cards=False).to_payment()
    listed = context(client.get("PaymentOptionSelectionPage"))
    assert [option["slug"] for option in listed["unavailable_options"]] == ["stored_card", "saved_card"]
    assert list(client.choose("saved_card")["errors"]) == ["payment_option"]


def test_a_part_paid_with_store_credit_is_forgotten_when_the_total_changes(browse):
    client = browse().to_payment()
    client.choose("loyalty_money")
    assert client.post("LoyaltyMoneyUsagePage", loyalty_amount_to_use="5")["pre_order"]["loyalty_money"] == "5.00"
    assert client.post("ShippingOptionSelectionPage", shipping_option="2")["pre_order"]["loyalty_money"] == "0.00"


def test_store_credit_that_is_not_offered_cannot_be_used_in_part_either(browse):
    client = browse(unavailable={"loyalty_money": "Closed."}).to_payment()
    reply = client.post("LoyaltyMoneyUsagePage", loyalty_amount_to_use="5")
    assert reply["errors"] == {"non_field_errors": ["Closed."]}
    assert reply["pre_order"]["loyalty_money"] == "0.00"


def test_going_back_in_the_payment_resets_what_came_after(browse, shown, card, context):
    client = browse().to_payment()
    client.choose("credit_card")
    client.post("BinNumberPage", bin_number=BIN)
    client.post("InstallmentSelectionPage", installment="2")
    away = context(client.post("CreditCardConfirmationPage", **card | {"use_three_d": "1"}))
    html = client.send("GET", away["redirect_url"]).html
    reference = html.partition('name="reference" value="')[2].partition('"')[0]
    assert shown(client.post("InstallmentSelectionPage", installment="3")) == "CreditCardConfirmationPage"
    reply = client.post("CreditCardThreeDSecurePage", reference=reference, status="success", csrf=False)
    assert list(reply["errors"]) == ["reference"]
    reply = client.post("BinNumberPage", bin_number=BIN)
    assert reply["pre_order"]["installment"] is None
    assert shown(client.post("CreditCardConfirmationPage", **card)) == "InstallmentSelectionPage"


def test_going_back_in_the_payment_cancels_the_code(browse, shown, card):
    client = browse(sms={"options": ["credit_card"]}).to_payment()
    client.choose("credit_card")
    client.post("BinNumberPage", bin_number=BIN)
    client.post("InstallmentSelectionPage", installment="1")
    assert shown(client.post("CreditCardConfirmationPage", **card)) == "VerifySmsPage"
    assert shown(client.post("InstallmentSelectionPage", installment="2")) == "CreditCardConfirmationPage"
    code = client.inbox()[-1]["code"]
    assert shown(client.post("VerifySmsPage", verify_code=code)) == "CreditCardConfirmationPage"
    assert client.ledger["orders"] == {}
