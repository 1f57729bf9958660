"""Journeys through a shop in memory: which pages each one sees, and how it ends.

Longer than 300 lines: all kinds of journeys and all their failures are compared here.
"""

from __future__ import annotations

import pytest

from harness.measurement.outcomes import Outcome
from shop.contract import PAYMENT_OPTIONS, Page
from users.journeys.catalogue import JOURNEYS
from users.population.accounts import Account
from users.population.journey_spec import ShopperPolicy, SmsScript

ROAD = [
    Page.PRODUCT,
    Page.BASKET_ADD,
    Page.CHECKOUT,
    Page.INDEX,
    Page.DELIVERY_OPTION,
    Page.ADDRESS_ADD,
    Page.ADDRESS_SELECTION,
    Page.SHIPPING_OPTION,
    Page.PAYMENT_OPTION,
    Page.PAYMENT_OPTION,
]
END = [Page.THANK_YOU, Page.COMPLETED_ORDER]


def test_a_guest_walks_every_page_in_order_and_leaves_with_a_receipt(walker):
    walked = walker(walker.Shop(), "cash_register")
    assert walked.shop.pages == [Page.CSRF_TOKEN, *ROAD, Page.CASH_REGISTER, *END]
    assert walked.receipt.order_number == "ON1"
    assert walked.receipt.payment_option == "cash_register"
    assert walked.receipt.verification == ""
    assert walked.receipt.amount == walked.shop.in_basket * 1000 + 500


def test_a_guest_sends_their_own_address_and_phone_number(walker):
    walked = walker(walker.Shop(), "cash_register")
    form = walked.shop.posted(Page.INDEX)
    assert form["user_email"].endswith("@shoppers.example")
    assert len(form["phone_number"]) == 11
    assert form["phone_number"].isdigit()


def test_home_delivery_is_preferred_to_a_store(walker):
    chosen = {
        walker(walker.Shop(), seed=seed).shop.posted(Page.DELIVERY_OPTION)["delivery_option"] for seed in range(9)
    }
    assert chosen == {"7"}


def test_a_returning_customer_signs_in_and_sees_the_payment_page(walker):
    walked = walker(walker.Shop(remembers=True), "cash_register", "returning")
    assert walked.shop.pages == [
        Page.CSRF_TOKEN,
        Page.LOGIN,
        *ROAD[:3],
        Page.PAYMENT_OPTION,
        Page.PAYMENT_OPTION,
        Page.CASH_REGISTER,
        *END,
    ]


def test_a_returning_customer_completes_the_pages_that_the_shop_forgot(walker):
    walked = walker(walker.Shop(), "cash_register", "returning")
    assert walked.outcome is Outcome.OK
    assert Page.ADDRESS_ADD in walked.shop.pages
    assert Page.INDEX not in walked.shop.pages


@pytest.mark.parametrize("remembers", [False, True])
def test_a_first_time_customer_gives_address_and_delivery_whatever_the_shop_remembers(walker, remembers):
    walked = walker(walker.Shop(remembers=remembers), "cash_register", "first_time")
    assert walked.outcome is Outcome.OK
    posts = [request.page for request in walked.shop.requests if request.method == "POST"]
    assert posts[2:6] == [Page.DELIVERY_OPTION, Page.ADDRESS_ADD, Page.ADDRESS_SELECTION, Page.SHIPPING_OPTION]


def test_a_shopper_who_is_signed_in_does_not_sign_in_again(walker):
    walked = walker(walker.Shop(done={Page.INDEX}), "cash_register", "returning", signed_in=True)
    assert walked.outcome is Outcome.OK
    assert walked.shop.pages[0] is Page.PRODUCT


def test_a_sign_in_sets_signed_in(walker):
    assert walker(walker.Shop(), journey="returning").context.signed_in
    assert not walker(walker.Shop()).context.signed_in


def test_no_account_means_no_sign_in(walker):
    walked = walker(walker.Shop(), "cash_register")
    walked.context.account = None
    with pytest.raises(Exception, match="no_account"):
        next(JOURNEYS["returning"].steps(walked.context))


