"""Every payment option is paid, in each variant of its flow.

Longer than 300 lines: each of the 13 flows has its own cases.
"""

from __future__ import annotations

import pytest

from harness.measurement.outcomes import Outcome
from shop.contract import APPROVED_CARD, DECLINED_CARD, PAYMENT_OPTIONS, RETURN_PAGES, Flow, Page
from shop.forms import FORMS
from users.journeys.payments import FLOWS
from users.population.journey_spec import ExternalPages, ShopperPolicy

SET_OPTION = Page.PAYMENT_OPTION
RETURN = ShopperPolicy(external=ExternalPages.RETURN)
STOP = ShopperPolicy(external=ExternalPages.STOP)


def test_every_flow_has_a_strategy():
    assert set(FLOWS) == set(Flow)


def after_choice(walked):
    """The pages from the reply to the choice of the option up to the order."""
    pages = walked.shop.pages
    start = max(place for place, page in enumerate(pages) if page is SET_OPTION) + 1
    return pages[start : pages.index(Page.THANK_YOU)]


WALKS = [
    ("credit_card", [Page.BIN_NUMBER, Page.INSTALLMENT, Page.CARD_CONFIRMATION]),
    ("funds_transfer", [Page.FUNDS_TRANSFER_CHOICE, Page.FUNDS_TRANSFER]),
    ("pay_on_delivery", [Page.DELIVERY_PAYMENT_CHOICE]),
    ("bkm_express", [Page.BEX_SELECTION, Page.REDIRECTION, Page.BANK, Page.BEX_COMPLETE]),
    ("loyalty_money", [Page.LOYALTY_MONEY]),
    ("cash_register", [Page.CASH_REGISTER]),
    ("gpay", [Page.PAY_SELECTION, Page.REDIRECTION, Page.BANK, Page.GPAY_COMPLETE]),
    ("redirection", [Page.REDIRECTION_SELECTED, Page.REDIRECTION, Page.BANK, Page.REDIRECTION_COMPLETE]),
    ("stored_card", [Page.MOBIL_EXPRESS_SELECTION]),
    (
        "masterpass",
        [
            Page.MASTERPASS_BIN_NUMBER,
            Page.MASTERPASS_INSTALLMENT,
            Page.MASTERPASS_ORDER_NO,
            Page.MASTERPASS_COMPLETE,
        ],
    ),
    ("credit_payment", [Page.CREDIT_PAYMENT_SELECTION, Page.CREDIT_PAYMENT_CONFIRMATION]),
    ("saved_card", [Page.SAVED_CARD_SELECTION, Page.INSTALLMENT, Page.CARD_CONFIRMATION]),
    ("pay_later", [Page.PAY_LATER_COMPLETE]),
    (
        "confirmation",
        [
            Page.CONFIRMATION_CHECK,
            Page.CONFIRMATION_SELECTED,
            Page.CONFIRMATION_QUERY,
            Page.CONFIRMATION_COMPLETE,
        ],
    ),
]


def test_every_option_has_its_walk_here():
    assert [option for option, _ in WALKS] == list(PAYMENT_OPTIONS)


@pytest.mark.parametrize(("option", "pages"), WALKS)
def test_the_pages_of_an_option_come_in_order(walker, option, pages):
    walked = walker(walker.Shop(), option)
    assert after_choice(walked) == pages
    if PAYMENT_OPTIONS[option].completed_by in RETURN_PAGES:
        assert not walked.shop.requests[walked.shop.pages.index(Page.THANK_YOU) - 1].csrf


@pytest.mark.parametrize("option", PAYMENT_OPTIONS)
def test_the_choice_must_lead_to_the_options_first_page(walker, option):
    def spoil(request, document):
        if request.page is SET_OPTION and request.method == "POST":
            document["context_list"][-1]["page_name"] = "PaymentOptionSelectionPage"
        return document

    walked = walker(walker.Shop(spoil=spoil), option)
    assert (walked.outcome, walked.failure.page) == (Outcome.UNEXPECTED_PAGE, SET_OPTION)


