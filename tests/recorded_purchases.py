"""Builds small HAR files: a guest's checkout at a shop, with whatever a test wants to be different."""

import json
from datetime import UTC, datetime, timedelta

SHOP = "https://shop.example"
BEGAN = datetime(2026, 11, 30, 10, tzinfo=UTC)
SECRETS = (
    "grace.hopper@private-mail.example",
    "05321234567",
    "Hopperina",
    "Lighthouse",
    "4111111111111111",
    "s3ss10n-t0ken-abcdef",
    "c5rf-t0ken-ghijkl",
)
EMAIL, PHONE, LAST_NAME, STREET, CARD, SESSION, CSRF = SECRETS
OPTIONS = [
    {"pk": 5, "slug": "credit-card", "payment_type": "credit_card", "name": "Card"},
    {"pk": 6, "slug": "havale", "payment_type": "funds_transfer", "name": "EFT"},
    {"pk": 7, "slug": "cuzdan", "payment_type": "my_wallet", "name": "Wallet"},
]


def envelope(page, errors=None, pre_order=None, **context):
    return {
        "context_list": [{"page_name": page, "page_slug": page.lower(), "page_context": context}],
        "template_name": "orders/checkout.html",
        "errors": errors,
        "pre_order": {"total_amount": "15.00", **(pre_order or {})},
    }


def entry(at, method, path, reply, form=None, *, status=200, host=SHOP, **more):
    """One entry, ``at`` seconds after the beginning; it takes a tenth of a second."""
    headers = [
        {"name": "Cookie", "value": f"osessionid={SESSION}; csrftoken={CSRF}; pz-locale=tr"},
        {"name": "X-CSRFToken", "value": CSRF},
    ]
    headers.append({"name": "X-Requested-With", "value": "XMLHttpRequest"})
    request = {"method": method, "url": host + path, "headers": headers}
    if form is not None:
        request["postData"] = {"mimeType": "application/json", "text": json.dumps(form)}
    content = {"mimeType": "application/json"}
    if reply is not None:
        content["text"] = reply if isinstance(reply, str) else json.dumps(reply)
    response = {
        "status": status,
        "headers": [{"name": "Set-Cookie", "value": f"osessionid={SESSION}"}],
        "content": content,
    }
    moment = (BEGAN + timedelta(seconds=at)).isoformat().replace("+00:00", "Z")
    return {"startedDateTime": moment, "time": 100, "request": request, "response": response, **more}


def page(at, name, reply, form=None, **more):
    """A request for a page of the checkout."""
    return entry(at, "POST" if form is not None else "GET", f"/orders/checkout/?page={name}", reply, form, **more)


def purchase():
    """A guest who pays by funds transfer, and looks two seconds at most pages."""
    chosen = {"payment_option": {"pk": 6, "slug": "havale", "payment_type": "funds_transfer"}}
    return [
        entry(0, "GET", "/csrf_token/", {"csrf_token": CSRF}),
        entry(3, "POST", "/baskets/basket/", {"basket": {"total_amount": "10.00"}}, {"product": 212, "quantity": 1}),
        entry(5, "GET", "/orders/checkout/", envelope("IndexPage", can_guest_purchase=True, is_user_logged_in=False)),
        page(9, "IndexPage", envelope("AddressSelectionPage", addresses=[]), {"user_email": EMAIL, "phone_number": PHONE}),
        entry(10, "GET", "/address/city/?country=1", {"results": [{"pk": 40, "name": "Ankara"}]}),
        entry(
            20, "POST", "/address/", {"pk": 11, "line": STREET},
            {"title": "Home", "last_name": LAST_NAME, "line": STREET, "city": 40, "phone_number": PHONE, "tax_no": "17"}, status=201,
        ),
        page(22, "AddressSelectionPage", envelope("PaymentOptionSelectionPage", payment_options=OPTIONS), {"shipping_address": 11}),
        page(24, "PaymentOptionSelectionPage", envelope("FundsTransferChoicePage", pre_order=chosen), {"payment_option": 6}),
        page(26, "FundsTransferChoicePage", envelope("FundsTransferPage", pre_order=chosen), {"bank_account": 61}),
        page(28, "FundsTransferPage", envelope("ThankYouPage", pre_order=chosen), {"agreement": "1"}),
        entry(29, "GET", "/orders/completed/0123456789abcdef/?format=json", {"order": {"number": "1", "amount": "15.00", "currency": {"value": "eur"}}}),
    ]  # fmt: skip


def write(path, entries, **log):
    """Write a HAR with these entries among those of other sites."""
    noise = [
        entry(1, "GET", "/logo.png", "iVBORw0KGgo=", host=SHOP),
        entry(2, "POST", "/collect", "{}", {"email": EMAIL}, host="https://analytics.example"),
        entry(2.5, "GET", "/list/?search_text=x", {"products": []}, host="https://other.example"),
    ]
    path.write_text(json.dumps({"log": {"version": "1.2", **log, "entries": [*noise, *entries]}}))
    return path
