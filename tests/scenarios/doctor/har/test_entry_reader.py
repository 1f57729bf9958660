"""Entries are read as Chrome, Firefox, Safari, Charles, Fiddler and hostile hands write them."""

import base64

import pytest

from scenarios.doctor.har.entry_reader import NoRequest, exchange_of, has_body, method_and_url, started_at

FIELDS = {"payment_option": "gpay"}


def entry(request=None, response=None, **more):
    return {
        "startedDateTime": "2026-11-30T10:00:00.250Z",
        "time": 125,
        "request": {"method": "post", "url": "https://shop.example/x/", **(request or {})},
        "response": {"status": 200, **(response or {})},
        **more,
    }


def posted(**data):
    return exchange_of(entry({"postData": data}), "/x/").fields


@pytest.mark.parametrize(
    "data",
    [
        {"mimeType": "application/x-www-form-urlencoded", "text": "payment_option=gpay"},
        {"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "payment_option", "value": "gpay"}]},
        {
            "mimeType": "application/x-www-form-urlencoded; charset=UTF-8",
            "text": "",
            "params": [{"name": "payment_option", "value": "gpay"}],
        },
        {"mimeType": "application/json", "text": '{"payment_option": "gpay"}'},
        {"mimeType": "text/plain", "text": ' {"payment_option": "gpay"}'},
        {"text": "payment_option=gpay"},
        {"mimeType": "x", "encoding": "base64", "text": base64.b64encode(b"payment_option=gpay").decode()},
        {
            "mimeType": "multipart/form-data; boundary=b",
            "text": '--b\r\nContent-Disposition: form-data; name="payment_option"\r\n\r\ngpay\r\n--b--\r\n',
        },
    ],
)
def test_a_form_is_read_however_it_is_written(data):
    assert posted(**data) == FIELDS


@pytest.mark.parametrize(
    "data", [{}, {"text": None}, {"text": 7}, {"params": "x"}, {"params": [1, {"name": 2}]}, {"mimeType": "json", "text": "{["},
             {"mimeType": "json", "text": "[1]"}],
)  # fmt: skip
def test_a_form_that_is_none_has_no_fields(data):
    assert posted(**data) == {}


@pytest.mark.parametrize(
    ("content", "body"),
    [
        ({"text": '{"a": 1}'}, b'{"a": 1}'),
        ({"text": base64.b64encode(b'{"a": 1}').decode(), "encoding": "base64"}, b'{"a": 1}'),
        ({"text": "%%%", "encoding": "base64"}, b""),
        ({"size": 10}, b""),
        ({"text": None}, b""),
        (None, b""),
        ("text", b""),
    ],
)
def test_a_body_is_read_or_missing(content, body):
    recorded = entry(response={"content": content})
    assert exchange_of(recorded, "/x/").body == body
    assert has_body(recorded) is bool(isinstance(content, dict) and content.get("text"))


def test_headers_lose_the_pseudo_headers_of_http2_and_keep_each_cookie():
    headers = [{"name": ":authority", "value": "x"}, {"name": "X-CSRFToken", "value": "t"}, {"name": 7}, "x"]
    cookies = [{"name": "Set-Cookie", "value": "a=1"}, {"name": "set-cookie", "value": "b=2"}]
    exchange = exchange_of(entry({"headers": headers}, {"headers": cookies, "redirectURL": "/away/"}), "/x/")
    assert exchange.headers == {"x-csrftoken": "t"}
    assert exchange.reply_headers == {"set-cookie": "a=1\nb=2", "location": "/away/"}


@pytest.mark.parametrize("headers", [None, {}, "x", [None]])
def test_missing_headers_are_no_error(headers):
    assert exchange_of(entry({"headers": headers}), "/x/").headers == {}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-30T10:00:00.250Z", 0.25),
        ("2026-11-30T13:00:00.250+03:00", 0.25),
        ("2026-11-30T10:00:00.2500001+00:00", 0.25),
        ("2026-11-30T10:00:00.25", 0.25),
        ("2026-11-30T10:00:00", 0.0),
    ],
)
def test_the_time_is_read_in_every_form(text, moment):
    assert started_at(entry(startedDateTime=text)) == 1_796_032_800 + moment


@pytest.mark.parametrize("text", [None, "", "yesterday", 17, "9999-99-99T00:00:00Z"])
def test_an_entry_without_a_time_is_no_request(text):
    with pytest.raises(NoRequest):
        started_at(entry(startedDateTime=text))


@pytest.mark.parametrize(
    "broken", [None, 7, [], {}, {"request": 3}, {"request": {"method": "GET"}}, {"request": {"url": "u"}}]
)
def test_an_entry_without_a_request_is_none(broken):
    with pytest.raises(NoRequest):
        method_and_url(broken)


@pytest.mark.parametrize(("status", "read"), [(0, 0), (None, 0), ("200", 0), (True, 0), (70_000, 0), (404, 404)])
def test_a_reply_that_never_came_has_no_status(status, read):
    exchange = exchange_of(entry(response={"status": status}), "/x/")
    assert exchange.status == read
    assert bool(exchange.failure) is (read == 0)


@pytest.mark.parametrize(("time", "seconds"), [(125, 0.125), (-1, 0.0), (None, 0.0), ("9", 0.0), (1e300, 0.0)])
def test_the_duration_is_read_or_zero(time, seconds):
    assert exchange_of(entry(time=time), "/x/").seconds == seconds
