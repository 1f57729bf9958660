"""A response becomes a checked response, or the first thing that is wrong with it.

Longer than 300 lines: the tables list every kind of wrong response.
"""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.measurement.outcomes import Outcome
from shop.contract import Page
from users.journeys.checks import check_response
from users.journeys.steps import Expectation, OrderState, PageRequest, PageResponse, ResponseFormat

REQUEST = PageRequest(Page.BIN_NUMBER, "POST", expect=Expectation(pages=frozenset({Page.INSTALLMENT})))


def document(**overrides):
    whole = {
        "context_list": [{"page_context": {"installments": [{"pk": 1}]}, "page_name": "InstallmentSelectionPage"}],
        "template_name": "orders/checkout.html",
        "errors": None,
        "pre_order": {"total_amount": "62.99", "shipping_amount": "2.99", "payment_option": {"pk": 1, "slug": "gpay"}},
    }
    whole |= overrides
    return {key: value for key, value in whole.items() if value is not ...}


def entry(name=..., **context):
    return {"page_context": context} | ({} if name is ... else {"page_name": name})


def outcome_of(request, reply, status=200, location=""):
    body = reply if isinstance(reply, bytes) else orjson.dumps(reply)
    response, outcome = check_response(request, status, body, location)
    assert (response is None) is (outcome not in (Outcome.OK, request.expect.refused_as))
    assert response is None or response.outcome is outcome
    return outcome


def with_check(request, check):
    return replace(request, expect=replace(request.expect, check=check))


def test_a_correct_response_is_returned_whole():
    response, outcome = check_response(REQUEST, 200, orjson.dumps(document()))
    assert outcome is Outcome.OK
    assert response == PageResponse(
        Outcome.OK, document(), Page.INSTALLMENT, {"installments": [{"pk": 1}]}, text="", form=None, location=""
    )
    assert response.pre_order["total_amount"] == "62.99"


@pytest.mark.parametrize(
    ("status", "location", "outcome"),
    [
        (200, "", Outcome.OK),
        (201, "", Outcome.OK),
        (299, "", Outcome.OK),
        (301, "/elsewhere/", Outcome.HTTP_3XX),
        (302, "", Outcome.HTTP_3XX),
        (302, "/users/login/?next=/orders/checkout/", Outcome.SESSION_LOST),
        (302, "https://shop.example/login", Outcome.SESSION_LOST),
        (302, "/users/auth/", Outcome.SESSION_LOST),
        (400, "", Outcome.HTTP_4XX),
        (401, "", Outcome.SESSION_LOST),
        (403, "", Outcome.HTTP_4XX),
        (404, "", Outcome.HTTP_4XX),
        (429, "", Outcome.THROTTLED),
        (499, "", Outcome.HTTP_4XX),
        (500, "", Outcome.HTTP_5XX),
        (503, "", Outcome.HTTP_5XX),
        (600, "", Outcome.HTTP_5XX),
        (0, "", Outcome.CONNECTION),
        (100, "", Outcome.CONNECTION),
    ],
)
def test_the_status_is_checked_before_the_body(status, location, outcome):
    assert outcome_of(REQUEST, document(), status, location) is outcome


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (b"", Outcome.NOT_JSON),
        (b"<html></html>", Outcome.NOT_JSON),
        (b"\xff\xfe", Outcome.NOT_JSON),
        (orjson.dumps(document())[:-20], Outcome.NOT_JSON),
        (b"[" * 100_000, Outcome.NOT_JSON),
        ([], Outcome.ENVELOPE),
        ("text", Outcome.ENVELOPE),
        ({}, Outcome.ENVELOPE),
        (document(context_list=...), Outcome.ENVELOPE),
        (document(context_list={}), Outcome.ENVELOPE),
        (document(context_list=[[]]), Outcome.ENVELOPE),
        (document(context_list=[{"page_name": "InstallmentSelectionPage"}]), Outcome.ENVELOPE),
        (document(context_list=[{"page_name": "InstallmentSelectionPage", "page_context": None}]), Outcome.ENVELOPE),
        (document(context_list=[entry(7)]), Outcome.ENVELOPE),
        (document(context_list=[entry([])]), Outcome.ENVELOPE),
        (document(template_name=...), Outcome.ENVELOPE),
        (document(template_name=None), Outcome.ENVELOPE),
        (document(errors=...), Outcome.ENVELOPE),
        (document(errors="broken"), Outcome.ENVELOPE),
        (document(errors=False), Outcome.ENVELOPE),
        (document(errors=0), Outcome.ENVELOPE),
        (document(pre_order=...), Outcome.ENVELOPE),
        (document(pre_order=None), Outcome.ENVELOPE),
        (document(template_name="orders/index.html"), Outcome.SESSION_LOST),
        ({"template_name": "orders/index.html"}, Outcome.SESSION_LOST),
        (document(redirect_url="/baskets/basket/"), Outcome.BASKET_LOST),
        ({"redirect_url": "https://shop.example/baskets/basket/"}, Outcome.BASKET_LOST),
        (document(redirect_url="/orders/completed/x/"), Outcome.OK),
        (document(errors=None), Outcome.OK),
        (document(errors=[]), Outcome.OK),
        (document(errors={}), Outcome.OK),
        (document(errors={"bin_number": ["no"]}), Outcome.BUSINESS_ERROR),
        (document(errors={"non_field_errors": "no"}), Outcome.BUSINESS_ERROR),
        (document(errors=["no"]), Outcome.BUSINESS_ERROR),
        (document(context_list=[]), Outcome.UNEXPECTED_PAGE),
        (document(context_list=[entry()]), Outcome.UNEXPECTED_PAGE),
        (document(context_list=[entry("BinNumberPage")]), Outcome.UNEXPECTED_PAGE),
        (document(context_list=[entry("NoSuchPage")]), Outcome.UNEXPECTED_PAGE),
        (document(context_list=[entry("CsrfToken")]), Outcome.UNEXPECTED_PAGE),
        (document(context_list=[entry("ThankYouPage")]), Outcome.UNEXPECTED_PAGE),
    ],
)
def test_the_first_fault_decides_the_outcome(reply, outcome):
    assert outcome_of(REQUEST, reply) is outcome