@pytest.mark.parametrize("option", PAYMENT_OPTIONS)
def test_errors_on_the_completing_page_are_the_shops_fault(walker, option):
    page = PAYMENT_OPTIONS[option].completed_by

    def spoil(request, document):
        if request.page is page:
            document["errors"] = {"non_field_errors": ["no"]}
        return document

    walked = walker(walker.Shop(spoil=spoil), option)
    assert (walked.outcome, walked.failure.page) == (Outcome.BUSINESS_ERROR, page)


@pytest.mark.parametrize("option", PAYMENT_OPTIONS)
def test_a_placed_order_must_show_the_order_page(walker, option):
    page = PAYMENT_OPTIONS[option].completed_by

    def spoil(request, document):
        if request.page is page:
            document["context_list"][-1] |= {"page_name": "IndexPage"}
        return document

    walked = walker(walker.Shop(spoil=spoil), option)
    assert (walked.outcome, walked.failure.page) == (Outcome.UNEXPECTED_PAGE, page)


def test_card_data_is_sent_in_full_and_only_to_the_card_page(walker):
    walked = walker(walker.Shop())
    form = walked.shop.posted(Page.CARD_CONFIRMATION)
    assert set(form) == {*FORMS[Page.CARD_CONFIRMATION].required, *FORMS[Page.CARD_CONFIRMATION].optional}
    assert form["card_number"] == APPROVED_CARD
    assert form["use_three_d"] == "0"
    assert walked.shop.posted(Page.BIN_NUMBER) == {"bin_number": APPROVED_CARD[:6]}
    elsewhere = [request for request in walked.shop.requests if request.page is not Page.CARD_CONFIRMATION]
    assert APPROVED_CARD not in str(elsewhere)


def test_a_saved_card_is_confirmed_by_its_security_code_alone(walker):
    form = walker(walker.Shop(), "saved_card").shop.posted(Page.CARD_CONFIRMATION)
    assert set(form) == {"agreement", "use_three_d", "card_cvv"}


def test_the_installment_is_a_random_one_of_those_offered(walker):
    picked = {walker(walker.Shop(), seed=seed).shop.posted(Page.INSTALLMENT)["installment"] for seed in range(20)}
    assert picked == {"1", "2"}


def test_the_interest_of_an_installment_is_on_the_receipt(walker):
    amounts = set()
    for seed in range(20):
        walked = walker(walker.Shop(), seed=seed)
        plan = walked.shop.posted(Page.INSTALLMENT)["installment"]
        amounts.add((plan, walked.receipt.amount == 9999))
    assert amounts == {("1", False), ("2", True)}


def test_a_declined_card_is_blamed_on_the_shopper(walker):
    walked = walker(walker.Shop(), declined=True)
    assert (walked.outcome, walked.failure.page) == (Outcome.DECLINED, Page.CARD_CONFIRMATION)
    assert walked.shop.posted(Page.CARD_CONFIRMATION)["card_number"] == DECLINED_CARD
    assert walked.shop.outcomes[-1] is Outcome.DECLINED


@pytest.mark.parametrize("page", ["ThankYouPage", "VerifySmsPage", "CreditCardConfirmationPage"])
def test_a_shop_that_does_not_decline_a_declined_card_is_at_fault(walker, page):
    def spoil(request, document):
        if request.page is Page.CARD_CONFIRMATION:
            document["errors"] = None
            document["context_list"][-1]["page_name"] = page
        return document

    walked = walker(walker.Shop(spoil=spoil), declined=True)
    assert (walked.outcome, walked.failure.page) == (Outcome.UNEXPECTED_PAGE, Page.CARD_CONFIRMATION)


