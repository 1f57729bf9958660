from __future__ import annotations

import pytest

from shop.contract import PATHS, RETURN_PAGES, Page
from shop.customers.accounts import Account
from shop.http_messages import Request
from shop.routes import Route


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


def test_a_product_and_the_basket_agree_on_its_price(browse):
    client = browse().open()
    price = client.send("GET", "/product/7/").document["product"]["price"]
    client.fill_basket(product="7", quantity=3)
    basket = client.fill_basket(product=7, quantity=1).send("GET", "/baskets/basket/").document["basket"]
    (item,) = basket["basketitem_set"]
    assert (item["quantity"], item["unit_price"]) == (4, price)
    assert round(float(basket["total_amount"]) * 100) == 4 * round(float(price) * 100)


def test_there_are_at_least_twenty_products(browse):
    client = browse()
    assert {client.send("GET", f"/product/{pk}/").status for pk in range(1, 21)} == {200}
    assert client.send("GET", "/product/999/").status == 404


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"product": 999, "quantity": 1}, "product"),
        ({"product": True, "quantity": 1}, "product"),
        ({"product": 1, "quantity": 0}, "quantity"),
        ({"product": 1, "quantity": True}, "quantity"),
        ({"product": 1, "quantity": "2"}, "quantity"),
        ({"product": 1, "quantity": 1, "attributes": []}, "attributes"),
        ({"product": 1, "quantity": 1, "price": "0"}, "price"),
    ],
)
def test_invalid_lines_are_refused(browse, document, field):
    reply = browse().open().send("POST", "/baskets/basket/", json=document)
    assert (reply.status, list(reply.document)) == (400, [field])


def test_addresses_are_kept_and_listed(browse):
    client = browse().open()
    client.sign_in()
    pk = client.add_address(title="Home")
    listed = client.send("GET", "/address/detailed/").document
    assert [str(address["pk"]) for address in listed["results"]] == [pk]
    assert client.send("GET", "/current_user/").document["phone"] == "05000000001"
    for number in range(25):
        client.add_address(line=f"{number} Quay")
    assert client.send("GET", "/address/detailed/").document["count"] == 20


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"line": ""}, "line"),
        ({"phone_number": "abc"}, "phone_number"),
        ({"planet": "Mars"}, "planet"),
        ({"title": ["Home"]}, "title"),
        ({"title": "x" * 301}, "title"),
    ],
)
def test_address_errors_name_the_field(browse, address, change, field):
    reply = browse().open().send("POST", "/address/", json=address | change)
    assert (reply.status, list(reply.document)) == (400, [field])


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"city": "Izmir"}, "city", "Incorrect type. Expected pk value, received str."),
        ({"township": [933]}, "township", "Incorrect type. Expected pk value, received list."),
        ({"country": True}, "country", "Incorrect type. Expected pk value, received bool."),
        ({"country": 3}, "country", 'Invalid pk "3" - object does not exist.'),
        ({"country": 2}, "city", 'Invalid pk "80" - object does not exist.'),  # it lies in another country
        ({"district": 1}, "district", 'Invalid pk "1" - object does not exist.'),
        ({"township": None}, "township", "This field is required."),
    ],
)
def test_places_are_given_by_their_pk(browse, address, change, field, words):
    reply = browse().open().send("POST", "/address/", json=address | change)
    assert (reply.status, reply.document) == (400, {field: [words]})


def test_an_address_has_its_places_as_objects_and_keeps_its_texts(browse, address):
    client = browse().open().fill_basket()
    client.sign_in()
    # As the storefront's client sends it: numbers as texts from a form, "false" as a word.
    given = address | {"country": "1", "city": "80", "is_corporate": "false", "type": "personal", "postcode": "34710"}
    written = client.send("POST", "/address/", json=given).document
    assert written["city"] | {"name": ""} == {
        "pk": 80, "is_active": True, "name": "", "country": 1, "translations": None, "priority": None, "postcode": None,
    }  # fmt: skip
    assert (written["township"]["pk"], written["district"]["township"]) == (933, 933)
    assert (written["type"], written["is_corporate"], written["postcode"]) == ("personal", False, "34710")
    assert written["user"]["email"] == written["email"] == "ada@shop.test"
    client.post("DeliveryOptionSelectionPage", delivery_option="1")
    (shown,) = client.get("AddressSelectionPage")["context_list"][0]["page_context"]["addresses"]
    assert shown["country"] == {"pk": 1, "name": "Türkiye", "code": "tr"}