def test_abandoning_shoppers_leave_at_different_pages_and_never_buy(walker):
    left = set()
    for seed in range(60):
        walked = walker(walker.Shop(), journey="abandoning", seed=seed)
        assert walked.outcome is Outcome.ABANDONED
        assert walked.failure.page is walked.shop.pages[-1]
        assert not walked.shop.sold
        left.add(walked.failure.page)
    assert left == {Page.CHECKOUT, Page.INDEX, Page.DELIVERY_OPTION, *ROAD[6:9]}


@pytest.mark.parametrize("page", [Page.CHECKOUT, Page.ADDRESS_SELECTION, Page.DELIVERY_OPTION])
def test_the_payment_page_must_not_come_before_a_first_time_customers_delivery(walker, page):
    spoil = _on(page, _put("context_list", 0, "page_name", value=Page.PAYMENT_OPTION.value))
    walked = walker(walker.Shop(spoil=spoil), journey="first_time")
    assert walked.outcome is Outcome.UNEXPECTED_PAGE


@pytest.mark.parametrize("journey", ["returning", "first_time"])
@pytest.mark.parametrize(
    ("context", "outcome"),
    [
        ({"can_guest_purchase": True}, Outcome.SESSION_LOST),
        ({"can_guest_purchase": False}, Outcome.SESSION_LOST),
        ({"payment_options": []}, Outcome.UNEXPECTED_PAGE),
    ],
)
def test_a_shop_that_asks_a_customer_to_identify_has_lost_the_session(walker, journey, context, outcome):
    def spoil(request, document):
        if request.page is Page.CHECKOUT:
            document["context_list"] = [{"page_context": context, "page_name": "IndexPage"}]
        return document

    walked = walker(walker.Shop(spoil=spoil), journey=journey)
    assert (walked.outcome, walked.failure.page) == (outcome, Page.CHECKOUT)
    assert walked.shop.outcomes[-1] is outcome


@pytest.mark.parametrize("key", ["delivery_option", "shipping_option"])
@pytest.mark.parametrize(("page", "journey"), [(Page.CHECKOUT, "returning"), (Page.PAYMENT_OPTION, "guest")])
def test_a_payment_page_without_delivery_is_not_echoed(walker, page, journey, key):
    def spoil(request, document):
        if request.page is page:
            document["pre_order"][key] = None
        return document

    walked = walker(walker.Shop(remembers=journey == "returning", spoil=spoil), journey=journey)
    assert (walked.outcome, walked.failure.page) == (Outcome.NOT_ECHOED, page)
    assert walked.shop.outcomes[-1] is Outcome.NOT_ECHOED


def test_an_abandoning_shopper_leaves_even_if_the_shop_skips_the_chosen_page(walker):
    for seed in range(20):
        walked = walker(walker.Shop(page=Page.PAYMENT_OPTION, remembers=True), journey="abandoning", seed=seed)
        assert walked.outcome is Outcome.ABANDONED


@pytest.mark.parametrize("journey", ["guest", "returning", "first_time"])
@pytest.mark.parametrize("cumulative", [False, True])
@pytest.mark.parametrize("option", PAYMENT_OPTIONS)
def test_every_journey_buys_by_every_option_in_either_convention(walker, option, journey, cumulative):
    shop = walker.Shop(cumulative=cumulative, absolute=cumulative, no_errors=[] if cumulative else None)
    walked = walker(shop, option, journey, seed=7)
    assert walked.outcome is Outcome.OK, walked.failure
    assert walked.receipt.payment_option == option
    assert shop.sold == [option]


def test_the_same_spec_makes_the_same_requests(walker):
    first, second, other = (walker(walker.Shop(), seed=seed).shop.requests for seed in (3, 3, 4))
    assert first == second
    assert first != other


def test_an_option_can_be_chosen_by_its_pk(walker):
    walked = walker(walker.Shop(), "gpay", policy=ShopperPolicy(option_value="pk"))
    assert walked.outcome is Outcome.OK
    assert walked.shop.posted(Page.PAYMENT_OPTION) == {"payment_option": "107"}


