"""Nothing private is shown of an exchange, and what helps to understand it is."""

import pytest

from scenarios.doctor.exchange import Exchange
from scenarios.doctor.finding import Finding
from scenarios.doctor.masking import shown_fields, shown_headers, shown_path, shown_text

CARD, TOKEN = "4111111111111111", "df8a210c-c19d-4497-ad63-494fdea1f1e0"
PRIVATE = {
    "email": "ada@example.com",
    "password": "correct horse",
    "first_name": "Ada",
    "line": "Lion Street 3",
    "phone_number": "05321234567",
    "card_number": CARD,
    "card_cvv": "000",
    "verify_code": "123456",
    "csrf_token": TOKEN,
    "favourite_colour": "blue",  # a field of one shop only
}


def test_private_fields_are_named_but_not_shown():
    shown = shown_fields(PRIVATE)
    assert list(shown) == list(PRIVATE)
    assert set(shown.values()) == {"…"}


def test_private_values_are_masked_however_deep():
    shown = str(shown_fields({"results": [{"pk": 3, "address": PRIVATE}], "context_list": [{"page_context": PRIVATE}]}))
    assert "'pk': 3" in shown
    assert not [value for value in PRIVATE.values() if value in shown]


def test_choices_and_errors_are_shown():
    sent = {"payment_option": "credit_card", "city": 80, "errors": {"city": ["Expected pk value."]}, "agreement": True}
    assert shown_fields(sent) == sent


def test_errors_lose_the_private_data_in_them():
    assert shown_fields({"errors": {"email": [f"{PRIVATE['email']} pays with {CARD}"]}}) == {
        "errors": {"email": ["… pays with …"]}
    }


def test_headers_show_their_names_and_harmless_values():
    headers = {"Cookie": "osessionid=abc; other=d", "Authorization": "Basic eDp5", "Content-Type": "text/html"}
    assert shown_headers(headers) == {
        "cookie": "osessionid=…; other=…",
        "authorization": "…",
        "content-type": "text/html",
    }
    assert shown_headers({"set-cookie": "a=1; Path=/\nb=2"}) == {"set-cookie": "a=…; b=…"}


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/orders/checkout/?page=BinNumberPage", "/orders/checkout/?page=BinNumberPage"),
        ("/address/city/?country=1001", "/address/city/?country=1001"),
        ("/product/42/", "/product/42/"),
        (f"/orders/completed/{TOKEN}/?format=json", "/orders/completed/…/?format=json"),
        ("/orders/completed/SECRET/", "/orders/completed/…/"),
        ("/list/?search_text=ada&email=ada@example.com", "/list/?search_text=…&email=…"),
        ("https://u:p@bank.example/pay/?token=x", "https://bank.example/pay/?token=…"),
        ("/x/ada@example.com/", "/x/…/"),
        ("https://[half", "…"),
    ],
)
def test_paths(path, shown):
    assert shown_path(path) == shown


def test_texts_are_one_short_line():
    assert shown_text(f"one\x1b[2J\n two {TOKEN}") == "one [2J two …"
    assert len(shown_text("word " * 500)) == 160


def test_an_exchange_keeps_its_secrets_when_it_is_printed():
    exchange = Exchange("POST", f"/x/{TOKEN}/", {"cookie": TOKEN}, PRIVATE, 200, {"set-cookie": TOKEN}, CARD.encode())
    printed = repr(exchange)
    assert TOKEN not in printed
    assert CARD not in printed


def test_a_finding_reads_as_sentences():
    finding = Finding(
        "address", "POST /address/", "was refused: city: Expected pk value", "give a pk", "[address] city"
    )
    assert finding.text == "POST /address/ was refused: city: Expected pk value. Give a pk."