@pytest.mark.parametrize(
    ("entries", "page"),
    [
        ([entry("BinNumberPage"), entry("InstallmentSelectionPage")], Page.INSTALLMENT),
        ([entry("InstallmentSelectionPage")], Page.INSTALLMENT),
        ([entry("InstallmentSelectionPage"), entry()], Page.INSTALLMENT),
        ([entry("InstallmentSelectionPage"), entry("NoSuchPage")], None),
        ([entry("ThankYouPage")], Page.THANK_YOU),
        ([entry(order_number="ON1")], Page.THANK_YOU),
        ([entry(None, order_number="ON1")], Page.THANK_YOU),
        ([entry(order_number=None)], None),
        ([entry("PaymentOptionSelectionPage"), entry(order_number="ON1")], Page.THANK_YOU),
        ([entry("IndexPage", order_number="ON1")], Page.INDEX),
        ([entry(redirect_url="/orders/completed/x/")], Page.THANK_YOU),
        ([entry("BinNumberPage", redirect_url="https://shop.example/completed/ON1")], Page.THANK_YOU),
        ([entry("BinNumberPage", redirect_url="/orders/redirect-three-d/")], Page.BIN_NUMBER),
        ([entry("IndexPage", redirect_url="/orders/completed/x/")], Page.INDEX),
    ],
)
def test_the_current_page_is_the_last_one_named_or_the_completed_order(entries, page):
    response, _ = check_response(PageRequest(Page.BIN_NUMBER), 200, orjson.dumps(document(context_list=entries)))
    assert response.page is page


def test_a_page_is_recognised_by_its_name_and_never_by_its_slug():
    entries = [entry("InstallmentSelectionPage") | {"page_slug": "somethingelse"}]
    assert outcome_of(REQUEST, document(context_list=entries)) is Outcome.OK


def test_a_cumulative_list_is_read_as_one_context_in_which_later_pages_win():
    entries = [entry("BinNumberPage", card_type="visa", a=1), entry("InstallmentSelectionPage", a=2)]
    response, _ = check_response(REQUEST, 200, orjson.dumps(document(context_list=entries)))
    assert response.page_context == {"card_type": "visa", "a": 2}


REFUSED = PageRequest(
    Page.CARD_CONFIRMATION, expect=Expectation(pages=frozenset({Page.CARD_CONFIRMATION}), refused_as=Outcome.DECLINED)
)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (document(errors={"x": "y"}, context_list=[entry("CreditCardConfirmationPage")]), Outcome.DECLINED),
        (document(errors={"x": "y"}, context_list=[entry("ThankYouPage")]), Outcome.UNEXPECTED_PAGE),
        (document(errors={"x": "y"}, context_list=[entry("IndexPage")]), Outcome.UNEXPECTED_PAGE),
        (document(errors={"x": "y"}, context_list=[]), Outcome.UNEXPECTED_PAGE),
        (document(context_list=[entry("CreditCardConfirmationPage")]), Outcome.OK),
        (document(context_list=[entry("ThankYouPage")]), Outcome.UNEXPECTED_PAGE),
        (document(errors="declined"), Outcome.ENVELOPE),
    ],
)
def test_provoked_errors_are_refusals_on_the_expected_page_only(reply, outcome):
    assert outcome_of(REFUSED, reply) is outcome


