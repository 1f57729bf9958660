"""Requests as bytes, and what is refused as a request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from users.http import request as wire
from users.http.origin import InvalidRequest, Origin, parse_origin, resolve_url
from users.http.request import RequestHeadCache, request_heads, serialize_request

SHOP = Origin(secure=False, host="shop.test", port=80)


@pytest.mark.parametrize(
    ("url", "origin", "host_header"),
    [
        ("http://shop.test", (False, "shop.test", 80), "shop.test"),
        ("https://Shop.Test/", (True, "shop.test", 443), "shop.test"),
        ("http://shop.test:8000/x", (False, "shop.test", 8000), "shop.test:8000"),
        ("https://shop.test:80", (True, "shop.test", 80), "shop.test:80"),
        ("http://[::1]:8000", (False, "::1", 8000), "[::1]:8000"),
        ("http://[fe80::1%25eth0]/", (False, "fe80::1%25eth0", 80), "[fe80::1]"),
        ("http://ada:secret@shop.test/", (False, "shop.test", 80), "shop.test"),
        ("http://dükkan.test/", (False, "xn--dkkan-kva.test", 80), "xn--dkkan-kva.test"),
    ],
)
def test_the_origin_and_path_of_a_url(url, origin, host_header):
    found = parse_origin(url)
    assert (tuple(found), found.host_header) == (origin, host_header)


@pytest.mark.parametrize(
    "url",
    ["", "/path", "shop.test", "ftp://shop.test", "http://", "http://:80", "http://a:b", "http://a:70000", "http://a:0",
     "http://[::1", "http://a b", "http://a\x00b/", "http://a\\b/", "http://" + "ü" * 100 + ".test"],
)  # fmt: skip
def test_a_url_without_a_server_is_rejected(url):
    with pytest.raises(InvalidRequest):
        parse_origin(url)


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("/", "/"),
        ("", "/"),
        ("?page=A", "/?page=A"),
        ("/a?b=c#d", "/a?b=c"),
        ("/a b", "/a%20b"),
        ("/%20%0a", "/%20%0a"),
        ("/\r\nX: y", "/%0D%0AX:%20y"),
        ("/ü", "/%C3%BC"),
        ("//other.test/x", "//other.test/x"),  # a path on the target, whatever it looks like
    ],
)
def test_a_path_on_the_target(url, wanted):
    assert resolve_url(url, SHOP) == (SHOP, wanted)


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("http://b.test", "/"),
        ("http://b.test?x=1", "/?x=1"),
        ("http://b.test#x", "/"),
        ("http://b.test/a/?b=http://c.test/", "/a/?b=http://c.test/"),
    ],
)
def test_an_absolute_url_names_another_server(url, wanted):
    assert resolve_url(url, SHOP) == (Origin(secure=False, host="b.test", port=80), wanted)


@given(st.text(max_size=40), st.text(max_size=20), st.text(max_size=20), st.text(max_size=10))
def test_a_request_has_exactly_the_header_lines_it_was_given(url, name, value, method):
    try:
        request = serialize_request(RequestHeadCache(SHOP).find(method, url), b"", {name: value}, b"body")
    except InvalidRequest:
        return
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert body == b"body"
    assert len(lines) == 6
    assert lines[0].startswith(method.encode() + b" /")
    assert lines[0].endswith(b" HTTP/1.1")
    assert lines[0].count(b" ") == 2
    assert lines[4] == f"{name}: {value}".encode()
    assert not any(character < 0x20 or character >= 0x7F for line in lines for character in line)


def test_request_heads_are_cached_up_to_a_limit():
    heads = request_heads(SHOP)
    assert heads is request_heads(SHOP)
    assert heads.find("GET", "/a") is heads.find("GET", "/a")
    for number in range(3000):
        heads.find("GET", f"/orders/completed/{number}/")
    assert len(heads._kept) <= 1024


def test_an_error_message_does_not_quote_the_header_value():
    with pytest.raises(InvalidRequest) as refusal:
        serialize_request(RequestHeadCache(SHOP).find("GET", "/"), b"", {"x-csrftoken": "secret\r\n"}, None)
    assert "secret" not in str(refusal.value)
    assert "x-csrftoken" in str(refusal.value)


def test_the_header_line_cache_has_a_limit():
    head = RequestHeadCache(SHOP).find("POST", "/")
    for number in range(3000):
        request = serialize_request(head, b"", {"x-csrftoken": f"token{number}"}, b"a=b")
        assert request.endswith(b"x-csrftoken: token%d\r\nContent-Length: 3\r\n\r\na=b" % number)
    assert len(wire._lines) <= 1024
