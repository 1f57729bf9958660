from __future__ import annotations

import pytest

from shop.customers.accounts import Accounts, AccountsFileError, read_accounts
from shop.customers.address_book import default_saved_choices

HEADER = "email,password,first_name,last_name,phone,saved_choices\n"


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "accounts.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_customer_with_saved_choices_opens_on_the_payment_page(write, browse, make_shop):
    path = write(HEADER + 'eve@a.com,"pass,word",Eve,Moss,05111111111,1\nfay@a.com,other,Fay,Hill,,0\n\n')
    shop = make_shop(accounts=read_accounts(path, default_saved_choices))
    eve = browse(shop).open()
    assert eve.sign_in("eve@a.com", "pass,word").status == 200
    eve.fill_basket()
    reply = eve.get()
    assert eve.shown(reply) == "PaymentOptionSelectionPage"
    assert reply["pre_order"]["user_phone_number"] == "05111111111"
    fay = browse(shop).open()
    assert fay.sign_in("fay@a.com", "other").status == 200
    assert fay.shown(fay.fill_basket().get()) == "DeliveryOptionSelectionPage"


def test_all_problems_of_a_file_are_reported_by_line_without_its_cells(write):
    path = write(
        HEADER + "nobody,Secret1,,,,1\n"
        "a@b.test,Secret1,,,,1\n"
        "A@b.test,Secret1,,,,1\n"
        "c@b.test,,,,,1\n"
        "d@b.test,Secret1,,,,yes\n"
        "Secret1,e@b.test\n"
    )
    with pytest.raises(AccountsFileError) as caught:
        read_accounts(path, default_saved_choices)
    lines = str(caught.value).splitlines()
    assert [line.partition("line ")[2].partition(":")[0] for line in lines] == ["2", "4", "5", "6", "7"]
    assert "Secret1" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "email,password\n", "a@b.test,Secret1,,,,1\n"])
def test_a_file_without_its_header_is_refused(write, text):
    with pytest.raises(AccountsFileError, match="the first line must be email,password"):
        read_accounts(write(text), default_saved_choices)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(AccountsFileError, match="No such file"):
        read_accounts(tmp_path / "none.csv", default_saved_choices)


def test_the_number_of_generated_accounts_is_limited(monkeypatch):
    monkeypatch.setattr("shop.customers.accounts._MOST_MADE_UP", 2)
    accounts = Accounts()

    def sign_in(email):
        return accounts.sign_in(email, "x", 0.0, tries=9, locked_for=9)

    first = sign_in("a@a.test")
    sign_in("b@a.test")
    assert sign_in("a@a.test") is first
    sign_in("c@a.test")
    assert sign_in("a@a.test") is first
    assert sign_in("b@a.test").pk > 3
