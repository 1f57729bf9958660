"""A post carries the current CSRF cookie as its token, with either client."""

import time

import pytest
from observers import browser_of

from shop.contract import Page
from users.journeys.steps import Expectation, PageRequest, ResponseFormat

ANY = {"expect": Expectation(ResponseFormat.ANY), "think_first": False}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_token_that_changes_at_sign_in_is_sent_from_then_on(serve, either, host):
    tokens = []

    def script(peer):
        for cookie in (
            "csrftoken=first; Path=/",
            "csrftoken=second; Path=/",
            "other=1",
            "csrftoken=; Max-Age=0; Path=/",
        ):
            head = peer.request().lower()
            tokens.append([line[13:] for line in head.split(b"\r\n") if line.startswith(b"x-csrftoken: ")])
            peer.respond(b"{}", f"Set-Cookie: {cookie}")
        while request := peer.request().lower():
            tokens.append([request[-5:]] if b"x-csrftoken" in request else [])
            peer.respond(b"{}")

    server = serve(script, host=host)
    browser = browser_of(either(server.url), now=time.perf_counter)
    browser.fetch(PageRequest(Page.CSRF_TOKEN, path="/csrf_token/", **ANY))
    for _ in range(3):
        browser.fetch(PageRequest(Page.LOGIN, "POST", "/users/login/", json={}, **ANY))
    browser.fetch(PageRequest(Page.BANK, "POST", "/_bank/", form={}, csrf=False, **ANY))
    browser.fetch(PageRequest(Page.LOGIN, "POST", "/users/login/", json={}, **ANY))
    assert tokens == [[], [b"first"], [b"second"], [b"second"], [], []]


def test_the_csrf_token_of_another_server_is_not_sent(serve, either):
    seen = []

    def bank(peer):
        peer.request()
        peer.respond(b"", "Set-Cookie: csrftoken=the-banks; Path=/")

    def shop(peer):
        seen.append(peer.request().lower())
        peer.respond(b"{}")

    shops, banks = serve(shop), serve(bank, address="127.0.0.2")
    browser = browser_of(either(shops.url), now=time.perf_counter)
    browser.fetch(PageRequest(Page.BANK, path=f"{banks.url}/", **ANY))
    browser.fetch(PageRequest(Page.LOGIN, "POST", "/users/login/", json={}, **ANY))
    assert b"csrftoken" not in seen[0]


def test_a_parallel_transport_shares_cookies_and_has_its_own_connection(serve, either):
    heads = []

    def script(peer):
        while request := peer.request():
            heads.append(request)
            peer.respond(b"{}", "Set-Cookie: csrftoken=fresh; Path=/")

    server = serve(script)
    first = either(server.url)
    beside = first.open_parallel()
    first.send("Page", "GET", "/a", {}, None)
    beside.send("Page", "GET", "/b", {}, None)
    assert b"csrftoken=fresh" in heads[1]
    assert server.connections == 2
    first.clear_cookies()
    beside.send("Page", "GET", "/c", {}, None)
    assert b"csrftoken" not in heads[2]
    beside.close()
