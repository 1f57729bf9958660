from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

from shop.contract import APPROVED_CARD


class FirstForm(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.action, self.method, self.fields = "", "", {}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        held = dict(attrs)
        if tag == "form":
            self.action, self.method = held["action"], held["method"]
        elif tag == "input":
            self.fields[held["name"]] = held["value"]


@pytest.fixture
def at_bank(browse, card, context):
    """A shopper before the bank's page, and the form on it."""

    def start(slug="three_d", outcome="", **settings):
        client = browse(**settings).to_payment()
        if slug == "three_d":
            client.choose("credit_card")
            client.post("BinNumberPage", bin_number=APPROVED_CARD[:6])
            client.post("InstallmentSelectionPage", installment="1")
            reply = client.post("CreditCardConfirmationPage", **card | {"use_three_d": "1"})
        else:
            page = {
                "gpay": "PaySelectionPage",
                "bkm_express": "BexSelectionPage",
                "redirection": "RedirectionPaymentSelectedPage",
            }[slug]
            client.choose(slug)
            reply = client.post(page, agreement="true")
        assert reply["errors"] is None
        url = context(reply)["redirect_url"]
        if not url.startswith("/_bank/"):
            way = FirstForm(client.send("GET", url).html)
            url, fields = way.action, way.fields
        else:
            fields = None
        if outcome:
            fields = {**(fields or {"reference": url.partition("reference=")[2]}), "outcome": outcome}
        method = "GET" if fields is None else "POST"
        return client, FirstForm(client.send(method, url, form=fields, csrf=False).html)

    return start


RETURNS = {
    "three_d": "CreditCardThreeDSecurePage",
    "gpay": "GPayCompletePage",
    "bkm_express": "BexCompletePage",
    "redirection": "RedirectionPageCompletePage",
}


@pytest.mark.parametrize("slug", RETURNS)
def test_the_bank_sends_the_shopper_back_with_a_paid_order(at_bank, slug, shown):
    client, form = at_bank(slug)
    assert form.action == f"/orders/checkout/?page={RETURNS[slug]}"
    assert form.method == "post"
    assert form.fields["status"] == "success"
    reply = client.post(RETURNS[slug], **form.fields, csrf=False)
    assert shown(reply) == "ThankYouPage"
    assert reply["pre_order"]["is_redirected"] is (slug == "redirection")


@pytest.mark.parametrize("slug", RETURNS)
def test_an_unpaid_return_is_declined(at_bank, slug):
    client, form = at_bank(slug, outcome="failure")
    assert form.fields["status"] == "failure"
    standing = client.shown(client.get())
    reply = client.post(RETURNS[slug], **form.fields, csrf=False)
    assert list(reply["errors"]) == ["non_field_errors"]
    assert client.shown(reply) == standing
    again = client.post(RETURNS[slug], reference=form.fields["reference"], status="success", csrf=False)
    assert list(again["errors"]) == ["reference"]
    assert client.ledger["orders"] == {}


@pytest.mark.parametrize("change", [{"reference": "0" * 24}, {"status": "maybe"}, {"more": "1"}])
def test_invalid_returns_are_refused(at_bank, change):
    client, form = at_bank("gpay")
    reply = client.post("GPayCompletePage", **form.fields | change, csrf=False)
    assert list(reply["errors"]) == list(change)
    assert client.shown(client.post("GPayCompletePage", **form.fields, csrf=False)) == "ThankYouPage"


def test_another_shopper_cannot_use_a_reference(at_bank, browse):
    client, form = at_bank("gpay")
    other = browse(client.shop).to_payment(phone="05000000002")
    other.choose("gpay")
    other.post("PaySelectionPage", agreement="1")
    assert list(other.post("GPayCompletePage", **form.fields, csrf=False)["errors"]) == ["reference"]


def test_a_repeated_return_with_another_reference_is_not_answered_with_the_order(at_bank):
    client, form = at_bank("gpay")
    client.post("GPayCompletePage", **form.fields, csrf=False)
    reply = client.post("GPayCompletePage", reference="0" * 24, status="success", csrf=False)
    assert reply["redirect_url"] == "/baskets/basket/"


def test_a_paid_browser_is_redirected_to_its_order(at_bank):
    client, form = at_bank("three_d")
    reply = client.send("POST", form.action, form=form.fields, ajax=False, csrf=False)
    assert reply.status == 303
    token = client.shop.ledger.document()
    assert token["orders"] == {"credit_card": 1}
    assert reply.location.startswith("/orders/completed/")
    assert client.send("GET", reply.location, ajax=False).html.count("ON1")


def test_an_unpaid_browser_is_redirected_with_the_errors_in_a_cookie(at_bank):
    client, form = at_bank("three_d", outcome="failure")
    reply = client.send("POST", form.action, form=form.fields, ajax=False, csrf=False)
    assert (reply.status, reply.location) == (303, "/orders/checkout/")
    assert "non_field_errors" in unquote(client.cookies["pz-pos-error"])


def test_a_browser_that_needs_a_code_is_redirected_to_the_checkout(at_bank):
    client, form = at_bank("gpay", sms={"options": ["gpay"]})
    reply = client.send("POST", form.action, form=form.fields, ajax=False, csrf=False)
    assert (reply.status, reply.location) == (303, "/orders/checkout/")
    assert client.shown(client.get()) == "VerifySmsPage"


def test_an_unpaid_redirection_can_be_repeated_or_replaced(at_bank, shown):
    client, _ = at_bank("redirection")
    reply = client.get()
    assert shown(reply) == "RedirectionPaymentSelectedPage"
    assert reply["pre_order"]["is_redirected"] is True
    reply = client.choose("cash_register")
    assert reply["pre_order"]["is_redirected"] is False


@pytest.mark.parametrize("path", ["/orders/redirect-three-d/", "/orders/redirection/"])
def test_there_is_no_redirect_to_a_bank_without_a_payment(browse, path):
    reply = browse().to_payment().send("GET", path)
    assert (reply.status, reply.location) == (303, "/orders/checkout/")


def test_the_wallet_returns_its_token(browse):
    client = browse().open()
    form = FirstForm(client.send("POST", "/_bank/masterpass/", form={"token": 'a"<b'}, csrf=False).html)
    assert form.action == "/orders/checkout/?page=MasterpassCompletePage"
    assert form.fields == {"token": 'a"<b'}


@pytest.mark.parametrize(("path", "status"), [("/_bank/none/?reference=1", 404), ("/_bank/gpay/", 400)])
def test_each_bank_only_accepts_its_own_kind(browse, path, status):
    assert browse().send("GET", path).status == status


def test_opening_the_redirection_page_marks_the_order_as_redirected(browse, shown, context):
    client = browse().to_payment()
    client.choose("redirection")
    reply = client.post("RedirectionPaymentSelectedPage", agreement="true")
    assert context(reply)["redirect_url"] == "/orders/redirection/"
    assert reply["pre_order"]["is_redirected"] is False  # the agreement alone does not redirect
    client.send("GET", "/orders/redirection/", ajax=False)
    left_unpaid = client.get()
    assert left_unpaid["pre_order"]["is_redirected"] is True
    assert shown(left_unpaid) == "RedirectionPaymentSelectedPage"
    assert client.choose("redirection")["pre_order"]["is_redirected"] is False


@pytest.mark.parametrize("slug", ["three_d", "gpay", "bkm_express", "redirection"])
def test_opening_the_checkout_again_does_not_redirect(at_bank, slug):
    client, bank = at_bank(slug)
    for reply in (client.get(), client.get(client.shown(client.get()))):
        assert not any("redirect_url" in entry["page_context"] for entry in reply["context_list"])
    page = bank.action.partition("page=")[2]  # who was only away for a while may still come back paid
    assert client.shown(client.post(page, **bank.fields, csrf=False)) == "ThankYouPage"
