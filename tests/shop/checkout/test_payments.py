"""Each payment option completes an order by its own pages."""

from __future__ import annotations

import pytest

from shop.checkout.checkout import NOTE_AND_COUPON
from shop.checkout.payments import HANDLERS
from shop.checkout.steps import STEP_HANDLERS
from shop.contract import APPROVED_CARD, CHECKOUT_PAGES, DECLINED_CARD, PAYMENT_OPTIONS, Flow, Page
from shop.forms import FORMS

BIN = APPROVED_CARD[:6]


YES = {"agreement": "true"}


def reference_of(context):
    return context["redirect_url"].partition("reference=")[2]


def walk_card(client, context, card, slug):
    client.post("BinNumberPage", bin_number=BIN)
    client.post("InstallmentSelectionPage", installment="1")
    return client.post("CreditCardConfirmationPage", **card)


def walk_saved_card(client, context, card, slug):
    client.post("SavedCardSelectionPage", saved_card="1")
    client.post("InstallmentSelectionPage", installment="1")
    return client.post("CreditCardConfirmationPage", agreement="1", use_three_d="0", card_cvv="123")


def walk_masterpass(client, context, card, slug):
    client.post("MasterpassBinNumberPage", bin_number=BIN)
    client.post("MasterpassInstallmentPage", installment="1")
    reply = client.post("MasterpassOrderNoPage")
    assert set(context(reply)) == {"token", "order_no", "extras"}
    return client.post("MasterpassCompletePage", token=context(reply)["token"], csrf=False)


def walk_away(first, back):
    def walk(client, context, card, slug):
        away = context(client.post(first, **YES))
        if "reference=" in away["redirect_url"]:
            reference = reference_of(away)
        else:
            html = client.send("GET", away["redirect_url"]).html
            reference = html.partition('name="reference" value="')[2].partition('"')[0]
        return client.post(back, reference=reference, status="success", csrf=False)

    return walk


def walk_confirmation(client, context, card, slug):
    reply = client.post("ConfirmationPaymentAgreementCheckPage", **YES)
    reply = client.post("ConfirmationPaymentSelectedPage", validationURL=context(reply)["validation_url"], **YES)
    client.post("ConfirmationPaymentQueryPage", payment_token=context(reply)["payment_token"], **YES)
    return client.post("ConfirmationPaymentCompletePage", **YES)


def posts(*steps):
    def walk(client, context, card, slug):
        for page, form in steps:
            reply = client.post(page, **form)
        return reply

    return walk


WALKS = {
    "credit_card": walk_card,
    "funds_transfer": posts(("FundsTransferChoicePage", {"bank_account": "1"}), ("FundsTransferPage", YES)),
    "pay_on_delivery": posts(("PayOnDeliveryPaymentChoicePage", {"payment_choice": "cash"})),
    "bkm_express": walk_away("BexSelectionPage", "BexCompletePage"),
    "loyalty_money": posts(("LoyaltyMoneyPage", YES)),
    "cash_register": posts(("CashRegisterPage", YES)),
    "gpay": walk_away("PaySelectionPage", "GPayCompletePage"),
    "redirection": walk_away("RedirectionPaymentSelectedPage", "RedirectionPageCompletePage"),
    "stored_card": posts(("MobilExpressSelectionPage", {"stored_card": "1", "security_code": "123"})),
    "masterpass": walk_masterpass,
    "credit_payment": posts(
        ("CreditPaymentSelectionPage", {"credit_payment_option": "1"}), ("CreditPaymentConfirmationPage", YES)
    ),
    "saved_card": walk_saved_card,
    "pay_later": posts(("PayLaterCompletePage", YES)),
    "confirmation": walk_confirmation,
}


SLUGS = list(PAYMENT_OPTIONS)


def test_every_flow_has_a_handler_and_every_form_of_a_payment_a_flow():
    assert set(HANDLERS) == set(Flow)
    handled = {page for handler in HANDLERS.values() for page in handler.posts}
    besides = {Page.LOYALTY_USAGE, Page.VERIFY_SMS, Page.SEND_SMS} | NOTE_AND_COUPON
    assert set(FORMS) - handled - set(STEP_HANDLERS) == besides
    assert set(FORMS) | {Page.THANK_YOU} == CHECKOUT_PAGES


