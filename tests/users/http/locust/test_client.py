"""Locust's own client as a transport: verified, sent once, no redirect followed, within limits, cookies kept."""

import time

import pytest
import trustme

from harness.measurement.outcomes import Outcome
from users.http import tls


def responding(peer):
    while peer.request():
        peer.respond()


def silent(peer):
    peer.request()
    assert peer.closed_by_client()


def test_certificates_are_verified_by_default_with_one_shared_context(serve, locust, fetch, server_context, trusted):
    good, bad = (
        serve(responding, context=server_context()),
        serve(responding, context=server_context(issuer=trustme.CA()), may_break=True),
    )
    for _ in range(2):
        assert fetch(locust(good.url)).body == b"ok"
    assert tls.ssl_context.cache_info().misses == 1
    assert fetch(locust(bad.url))[:4] == (0, b"", "", Outcome.CONNECTION)
    other = serve(responding, context=server_context("other.example"), may_break=True)
    assert fetch(locust(other.url))[:4] == (0, b"", "", Outcome.CONNECTION)
    for _ in range(2):
        assert fetch(locust(bad.url, verify_tls=False)).body == b"ok"
    assert tls.ssl_context.cache_info().misses == 2


def test_a_redirect_is_reported_and_not_followed(serve, locust, fetch):
    seen = []

    def script(peer):
        while request := peer.request():
            seen.append(request.split(b" ")[1])
            peer.respond(b"", "Location: /elsewhere", status="302 Found")

    reply = fetch(locust(serve(script).url), "/x")
    assert (reply.status, reply.location, reply.failure) == (302, "/elsewhere", None)
    assert seen == [b"/x"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_that_may_have_been_read_is_never_sent_again(serve, locust, fetch, method):
    seen = []

    def closing_on_the_second(peer):
        peer.request()
        peer.respond()
        seen.append(peer.request())

    def counting(peer):
        while request := peer.request():
            seen.append(request)
            peer.respond()

    transport = locust(serve(closing_on_the_second, counting).url)
    assert fetch(transport).body == b"ok"
    body = b"buy=1" if method == "POST" else None
    assert fetch(transport, method=method, body=body).failure is Outcome.CONNECTION
    assert len(seen) == 1


def test_silence_is_a_timeout_and_cookies_outlive_the_connection(serve, locust, fetch):
    seen = []

    def first(peer):
        peer.request()
        peer.respond(b"ok", "Set-Cookie: a=1; Path=/")
        silent(peer)

    def then(peer):
        while request := peer.request():
            seen.append(request.lower())
            peer.respond()

    server = serve(first, then)
    transport = locust(server.url, read=0.15)
    assert fetch(transport).body == b"ok"
    began = time.perf_counter()
    assert fetch(transport)[:4] == (0, b"", "", Outcome.TIMEOUT)
    assert 0.15 <= time.perf_counter() - began < 2
    assert fetch(transport).body == b"ok"
    transport.clear_cookies()
    assert fetch(transport).body == b"ok"
    assert [b"cookie: a=1" in request for request in seen] == [True, False]
    assert server.connections == 2


def test_a_server_that_never_accepts_is_a_timeout(deaf, locust, fetch):
    transport = locust(deaf, connect=0.2)
    began = time.perf_counter()
    assert fetch(transport).failure is Outcome.TIMEOUT
    assert 0.2 <= time.perf_counter() - began < 2


def test_a_response_that_trickles_in_is_cut_off(serve, locust, fetch):
    def script(peer):
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
        with pytest.raises(ConnectionError):
            while True:
                peer.send(b"x")
                time.sleep(0.01)

    began = time.perf_counter()
    assert fetch(locust(serve(script).url, longest=0.3)).failure is Outcome.TIMEOUT
    assert 0.3 <= time.perf_counter() - began < 2


def test_an_ipv6_address_is_reached(serve, locust, fetch):
    assert fetch(locust(serve(responding, address="::1").url)).body == b"ok"


def test_locust_gets_every_response_with_its_outcome(serve, locust, fetch):
    transport = locust(serve(responding).url)
    for failed in (False, True):
        fetch(transport, "/x")
        transport.report(Outcome.ENVELOPE if failed else Outcome.OK, failed=failed)
    assert [(one["name"], one["request_type"], str(one["exception"] or "")) for one in locust.reported()] == [
        ("Page", "GET", ""),
        ("Page", "GET", str(Outcome.ENVELOPE)),
    ]