def test_an_address_is_changed_and_removed_by_its_owner(browse):
    client, other = browse().open(), browse().open()
    other.shop = client.shop
    client.sign_in()
    pk = client.add_address()
    changed = client.send("PATCH", f"/address/{pk}/", json={"line": "2 Quay", "user": 1, "type": "corporate"}).document
    assert (changed["line"], changed["type"], changed["city"]["pk"]) == ("2 Quay", "corporate", 80)
    wrong = client.send("PATCH", f"/address/{pk}/", json={"city": 1})
    assert (wrong.status, list(wrong.document)) == (400, ["township"])
    assert other.open().send("DELETE", f"/address/{pk}/").status == 404
    assert client.send("DELETE", f"/address/{pk}/").status == 204
    assert client.send("GET", "/address/detailed/").document["count"] == 0


def test_the_order_follows_changes_of_its_addresses(browse, shown):
    client = browse().to_payment()
    client.choose("cash_register")
    client.send("PATCH", "/address/1/", json={"line": "2 Quay"})
    reply = client.get()
    assert shown(reply) == "CashRegisterPage"
    assert reply["pre_order"]["shipping_address"]["line"] == reply["pre_order"]["billing_address"]["line"] == "2 Quay"
    client.send("DELETE", "/address/1/", json={})
    assert shown(client.post("CashRegisterPage", agreement="1")) == "DeliveryOptionSelectionPage"


def test_places_are_looked_up_from_the_country_down(browse):
    client = browse()

    def pks(path):
        reply = client.send("GET", path).document
        assert reply["count"] == len(reply["results"])
        return [row["pk"] for row in reply["results"]]

    assert pks("/address/country/") == [1, 2]
    assert pks("/address/city/?country=1") == list(range(1, 82))
    assert 933 in pks("/address/township/?city=80")
    assert 71387 in pks("/address/district/?township=933")
    assert pks("/address/district/?township=9999") == []
    assert client.send("GET", "/address/city/?country=Mars").status == 400
    with_store = pks("/address/city/?retailstore__isnull=false")
    assert with_store == sorted(with_store)
    assert pks(f"/address/township/?retailstore__isnull=false&city={with_store[0]}")


def test_only_a_strict_shop_refuses_unknown_fields(browse, address):
    lax = browse(unknown_fields="ignore").open()
    document = {"email": "a@b.test", "password": "x", "redirect": "false", "callbackUrl": "/", "json": "true"}
    assert lax.send("POST", "/users/login/", json=document).status == 200
    assert lax.send("POST", "/address/", json=address | {"planet": "Mars"}).status == 201
    assert lax.send("POST", "/baskets/basket/", json={"product": 1, "quantity": 1, "price": "0"}).status == 200
    assert lax.post("DeliveryOptionSelectionPage", delivery_option="1", more="1")["errors"] is None


def test_an_address_needs_a_session(browse):
    client = browse().open()
    client.cookies.pop("osessionid")
    assert client.send("GET", "/address/detailed/").status == 401


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("text/plain", b"payment_option=gpay", 415),
        ("application/x-www-form-urlencoded", b"payment_option=gpay&payment_option=bkm_express", 400),
        ("application/x-www-form-urlencoded", b"\xff=1", 400),
        ("application/json", b'{"payment_option": "gpay"}', 415),
    ],
)
def test_a_form_that_cannot_be_read_is_refused(browse, content_type, body, status):
    client = browse().to_payment()
    headers = {"content-type": content_type, "x-csrftoken": client.token, "x-requested-with": "XMLHttpRequest"}
    request = Request("POST", "/orders/checkout/", {}, client.cookies, headers, body)
    assert client.shop.handle(request, Route(Page.PAYMENT_OPTION), client.clock()).status == status


def test_an_order_is_only_shown_for_its_token(browse):
    client = browse()
    assert client.send("GET", "/orders/completed/0123/?format=json").status == 404