def test_an_unavailable_option_is_blamed_on_the_shopper(walker):
    walked = walker(walker.Shop(unavailable=frozenset({"gpay"})), "gpay")
    assert (walked.outcome, walked.failure.page) == (Outcome.UNAVAILABLE, Page.PAYMENT_OPTION)


def test_all_options_unavailable_is_blamed_on_the_shopper(walker):
    walked = walker(walker.Shop(unavailable=frozenset(PAYMENT_OPTIONS)), "gpay")
    assert walked.outcome is Outcome.UNAVAILABLE


def test_an_unavailable_option_is_replaced_by_the_fallback(walker):
    shop = walker.Shop(unavailable=frozenset({"gpay"}))
    walked = walker(shop, "gpay", policy=ShopperPolicy(fallback="pay_later"))
    assert walked.receipt.payment_option == "pay_later"
    assert shop.sold == ["pay_later"]


def test_a_fallback_that_is_unavailable_too_ends_the_journey(walker):
    shop = walker.Shop(unavailable=frozenset({"gpay", "pay_later"}))
    assert walker(shop, "gpay", policy=ShopperPolicy(fallback="pay_later")).outcome is Outcome.UNAVAILABLE


def test_a_shop_that_refuses_guests_is_not_offered(walker):
    def spoil(request, document):
        if request.page is Page.CHECKOUT:
            document["context_list"][0]["page_context"]["can_guest_purchase"] = False
        return document

    failure = walker(walker.Shop(spoil=spoil)).failure
    assert (failure.outcome, failure.page) == (Outcome.NOT_OFFERED, Page.CHECKOUT)
    assert "guests" in failure.shop_message


def test_a_repeated_order_number_is_a_double_order(walker):
    walked = walker(walker.Shop(), order_is_new=lambda number: number != "ON1")
    assert (walked.outcome, walked.failure.page) == (Outcome.DOUBLE_ORDER, Page.THANK_YOU)
    assert walked.shop.outcomes[-1] is Outcome.DOUBLE_ORDER, "it is the page that is booked as failed"


def _on(page, change):
    def spoil(request, document):
        return change(document) if request.page is page else document

    return spoil


def _put(*keys, value):
    def change(document):
        inner = document
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value
        return document

    return change


