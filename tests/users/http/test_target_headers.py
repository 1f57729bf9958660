"""The storefront's headers and cookies go to the target with either client, and to no other server."""

import pytest

from users.http.origin import parse_origin
from users.http.request import RequestHeadCache
from users.storefront_headers import storefront_headers

ADDED = {"Authorization": "Basic gate", "accept-language": "tr-tr", "User-Agent": "ours"}


@pytest.fixture
def connect(either):
    return lambda url: either(url, target_headers=storefront_headers(parse_origin(url), "en", "try", ADDED))


def head_of(request):
    lines = [line.decode().partition(": ") for line in request.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]]
    names = [name.lower() for name, _, _ in lines]
    assert len(names) == len(set(names)), names
    return {name.lower(): value for name, _, value in lines}


def cookies_of(head):
    return dict(pair.split("=", 1) for pair in head["cookie"].split("; "))


def test_the_shop_gets_the_storefronts_headers_and_cookies(serve, connect):
    heads = []

    def script(peer):
        for cookie in ("osessionid=s1; Path=/", "osessionid=s2; Path=/", "sessionid=own; Path=/", "a=1"):
            heads.append(head_of(peer.request()))
            peer.respond(b"{}", f"Set-Cookie: {cookie}")
        heads.append(head_of(peer.request()))
        peer.respond(b"{}")

    url = serve(script).url
    transport = connect(url)
    for method in ("GET", "POST", "GET", "GET"):
        transport.send("p", method, "/orders/checkout/", {}, b"x" if method == "POST" else None)
    transport.clear_cookies()
    transport.send("p", "GET", "/orders/checkout/", {}, None)
    said = {"accept": "application/json", "referer": f"{url}/", "x-currency": "try"}
    said |= {"authorization": "Basic gate", "accept-language": "tr-tr", "user-agent": "ours"}
    for head in heads:
        assert said.items() <= head.items()
    assert [head.get("origin") for head in heads] == [None, url, None, None, None]
    storefront = {"pz-locale": "en", "pz-currency": "try"}
    assert [cookies_of(head) for head in heads] == [
        storefront,
        {**storefront, "osessionid": "s1", "sessionid": "s1"},
        {**storefront, "osessionid": "s2", "sessionid": "s2"},
        {**storefront, "osessionid": "s2", "sessionid": "own"},
        storefront,
    ]


def test_another_host_gets_none_of_the_targets_headers(serve, connect):
    heads = []

    def bank(peer):
        heads.append(head_of(peer.request()))
        peer.respond(b"")

    banks = serve(bank, address="127.0.0.2")
    connect(serve(lambda peer: None).url).send("Bank", "POST", f"{banks.url}/pay", {}, b"x")
    private = {"authorization", "referer", "origin", "x-currency", "accept-language", "cookie"}
    assert not private & heads[0].keys()
    assert heads[0]["user-agent"] == "checkload"


def test_an_absolute_url_of_the_target_gets_them_too(serve, connect):
    heads = []

    def script(peer):
        heads.append(head_of(peer.request()))
        peer.respond(b"")

    url = serve(script).url
    connect(url).send("Redirection", "GET", f"{url}/orders/redirection/", {}, None)
    assert heads[0]["authorization"] == "Basic gate"


def test_a_request_with_an_invalid_header_is_not_sent_at_all():
    shop = parse_origin("http://127.0.0.1:1")
    with pytest.raises(ValueError, match="not printable"):
        RequestHeadCache(shop, storefront_headers(shop, "en", "try", {"X": "1\r\nHost: other"})).find("GET", "/")
