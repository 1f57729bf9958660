"""Leaving the shop for a bank, a wallet or a provider, and coming back."""

from __future__ import annotations

import pytest

from harness.measurement.outcomes import Outcome
from shop.contract import Page
from users.population.journey_spec import ExternalPages, ShopperPolicy

AWAY = ["bkm_express", "gpay", "redirection"]
FOLLOW = ShopperPolicy()
RETURN = ShopperPolicy(external=ExternalPages.RETURN)
STOP = ShopperPolicy(external=ExternalPages.STOP)


def last_pages(walked):
    pages = walked.shop.pages
    start = max(place for place, page in enumerate(pages) if page is Page.PAYMENT_OPTION) + 1
    return [page for page in pages[start:] if page not in (Page.THANK_YOU, Page.COMPLETED_ORDER)]


SECURED = [Page.BIN_NUMBER, Page.INSTALLMENT, Page.CARD_CONFIRMATION, Page.THREE_D_REDIRECT]


@pytest.mark.parametrize("absolute", [False, True])
def test_a_3d_secure_card_goes_to_the_bank_and_back(walker, absolute):
    walked = walker(walker.Shop(absolute=absolute), three_d=True)
    assert walked.outcome is Outcome.OK
    assert last_pages(walked) == [*SECURED, Page.BANK, Page.THREE_D_SECURE]
    assert walked.shop.posted(Page.BANK) == {"reference": "r1"}
    back = walked.shop.posted(Page.THREE_D_SECURE)
    assert back == {"reference": "r1", "status": "success"}


def test_pages_on_the_shops_host_are_requested_by_path(walker):
    walked = walker(walker.Shop(absolute=True), three_d=True)
    assert all(request.path.startswith("/") for request in walked.shop.requests)


def test_a_redirect_by_header_is_followed_like_a_form(walker):
    walked = walker(walker.Shop(redirect_by_header=True), "redirection")
    assert walked.outcome is Outcome.OK
    assert last_pages(walked)[1:] == [Page.REDIRECTION, Page.BANK, Page.REDIRECTION_COMPLETE]
    assert walked.shop.requests[walked.shop.pages.index(Page.BANK)].path == "/_bank/?reference=r1"


@pytest.mark.parametrize("option", AWAY)
@pytest.mark.parametrize("by_header", [False, True])
def test_returning_at_once_never_requests_the_other_site(walker, option, by_header):
    shop = walker.Shop(redirect_by_header=by_header, bank_host="https://bank.example")
    walked = walker(shop, option, policy=RETURN)
    assert walked.outcome is Outcome.OK
    assert Page.BANK not in shop.pages


def _led_out_to(url):
    def spoil(request, document):
        if request.page in (Page.PAY_SELECTION, Page.CARD_CONFIRMATION):
            document["context_list"][-1]["page_context"]["redirect_url"] = url
        return document

    return spoil


@pytest.mark.parametrize("url", ["https://bank.example/pay?reference=r1", "/orders/redirection/?reference=r1&x=2"])
def test_returning_at_once_takes_the_reference_from_the_link(walker, url):
    shop = walker.Shop(spoil=_led_out_to(url))
    assert walker(shop, "gpay", policy=RETURN).outcome is Outcome.OK
    assert not {Page.BANK, Page.REDIRECTION} & set(shop.pages)


def test_returning_at_once_needs_a_reference_from_the_shop(walker):
    for url in ("https://bank.example/pay", "/_bank/?x=1", "http://[bad"):
        walked = walker(walker.Shop(spoil=_led_out_to(url)), "gpay", policy=RETURN)
        assert walked.outcome is Outcome.ENVELOPE
        assert Page.BANK not in walked.shop.pages


@pytest.mark.parametrize("option", AWAY)
def test_stop_ends_handed_over_where_the_shop_redirects(walker, option):
    walked = walker(walker.Shop(), option, policy=STOP)
    assert walked.outcome is Outcome.HANDED_OVER
    assert walked.failure.page is walked.shop.pages[-1]
    assert not walked.shop.sold


def test_a_3d_secure_card_can_end_handed_over(walker):
    assert walker(walker.Shop(), three_d=True, policy=STOP).outcome is Outcome.HANDED_OVER


@pytest.mark.parametrize("policy", [FOLLOW, RETURN])
def test_a_declined_card_is_declined_at_the_bank(walker, policy):
    walked = walker(walker.Shop(), three_d=True, declined=True, policy=policy)
    assert (walked.outcome, walked.failure.page) == (Outcome.DECLINED, Page.THREE_D_SECURE)
    assert walked.shop.posted(Page.THREE_D_SECURE)["status"] == "failure"


def test_a_shop_that_sells_although_the_bank_declined_is_at_fault(walker):
    def spoil(request, document):
        if request.page is Page.THREE_D_SECURE:
            document["errors"] = None
            document["context_list"][-1]["page_name"] = "ThankYouPage"
        return document

    walked = walker(walker.Shop(spoil=spoil), three_d=True, declined=True)
    assert walked.outcome is Outcome.UNEXPECTED_PAGE