@pytest.mark.parametrize(
    ("page", "change", "outcome"),
    [
        (Page.PRODUCT, lambda _: 500, Outcome.HTTP_5XX),
        (Page.PRODUCT, lambda _: {}, Outcome.ENVELOPE),
        (Page.PRODUCT, lambda _: {"product": {"pk": 1, "price": "free"}}, Outcome.AMOUNT_MISMATCH),
        (Page.BASKET_ADD, lambda _: {"basket": {"total_amount": "0.01", "total_quantity": 1}}, Outcome.AMOUNT_MISMATCH),
        (Page.BASKET_ADD, lambda _: {"basket": {}}, Outcome.AMOUNT_MISMATCH),
        (Page.BIN_NUMBER, _put("pre_order", "payment_option", value=None), Outcome.NOT_ECHOED),
        (Page.CHECKOUT, _put("context_list", 0, "page_name", value=Page.PAYMENT_OPTION.value), Outcome.UNEXPECTED_PAGE),
        (
            Page.ADDRESS_SELECTION,
            _put("context_list", 0, "page_name", value=Page.PAYMENT_OPTION.value),
            Outcome.UNEXPECTED_PAGE,
        ),
        (Page.ADDRESS_ADD, lambda _: {}, Outcome.ENVELOPE),
        (Page.CHECKOUT, _put("template_name", value="orders/index.html"), Outcome.SESSION_LOST),
        (Page.CHECKOUT, _put("redirect_url", value="/baskets/basket/"), Outcome.BASKET_LOST),
        (Page.DELIVERY_OPTION, _put("pre_order", "delivery_option", value={"pk": 99}), Outcome.NOT_ECHOED),
        (Page.SHIPPING_OPTION, _put("pre_order", "total_amount", value="1.00"), Outcome.AMOUNT_MISMATCH),
        (Page.SHIPPING_OPTION, _put("context_list", 0, "page_name", value="IndexPage"), Outcome.UNEXPECTED_PAGE),
        (Page.PAYMENT_OPTION, _put("context_list", 0, "page_context", value={}), Outcome.ENVELOPE),
        (Page.BIN_NUMBER, _put("context_list", 0, "page_context", value={}), Outcome.ENVELOPE),
        (Page.BIN_NUMBER, _put("context_list", 0, "page_context", "installments", value=[]), Outcome.ENVELOPE),
        (Page.INSTALLMENT, _put("pre_order", "installment", value=None), Outcome.NOT_ECHOED),
        (Page.INSTALLMENT, _put("pre_order", "total_amount", value="0.10"), Outcome.AMOUNT_MISMATCH),
        (Page.CARD_CONFIRMATION, _put("errors", value={"card_number": ["no"]}), Outcome.BUSINESS_ERROR),
        (Page.CARD_CONFIRMATION, lambda _: b"<html>", Outcome.NOT_JSON),
        (Page.CARD_CONFIRMATION, _put("pre_order", "payment_option", value=None), Outcome.NOT_ECHOED),
        (Page.THANK_YOU, _put("context_list", 0, "page_context", "order_number", value=None), Outcome.ENVELOPE),
        (Page.THANK_YOU, _put("context_list", 0, "page_context", "order_number", value=""), Outcome.ENVELOPE),
        (
            Page.THANK_YOU,
            _put("context_list", 0, "page_context", value={"order_number": "ON1", "redirect_url": "http://[bad"}),
            Outcome.ENVELOPE,
        ),
        (
            Page.THANK_YOU,
            _put("pre_order", value={"total_amount": "1.00", "payment_option": {"slug": "credit_card"}}),
            Outcome.AMOUNT_MISMATCH,
        ),
        (Page.THANK_YOU, _put("pre_order", value={"payment_option": {"slug": "gpay"}}), Outcome.NOT_ECHOED),
        (Page.THANK_YOU, _put("context_list", 0, "page_name", value="IndexPage"), Outcome.UNEXPECTED_PAGE),
        (Page.COMPLETED_ORDER, _put("order", "amount", value="1.00"), Outcome.AMOUNT_MISMATCH),
        (Page.COMPLETED_ORDER, _put("order", "amount", value="free"), Outcome.AMOUNT_MISMATCH),
        (Page.COMPLETED_ORDER, _put("order", "number", value="ON2"), Outcome.NOT_ECHOED),
        (Page.COMPLETED_ORDER, lambda _: {"order": []}, Outcome.ENVELOPE),
        (Page.COMPLETED_ORDER, lambda _: {"order": {"number": None, "amount": "1.00"}}, Outcome.ENVELOPE),
    ],
)
def test_each_wrong_response_ends_the_journey_with_its_own_outcome(walker, page, change, outcome):
    walked = walker(walker.Shop(spoil=_on(page, change)))
    assert (walked.outcome, walked.failure.page) == (outcome, page)
    assert walked.receipt is None


@pytest.mark.parametrize(
    "change",
    [
        lambda _: {"detail": "code sent"},
        lambda _: {"errors": {"email": ["unknown"]}},
        lambda _: {"key": "k", "non_field_errors": ["locked"]},
        lambda _: 400,
        lambda _: 401,
        lambda _: 403,
    ],
)
def test_a_refused_sign_in_has_its_own_outcome(walker, change):
    walked = walker(walker.Shop(spoil=_on(Page.LOGIN, change)), journey="returning")
    assert (walked.outcome, walked.failure.page) == (Outcome.SIGN_IN_REFUSED, Page.LOGIN)
    assert not walked.context.signed_in


def test_leftovers_in_an_accounts_basket_may_raise_its_total(walker):
    shop = walker.Shop(in_basket=2)
    walked = walker(shop, "cash_register", "returning")
    assert walked.receipt.amount == shop.in_basket * 1000 + 500
    assert shop.in_basket > 2


