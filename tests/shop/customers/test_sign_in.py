"""CSRF tokens, sign-in, sign-out and the profile."""

from __future__ import annotations

import pytest

from shop.contract import RETURN_PAGES
from shop.customers.accounts import Account


def test_the_csrf_token_comes_with_a_cookie_and_a_session(browse):
    client = browse().open()
    assert client.cookies["csrftoken"] == client.token
    assert client.cookies["osessionid"].isalnum()


PATHS_WITH_TOKEN = [
    "/baskets/basket/",
    "/address/",
    "/users/logout",
    "/orders/checkout/?page=PaymentOptionSelectionPage",
    "/orders/checkout/?page=VerifySmsPage",
]


SPOILT = {
    "no header": lambda client: setattr(client, "token", ""),
    "no cookie": lambda client: client.cookies.pop("csrftoken"),
    "not the same": lambda client: client.cookies.update(csrftoken="0" * 32),
    "not ours": lambda client: (client.cookies.update(csrftoken="0" * 32), setattr(client, "token", "0" * 32)),
}


@pytest.mark.parametrize("csrf", ["echo", "strict"])
@pytest.mark.parametrize("spoil", SPOILT)
@pytest.mark.parametrize("path", PATHS_WITH_TOKEN)
def test_a_post_without_a_valid_token_is_forbidden(browse, csrf, spoil, path):
    client = browse(csrf=csrf).to_payment()
    SPOILT[spoil](client)
    # Who carries no token's cookie is no browser, and has nothing to echo; who echoes a cookie has done what is asked.
    forbidden = csrf == "strict" or spoil in {"no header", "not the same"}
    assert (client.send("POST", path, form={}).status == 403) is forbidden


@pytest.mark.parametrize("csrf", ["echo", "strict"])
def test_signing_in_needs_no_token_and_changes_it(browse, csrf):
    client = browse(csrf=csrf).open()
    before, client.token = client.token, ""
    assert client.sign_in().status == 200
    assert client.token not in ("", before)
    assert client.token == client.cookies["csrftoken"]
    client.fill_basket()
    client.token = before
    assert client.send("POST", "/baskets/basket/", json={"product": 1, "quantity": 1}).status == 403


@pytest.mark.parametrize("csrf", ["echo", "strict"])
def test_signing_out_like_the_storefront_ends_the_session(browse, csrf):
    """It posts without a token, reads one out of the form that is shown, and sends it as cookie and field."""
    client = browse(csrf=csrf).open()
    client.sign_in()
    session = client.cookies["osessionid"]
    client.cookies, client.token = {"osessionid": session}, ""
    html = client.send("POST", "/users/logout", ajax=False).html or ""
    token = html.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    client.cookies, client.token = {"osessionid": session, "csrftoken": token}, ""
    assert client.send("POST", "/users/logout", form={"csrfmiddlewaretoken": token}, ajax=False).status == 200
    client.cookies = {"osessionid": session}
    assert client.send("GET", "/current_user/").status == 401


@pytest.mark.parametrize("page", sorted(RETURN_PAGES))
def test_a_post_from_a_bank_needs_no_token(browse, page):
    assert browse().to_payment().send("POST", f"/orders/checkout/?page={page}", form={}, csrf=False).status == 200


def test_a_strict_shop_refuses_tokens_of_another_shop(browse):
    client, other = browse(seed=1, csrf="strict").open(), browse(seed=2).open()
    client.token = client.cookies["csrftoken"] = other.token
    assert client.send("POST", "/baskets/basket/", json={"product": 1, "quantity": 1}).status == 403


def test_signing_in_rotates_the_session_and_keeps_the_basket(browse):
    client = browse().open().fill_basket()
    before = client.cookies["osessionid"]
    reply = client.sign_in()
    assert reply.document["key"]
    assert client.cookies["osessionid"] != before
    assert client.send("GET", "/baskets/basket/").document["basket"]["total_quantity"] == 2
    assert client.send("GET", "/current_user/").document["email"] == "ada@shop.test"
    client.cookies["osessionid"] = before
    assert client.get()["template_name"] == "orders/index.html"


def test_the_first_password_of_a_test_address_counts(browse):
    client = browse().open()
    assert client.sign_in().status == 200
    reply = client.sign_in(password="other")
    assert (reply.status, list(reply.document)) == (400, ["non_field_errors"])
    assert "other" not in str(reply.document)


def test_a_real_domain_gets_no_account(browse):
    for email in ("ada@shop.com", "ada@mytest", "ada@example.com.evil.org"):
        assert browse().open().sign_in(email=email).status == 400
    for email in ("ada@a.test", "ada@example.com", "ada@b.example", "ada@mail.example.org"):
        assert browse().open().sign_in(email=email).status == 200


