"""Each order that a journey has placed is listed, also if the journey fails after it, or never sees its number."""

import pytest

from harness.measurement.outcomes import Outcome
from shop.contract import Page
from users.placed_orders import placed_order
from users.population.accounts import Account, AccountPool

MOMENT = 1_796_032_800.0  # 2026-11-30T10:00:00Z


def listed(walked):
    trail = list(zip(map(str, walked.shop.pages), map(str, walked.shop.outcomes), strict=True))
    return placed_order(walked.context, trail, MOMENT)


def spoiling(page, change):
    return lambda request, document: change(document) if request.page is page else document


def test_an_order_has_number_option_amount_account_and_time(walker):
    walked = walker(walker.Shop(), "funds_transfer")
    order = listed(walked)
    assert order == ("ON1", "funds_transfer", "15.00", "", walked.context.identity.email, "2026-11-30T10:00:00Z")


@pytest.mark.parametrize(("shown", "written"), [({"value": "try", "label": "TL"}, "try"), ("EUR", "EUR"), (7, "")])
def test_the_currency_is_that_of_the_completed_order(walker, shown, written):
    def change(document):
        document["order"]["currency"] = shown
        return document

    assert listed(walker(walker.Shop(spoil=spoiling(Page.COMPLETED_ORDER, change)))).currency == written


def test_a_journey_that_leaves_before_it_pays_places_nothing(walker):
    assert listed(walker(walker.Shop(), journey="abandoning")) is None


@pytest.mark.parametrize("status", [400, 403, 429])
def test_a_refused_post_places_nothing(walker, status):
    walked = walker(walker.Shop(spoil=spoiling(Page.FUNDS_TRANSFER, lambda _: status)), "funds_transfer")
    assert walked.failure is not None
    assert listed(walked) is None


@pytest.mark.parametrize(
    ("page", "answer", "number"),
    [
        (Page.FUNDS_TRANSFER, 500, ""),  # the shop may have sold
        (Page.FUNDS_TRANSFER, 0, ""),
        (Page.FUNDS_TRANSFER, "no json", ""),
        (Page.THANK_YOU, 500, ""),  # the shop has sold
        (Page.THANK_YOU, 404, ""),
        (Page.COMPLETED_ORDER, 500, "ON1"),
    ],
)
def test_an_order_without_its_number_or_receipt_is_listed(walker, page, answer, number):
    walked = walker(walker.Shop(spoil=spoiling(page, lambda _: answer)), "funds_transfer")
    assert walked.failure is not None
    order = listed(walked)
    assert (order.number, order.amount) == (number, "15.00")


def test_an_order_with_another_price_is_listed_with_the_price_that_was_shown(walker):
    def dearer(document):
        document["order"]["amount"] = "99.00"
        return document

    walked = walker(walker.Shop(spoil=spoiling(Page.COMPLETED_ORDER, dearer)))
    assert walked.outcome is Outcome.AMOUNT_MISMATCH
    assert listed(walked)[:3] == ("ON1", "credit_card", "15.00")


def test_a_number_that_was_used_before_is_listed_again(walker):
    walked = walker(walker.Shop(), order_is_new=lambda _: False)
    assert walked.outcome is Outcome.DOUBLE_ORDER
    assert listed(walked).number == "ON1"


def test_an_account_of_a_file_is_named_by_its_line(tmp_path):
    path = tmp_path / "accounts.csv"
    AccountPool([Account("real.person@mail.example", "secret-word", "Ada", "Real", "05551112233")]).write_csv(path)
    (account,) = AccountPool.read_csv(path).accounts
    assert account.public_name == "line 2 of the accounts file"
    assert AccountPool.generate(1, 0, 1).accounts[0].public_name == "account.1.0@shoppers.example"
