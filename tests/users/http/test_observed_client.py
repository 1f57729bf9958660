"""The client that keeps headers sends and receives as the other one does."""

import pytest

from harness.measurement.outcomes import Outcome
from users.http.observed_client import ObservedClient
from users.http.target_headers import TargetHeaders
from users.http.timeouts import HttpLimits

LIMITS = HttpLimits(2.0, 2.0, 4.0, 10_000)


@pytest.fixture
def connect():
    clients = []

    def make(url, headers=()):
        client = ObservedClient(url, LIMITS, TargetHeaders(headers, headers))
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


def test_all_headers_of_both_directions_are_kept(serve, connect):
    def script(peer):
        for number in range(2):
            peer.request()
            peer.respond(b"{}", "Server: x", f"Set-Cookie: a={number}; Path=/", "Set-Cookie: b=1", "X-Odd:  v ")

    client = connect(serve(script).url, (("Authorization", "Basic x"),))
    for held in (set(), {"a=0", "b=1"}):
        assert client.send("p", "POST", "/x/", {"content-type": "application/json"}, b"{}").status == 200
        assert client.sent["authorization"] == "Basic x"
        assert client.sent["content-type"] == "application/json"
        assert set(filter(None, client.sent.get("cookie", "").split("; "))) == held
    assert client.received["set-cookie"] == "a=1; Path=/\nb=1"
    assert client.received["server"] == "x"
    assert client.received["x-odd"] == "v"


def test_a_request_without_a_reply_has_no_headers(serve, connect):
    def script(peer):
        peer.request()
        peer.respond(b"{}", "Server: x")
        peer.request()
        peer.reset()

    client = connect(serve(script).url)
    assert client.send("p", "GET", "/x/", {}, None).status == 200
    assert client.send("p", "GET", "/x/", {}, None).failure is Outcome.CONNECTION
    assert client.received == {}
    assert client.sent["host"]


def test_an_address_that_cannot_be_sent_has_no_headers(serve, connect):
    client = connect(serve(lambda peer: peer.request()).url)
    assert client.send("p", "GET", "nowhere:", {}, None).failure is Outcome.CONNECTION
    assert client.sent == client.received == {}
