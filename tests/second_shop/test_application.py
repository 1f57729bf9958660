"""The second shop itself: what it sells, what it refuses, and that it imports nothing of ours."""

import ast
import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from second_shop.application import Application
from second_shop.customers import Customer
from second_shop.exchange import CHECKOUT, Request
from second_shop.options import OPTIONS
from second_shop.variations import Variations

ADDRESS = {
    "title": "Home",
    "first_name": "Ada",
    "last_name": "Byron",
    "phone_number": "05000000001",
    "country": 1_001,
    "city": "2034",
    "township": 3_401,
    "district": 4_011,
    "line": "1 Quay",
    "postcode": "34000",
}
CARD = {
    "agreement": "1",
    "use_three_d": "0",
    "card_holder": "Ada Byron",
    "card_number": "4111111111111111",
    "card_month": "1",
    "card_year": "2035",
    "card_cvv": "000",
}
AGREED = {"agreement": "true"}
BIN, PLAN = {"bin_number": "411111"}, {"installment": "81"}
SELECTED = [
    ("ConfirmationPaymentSelectedPage", {**AGREED, "validationURL": "https://wallet.example/"}),
    ("ConfirmationPaymentQueryPage", {**AGREED, "payment_token": "{}"}),
    ("ConfirmationPaymentCompletePage", AGREED),
]
# One way or more to pay by each option that needs no bank: the pages with their forms.
PAID = [
    (
        "credit_card",
        [("BinNumberPage", BIN), ("InstallmentSelectionPage", PLAN), ("CreditCardConfirmationPage", CARD)],
    ),
    (
        "funds_transfer",
        [("FundsTransferChoicePage", {"bank_account": "61"}), ("FundsTransferPage", {"agreement": "1"})],
    ),
    ("pay_on_delivery", [("PayOnDeliveryPaymentChoicePage", {"payment_choice": "cash"})]),
    ("pay_on_delivery", [("PayOnDeliveryPage", {"agreement": "1", "paymentType": "cash"})]),
    (
        "credit_payment",
        [("CreditPaymentSelectionPage", {"credit_payment_option": "71"}), ("CreditPaymentConfirmationPage", AGREED)],
    ),
    ("loyalty_money", [("LoyaltyMoneyPage", AGREED)]),
    ("loyalty_money", [("LoyaltyPaymentSelectedPage", AGREED)]),
    ("cash_register", [("CashRegisterPage", AGREED)]),
    ("pay_later", [("PayLaterCompletePage", AGREED)]),
    ("confirmation", [("ConfirmationPaymentAgreementCheckPage", AGREED), *SELECTED]),
    ("confirmation", SELECTED),
]


class Visitor:
    """Sends requests as a browser with cookies would."""

    def __init__(self, **reported):
        self.customer = Customer("r@shoppers.example", "secret", "Ada", "Byron", "06000000001", remembered=True)
        self.shop = Application(Variations.read(reported), {self.customer.email: self.customer})
        self.cookies = {}

    def send(self, method, path, form=None, document=None, headers=None):
        body = urlencode(form).encode() if form is not None else json.dumps(document).encode() if document else b""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        kind = "application/json" if document else "application/x-www-form-urlencoded"
        sent = {"cookie": cookie, "content-type": kind, "x-requested-with": "XMLHttpRequest"}
        sent |= {"x-csrftoken": self.cookies.get("csrftoken", "")} | (headers or {})
        path, _, page = path.partition("?page=")
        reply = self.shop.answer(Request(method, path, {"page": page} if page else {}, sent, body))
        for cookie in reply.cookies:
            name, _, rest = cookie.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return reply

    def post(self, page, form):
        return self.send("POST", f"{CHECKOUT}?page={page}", form).document

    def look(self, page=""):
        return self.send("GET", f"{CHECKOUT}?page={page}" if page else CHECKOUT).document

    def fill_basket(self):
        self.send("POST", "/baskets/basket/", document={"product": 212, "quantity": 1, "attributes": {}})

    def reach_payment(self):
        self.send("GET", "/csrf_token/")
        self.fill_basket()
        self.post("IndexPage", {"user_email": "ada@shoppers.example", "phone_number": "05000000001"})
        self.post("DeliveryOptionSelectionPage", {"delivery_option": "3"})
        pk = self.send("POST", "/address/", document=ADDRESS).document["pk"]
        self.post("AddressSelectionPage", {"shipping_address": pk, "billing_address": pk})
        return self.post("ShippingOptionSelectionPage", {"shipping_option": "2"})

    def sign_in(self):
        return self.send("POST", "/users/login/", document={"email": self.customer.email, "password": "secret"})