@pytest.mark.parametrize("path", sorted(path for path in PATHS.values() if "{" not in path))
def test_every_path_of_the_contract_exists(browse, path):
    client = browse()
    statuses = {client.send(method, path).status for method in ("GET", "POST")} - {404, 405}
    assert statuses or path == PATHS[Page.BANK]


def test_a_basket_can_be_changed_and_emptied_and_takes_a_voucher(browse):
    client = browse().open().fill_basket(product=1, quantity=2).fill_basket(product=2, quantity=1)

    def send(method, **document):
        return client.send(method, "/baskets/basket/", json=document).document["basket"]

    changed = send("PUT", product=1, quantity=5, attributes={})
    assert [(item["product"]["pk"], item["quantity"]) for item in changed["basketitem_set"]] == [(1, 5), (2, 1)]
    assert [item["product"]["pk"] for item in send("PUT", product=1, quantity=0)["basketitem_set"]] == [2]
    before = send("PATCH", voucher_code="WELCOME")
    assert (before["voucher_code"], send("PATCH", remove_voucher_code=True)["voucher_code"]) == ("WELCOME", None)
    assert client.send("PATCH", "/baskets/basket/", json={"voucher_code": ""}).status == 400
    assert send("DELETE")["basketitem_set"] == []
    assert client.get()["redirect_url"] == "/baskets/basket/"


def test_changing_the_basket_resets_all_choices(browse, shown):
    client = browse().to_payment()
    client.send("PUT", "/baskets/basket/", json={"product": 1, "quantity": 1, "attributes": {}})
    assert shown(client.get()) == "DeliveryOptionSelectionPage"


def test_the_basket_is_there_nested_and_at_the_top_level(browse):
    reply = browse().open().fill_basket().send("GET", "/baskets/basket/").document
    assert {**reply["basket"], "basket": reply["basket"]} == reply


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


def test_a_contract_is_about_the_order_and_escapes_markup(browse):
    client = browse().open().fill_basket(quantity=3)
    html = client.send("GET", "/orders/contract/?contract_name=<script>").html
    assert "3 pieces" in html
    assert "<script>" not in html


def test_installments_of_a_product_are_its_price_and_the_interest(browse):
    client = browse(monthly_interest=0.1)
    price = float(client.send("GET", "/product/1/").document["product"]["price"])
    table = client.send("GET", "/payments/cards/product/1/").document
    assert [card["slug"] for card in table["results"]] == ["visa", "mastercard", "troy"]
    for card in table["results"]:
        rows = {row["installment_count"]: row for row in card["installments"]}
        assert (rows[1]["total_amount"], rows[1]["interest_amount"]) == (price, 0)
        assert rows[3]["total_amount"] == pytest.approx(price * 1.2, abs=0.01)
        assert rows[3]["single_installment_amount"] == pytest.approx(price * 0.4, abs=0.01)
    assert client.send("GET", "/payments/cards/product/999/").status == 404


def test_products_are_found_by_a_part_of_their_name(browse):
    client = browse()
    assert [row["name"] for row in client.send("GET", "/list/?search_text=ket").document["products"]] == [
        "Kettle",
        "Basket",
        "Blanket",
    ]
    everything = client.send("GET", "/list/").document
    assert everything["pagination"]["total_count"] == len(everything["products"]) >= 20


def test_a_checkout_token_works_only_in_its_session(browse, context):
    client = browse().to_payment()
    listed = context(client.choose("cash_register") and client.get("PaymentOptionSelectionPage"))
    checkout, status = (listed[key].removeprefix("http://127.0.0.1:8000") for key in ("checkout_url", "status_url"))
    assert client.send("GET", checkout).location == "/orders/checkout/"
    assert client.send("GET", status).document == {"status": "waiting", "order_number": None}
    assert browse(client.shop).open().send("GET", status).status == 404
    number = context(client.post("CashRegisterPage", agreement="1"))["order_number"]
    assert client.send("GET", status).document == {"status": "completed", "order_number": number}


@pytest.mark.parametrize("path", ["/orders/checkout", "/baskets/basket", "/users/logout/"])
def test_a_slash_at_the_end_makes_no_difference(browse, path):
    client = browse().open().fill_basket()
    method = "POST" if "logout" in path else "GET"
    assert client.send(method, path).status == 200