@pytest.mark.parametrize(
    ("pre_order", "outcome"),
    [
        ({"payment_option": {"slug": "gpay"}, "total_amount": "62.99"}, Outcome.DECLINED),
        ({"payment_option": {"slug": "gpay"}, "total_amount": "63.99"}, Outcome.AMOUNT_MISMATCH),
        ({"payment_option": {"slug": "gpay"}}, Outcome.AMOUNT_MISMATCH),
        ({"payment_option": None, "total_amount": "62.99"}, Outcome.NOT_ECHOED),
        ({}, Outcome.NOT_ECHOED),
    ],
)
def test_a_refusal_keeps_what_was_valid_before_it(pre_order, outcome):
    request = replace(
        REFUSED,
        expect=replace(REFUSED.expect, keys=frozenset({"redirect_url"})),
        order=OrderState({"payment_option": "gpay"}, total="62.99"),
    )
    entries = [entry("CreditCardConfirmationPage")]
    assert outcome_of(request, document(errors={"x": "y"}, context_list=entries, pre_order=pre_order)) is outcome


def test_the_check_runs_last_and_only_on_correct_responses():
    asked = []

    def check(response):
        asked.append(response.page)
        return Outcome.DOUBLE_ORDER

    refused = document(errors={"x": "y"}, context_list=[entry("CreditCardConfirmationPage")])
    request = with_check(REFUSED, check)
    assert outcome_of(request, refused) is Outcome.DECLINED
    assert outcome_of(request, document()) is Outcome.UNEXPECTED_PAGE
    assert outcome_of(request, refused, status=500) is Outcome.HTTP_5XX
    assert asked == []
    assert outcome_of(request, refused | {"errors": None}) is Outcome.DOUBLE_ORDER
    assert asked == [Page.CARD_CONFIRMATION]
    assert outcome_of(with_check(request, lambda response: Outcome.OK), refused | {"errors": None}) is Outcome.OK


def test_requests_that_differ_in_their_check_only_are_equal():
    assert with_check(REQUEST, lambda response: Outcome.OK) == REQUEST


@pytest.mark.parametrize(
    ("held", "wanted", "outcome"),
    [
        ({"pk": 1, "slug": "gpay"}, "gpay", Outcome.OK),
        ({"pk": 1, "slug": "gpay"}, "1", Outcome.OK),
        ({"label": "Pesin", "value": "cash"}, "cash", Outcome.OK),
        ("cash", "cash", Outcome.OK),
        (7, "7", Outcome.OK),
        ({"pk": 1, "slug": "masterpass"}, "gpay", Outcome.NOT_ECHOED),
        ({"name": "gpay"}, "gpay", Outcome.NOT_ECHOED),
        ({}, "None", Outcome.NOT_ECHOED),
        (None, "None", Outcome.NOT_ECHOED),
        ("", "gpay", Outcome.NOT_ECHOED),
        (["gpay"], "gpay", Outcome.NOT_ECHOED),
        (..., "gpay", Outcome.NOT_ECHOED),
    ],
)
def test_the_pre_order_must_echo_what_was_set(held, wanted, outcome):
    pre_order = {} if held is ... else {"payment_option": held}
    assert (
        outcome_of(
            PageRequest(Page.INDEX, order=OrderState(echo={"payment_option": wanted})), document(pre_order=pre_order)
        )
        is outcome
    )


