"""SMS codes: every script, and every way in which the shop may fail it."""

from __future__ import annotations

import pytest

from harness.measurement.outcomes import Outcome
from shop.contract import Page
from users.population.accounts import Account
from users.population.journey_spec import ShopperPolicy, SmsScript

OPTION = "pay_on_delivery"


def path(walked):
    """The requests from the first form for a code on."""
    pages = walked.shop.pages
    start = pages.index(Page.DELIVERY_PAYMENT_CHOICE) + 1
    return [
        request
        for request in walked.shop.requests[start:]
        if request.page not in (Page.THANK_YOU, Page.COMPLETED_ORDER)
    ]


def steps(walked):
    return [request.page for request in path(walked)]


def typed(walked):
    return [request.form["verify_code"] for request in path(walked) if request.page is Page.VERIFY_SMS]


def booked(walked, page=Page.VERIFY_SMS):
    pairs = zip(walked.shop.pages, walked.shop.outcomes, strict=True)
    return [outcome for visited, outcome in pairs if visited is page]


def test_the_code_of_the_inbox_is_typed(walker):
    walked = walker(walker.Shop(sms=True), OPTION)
    assert steps(walked) == [Page.SMS_INBOX, Page.VERIFY_SMS]
    assert typed(walked) == ["123456"]
    assert walked.receipt.verification == "right"
    inbox = path(walked)[0]
    assert inbox.path == f"/_sms/{walked.shop.posted(Page.INDEX)['phone_number']}/"
    assert not inbox.think_first


def test_a_code_known_beforehand_needs_no_inbox(walker):
    shop = walker.Shop(sms=True)
    walked = walker(shop, OPTION, policy=ShopperPolicy(sms_code="123456"))
    assert steps(walked) == [Page.VERIFY_SMS]
    assert walked.outcome is Outcome.OK


def test_a_wrong_code_is_recorded_and_the_right_one_follows(walker):
    walked = walker(walker.Shop(sms=True), OPTION, sms=SmsScript.WRONG)
    assert typed(walked) == ["234567", "123456"]
    assert booked(walked) == [Outcome.WRONG_CODE, Outcome.OK]
    assert walked.receipt.verification == "wrong"


def test_a_resent_code_is_the_one_typed(walker):
    walked = walker(walker.Shop(sms=True), OPTION, sms=SmsScript.RESEND)
    assert steps(walked) == [Page.SMS_INBOX, Page.SEND_SMS, Page.SMS_INBOX, Page.VERIFY_SMS]
    assert typed(walked) == ["123457"]
    assert walked.receipt.verification == "resend"


def test_an_expired_code_is_refused_and_another_is_requested(walker):
    walked = walker(walker.Shop(sms=True, seconds_left=39), OPTION, sms=SmsScript.LATE)
    assert steps(walked) == [Page.SMS_INBOX, Page.VERIFY_SMS, Page.SEND_SMS, Page.SMS_INBOX, Page.VERIFY_SMS]
    assert typed(walked) == ["123456", "123457"]
    assert booked(walked) == [Outcome.CODE_EXPIRED, Outcome.OK]
    assert path(walked)[1].extra_wait == 40.0
    assert walked.receipt.verification == "late"


@pytest.mark.parametrize("seconds_left", [90, 10**400, -1, None, True, "39"])
def test_a_code_with_unknown_or_long_expiry_is_typed_in_time(walker, seconds_left):
    shop = walker.Shop(sms=True, seconds_left=60)

    def spoil(request, document):
        if request.page is Page.DELIVERY_PAYMENT_CHOICE:
            text = {10**400: 2**60}.get(seconds_left, seconds_left)
            document["context_list"][-1]["page_context"]["seconds_left"] = text
        return document

    shop.spoil = spoil
    walked = walker(shop, OPTION, sms=SmsScript.LATE)
    assert booked(walked) == [Outcome.OK]
    assert walked.receipt.verification == "right"


def test_how_long_a_late_shopper_waits_is_limited_by_the_policy(walker):
    walked = walker(
        walker.Shop(sms=True, seconds_left=9), OPTION, sms=SmsScript.LATE, policy=ShopperPolicy(sms_longest_wait=9.5)
    )
    assert walked.receipt.verification == "right"


@pytest.mark.parametrize("lock_after", [1, 3, 10])
def test_wrong_codes_lock_the_shopper_out(walker, lock_after):
    walked = walker(walker.Shop(sms=True, lock_after=lock_after), OPTION, sms=SmsScript.LOCKED)
    assert (walked.outcome, walked.failure.page) == (Outcome.CODE_LOCKED, Page.VERIFY_SMS)
    assert booked(walked) == [Outcome.WRONG_CODE] * lock_after


def test_a_shop_that_never_locks_ends_after_ten_tries(walker):
    walked = walker(walker.Shop(sms=True, lock_after=99), OPTION, sms=SmsScript.LOCKED)
    assert walked.outcome is Outcome.WRONG_CODE
    assert len(booked(walked)) == 10


@pytest.mark.parametrize(("script", "page"), [(SmsScript.WRONG, 0), (SmsScript.LATE, 0), (SmsScript.LOCKED, 0)])
def test_a_shop_that_takes_any_code_is_at_fault(walker, script, page):
    def spoil(request, document):
        if request.page is Page.VERIFY_SMS:
            document["errors"] = None
            document["context_list"][-1]["page_name"] = "ThankYouPage"
        return document

    walked = walker(walker.Shop(sms=True, spoil=spoil), OPTION, sms=script)
    assert (walked.outcome, walked.failure.page) == (Outcome.UNEXPECTED_PAGE, Page.VERIFY_SMS)