@pytest.mark.parametrize("slug", SLUGS)
def test_choosing_an_option_shows_its_first_page_and_echoes_it(browse, shown, slug):
    option = PAYMENT_OPTIONS[slug]
    by_slug = browse().to_payment().choose(slug)
    by_pk = browse().to_payment().choose(str(option.pk))
    for reply in (by_slug, by_pk):
        assert shown(reply) == option.first_page
        assert reply["errors"] is None
        assert reply["pre_order"]["payment_option"] == {
            "pk": option.pk,
            "name": slug,
            "slug": slug,
            "payment_type": slug,
            "payment_type_label": option.label,
        }


@pytest.mark.parametrize("sms", [False, True], ids=["without_sms", "with_sms"])
@pytest.mark.parametrize("slug", SLUGS)
def test_each_option_completes_one_order(browse, context, card, slug, sms):
    client = browse(sms={"options": SLUGS if sms else []}).to_payment()
    total = client.choose(slug)["pre_order"]["total_amount"]
    reply = WALKS[slug](client, context, card, slug)
    if sms:
        assert client.shown(reply) == "VerifySmsPage"
        assert context(reply)["verification"] is True
        assert client.ledger["orders"] == {}
        reply = client.post("VerifySmsPage", verify_code=client.inbox()[-1]["code"])
        assert {"verification_sent_datetime", "seconds_left", "retry"} <= set(context(reply))
    assert reply["errors"] is None
    assert client.shown(reply) == "ThankYouPage"
    assert reply["pre_order"]["payment_option"]["slug"] == slug
    token = context(reply)["token"]
    assert context(reply)["redirect_url"] == f"/orders/completed/{token}/"
    order = client.send("GET", f"/orders/completed/{token}/?format=json").document["order"]
    assert (order["number"], order["amount"]) == (context(reply)["order_number"], total)
    assert client.ledger["orders"] == {slug: 1}
    assert client.ledger["revenue"] == {slug: total}


@pytest.mark.parametrize("sms", [False, True], ids=["without_sms", "with_sms"])
@pytest.mark.parametrize("slug", SLUGS)
def test_a_repeated_completing_post_gets_the_same_order(browse, context, card, slug, sms):
    client = browse(sms={"options": SLUGS if sms else []}).to_payment()
    client.choose(slug)
    sent = []
    client.post, post = lambda page, **form: sent.append((page, form)) or post(page, **form), client.post
    reply = WALKS[slug](client, context, card, slug)
    if sms:
        reply = client.post("VerifySmsPage", verify_code=client.inbox()[-1]["code"])
    page, form = sent[-1]
    again = post(page, **form)
    assert context(again) == context(reply)
    assert client.ledger["orders"] == {slug: 1}
    assert client.ledger["double_completions"] == 1


@pytest.mark.parametrize("slug", SLUGS)
def test_a_payment_page_out_of_turn_gets_the_needed_page(browse, shown, slug):
    client = browse().to_payment()
    option = PAYMENT_OPTIONS[slug]
    client.choose(slug)
    for page in HANDLERS[option.flow].posts:
        if page is option.first_page or page in HANDLERS[option.flow].returns | HANDLERS[option.flow].shortcuts:
            continue
        reply = client.post(page, **dict.fromkeys(FORMS[page].required, "1"))
        assert shown(reply) == option.first_page
        assert reply["errors"] is None or page is Page.MASTERPASS_COMPLETE
    assert client.ledger["orders"] == {}


@pytest.mark.parametrize(
    ("page", "form", "field"),
    [
        ("BinNumberPage", {"bin_number": "41111"}, "bin_number"),
        ("BinNumberPage", {"bin_number": "411111", "extra": "1"}, "extra"),
        ("BinNumberPage", {}, "bin_number"),
    ],
)
def test_a_wrong_field_keeps_the_current_page(browse, shown, page, form, field):
    client = browse().to_payment()
    client.choose("credit_card")
    reply = client.post(page, **form)
    assert shown(reply) == "BinNumberPage"
    assert list(reply["errors"]) == [field]


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"agreement": "0"}, {"agreement"}),
        ({"use_three_d": "maybe"}, {"use_three_d"}),
        ({"card_number": "4111110000000000"}, {"card_number"}),
        ({"card_number": DECLINED_CARD}, {"card_number"}),  # does not begin with the digits given first
        ({"card_month": "13"}, {"card_month"}),
        ({"card_year": "2020"}, {"card_year"}),
        ({"card_cvv": "1"}, {"card_cvv"}),
        ({"card_holder": "", "card_cvv": ""}, {"card_holder", "card_cvv"}),
    ],
)
def test_a_wrong_card_is_refused_field_by_field_and_the_plan_is_kept(browse, shown, card, change, fields):
    client = browse().to_payment()
    client.choose("credit_card")
    client.post("BinNumberPage", bin_number=BIN)
    client.post("InstallmentSelectionPage", installment="2")
    reply = client.post("CreditCardConfirmationPage", **card | change)
    assert set(reply["errors"]) == fields
    assert shown(reply) == "CreditCardConfirmationPage"
    assert reply["pre_order"]["installment"]["pk"] == 2
    assert APPROVED_CARD not in str(reply)