@pytest.mark.parametrize(
    ("order", "pre_order", "outcome"),
    [
        ({"total": "62.99"}, {"total_amount": "62.99"}, Outcome.OK),
        ({"total": "62.9"}, {"total_amount": "62.90"}, Outcome.OK),
        ({"total": "62.99"}, {"total_amount": 62.99}, Outcome.OK),
        ({"total": "62.99"}, {"total_amount": "62.98"}, Outcome.AMOUNT_MISMATCH),
        ({"total": "62.99"}, {"total_amount": None}, Outcome.AMOUNT_MISMATCH),
        ({"total": "62.99"}, {}, Outcome.AMOUNT_MISMATCH),
        ({"total": "62.99"}, {"total_amount": "NaN"}, Outcome.AMOUNT_MISMATCH),
        ({"total": "1"}, {"total_amount": True}, Outcome.AMOUNT_MISMATCH),
        ({"goods_amount": "60"}, {"total_amount": "62.99", "shipping_amount": "2.99"}, Outcome.OK),
        ({"goods_amount": "60"}, {"total_amount": "60.00", "shipping_amount": None}, Outcome.OK),
        ({"goods_amount": "60"}, {"total_amount": "60.00"}, Outcome.OK),
        ({"goods_amount": "60"}, {"total_amount": "60.00", "shipping_amount": "2.99"}, Outcome.AMOUNT_MISMATCH),
        ({"goods_amount": "60"}, {"total_amount": "60.00", "shipping_amount": "free"}, Outcome.AMOUNT_MISMATCH),
        ({"goods_amount": "60"}, {"total_amount": "61.00"}, Outcome.AMOUNT_MISMATCH),
    ],
)
def test_the_amount_must_agree_to_the_hundredth(order, pre_order, outcome):
    assert outcome_of(PageRequest(Page.INDEX, order=OrderState(**order)), document(pre_order=pre_order)) is outcome


@pytest.mark.parametrize(
    ("pre_order", "outcome"),
    [
        ({}, Outcome.OK),
        (None, Outcome.OK),
        (..., Outcome.ENVELOPE),
        ([], Outcome.ENVELOPE),
        ({"payment_choice": None, "total_amount": None}, Outcome.OK),
        ({"payment_choice": {"value": "cash"}, "total_amount": "1.00"}, Outcome.OK),
        ({"payment_choice": {"value": "credit_card"}}, Outcome.NOT_ECHOED),
        ({"payment_choice": {"value": "credit_card"}, "total_amount": "1.00"}, Outcome.NOT_ECHOED),
        ({"payment_choice": None, "total_amount": "1.00"}, Outcome.NOT_ECHOED),
        ({"total_amount": "1.00"}, Outcome.NOT_ECHOED),
        ({"payment_choice": {"value": "cash"}, "total_amount": "2.00"}, Outcome.AMOUNT_MISMATCH),
    ],
)
def test_a_completed_orders_pre_order_may_be_gone_but_not_contradict(pre_order, outcome):
    request = PageRequest(Page.DELIVERY_PAYMENT_CHOICE, order=OrderState(echo={"payment_choice": "cash"}, total="1.00"))
    assert outcome_of(request, document(context_list=[entry("ThankYouPage")], pre_order=pre_order)) is outcome


def test_required_keys_must_be_present():
    request = PageRequest(Page.BIN_NUMBER, expect=Expectation(keys=frozenset({"installments"})))
    assert outcome_of(request, document()) is Outcome.OK
    assert outcome_of(request, document(context_list=[entry("BinNumberPage", installments=None)])) is Outcome.ENVELOPE
    assert outcome_of(request, document(context_list=[entry("BinNumberPage")])) is Outcome.ENVELOPE


LOGIN = PageRequest(
    Page.LOGIN, expect=Expectation(ResponseFormat.JSON, keys=frozenset({"key"}), fails_as=Outcome.SIGN_IN_REFUSED)
)
CSRF = PageRequest(Page.CSRF_TOKEN, expect=Expectation(ResponseFormat.JSON, keys=frozenset({"csrf_token"})))


