"""What else stands between a client and a shop: the doctor names it, says what helps, and ends soon."""

import itertools
import json

import pytest
from in_process_shop import second_shop

JSON = {"content-type": "application/json"}
HTML = {"content-type": "text/html; charset=utf-8"}


def html(title, body="", status=200, **headers):
    return (
        status,
        {**HTML, **headers},
        f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{body}</body></html>".encode(),
    )


def to(location, status=302):
    return status, {"location": location}, b""


def said(document, status=400):
    return status, JSON, json.dumps(document).encode()


def always(reply):
    return lambda _request, _sound: reply


def on(path, reply, method="POST"):
    """Answer so on one path, or on one page of the checkout."""
    return lambda request, sound: reply if request.name == path and request.method == method else sound(request)


def changed(path, change, method="GET"):
    """Change the JSON of one path, or of every reply."""

    def breaks(request, sound):
        status, headers, body = sound(request)
        if (
            path in ("", request.name)
            and request.method in (method, "POST" if not path else method)
            and body[:1] == b"{"
        ):
            document = json.loads(body)
            change(document)
            body = json.dumps(document).encode()
        return status, headers, body

    return breaks


def headers_changed(change):
    def breaks(request, sound):
        status, headers, body = sound(request)
        return (status, *change(dict(headers), body))

    return breaks


def without_deliveries(document):
    for entry in document.get("context_list", ()):
        if "delivery_options" in entry["page_context"]:
            entry["page_context"]["delivery_options"] = []


def no_payment_options(document):
    for entry in document.get("context_list", ()):
        if "payment_options" in entry["page_context"]:
            entry["page_context"]["payment_options"] = []


def with_foreign_bank(document):
    for entry in document.get("context_list", ()):
        if "redirect_url" in entry["page_context"] and entry.get("page_name") != "ThankYouPage":
            entry["page_context"]["redirect_url"] = "https://acs.bank.example/3ds?id=5"


def named_page(document):
    document["context_list"][-1]["page_name"] = "SurveyPage"


MINIMUM = {"non_field_errors": ["The minimum basket amount is 500.00 TL."]}
GUEST_ERRORS = {
    "context_list": [{"page_name": "IndexPage", "page_context": {}}],
    "template_name": "orders/checkout.html",
    "errors": {"non_field_errors": "Please sign in to buy."},
    "pre_order": {},
}


