"""A refusal is named by its cause, and the shop's text reaches the report without private data."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.measurement.outcomes import Outcome
from shop.contract import Page
from users.journeys.checks import check_response
from users.journeys.diagnosis import missing_keys, remedy, shop_error_text
from users.journeys.steps import Expectation, OrderState, PageRequest, ResponseFormat

LOGIN = PageRequest(
    Page.LOGIN,
    "POST",
    expect=Expectation(ResponseFormat.JSON, keys=frozenset({"key"}), fails_as=Outcome.SIGN_IN_REFUSED),
)
ADD = PageRequest(Page.BASKET_ADD, "POST", expect=Expectation(ResponseFormat.JSON))
PRODUCT = PageRequest(Page.PRODUCT, expect=Expectation(ResponseFormat.JSON, keys=frozenset({"product"})))
BIN = PageRequest(Page.BIN_NUMBER, "POST", form={})
WAITING = "<!DOCTYPE html><html><head><title>Waiting room</title></head><body>You are in a queue.</body></html>"
SIGN_IN = '<html><title>Sign in</title><form><input name="p" type="password"></form></html>'
MAINTENANCE = "<!doctype html><title>Maintenance</title><p>We are back soon.</p>"
GONE = {"non_field_errors": ["The product is out of stock."]}
PAYMENT = {
    "context_list": [{"page_name": "PaymentOptionSelectionPage", "page_context": {}}],
    "pre_order": {"delivery_option": {"pk": 1}},
}
SLOW = "Request was throttled. Expected available in 30 seconds."


def envelope(errors):
    return {"context_list": [], "template_name": "orders/checkout.html", "errors": errors, "pre_order": {}}


@pytest.mark.parametrize(
    ("page_request", "status", "body", "outcome"),
    [
        (BIN, 200, envelope({"non_field_errors": SLOW}), Outcome.THROTTLED),
        (BIN, 200, envelope({"bin_number": ["Too many requests"]}), Outcome.THROTTLED),
        (PRODUCT, 403, {"detail": SLOW}, Outcome.THROTTLED),
        (LOGIN, 200, {"redirect_url": "/users/pz-captcha/"}, Outcome.CAPTCHA_WANTED),
        (LOGIN, 400, {"captcha": ["This field is required: captcha"]}, Outcome.CAPTCHA_WANTED),
        (PRODUCT, 403, "<html><title>Just a moment</title><div class='g-recaptcha'>", Outcome.CAPTCHA_WANTED),
        (LOGIN, 202, {}, Outcome.CODE_WANTED),
        (LOGIN, 400, {"non_field_errors": ["Enter your one-time password."]}, Outcome.CODE_WANTED),
        (BIN, 202, envelope(None), Outcome.OK),
        (LOGIN, 400, {"non_field_errors": ["Unable to log in."]}, Outcome.SIGN_IN_REFUSED),
        (BIN, 200, WAITING, Outcome.WAITING_ROOM),
        (PRODUCT, 503, WAITING, Outcome.WAITING_ROOM),
        (BIN, 200, SIGN_IN, Outcome.SESSION_LOST),
        (BIN, 200, MAINTENANCE, Outcome.NOT_JSON),
        (PRODUCT, 503, MAINTENANCE, Outcome.HTTP_5XX),
        (ADD, 406, GONE, Outcome.UNAVAILABLE),
        (ADD, 200, {"errors": GONE}, Outcome.UNAVAILABLE),
        (BIN, 200, envelope(GONE), Outcome.BUSINESS_ERROR),
        (ADD, 400, {"product": ["Invalid pk - object does not exist."]}, Outcome.HTTP_4XX),
        (BIN, 500, [1], Outcome.HTTP_5XX),
    ],
)
def test_a_refusals_text_refines_the_outcome(page_request, status, body, outcome):
    sent = body if isinstance(body, str) else json.dumps(body)
    assert check_response(page_request, status, sent.encode())[1] is outcome


def test_a_redirect_to_a_queue_is_a_waiting_room():
    assert check_response(PRODUCT, 302, b"", "https://shop.queue-it.net/?c=shop")[1] is Outcome.WAITING_ROOM
    assert check_response(PRODUCT, 302, b"", "/elsewhere/")[1] is Outcome.HTTP_3XX


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (400, {"township": ["This field is required."]}, "township: This field is required."),
        (200, envelope({"non_field_errors": "No."}), "No."),
        (200, envelope({"a": ["b", "c"], "d": "e", "f": "g"}), "a: b; a: c; d: e"),
        (200, {"product": {"name": "Kettle"}}, ""),
        (200, {"context_list": [{"page_name": "IndexPage"}, {"page_name": "BinNumberPage"}]}, "the page BinNumberPage"),
        (403, "<html><head><title>403 Forbidden</title></head>", "403 Forbidden"),
        (200, "<p>Hello", ""),
        (400, {"a": "call 0555 123 45 67 or ada@shop.example"}, "a: call … or …"),
        (400, {"a": "card 4111111111111111, token 0123456789abcdef0123456789abcdef"}, "a: card …, token …"),
        (200, {"context_list": [{"page_name": "DeliveryOptionSelectionPage"}]}, "the page DeliveryOptionSelectionPage"),
        (400, {"a": "x" * 19 + " " + "y z " * 80}, None),
        (400, {"a": "line\nend\x1b[31m"}, "a: line end [31m"),
    ],
)
def test_the_shops_error_text_is_short_and_without_private_data(status, body, words):
    found = shop_error_text(status, (body if isinstance(body, str) else json.dumps(body)).encode())
    assert len(found) <= 160
    assert words is None or found == words


@pytest.mark.parametrize(
    "body",
    [
        b'{"detail": "' + b"a" * 65_000 + b'"}',
        b'{"detail": "' + b"1-" * 32_000 + b'"}',
        b'{"detail": "' + b"a " * 32_000 + b'"}',
        b"<title " * 9_000,
        b"<h1>" + b"a" * 65_000,
        b'{"errors": ' + b"[" * 1_000 + b'"x"' + b"]" * 1_000 + b"}",
        b'{"errors": ' + b'{"a": ' * 1_000 + b'"x"' + b"}" * 1_000 + b"}",
    ],
    ids=lambda body: f"{body[:14]!r} of {len(body)} bytes",
)
def test_a_hostile_refusal_takes_no_time(body):
    start = time.process_time()
    found = shop_error_text(400, body)
    check_response(LOGIN, 400, body)
    assert time.process_time() - start < 0.25
    assert len(found) <= 160


def test_a_key_at_the_cut_of_a_long_text_is_not_shown_in_part():
    text = "ada@shop.example " * 29 + "0123456789abcdef0123456789abcdef" + " x" * 99
    assert not set("0123456789") & set(shop_error_text(400, json.dumps({"detail": text}).encode()))


@pytest.mark.parametrize(
    ("page_request", "reply", "words"),
    [
        (BIN, envelope(None), ""),
        (BIN, envelope(""), "without errors"),
        (BIN, {"context_list": [], "pre_order": None}, "without template_name, errors, pre_order"),
        (
            PageRequest(Page.BIN_NUMBER, expect=Expectation(keys=frozenset({"installments"}))),
            envelope(None),
            "without installments",
        ),
        (
            PageRequest(Page.BIN_NUMBER, order=OrderState(echo={"payment_option": "x"})),
            envelope(None),
            "without pre_order.payment_option",
        ),
        (BIN, envelope(None) | PAYMENT, "without pre_order.shipping_option"),
        (PRODUCT, {"pk": 1}, "without product"),
        (PRODUCT, {"product": {}}, ""),
        (PRODUCT, [], ""),
        (ADD, {}, ""),
    ],
)
def test_a_malformed_response_names_its_missing_keys(page_request, reply, words):
    found = missing_keys(page_request, json.dumps(reply).encode())
    assert found == (words)


@given(
    st.integers(0, 599),
    st.binary() | st.recursive(st.text() | st.integers(), st.lists).map(lambda x: json.dumps(x).encode()),
)
def test_no_response_makes_the_diagnosis_raise(status, body):
    assert shop_error_text(status, body).isprintable()
    for request in (LOGIN, ADD, BIN):
        check_response(request, status, body, "/a/")


@pytest.mark.parametrize(
    ("outcome", "page", "status", "words"),
    [
        (Outcome.HTTP_4XX, Page.COUNTRIES, 404, "[address]"),
        (Outcome.ENVELOPE, Page.CITIES, 200, "[address]"),
        (Outcome.HTTP_5XX, Page.CITIES, 500, ""),
        (Outcome.HTTP_4XX, Page.ADDRESS_ADD, 400, "[address]"),
        (Outcome.HTTP_4XX, Page.BIN_NUMBER, 403, "csrftoken"),
        (Outcome.HTTP_4XX, Page.PRODUCT, 404, "[products]"),
        (Outcome.NOT_OFFERED, Page.CHECKOUT, 0, "[journeys]"),
        (Outcome.NOT_OFFERED, Page.PAYMENT_OPTION, 0, ""),
        (Outcome.CODE_WANTED, Page.LOGIN, 202, "[accounts]"),
        (Outcome.WAITING_ROOM, Page.CHECKOUT, 200, "[headers]"),
        (Outcome.UNEXPECTED_PAGE, Page.CHECKOUT, 200, ""),
    ],
)
def test_a_failure_with_a_known_cause_has_a_remedy(outcome, page, status, words):
    found = remedy(outcome, page, status)
    assert words in found
    assert bool(words) is bool(found)
