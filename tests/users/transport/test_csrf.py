"""The token that a post carries is the cookie of the moment, with either client."""

import time
from types import SimpleNamespace

import pytest
from locust.event import EventHook

from shop.contract import Page
from users.client import Browser
from users.fast_http import FastHttp, session
from users.steps import Reads, Visit
from users.swift import Limits, Swift

ANY = {"reads": Reads.ANY, "thinks": False}


def own(url):
    return Swift(url, _user(), Limits(5.0, 5.0, 8.0, 100_000))


def locusts(url):
    times = {"connect_timeout": 5.0, "read_timeout": 5.0}
    return FastHttp(lambda: session(url, _user(), verify_tls=True, largest=100_000, **times), 8.0)


def _user():
    return SimpleNamespace(environment=SimpleNamespace(events=SimpleNamespace(request=EventHook())), context=dict)


@pytest.fixture(params=[own, locusts], ids=["our client", "Locust's client"])
def connect(request):
    made = []

    def start(url):
        made.append(request.param(url))
        return made[-1]

    yield start
    for transport in made:
        transport.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_token_that_changes_at_sign_in_is_sent_from_then_on(serve, connect, host):
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
            peer.answer(b"{}", f"Set-Cookie: {cookie}")
        while request := peer.request().lower():
            tokens.append([request[-5:]] if b"x-csrftoken" in request else [])
            peer.answer(b"{}")

    server = serve(script, host=host)
    browser = Browser(
        connect(server.url), lambda _: None, "credit_card", 0.0, time.perf_counter, lambda _: None, lambda _: 0.0
    )
    browser.fetch(Visit(Page.CSRF_TOKEN, path="/csrf_token/", **ANY))
    for _ in range(3):
        browser.fetch(Visit(Page.LOGIN, "POST", "/users/login/", json={}, **ANY))
    browser.fetch(Visit(Page.BANK, "POST", "/_bank/", form={}, csrf=False, **ANY))
    browser.fetch(Visit(Page.LOGIN, "POST", "/users/login/", json={}, **ANY))
    assert tokens == [[], [b"first"], [b"second"], [b"second"], [], []]


def test_the_token_of_another_server_is_not_the_shops(serve, connect):
    seen = []

    def bank(peer):
        peer.request()
        peer.answer(b"", "Set-Cookie: csrftoken=the-banks; Path=/")

    def shop(peer):
        seen.append(peer.request().lower())
        peer.answer(b"{}")

    shops, banks = serve(shop), serve(bank, address="127.0.0.2")
    browser = Browser(
        connect(shops.url), lambda _: None, "credit_card", 0.0, time.perf_counter, lambda _: None, lambda _: 0.0
    )
    browser.fetch(Visit(Page.BANK, path=f"{banks.url}/", **ANY))
    browser.fetch(Visit(Page.LOGIN, "POST", "/users/login/", json={}, **ANY))
    assert b"csrftoken" not in seen[0]