def names(document):
    return [entry.get("page_name") for entry in document["context_list"]]


@pytest.mark.parametrize(("option", "pages"), PAID)
def test_each_option_sells_an_order_and_no_request_is_refused(option, pages):
    visitor = Visitor()
    assert names(visitor.reach_payment()) == ["PaymentOptionSelectionPage"]
    shown = visitor.post("PaymentOptionSelectionPage", {"payment_option": OPTIONS[option].slug})
    assert shown["pre_order"]["payment_option"]["payment_type"] == option
    for page, form in pages:
        shown = visitor.post(page, form)
    assert "/orders/completed/" in shown["context_list"][0]["page_context"]["redirect_url"]
    assert [order["payment_type"] for order in visitor.shop.books.orders] == [option]
    assert visitor.shop.books.refused == []


def test_the_token_changes_at_sign_in_and_the_old_one_is_refused():
    visitor = Visitor()
    visitor.send("GET", "/csrf_token/")
    old = visitor.cookies["csrftoken"]
    visitor.fill_basket()
    assert "key" in visitor.sign_in().document
    refused = visitor.send("POST", f"{CHECKOUT}?page=OrderNotePage", {"notes": "x"}, headers={"x-csrftoken": old})
    assert refused.status == 403
    assert [one["status"] for one in visitor.shop.books.refused] == [403]
    assert visitor.send("POST", f"{CHECKOUT}?page=OrderNotePage", {"notes": "x"}).document["pre_order"]["notes"] == "x"


def test_a_customer_with_saved_choices_still_gets_every_page():
    visitor = Visitor()
    visitor.fill_basket()
    visitor.sign_in()
    assert names(visitor.look()) == [
        "IndexPage",
        "DeliveryOptionSelectionPage",
        "AddressSelectionPage",
        "ShippingOptionSelectionPage",
        "PaymentOptionSelectionPage",
        "BinNumberPage",
    ]
    assert names(visitor.look("PaymentOptionSelectionPage")) == ["PaymentOptionSelectionPage"]
    assert visitor.shop.books.refused == []


def test_a_request_without_the_csrf_cookie_passes_and_one_from_a_browser_gets_a_web_page():
    visitor = Visitor()
    visitor.fill_basket()
    form = {"user_email": "a@b.example", "phone_number": "05000000001"}
    assert names(visitor.post("IndexPage", form)) == ["DeliveryOptionSelectionPage"]
    assert visitor.send("GET", CHECKOUT, headers={"x-requested-with": ""}).html
    assert len(visitor.shop.books.refused) == 1


@pytest.mark.parametrize(
    ("page", "form", "field"),
    [
        ("DeliveryOptionSelectionPage", {"delivery_option": "99"}, "delivery_option"),
        ("PaymentOptionSelectionPage", {"payment_option": "credit_card"}, "payment_option"),
        ("AddressSelectionPage", {"shipping_address": "1"}, "shipping_address"),
    ],
)
def test_a_wrong_choice_is_refused_on_its_page_and_recorded(page, form, field):
    visitor = Visitor()
    visitor.reach_payment()
    refused = visitor.post(page, form)
    assert names(refused) == [page]
    assert field in refused["errors"]
    assert len(visitor.shop.books.refused) == 1


def test_a_place_given_by_name_is_refused():
    visitor = Visitor()
    visitor.fill_basket()
    refused = visitor.send("POST", "/address/", document={**ADDRESS, "city": "İstanbul"})
    assert refused.status == 400
    assert set(refused.document) == {"city"}


def test_errors_caused_by_a_variation_are_not_counted_as_refusals():
    visitor = Visitor(throttled=["IndexPage"], sold_out=[37], extra_keys=True)
    visitor.fill_basket()
    shown = visitor.post("IndexPage", {"user_email": "a@b.example", "phone_number": "05000000001"})
    assert "throttled" in shown["errors"]["non_field_errors"]
    assert "pz_experiment" in shown["pre_order"]
    visitor.send("POST", "/baskets/basket/", document={"product": 37, "quantity": 1})
    assert visitor.shop.books.refused == []
    assert len(visitor.shop.books.provoked) == 2


def test_an_unknown_variation_is_refused():
    with pytest.raises(ValueError, match="trottled"):
        Variations.read({"trottled": []})


def test_the_second_shop_imports_nothing_of_the_first():
    for file in Path(__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                imported = [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
                assert not {one.partition(".")[0] for one in imported} & {"shop", "users", "scenarios", "harness"}