def test_too_many_wrong_passwords_lock_the_account_for_a_while(browse, clock):
    client = browse(sign_in={"tries": 2, "locked_for": 60}).open()
    client.sign_in()
    assert [client.sign_in(password="wrong").status for _ in range(2)] == [400, 400]
    reply = client.sign_in()
    assert (reply.status, reply.retry_after) == (429, 60)
    clock.advance(60)
    assert client.sign_in().status == 200


@pytest.mark.parametrize(
    ("wants", "status", "check"),
    [
        ("one_time_code", 202, lambda document: "key" not in document),
        ("captcha", 200, lambda document: "captcha" in document["redirect_url"] and "key" not in document),
    ],
)
def test_a_shop_can_require_more_than_a_password(browse, wants, status, check):
    client = browse(sign_in={"wants": wants}).open()
    reply = client.sign_in()
    assert reply.status == status
    assert check(reply.document)
    assert client.send("GET", "/current_user/").status == 401


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"password": "x"}, "email"),
        ({"email": "a@b.test"}, "password"),
        ({"email": "a@b.test", "password": "x", "otp": "1"}, "otp"),
        ({"email": "a@b.test", "password": "x", "formType": "register"}, "formType"),
        ({"email": "a@b.test", "password": 7}, "password"),
    ],
)
def test_sign_in_errors_name_the_field(browse, document, field):
    reply = browse().open().send("POST", "/users/login/", json=document)
    assert (reply.status, list(reply.document)) == (400, [field])


def test_accounts_of_the_file_keep_their_names(browse, make_shop):
    shop = make_shop(accounts=[Account(1, "eve@shop.test", "right", "Eve", "Moss", "05111111111")])
    client = browse(shop).open()
    assert client.sign_in("eve@shop.test", "wrong").status == 400
    assert client.sign_in("EVE@shop.test", "right").status == 200
    shown = client.send("GET", "/current_user/").document
    assert {name: shown[name] for name in ("pk", "first_name", "last_name", "email", "phone")} == {
        "pk": 1,
        "first_name": "Eve",
        "last_name": "Moss",
        "email": "eve@shop.test",
        "phone": "05111111111",
    }


def test_another_customer_does_not_inherit_a_basket_or_an_order(browse):
    client = browse().open()
    client.sign_in("ada@shop.test")
    client.fill_basket()
    client.sign_in("eve@shop.test")
    assert client.send("GET", "/baskets/basket/").document["basket"]["total_quantity"] == 0


def test_sign_in_resets_the_choices_and_orders_of_a_guest(browse):
    client = browse().to_payment()
    client.choose("cash_register")
    client.post("CashRegisterPage", agreement="1")
    client.fill_basket()
    client.post("DeliveryOptionSelectionPage", delivery_option="1")
    client.post("AddressSelectionPage", shipping_address="1", billing_address="1")
    client.sign_in()
    reply = client.get()
    assert client.shown(reply) == "DeliveryOptionSelectionPage"
    assert reply["pre_order"]["shipping_address"] is None
    assert reply["pre_order"]["is_guest"] is False
    other = browse(client.shop).to_payment()
    other.choose("cash_register")
    other.post("CashRegisterPage", agreement="1")
    other.sign_in()
    assert other.get("ThankYouPage")["redirect_url"] == "/baskets/basket/"


def test_the_right_password_resets_the_count_of_wrong_ones(browse):
    client = browse(sign_in={"tries": 2}).open()
    statuses = [client.sign_in(password=password).status for password in ("a", "b", "a", "b", "a")]
    assert statuses == [200, 400, 200, 400, 200]


def test_signing_out_ends_the_session(browse):
    client = browse().open().fill_basket()
    client.sign_in()
    session = client.cookies["osessionid"]
    assert client.send("POST", "/users/logout").status == 200
    client.cookies["osessionid"] = session
    assert client.send("GET", "/current_user/").status == 401
    assert client.get()["template_name"] == "orders/index.html"


def test_a_customer_reads_and_changes_the_profile(browse):
    client = browse().open()
    assert client.send("GET", "/users/profile/").status == 401
    client.sign_in()
    given = {"first_name": "Ada", "phone": "05000000009", "gender": "male", "sms_allowed": True}
    assert client.send("PATCH", "/users/profile/", json=given).status == 200
    kept = client.send("GET", "/users/profile/").document
    assert {name: kept[name] for name in given} == given
    assert client.send("GET", "/current_user/").document["first_name"] == "Ada"
    wrong = client.send("PATCH", "/users/profile/", json={"gender": "none", "sms_allowed": "yes", "otp": 1})
    assert (wrong.status, set(wrong.document)) == (400, {"gender", "sms_allowed", "otp"})
