"""The API description's example requests, byte for byte as ``requests`` sends them: session cookie, no CSRF token."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from shop.contract import PAYMENT_OPTIONS
from tests.golden.browser import Browser

COMMERCE_URL = "shop.test"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
NEXT_PAGE = {  # after "Set Payment Option"; the description names the pages, and one of them by its example
    "credit_card": "BinNumberPage",
    "funds_transfer": "FundsTransferChoicePage",
    "pay_on_delivery": "PayOnDeliveryPaymentChoicePage",
    "bkm_express": "BexSelectionPage",
    "loyalty_money": "LoyaltyMoneyPage",
    "cash_register": "CashRegisterPage",
    "gpay": "PaySelectionPage",
    "redirection": "RedirectionPaymentSelectedPage",
    "stored_card": "MobilExpressSelectionPage",
    "masterpass": "MasterpassBinNumberPage",
    "credit_payment": "CreditPaymentSelectionPage",
    "saved_card": "SavedCardSelectionPage",
    "pay_later": "PayLaterCompletePage",
    "confirmation": "ConfirmationPaymentAgreementCheckPage",
}


@pytest.fixture
def at_payment(address):
    """A session that stands before the list of payment options; ``settings`` are those of the shop."""

    def start(**settings: Any) -> Browser:
        browser = Browser(settings)
        browser.to_payment(address)
        return browser

    return start


def example(browser: Browser, method: str, page: str, payload: Any, more: dict[str, str]) -> dict[str, Any]:
    """Send an example as it is printed, from a program that keeps no cookies; the envelope of the reply."""
    headers = {"x-requested-with": "XMLHttpRequest", "Cookie": f"osessionid={browser.cookies['osessionid']}", **more}
    url = f"https://{COMMERCE_URL}/orders/checkout/?page={page}"
    sent = requests.Session().prepare_request(requests.Request(method, url, headers=headers, data=payload))
    assert "x-csrftoken" not in sent.headers
    assert "csrftoken" not in sent.headers["Cookie"]
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body or b""
    status, reply, _ = browser.exchange(method, sent.path_url, {"host": COMMERCE_URL, **sent.headers}, body)
    assert status == 200, reply
    document = json.loads(reply)
    assert {"context_list", "template_name", "errors", "pre_order"} == set(document)
    assert document["template_name"] == "orders/checkout.html"
    assert document["errors"] is None
    assert isinstance(document["pre_order"], dict)
    return document


def only(document: dict[str, Any], page: str) -> dict[str, Any]:
    """The page context of the one page that a reply shows."""
    (entry,) = document["context_list"]
    assert (entry["page_name"], entry["page_slug"]) == (page, page)
    return entry["page_context"]


def test_available_payment_options(at_payment):
    browser = at_payment(unavailable={"redirection": "Some error message about why the option is not available."})
    # The example sends a form with a GET; it is there to be ignored.
    document = example(browser, "GET", "PaymentOptionSelectionPage", "payment_option=credit_card", FORM)
    context = only(document, "PaymentOptionSelectionPage")
    assert set(context) == {"checkout_url", "status_url", "payment_options", "unavailable_options"}
    start = f"http://{COMMERCE_URL}/checkout-with-token/"
    assert context["checkout_url"].startswith(start)
    assert context["status_url"] == f"{context['checkout_url']}/status/"
    assert context["payment_options"][0] == {
        "pk": 1,
        "name": "credit_card",
        "slug": "credit_card",
        "payment_type": "credit_card",
        "payment_type_label": "Credit Card",
    }
    assert context["unavailable_options"] == [
        {
            "name": "Redirect to Bank",
            "slug": "redirection",
            "payment_type": "redirection",
            "payment_type_label": "Redirect to Bank",
            "error_code": 1000,
            "error_message": "Some error message about why the option is not available.",
        }
    ]
    assert document["pre_order"]["payment_option"] is None


@pytest.mark.parametrize("name", NEXT_PAGE)
def test_set_payment_option(at_payment, name):
    browser = at_payment()
    document = example(browser, "POST", "PaymentOptionSelectionPage", f"payment_option={name}", FORM)
    context = only(document, NEXT_PAGE[name])
    assert document["pre_order"]["payment_option"]["payment_type"] == name
    if name == "pay_on_delivery":
        assert context == {
            "payment_choices": [
                {"label": "Kredi Karti", "sku": "00001", "value": "credit_card"},
                {"label": "Pesin", "sku": "00002", "value": "cash"},
            ]
        }


def test_the_shop_has_all_options_of_the_description():
    assert set(NEXT_PAGE) <= set(PAYMENT_OPTIONS)
    assert len(NEXT_PAGE) == 14


def chosen(browser: Browser) -> dict[str, Any]:
    example(browser, "POST", "PaymentOptionSelectionPage", "payment_option=pay_on_delivery", FORM)
    return example(browser, "POST", "PayOnDeliveryPaymentChoicePage", "payment_choice=cash", FORM)


def test_set_payment_choice_with_sms_verification(at_payment):
    assert only(chosen(at_payment()), "VerifySmsPage")["verification"] is True


def test_set_payment_choice_without_sms_verification(at_payment):
    browser = at_payment(sms={"options": []})
    only(chosen(browser), "ThankYouPage")
    assert browser.shop.ledger.orders == {"pay_on_delivery": 1}


def test_sms_verification(at_payment):
    browser = at_payment(sms={"fixed_code": "123456"})
    chosen(browser)
    context = only(example(browser, "POST", "VerifySmsPage", "verify_code=123456", FORM), "ThankYouPage")
    kinds = {key: type(context[key]) for key in ("verification_sent_datetime", "seconds_left", "retry")}
    assert kinds == {"verification_sent_datetime": str, "seconds_left": int, "retry": bool}
    assert browser.shop.ledger.orders == {"pay_on_delivery": 1}


def test_created_order_information(at_payment):
    browser = at_payment(sms={"options": []}, conventions={"redirect_url": "absolute"})
    chosen(browser)
    (entry,) = example(browser, "GET", "ThankYouPage", {}, {})["context_list"]
    assert set(entry) == {"page_context"}  # the description prints this entry without a name
    context = entry["page_context"]
    assert {key: type(value) for key, value in context.items()} == {
        "redirect_url": str,
        "order_id": int,
        "order_number": str,
        "new_user": bool,
        "token": str,
        "campaigns": list,
    }
    assert context["redirect_url"].startswith(f"http://{COMMERCE_URL}/orders/completed/")
    assert {key: type(value) for key, value in context["campaigns"][0].items()} == {"code": str, "message": str}