@pytest.mark.parametrize("reply", [{"result": "added"}, {"basket": []}])
def test_a_shop_that_does_not_show_the_basket_when_adding_to_it_is_asked_for_it(walker, reply):
    shop = walker.Shop(spoil=_on(Page.BASKET_ADD, lambda _: reply))
    walked = walker(shop, "cash_register")
    assert walked.receipt.amount == shop.in_basket * 1000 + 500
    assert shop.pages.count(Page.BASKET) == 1


def test_a_shop_that_never_shows_the_basket_is_a_wrong_envelope(walker):
    def spoil(request, document):
        return {"result": "added"} if request.page in (Page.BASKET_ADD, Page.BASKET) else document

    walked = walker(walker.Shop(spoil=spoil), "cash_register")
    assert (walked.outcome, walked.failure.page) == (Outcome.ENVELOPE, Page.BASKET)


def test_a_shop_whose_products_have_no_price_is_held_to_its_basket(walker):
    shop = walker.Shop(spoil=_on(Page.PRODUCT, lambda _: {"product": {"pk": 1}}))
    walked = walker(shop, "cash_register")
    assert walked.receipt.amount == shop.in_basket * 1000 + 500


def test_a_guests_basket_must_cost_exactly_what_was_added(walker):
    walked = walker(walker.Shop(in_basket=2), "cash_register")
    assert (walked.outcome, walked.failure.page) == (Outcome.AMOUNT_MISMATCH, Page.BASKET_ADD)


@pytest.mark.parametrize(
    ("off", "stopped_on"),
    [
        ("1.00", Page.CHECKOUT),  # the basket is in order; the checkout, which does not take it off, is not
        ("0.99", Page.BASKET_ADD),
        ("-1.00", Page.BASKET_ADD),
        ("free", Page.BASKET_ADD),
        (None, Page.BASKET_ADD),
    ],
)
def test_a_basket_total_may_be_lower_by_the_discount_it_names(walker, off, stopped_on):
    def spoil(request, document):
        if request.page is Page.BASKET_ADD:
            basket = document["basket"]
            basket |= {"total_amount": f"{float(basket['total_amount']) - 1:.2f}", "total_discount_amount": off}
        return document

    walked = walker(walker.Shop(spoil=spoil), "cash_register")
    assert (walked.outcome, walked.failure.page) == (Outcome.AMOUNT_MISMATCH, stopped_on)


def test_a_page_shown_again_and_again_fails_the_journey(walker):
    def spoil(request, document):
        if request.page in (Page.DELIVERY_OPTION, Page.SHIPPING_OPTION):
            document["context_list"][0]["page_name"] = Page.DELIVERY_OPTION.value
        return document

    walked = walker(walker.Shop(spoil=spoil))
    assert walked.outcome is Outcome.UNEXPECTED_PAGE


def test_no_failure_message_quotes_an_account_or_a_response(walker):
    account = Account("ada@shoppers.example", "Secret-Word-1")
    shop = walker.Shop(spoil=_on(Page.LOGIN, lambda _: {"errors": "Secret-Word-1 is wrong"}))
    walked = walker(shop, journey="returning", account=account)
    assert "Secret" not in str(walked.failure)
    assert "Secret" not in repr(account)
    assert "4111" not in repr(walked.context.identity)


def test_every_journey_ends_in_the_sms_path_where_the_shop_asks_for_it(walker):
    for option in PAYMENT_OPTIONS:
        walked = walker(walker.Shop(sms=True), option, sms=SmsScript.WRONG)
        assert walked.receipt.verification == "wrong", option


@pytest.mark.parametrize(("path", "requests"), [("/token/", [Page.CSRF_TOKEN]), ("", [])])
def test_the_token_comes_from_the_page_of_the_scenario(walker, path, requests):
    walked = walker(walker.Shop(), "cash_register", policy=ShopperPolicy(csrf_path=path))
    assert walked.shop.pages[: len(requests) + 1] == [*requests, Page.PRODUCT]
    assert [one.path for one in walked.shop.requests if one.page is Page.CSRF_TOKEN] == [path] * len(requests)