def test_the_bank_declines_the_card_for_refusals(browse, shown, context, card):
    client = browse().to_payment()
    client.choose("credit_card")
    client.post("BinNumberPage", bin_number=DECLINED_CARD[:6])
    client.post("InstallmentSelectionPage", installment="1")
    card["card_number"] = DECLINED_CARD
    reply = client.post("CreditCardConfirmationPage", **card)
    assert list(reply["errors"]) == ["non_field_errors"]
    assert shown(reply) == "CreditCardConfirmationPage"
    away = context(client.post("CreditCardConfirmationPage", **card | {"use_three_d": "1"}))
    assert away["redirect_url"] == "/orders/redirect-three-d/"
    html = client.send("GET", away["redirect_url"]).html
    reference = html.partition('name="reference" value="')[2].partition('"')[0]
    reply = client.post("CreditCardThreeDSecurePage", reference=reference, status="success", csrf=False)
    assert list(reply["errors"]) == ["non_field_errors"]
    assert shown(reply) == "CreditCardConfirmationPage"
    assert client.ledger["orders"] == {}


def test_installments_cost_interest_and_leave_the_total_alone(browse, card, context):
    client = browse(monthly_interest=0.1).to_payment()
    total = client.choose("credit_card")["pre_order"]["total_amount"]
    plans = context(client.post("BinNumberPage", bin_number=BIN))["installments"]
    plan = next(plan for plan in plans if plan["installment_count"] == 3)
    reply = client.post("InstallmentSelectionPage", installment=str(plan["pk"]))
    assert reply["pre_order"]["total_amount"] == total
    assert reply["pre_order"]["total_amount_with_interest"] == plan["price_with_accrued_interest"]
    assert float(plan["price_with_accrued_interest"]) == pytest.approx(float(total) * 1.2, abs=0.01)
    client.post("CreditCardConfirmationPage", **card)
    assert client.ledger["revenue"]["credit_card"] == plan["price_with_accrued_interest"]


def test_a_saved_card_needs_no_number(browse):
    client = browse().to_payment()
    client.choose("saved_card")
    client.post("SavedCardSelectionPage", saved_card="1")
    client.post("InstallmentSelectionPage", installment="1")
    reply = client.post(
        "CreditCardConfirmationPage", agreement="1", use_three_d="0", card_cvv="123", card_number=APPROVED_CARD
    )
    assert list(reply["errors"]) == ["card_number"]


@pytest.mark.parametrize("checked", [True, False])
def test_a_confirmation_takes_any_validation_url_and_token(browse, shown, checked):
    client = browse().to_payment()
    client.choose("confirmation")
    if checked:
        client.post("ConfirmationPaymentAgreementCheckPage", **YES)
    for wrong in ("somewhere", "ftp://elsewhere.example/", "https://"):
        reply = client.post("ConfirmationPaymentSelectedPage", **YES, validationURL=wrong)
        assert list(reply["errors"]) == ["validationURL"]
    reply = client.post("ConfirmationPaymentSelectedPage", **YES, validationURL="https://elsewhere.example/start")
    assert shown(reply) == "ConfirmationPaymentQueryPage"
    assert client.post("ConfirmationPaymentQueryPage", **YES, payment_token="x" * 20_000)["errors"]
    reply = client.post("ConfirmationPaymentQueryPage", **YES, payment_token='{\n "paymentData": "x"\n}')
    assert shown(reply) == "ConfirmationPaymentCompletePage"
    assert shown(client.post("ConfirmationPaymentCompletePage", **YES)) == "ThankYouPage"