@pytest.mark.parametrize("page", [Page.THREE_D_SECURE, Page.CARD_CONFIRMATION])
def test_after_a_decline_at_the_bank_the_shop_may_show_either_of_two_pages(walker, page):
    def spoil(request, document):
        if request.page is Page.THREE_D_SECURE:
            document["context_list"][-1]["page_name"] = page.value
        return document

    assert walker(walker.Shop(spoil=spoil), three_d=True, declined=True).outcome is Outcome.DECLINED


@pytest.mark.parametrize("policy", [FOLLOW, RETURN])
@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"template_name": "orders/index.html"}, Outcome.SESSION_LOST),
        ({"redirect_url": "/baskets/basket/"}, Outcome.BASKET_LOST),
        ({}, Outcome.UNEXPECTED_PAGE),
    ],
)
def test_a_bank_that_sends_back_without_payment_shows_the_reason_in_the_checkout(walker, policy, change, outcome):
    shop = walker.Shop()
    shop._send_away = lambda request: "->/orders/checkout/"
    shop.spoil = lambda request, document: (
        document | change if request.page is Page.CHECKOUT and Page.THREE_D_REDIRECT in shop.pages else document
    )
    walked = walker(shop, three_d=True, policy=policy)
    assert (walked.outcome, walked.failure.page) == (outcome, Page.CHECKOUT)
    assert Page.BANK not in shop.pages


def test_a_valid_card_declined_at_the_bank_is_a_business_error(walker):
    def spoil(request, document):
        return document.replace("success", "failure") if request.page is Page.BANK else document

    walked = walker(walker.Shop(spoil=spoil), three_d=True)
    assert (walked.outcome, walked.failure.page) == (Outcome.BUSINESS_ERROR, Page.THREE_D_SECURE)


def test_a_3d_secure_card_must_go_to_the_bank(walker):
    def spoil(request, document):
        if request.page is Page.CARD_CONFIRMATION:
            document["context_list"][-1]["page_name"] = "ThankYouPage"
        return document

    assert walker(walker.Shop(spoil=spoil), three_d=True).outcome is Outcome.UNEXPECTED_PAGE


@pytest.mark.parametrize("allowed", ["bank.example", "bank.example:8443"])
def test_an_allowed_host_is_requested_by_its_absolute_url(walker, allowed):
    shop = walker.Shop(bank_host="https://bank.example:8443")
    walked = walker(shop, "gpay", policy=ShopperPolicy(allowed_hosts=frozenset({allowed})))
    assert walked.outcome is Outcome.OK
    request = shop.requests[shop.pages.index(Page.BANK)]
    assert (request.path, request.csrf) == ("https://bank.example:8443/_bank/", False)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/pay",
        "//evil.example/pay",
        "/\\evil.example/pay",
        "http://127.0.0.1:8001/pay",
        "http://127.0.0.1/pay",
        "https://127.0.0.2:8000/pay",
        "http://127.0.0.1:8000@evil.example/pay",
        "http://bank.example.evil.example/pay",
        "ftp://bank.example/pay",
        "javascript:alert(1)",
        "http://[bad",
        "http://bank.example:port/pay",
    ],
)
def test_no_other_host_is_ever_requested(walker, url):
    shop = walker.Shop(spoil=_led_out_to(url))
    walked = walker(shop, "gpay", policy=ShopperPolicy(allowed_hosts=frozenset({"bank.example"})))
    assert (walked.outcome, walked.failure.page) == (Outcome.HOST_REFUSED, Page.PAY_SELECTION)


@pytest.mark.parametrize("action", ["https://evil.example/x", "http://[bad"])
@pytest.mark.parametrize("method", ["post", "get"])
def test_a_redirect_from_the_bank_to_a_host_that_is_not_allowed_is_not_followed(walker, action, method):
    def spoil(request, document):
        return f'<form action="{action}" method="{method}"></form>' if request.page is Page.BANK else document

    walked = walker(walker.Shop(spoil=spoil), "gpay")
    assert (walked.outcome, walked.failure.page) == (Outcome.HOST_REFUSED, Page.BANK)


def test_a_bank_may_have_several_pages_but_not_endlessly_many(walker):
    turns = []

    def spoil(request, document):
        if request.page is not Page.BANK or len(turns) >= most:
            return document
        turns.append(request)
        return '<form action="?step=2"><input name="otp" value="1"></form>'

    most = 2
    walked = walker(walker.Shop(spoil=spoil), "gpay")
    assert walked.outcome is Outcome.OK
    assert [request.path for request in walked.shop.requests if request.page is Page.BANK][1:] == ["/_bank/?otp=1"] * 2
    most = 100
    walked = walker(walker.Shop(spoil=spoil), "gpay")
    assert (walked.outcome, walked.failure.page) == (Outcome.UNEXPECTED_PAGE, Page.BANK)


def test_a_bank_that_returns_to_the_wrong_page_is_an_unexpected_page(walker):
    def spoil(request, document):
        return document.replace("GPayCompletePage", "BexCompletePage") if request.page is Page.BANK else document

    assert walker(walker.Shop(spoil=spoil), "gpay").outcome is Outcome.UNEXPECTED_PAGE


def test_a_form_that_submits_itself_has_no_think_time(walker):
    walked = walker(walker.Shop(), "gpay")
    think_first = {request.page: request.think_first for request in walked.shop.requests}
    assert not think_first[Page.REDIRECTION]
    assert not think_first[Page.BANK]
    assert think_first[Page.GPAY_COMPLETE]