@pytest.mark.parametrize("three_d", [False, True])
@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        (lambda document: document["context_list"][-1].update(page_name="BinNumberPage"), Outcome.UNEXPECTED_PAGE),
        (lambda document: document["pre_order"].update(total_amount="0.01"), Outcome.AMOUNT_MISMATCH),
        (lambda document: document["pre_order"].update(payment_option=None), Outcome.NOT_ECHOED),
    ],
)
def test_a_declined_card_changes_neither_page_nor_order(walker, three_d, change, outcome):
    def spoil(request, document):
        if request.page in (Page.CARD_CONFIRMATION, Page.THREE_D_SECURE) and document["errors"]:
            change(document)
        return document

    walked = walker(walker.Shop(spoil=spoil), declined=True, three_d=three_d)
    assert walked.outcome is outcome
    assert walked.failure.page is (Page.THREE_D_SECURE if three_d else Page.CARD_CONFIRMATION)


def test_declined_affects_card_options_only(walker):
    assert walker(walker.Shop(), "saved_card", declined=True).outcome is Outcome.OK


@pytest.mark.parametrize("sms", [False, True])
def test_pay_on_delivery_with_and_without_its_own_page(walker, sms):
    walked = walker(walker.Shop(sms=sms, pod_page=True), "pay_on_delivery")
    assert walked.outcome is Outcome.OK
    assert after_choice(walked)[:2] == [Page.DELIVERY_PAYMENT_CHOICE, Page.PAY_ON_DELIVERY]
    assert walked.shop.posted(Page.PAY_ON_DELIVERY) == {"agreement": "1", "paymentType": "cash"}
    assert walked.receipt.verification == ("right" if sms else "")


@pytest.mark.parametrize(
    ("convention", "pages"),
    [
        ("agreement", [Page.LOYALTY_MONEY]),
        ("selected", [Page.LOYALTY_MONEY, Page.LOYALTY_SELECTED]),
        ("usage", [Page.LOYALTY_MONEY, Page.LOYALTY_USAGE, Page.LOYALTY_SELECTED]),
    ],
)
def test_store_credit_in_each_convention(walker, convention, pages):
    walked = walker(walker.Shop(loyalty=convention), "loyalty_money")
    assert after_choice(walked) == pages
    assert walked.receipt.payment_option == "loyalty_money"


@pytest.mark.parametrize(("fallback", "other"), [("", "credit_card"), ("cash_register", "cash_register")])
def test_too_little_store_credit_is_used_up_and_the_rest_paid_by_another_option(walker, fallback, other):
    walked = walker(walker.Shop(balance="1.50"), "loyalty_money", policy=ShopperPolicy(fallback=fallback))
    assert walked.outcome is Outcome.OK
    assert walked.shop.posted(Page.LOYALTY_USAGE) == {"loyalty_amount_to_use": "1.50"}
    assert walked.receipt.payment_option == other


@pytest.mark.parametrize(("fallback", "outcome"), [("", Outcome.UNAVAILABLE), ("cash_register", Outcome.OK)])
def test_no_store_credit_is_not_offered_to_the_shop(walker, fallback, outcome):
    walked = walker(walker.Shop(balance="0.00"), "loyalty_money", policy=ShopperPolicy(fallback=fallback))
    assert walked.outcome is outcome
    assert not {Page.LOYALTY_MONEY, Page.LOYALTY_USAGE} & set(walked.shop.pages)


def test_store_credit_is_no_fallback_for_store_credit(walker):
    walked = walker(walker.Shop(balance="1.50"), "loyalty_money", policy=ShopperPolicy(fallback="loyalty_money"))
    assert walked.outcome is Outcome.UNAVAILABLE


@pytest.mark.parametrize("option", ["pay_on_delivery", "loyalty_money", "confirmation"])
def test_a_shop_may_show_the_completing_page_at_once(walker, option):
    walked = walker(walker.Shop(confirms_at_once=True), option)
    assert walked.outcome is Outcome.OK
    assert PAYMENT_OPTIONS[option].first_page not in after_choice(walked)


