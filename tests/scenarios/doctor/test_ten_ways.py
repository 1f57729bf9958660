"""A shop that is broken in one of ten ways: the doctor names the way and its remedy in its first lines."""

import json

import pytest
from in_process_shop import second_shop

JSON = {"content-type": "application/json"}
HTML = {"content-type": "text/html; charset=utf-8"}
SIGN_IN_FORM = (
    b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><form method=post>"
    b"<input name=email><input type=password name=password></form></body></html>"
)


def said(text, status=400):
    return status, JSON, json.dumps(text).encode()


def page(body, status=200, **headers):
    return status, {**HTML, **headers}, body


def no_token_path(request, sound):
    """The shop sets the cookie of its token on its first page only."""
    if request.path == "/csrf_token/":
        return page(b"<!DOCTYPE html><html><title>Not Found</title></html>", 404)
    if request.path == "/":
        request.path = "/csrf_token/"
        _, headers, _ = sound(request)
        return page(b"<!DOCTYPE html><html><title>Shop</title></html>", **{"set-cookie": headers["set-cookie"]})
    return sound(request)


def basic_auth(request, sound):
    if "authorization" in request.headers:
        return sound(request)
    return page(
        b"<html><h1>401 Authorization Required</h1></html>", 401, **{"www-authenticate": 'Basic realm="Staging"'}
    )


def address_by_name(request, sound):
    if request.path == "/address/" and isinstance(json.loads(request.body).get("city"), int):
        return said({"city": ["Object with name=2034 does not exist."]})
    if request.path == "/address/":
        sent = json.loads(request.body)
        assert isinstance(sent["city"], str)
        sent |= {"country": 1001, "city": 2034, "township": 3401, "district": 4011}
        request.body = json.dumps(sent).encode()
    return sound(request)


def html_sign_in(request, sound):
    return page(SIGN_IN_FORM) if request.path == "/users/login/" else sound(request)


def unknown_option(request, sound):
    status, headers, body = sound(request)
    if b'"payment_options"' in body:
        document = json.loads(body)
        for entry in document["context_list"]:
            if (rows := entry["page_context"].get("payment_options")) is not None:
                rows.append({"pk": 99, "name": "My Wallet", "slug": "my-wallet", "payment_type": "my_wallet"})
        body = json.dumps(document).encode()
    return status, headers, body


def sold_out_at_last(request, sound):
    """A product is in stock on its own page, and not in the basket."""
    if request.path == "/baskets/basket/" and request.method == "POST" and json.loads(request.body)["product"] != 29:
        return said({"non_field_errors": ["The product is out of stock."]}, 406)
    return sound(request)


EVERY_PRODUCT = [212, 37, 154, 29, 301]
TEN = [
    pytest.param(
        {"breaks": no_token_path},
        {},
        "/csrf_token/ gave no CSRF token",
        'Set csrf_path = "/" in [conduct]',
        3,
        id="csrf elsewhere",
    ),
    pytest.param(
        {"sign_in": "captcha"}, {}, "POST /users/login/ wants a captcha", "Switch the captcha off", 3, id="captcha"
    ),
    pytest.param(
        {"sign_in": "code"}, {}, "wants a one-time code", "sign in without a one-time code", 3, id="one-time code"
    ),
    pytest.param(
        {"breaks": basic_auth}, {}, "HTTP authentication (Basic)", "[headers] Authorization", 3, id="basic auth"
    ),
    pytest.param(
        {"slugs": {"credit_card": "kart", "gpay": "gp"}},
        {},
        "credit_card is kart",
        "names an option by its payment_type",
        0,
        id="slugs",
    ),
    pytest.param(
        {"breaks": address_by_name},
        {},
        "POST /address/ was refused: city: Object with name=",
        '[address] city = "İstanbul"',
        3,
        id="address by name",
    ),
    pytest.param(
        {"sold_out": EVERY_PRODUCT},
        {},
        "shows no product in stock",
        "Put products in stock",
        3,
        id="out of stock",
    ),
    pytest.param(
        {"sold_out": [37, 154, 301]},
        {},
        "has 5 products, 3 of them out of stock: 37, 154, 301",
        "put them in stock",
        0,
        id="some out of stock",
    ),
    pytest.param(
        {"breaks": sold_out_at_last},
        {},
        "the product is out of stock: The product is",
        "Put it in stock",
        0,
        id="basket",
    ),
    pytest.param(
        {"sold_out": [37]},
        {"tables": {"conduct": {"products": ["37"]}, "products": {}}},
        "GET /product/37/ shows that the product is out of stock",
        "[products] search",
        3,
        id="the scenario's product out of stock",
    ),
    pytest.param(
        {"breaks": html_sign_in},
        {},
        "an HTML page: the sign-in is a form for people",
        "answer JSON at this path",
        3,
        id="HTML sign-in",
    ),
    pytest.param(
        {"throttled": ["DeliveryOptionSelectionPage"]},
        {},
        "was throttled with status 200",
        "exempted from the rate limit",
        3,
        id="throttled",
    ),
    pytest.param(
        {"breaks": unknown_option},
        {},
        "an unknown option: my_wallet (My Wallet)",
        "[payments.recipes.my_wallet]",
        0,
        id="unknown",
    ),
]


@pytest.mark.parametrize(("shop", "asked", "seen", "remedy", "code"), TEN)
def test_the_way_and_its_remedy_are_in_the_first_lines(walk, shop, asked, seen, remedy, code):
    examined = walk(second_shop(**shop), **asked)
    assert seen in examined.first_lines, examined.text[:3000]
    assert remedy in examined.first_lines, examined.text[:3000]
    assert examined.found.exit == code, examined.text[:3000]


@pytest.mark.parametrize("lists", ["needed", "all"])
def test_a_sound_shop_passes_on_every_path(walk, lists):
    examined = walk(second_shop(choice_then="VerifySmsPage", lists=lists), tables={"sms": {"code": "123456"}})
    assert examined.codes() == []
    assert examined.found.exit == 0
    assert {walked.end for walked in examined.found.paths} == {"ok"}
    assert examined.document["covers"]["sms"] == ["right", "wrong", "resend"]
    assert examined.document["covers"]["journeys"] == ["guest", "returning", "first_time", "abandoning"]


@pytest.mark.parametrize("breaks", [no_token_path, address_by_name], ids=["csrf elsewhere", "address by name"])
def test_what_a_scenario_can_change_is_changed_and_written(walk, breaks):
    answer = second_shop(breaks=breaks)
    first = walk(answer)
    assert first.found.stopped == []
    facts = first.found.facts
    tables = {
        "conduct": {} if facts.csrf_path is None else {"csrf_path": facts.csrf_path},
        "address": dict(facts.address),
    }
    again = walk(answer, tables=tables)
    assert again.codes() == []
    assert again.found.exit == 0