# What breaks, the code of its finding, what is said, and the key to change.
ODD = {
    "maintenance page": (always(html("We'll be back soon", "Maintenance", 503)), "maintenance", "status 503 and a maintenance page", ""),
    "maintenance JSON": (always(said({"detail": "down"}, 503)), "maintenance", "status 503, not available: down", ""),
    "maintenance with 200": (always(html("Bak\u0131m")), "maintenance", "a maintenance page", ""),
    "proxy": (always(html("502 Bad Gateway", "<center>nginx</center>", 502)), "bad_gateway", "the error page of a proxy", ""),
    "proxy in words": (always((504, {"server": "envoy"}, b"upstream request timeout")), "bad_gateway", "a proxy (envoy) with status 504", ""),
    "to https": (always(to("https://127.0.0.1/csrf_token/", 301)), "redirect_https", "Use --host https://127.0.0.1", "--host"),
    "to www": (always(to("http://www.shop.example/csrf_token/", 301)), "redirect_host", "--allow-target www.shop.example", "--host"),
    "to itself": (always(to("/csrf_token/")), "redirect_loop", "never ends", ""),
    "to a sign-in": (always(to("/users/login/?next=/")), "sign_in_wanted", "The shop wants a sign-in first", "[accounts] file"),
    "to a queue": (always(to("https://acme.queue-it.net/?c=acme")), "waiting_room", "a waiting room", "[headers]"),
    "to consent": (always(to("/cookie-consent/?next=/")), "cookie_consent", "asks for consent to cookies", "[headers]"),
    "with a language": (
        lambda request, sound: sound(request) if request.path.startswith("/orders") else to(f"/tr{request.path}"),
        "redirect_language",
        'locale = "tr"',
        "[conduct] locale",
    ),
    "consent page": (always(html("Cookies", "We use cookies. Do you accept?")), "cookie_consent", "consent to cookies", "[headers]"),
    "bot check": (always(html("Just a moment...", "", 403)), "javascript_wanted", "checks the browser", "[headers]"),
    "captcha page": (always(html("One step", "<div class=g-recaptcha>")), "captcha", "a captcha", "[headers]"),
    "firewall": (always(html("Access Denied", "Reference #18", 403)), "firewall", "the page of a firewall", "[headers]"),
    "waiting room": (always(html("Waiting room")), "waiting_room", "a waiting room", "[headers]"),
    "sign-in page": (always(html("Staging", "<input type='password'>")), "html_sign_in", "a page with a sign-in form", "[headers]"),
    "not the API": (always(html("The shop", "<div id=root></div>")), "storefront_page", "Check --host", ""),
    "nothing there": (always(html("Not Found", "", 404)), "not_found", "Check --host", ""),
    "a proxy that wants a sign-in": (always(html("Proxy", "", 407)), "proxy_auth", "a proxy that wants a sign-in", ""),
    "bearer gate": (always((401, {"www-authenticate": "Bearer"}, b"")), "bearer_auth", "(Bearer)", "[headers] Authorization"),
    "gate without a word": (always(html("401", "", 401)), "http_auth", "a kind that it does not name", "[headers] Authorization"),
    "crash": (always(html("Server Error (500)", "", 500)), "server_error", "status 500", ""),
    "throttled": (always((429, {"retry-after": "30", **JSON}, b'{"detail": "Request was throttled."}')), "throttled", "to wait 30 s", "[headers]"),
    "byte order mark": (
        headers_changed(lambda headers, body: (headers, b"\xef\xbb\xbf" + body)), "byte_order_mark", "byte order mark (UTF-8)", "",
    ),
    "cut JSON": (headers_changed(lambda headers, body: (headers, body[:-3])), "not_json", "JSON that cannot be read", ""),
    "XML": (always((200, {"content-type": "application/xml"}, b"<?xml version='1.0'?><a/>")), "not_json", "not JSON (application/xml", ""),
    "minimum amount": (on("/baskets/basket/", said(MINIMUM)), "minimum_amount", "the basket is worth too little", "[conduct] products"),
    "guests": (on("IndexPage", said(GUEST_ERRORS, 200)), "guests_refused", "refused the guest", "[journeys] guest"),
    "no delivery": (changed("", without_deliveries), "no_delivery", "offers no way of delivery", "[address]"),
    "no options": (changed("", no_payment_options), "no_known_option", "has no option that checkload knows", "[payments]"),
    "bank elsewhere": (changed("", with_foreign_bank), "external_host", "acs.bank.example to pay", "[external] mode"),
    "no list of cities": (on("/address/city/", html("Not Found", "", 404), "GET"), "no_places", "gave no list of cities", "[address] city"),
    "required field": (
        on("/address/", said({"tax_office": ["This field is required."]})), "address_refused", "tax_office: This field is required", "",
    ),
    "postcode": (on("/address/", said({"postcode": ["Enter a valid postcode."]})), "address_refused", "Set postcode", "[address] postcode"),
    "empty reply": (on("/baskets/basket/", (200, JSON, b"")), "not_json", "an empty reply where JSON is due", ""),
    "captcha in the checkout": (
        on("IndexPage", said({"redirect_url": "/users/pz-captcha/"}, 200)), "captcha", "wants a captcha", "[headers]",
    ),
    "sign-in by redirect": (on("/users/login/", to("/")), "html_sign_in", "the sign-in is a form for people", "[journeys]"),
    "slug": (        lambda request, sound: said({"payment_option": ["Expected pk value, received str."]}, 400)
        if request.name == "PaymentOptionSelectionPage" and request.method == "POST" and not request.form()["payment_option"].isdecimal()
        else sound(request),
        "option_refused", 'Set option_value = "pk"', "[conduct] option_value",
    ),
    "card": (
        on("CreditCardConfirmationPage", said({"context_list": [{"page_name": "CreditCardConfirmationPage", "page_context": {}}],
            "template_name": "t", "errors": {"non_field_errors": "Do not honour"}, "pre_order": {}}, 200)),
        "card_refused", "refused the test card: Do not honour", "[payments] credit_card",
    ),
    "unknown page": (changed("DeliveryOptionSelectionPage", named_page, "POST"), "unexpected_page", "shows SurveyPage where", ""),
    "foreign origin": (
        on("/baskets/basket/", said({"detail": "CSRF Failed: Origin checking failed - http://127.0.0.1:8000 does not match any trusted origins."}, 403)),
        "csrf_origin", "does not trust the origin", "[headers] Origin",
    ),
    "no slash at the end": (
        always(to("/csrf_token", 308)), "redirect_slash", "the same path with another end", "",
    ),
    "back to the basket": (
        on("/orders/checkout/", to("/baskets/basket/"), "GET"), "basket_lost", "back to the basket", "",
    ),
    "header of a gateway": (
        always(said({"detail": "Missing header: X-Channel"})), "header_wanted", 'X-Channel = "${X_CHANNEL}"', "[headers] X-Channel",
    ),
    "key of a gateway": (always(said({"message": "No API key found in request"}, 401)), "header_wanted", "in [headers]", "[headers]"),
    "GraphQL": (
        always(said({"errors": [{"message": "GraphQL operations must contain a non-empty `query`."}]})), "graphql", "GraphQL server", "",
    ),
    "unknown tenant": (always(said({"error": "unknown tenant"}, 404)), "not_found", "unknown tenant, and so was every other request", "--host"),
    "refuses everything": (always(said({"detail": "No such thing."}, 400)), "all_refused", "No such thing., and so was every other", "--host"),
    "another method": (on("/baskets/basket/", said({"detail": "Method not allowed."}, 405)), "wrong_method", "takes no POST here", ""),
    "minimum at the checkout": (
        on("IndexPage", said({**GUEST_ERRORS, "errors": {"non_field_errors": "Minimum sepet tutar\u0131 500 TL."}}, 200)),
        "minimum_amount", "worth too little: Minimum sepet", "[conduct] products",
    ),
    "members only, in JSON": (
        on("/baskets/basket/", said({"detail": "Kimlik bilgileri verilmedi."}, 401)), "guests_refused", "as if a sign-in were needed", "[journeys] guest",
    ),
    "amount with a comma": (
        changed("/baskets/basket/", lambda document: document["basket"].update(total_amount="59,00"), "POST"),
        "amount", "total_amount 59,00", "",
    ),
    "phone refused in an envelope": (
        on("IndexPage", said({**GUEST_ERRORS, "errors": {"phone_number": ["Enter +49."]}})), "guest_details", "phone_number: Enter +49", "[journeys] guest",
    ),
    "secure cookie": (
        headers_changed(lambda headers, body: ({**headers, **({"set-cookie": "osessionid=a; Secure"} if "set-cookie" in headers else {})}, body)),
        "cookie_secure", "for https only (Secure)", "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_each_has_its_words_and_its_remedy(walk, name):
    breaks, code, words, key = ODD[name]
    examined = walk(second_shop(breaks=breaks), accounts=False)
    assert code in examined.codes(), examined.text[:2500]
    assert words in examined.first_lines, examined.text[:2500]
    finding = next(one for one in examined.found.findings if one.code == code)
    assert finding.key == key
    assert examined.found.exit == 3
    assert len(examined.requests) < 400


def test_json_under_another_media_type_is_a_note(walk):
    examined = walk(
        second_shop(breaks=headers_changed(lambda headers, body: ({**headers, "content-type": "text/html"}, body)))
    )
    assert examined.notes()[0] == "media_type"
    assert examined.found.exit == 0


def every(number, reply):
    """Answer so at every such request."""
    asked = itertools.count(1)
    return lambda request, sound: reply if next(asked) % number == 0 else sound(request)


@pytest.mark.parametrize(
    ("reply", "code", "words"),
    [
        (html("502 Bad Gateway", "<center>nginx</center>", 502), "bad_gateway", "the error page of a proxy"),
        (said({"detail": "Sign in."}, 401), "session_lost", "requests and"),
    ],
)
def test_what_fails_now_and_then_is_one_finding_with_all_its_paths(walk, reply, code, words):
    examined = walk(second_shop(breaks=every(17, reply)), accounts=False)
    assert examined.codes().count(code) == 1, examined.text[:2500]
    assert words in examined.first_lines
    stopped = [one for one in examined.found.stopped if one.finding.code == code]
    assert len(stopped) > 1
    finding = next(one for one in examined.document["findings"] if one["code"] == code)
    assert len(finding["stops"]) == len(stopped)


def test_a_shop_that_throttles_is_given_the_time_that_it_wants(walk):
    waits, lines, asked = [], [], itertools.count(1)
    throttled = (429, {"retry-after": "7", **JSON}, b'{"detail": "Request was throttled."}')

    def breaks(request, sound):
        return throttled if next(asked) in (40, 90) else sound(request)

    examined = walk(second_shop(breaks=breaks), accounts=False, sleep=waits.append, tell=lines.append)
    assert [wait for wait in waits if wait > 1] == [7.5, 7.5]
    assert lines.count("The shop throttles. Waiting 7.5 s, as it says.") == 2
    assert examined.codes() == ["throttled"]
    assert "passed, but under load they would not" in examined.first_lines
    assert not examined.found.stopped


def test_a_shop_that_throttles_for_long_is_not_waited_for(walk):
    waits, asked = [], itertools.count(1)
    throttled = (429, {"retry-after": "50", **JSON}, b"{}")
    examined = walk(
        second_shop(breaks=lambda request, sound: throttled if next(asked) > 40 else sound(request)),
        accounts=False,
        sleep=waits.append,
    )
    assert [wait for wait in waits if wait > 1] == [50.5, 50.5]
    assert examined.codes() == ["throttled"]
    assert len(examined.found.stopped) > 1


def test_a_walk_does_not_wait_beyond_its_time_limit(walk):
    waits, asked = [], itertools.count(1)
    throttled = (429, {"retry-after": "50", **JSON}, b"{}")
    walk(
        second_shop(breaks=lambda request, sound: throttled if next(asked) > 40 else sound(request)),
        accounts=False,
        seconds=40.0,
        sleep=waits.append,
    )
    assert [wait for wait in waits if wait > 1] == []


def test_a_path_that_is_throttled_at_every_try_names_the_cause(walk):
    asked = itertools.count(1)
    throttled = (429, {"retry-after": "0", **JSON}, b"{}")
    examined = walk(
        second_shop(breaks=lambda request, sound: throttled if next(asked) > 40 else sound(request)),
        accounts=False,
        sleep=lambda _seconds: None,
    )
    assert {walked.finding and walked.finding.code for walked in examined.found.stopped} == {"throttled"}