def test_a_right_code_that_is_refused_is_the_shops_fault(walker):
    def spoil(request, document):
        if request.page is Page.VERIFY_SMS:
            document["errors"] = {"verify_code": ["wrong"]}
        return document

    walked = walker(walker.Shop(sms=True, spoil=spoil), OPTION)
    assert (walked.outcome, walked.failure.page) == (Outcome.BUSINESS_ERROR, Page.VERIFY_SMS)


@pytest.mark.parametrize("script", [SmsScript.WRONG, SmsScript.LATE, SmsScript.LOCKED])
@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        (lambda document: document["context_list"][-1].update(page_name="IndexPage"), Outcome.UNEXPECTED_PAGE),
        (lambda document: document["pre_order"].update(total_amount="0.01"), Outcome.AMOUNT_MISMATCH),
        (lambda document: document["pre_order"].update(payment_option=None), Outcome.NOT_ECHOED),
    ],
)
def test_a_refused_code_changes_neither_page_nor_order(walker, script, change, outcome):
    def spoil(request, document):
        if request.page is Page.VERIFY_SMS and document["errors"]:
            change(document)
        return document

    walked = walker(walker.Shop(sms=True, spoil=spoil), OPTION, sms=script)
    assert (walked.outcome, walked.failure.page) == (outcome, Page.VERIFY_SMS)


def test_the_sms_inbox_is_polled_until_patience_ends(walker):
    walked = walker(walker.Shop(sms=True, inbox_empty_for=3), OPTION)
    assert steps(walked) == [Page.SMS_INBOX] * 4 + [Page.VERIFY_SMS]
    assert [request.extra_wait for request in path(walked)[:4]] == [0.0, 0.2, 0.2, 0.2]


@pytest.mark.parametrize(("patience", "poll", "polls"), [(5.0, 0.2, 26), (1.0, 0.5, 3), (0.0, 0.2, 1), (0.05, 0.0, 6)])
def test_an_sms_that_never_comes_is_lost(walker, patience, poll, polls):
    policy = ShopperPolicy(sms_patience=patience, sms_poll=poll)
    walked = walker(walker.Shop(sms=True, inbox_empty_for=10**6), OPTION, policy=policy)
    assert (walked.outcome, walked.failure.page) == (Outcome.SMS_LOST, Page.VERIFY_SMS)
    assert steps(walked) == [Page.SMS_INBOX] * polls


def test_a_resent_sms_that_never_comes_is_lost_too(walker):
    shop = walker.Shop(sms=True)
    shop.spoil = lambda request, document: (
        {"messages": document["messages"][:1]} if request.page is Page.SMS_INBOX else document
    )
    assert walker(shop, OPTION, sms=SmsScript.RESEND).outcome is Outcome.SMS_LOST


@pytest.mark.parametrize("messages", ["x", [5], [{}], [{"code": 5}], [{"code": ""}]])
def test_a_malformed_inbox_has_no_code(walker, messages):
    def spoil(request, document):
        return {"messages": messages} if request.page is Page.SMS_INBOX else document

    assert walker(walker.Shop(sms=True, spoil=spoil), OPTION).outcome is Outcome.SMS_LOST


def test_an_accounts_next_journey_does_not_take_the_old_code_for_a_new_one(walker):
    account = Account("ada@shoppers.example", "pw", phone="06000000001")
    assert walker(walker.Shop(sms=True), OPTION, "returning", account=account).outcome is Outcome.OK
    # The second SMS is under way; until it is there, the inbox shows the first one.
    shop = walker.Shop(sms=True, codes=["123456"])
    shop.spoil = lambda request, document: (
        {"messages": document["messages"][: 1 if shop.polls < 3 else None]}
        if request.page is Page.SMS_INBOX
        else document
    )
    walked = walker(shop, OPTION, "returning", account=account)
    assert walked.outcome is Outcome.OK
    assert typed(walked) == ["123457"]
    assert path(walked)[0].path == "/_sms/06000000001/"


@pytest.mark.parametrize("known", ["", "06000000001"])
@pytest.mark.parametrize("known_number", ["05550000000", None, "", 5])
def test_a_customers_code_is_read_where_the_shop_says_it_sent_it(walker, known, known_number):
    account = Account("ada@shoppers.example", "pw", phone=known)
    shop = walker.Shop(sms=True, pre_order={"user_phone_number": known_number})
    walked = walker(shop, OPTION, "first_time", account=account)
    own = known or walked.context.identity.phone
    assert path(walked)[0].path == f"/_sms/{known_number or own}/".replace("/5/", f"/{own}/")
    assert next(request.json for request in shop.requests if request.page is Page.ADDRESS_ADD)["phone_number"] == own


@pytest.mark.parametrize("code", ["", "abc", "999999", "12-34"])
def test_a_wrong_code_differs_from_the_right_one(walker, code):
    policy = ShopperPolicy(sms_code=code)
    walked = walker(walker.Shop(sms=True, codes=[]), OPTION, sms=SmsScript.LOCKED, policy=policy)
    assert all(wrong != code for wrong in typed(walked))
    assert len(set(typed(walked))) == 1