def test_without_an_address_and_a_token_the_wallet_makes_them(walker):
    def spoil(request, document):
        if request.page in (Page.CONFIRMATION_CHECK, Page.CONFIRMATION_SELECTED):
            document["context_list"][-1]["page_context"] = {}
        return document

    shop = walker(walker.Shop(spoil=spoil), "confirmation").shop
    assert shop.posted(Page.CONFIRMATION_SELECTED)["validationURL"].startswith(walker.origin)
    assert len(shop.posted(Page.CONFIRMATION_QUERY)["payment_token"]) == 32


@pytest.mark.parametrize("name", [Page.BIN_NUMBER, Page.CARD_CONFIRMATION])
def test_an_installment_plan_is_chosen_on_whichever_page_shows_it(walker, name):
    def spoil(request, document):
        if request.page is Page.BIN_NUMBER:
            document["context_list"][-1]["page_name"] = name
        return document

    walked = walker(walker.Shop(spoil=spoil))
    assert walked.outcome is Outcome.OK
    assert Page.INSTALLMENT in walked.shop.pages


def test_a_shop_without_installments_goes_on_to_the_confirmation(walker):
    def spoil(request, document):
        if request.page is Page.BIN_NUMBER:
            document["context_list"][-1] = {"page_name": Page.CARD_CONFIRMATION, "page_context": {}}
        return document

    walked = walker(walker.Shop(spoil=spoil))
    assert walked.outcome is Outcome.OK
    assert Page.INSTALLMENT not in walked.shop.pages


@pytest.mark.parametrize("declined", [False, True])
def test_a_shop_may_send_every_card_to_the_bank(walker, declined):
    class Secured(walker.Shop):
        def _confirm_card(self, form):
            self.declined = declined

    walked = walker(Secured(), declined=declined)
    assert walked.outcome is (Outcome.DECLINED if declined else Outcome.OK)
    assert walked.shop.posted(Page.CARD_CONFIRMATION)["use_three_d"] == "0"
    assert Page.THREE_D_SECURE in walked.shop.pages


def test_the_redirect_url_may_be_next_to_the_pages(walker):
    def spoil(request, document):
        if request.page is Page.REDIRECTION_SELECTED:
            document["redirect_url"] = document["context_list"][-1]["page_context"].pop("redirect_url")
        return document

    assert walker(walker.Shop(spoil=spoil), "redirection").outcome is Outcome.OK


def test_the_confirmation_returns_the_shops_address_and_token(walker):
    shop = walker(walker.Shop(), "confirmation").shop
    assert shop.posted(Page.CONFIRMATION_SELECTED)["validationURL"] == "https://bank.example/validate"
    assert shop.posted(Page.CONFIRMATION_QUERY)["payment_token"] == "query-token"


@pytest.mark.parametrize(
    ("option", "page", "key"),
    [
        ("funds_transfer", SET_OPTION, "bank_accounts"),
        ("pay_on_delivery", SET_OPTION, "payment_choices"),
        ("stored_card", SET_OPTION, "stored_cards"),
        ("saved_card", SET_OPTION, "saved_cards"),
        ("credit_payment", SET_OPTION, "credit_payment_options"),
        ("masterpass", Page.MASTERPASS_ORDER_NO, "token"),
        ("gpay", Page.PAY_SELECTION, "redirect_url"),
    ],
)
@pytest.mark.parametrize("value", [None, "", {}, [], [7], [{}]])
def test_a_page_without_its_choices_is_a_wrong_envelope(walker, option, page, key, value):
    def spoil(request, document):
        if request.page is page and (request.page is not SET_OPTION or request.method == "POST"):
            document["context_list"][-1]["page_context"][key] = value
        return document

    walked = walker(walker.Shop(spoil=spoil), option)
    assert (walked.outcome, walked.failure.page) == (Outcome.ENVELOPE, page)


def test_masterpass_stops_before_the_wallet_and_returns_without_it(walker):
    walked = walker(walker.Shop(), "masterpass", policy=STOP)
    assert (walked.outcome, walked.failure.page) == (Outcome.HANDED_OVER, Page.MASTERPASS_ORDER_NO)
    assert walker(walker.Shop(), "masterpass", policy=RETURN).outcome is Outcome.OK