@pytest.mark.parametrize(
    ("page_request", "reply", "status", "outcome"),
    [
        (CSRF, {"csrf_token": "t"}, 200, Outcome.OK),
        (CSRF, {}, 200, Outcome.ENVELOPE),
        (CSRF, [], 200, Outcome.ENVELOPE),
        (CSRF, b"<html>", 200, Outcome.NOT_JSON),
        (CSRF, {"csrf_token": "t", "errors": {"a": "b"}}, 200, Outcome.BUSINESS_ERROR),
        (CSRF, {"csrf_token": "t", "errors": None}, 200, Outcome.OK),
        (CSRF, {"csrf_token": "t", "non_field_errors": ["a"]}, 200, Outcome.BUSINESS_ERROR),
        (CSRF, {}, 401, Outcome.SESSION_LOST),
        (CSRF, {}, 403, Outcome.HTTP_4XX),
        (PageRequest(Page.PRODUCT, expect=Expectation(ResponseFormat.JSON)), {}, 200, Outcome.ENVELOPE),
        (PageRequest(Page.PRODUCT, expect=Expectation(ResponseFormat.JSON)), {"pk": 1}, 200, Outcome.OK),
        (PageRequest(Page.BASKET_ADD, "POST", expect=Expectation(ResponseFormat.JSON)), {}, 200, Outcome.OK),
        (LOGIN, {"key": "k"}, 200, Outcome.OK),
        (LOGIN, {}, 202, Outcome.CODE_WANTED),
        (LOGIN, {"key": "k", "errors": {"a": "b"}}, 200, Outcome.SIGN_IN_REFUSED),
        (LOGIN, {}, 400, Outcome.SIGN_IN_REFUSED),
        (LOGIN, {}, 401, Outcome.SIGN_IN_REFUSED),
        (LOGIN, {}, 404, Outcome.HTTP_4XX),
        (LOGIN, {}, 429, Outcome.THROTTLED),
        (LOGIN, {}, 500, Outcome.HTTP_5XX),
        (PageRequest(Page.LOGOUT, expect=Expectation(ResponseFormat.ANY)), b"\xff", 200, Outcome.OK),
        (PageRequest(Page.LOGOUT, expect=Expectation(ResponseFormat.ANY)), b"", 500, Outcome.HTTP_5XX),
        (
            PageRequest(Page.BANK, expect=Expectation(ResponseFormat.HTML)),
            b"<p>no form here</p>",
            200,
            Outcome.ENVELOPE,
        ),
        (PageRequest(Page.BANK, expect=Expectation(ResponseFormat.HTML)), b"{}", 200, Outcome.ENVELOPE),
        (PageRequest(Page.BANK, expect=Expectation(ResponseFormat.HTML)), b"<a " * 14_000, 200, Outcome.ENVELOPE),
    ],
)
def test_responses_in_other_formats_than_the_envelope(page_request, reply, status, outcome):
    assert outcome_of(page_request, reply, status) is outcome


def test_a_page_with_a_form_is_read_as_one():
    response, _ = check_response(
        PageRequest(Page.BANK, expect=Expectation(ResponseFormat.HTML)),
        200,
        b'<form action="/a"><input name="n" value="\xff"></form>',
    )
    assert response.form.action == "/a"
    assert response.form.fields == {"n": "\N{REPLACEMENT CHARACTER}"}


def test_a_redirect_is_correct_only_if_the_request_allows_it():
    request = PageRequest(Page.REDIRECTION, expect=Expectation(ResponseFormat.HTML, allow_redirect=True))
    response, outcome = check_response(request, 303, b"", "https://bank.example/pay")
    assert (response.location, outcome) == ("https://bank.example/pay", Outcome.OK)
    assert check_response(request, 303, b"", "") == (None, Outcome.HTTP_3XX)
    assert check_response(request, 303, b"", "/users/login/") == (None, Outcome.SESSION_LOST)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(["page_context", "page_name", "redirect_url", "order_number", "total_amount", "shipping_amount"])
NEARLY = st.fixed_dictionaries(
    {},
    optional={
        "context_list": st.lists(st.dictionaries(KEYS, JSON | st.dictionaries(KEYS, JSON)), max_size=3) | JSON,
        "template_name": st.sampled_from(["orders/index.html", "orders/checkout.html"]) | JSON,
        "errors": JSON,
        "pre_order": st.dictionaries(KEYS, JSON) | JSON,
        "redirect_url": JSON,
    },
)
REQUESTS = st.builds(
    PageRequest,
    st.sampled_from(Page),
    expect=st.builds(
        Expectation,
        format=st.sampled_from(ResponseFormat),
        pages=st.sampled_from([frozenset(), frozenset({Page.THANK_YOU})]),
        refused_as=st.sampled_from([None, Outcome.DECLINED]),
        keys=st.sampled_from([frozenset(), frozenset({"order_number"})]),
        allow_redirect=st.booleans(),
    ),
    order=st.builds(
        OrderState,
        echo=st.sampled_from([{}, {"total_amount": "1"}]),
        total=st.sampled_from([None, "1.00"]),
        goods_amount=st.sampled_from([None, "1.00"]),
    ),
)


@given(REQUESTS, st.integers(-1, 999), st.binary(max_size=64) | (NEARLY | JSON).map(orjson.dumps), st.text(max_size=16))
def test_no_response_makes_the_check_raise(page_request, status, body, location):
    response, outcome = check_response(page_request, status, body, location)
    assert (response is None) is (outcome not in (Outcome.OK, page_request.expect.refused_as))
    if (
        response is not None
        and page_request.expect.pages
        and page_request.expect.format is ResponseFormat.ENVELOPE
        and not response.location
    ):
        assert response.page in page_request.expect.pages
