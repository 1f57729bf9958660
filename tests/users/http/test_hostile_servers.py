"""Hostile and broken servers: both clients give the same outcome, stay within limits, and break no later response.

Longer than 300 lines: every attack needs its own server, and runs against both clients.
"""

import gzip
import time
import zlib

import brotli
import gevent
import pytest
from gevent import monkey

from harness.measurement.outcomes import Blame, Outcome

OK = b"HTTP/1.1 200 OK\r\n"
RESPONSE = OK + b"Content-Length: 2\r\n\r\nok"
sleep = monkey.get_original("time", "sleep")  # of the whole process, and not of one greenlet
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """A connection counts as idle after a short time."""
    monkeypatch.setattr("users.http.connection._IDLE", 0.05)


def responding(peer):
    while peer.request():
        peer.send(RESPONSE)


def saying(*pieces, delay=0.0):
    """A server that answers the first request with these bytes, and closes."""

    def script(peer):
        peer.request()
        for piece in pieces:
            peer.send(piece)
            sleep(delay)

    return script


def flood(head, piece):
    """A server that never stops."""

    def script(peer):
        peer.request()
        with pytest.raises(OSError):  # noqa: PT011 - the client closes, one way or another
            peer.send(head)
            for _ in range(100_000):
                peer.send(piece)

    return script


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200",
        OK,
        OK + b"Content-Length: 5\r\n\r\nhel",
        OK + b"Content-Length: 5\r\nContent-Encoding: gzip\r\n\r\nhel",
        CHUNKED + b"5\r\nhello\r\n",
        CHUNKED + b"5\r\nhello\r\n0\r\n",
        CHUNKED + b"x\r\nhello\r\n0\r\n\r\n",
        CHUNKED + b"5\r\nhello, and more\r\n0\r\n\r\n",
        CHUNKED + b"ffffffffffffffff\r\nhello\r\n",
        OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        OK + b"Content-Length: -3\r\n\r\nabc",
        OK + b"Content-Length: 99999999999999999999999999\r\n\r\nabc",
        OK + b"Transfer-Encoding: gzip\r\n\r\nabc",
        OK + b"Transfer-Encoding: chunked, gzip\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        OK + b"Set Cookie: a=b\r\nContent-Length: 2\r\n\r\nok",
        OK + b"Set-Cookie: a=b; Path=\x7f\r\nContent-Length: 2\r\n\r\nok",
        OK + b"X: \0\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
        b"SSH-2.0-OpenSSH_9\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x00\x00" * 20,
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nrest",
        b"HTTP/1.1 000 Nothing\r\nContent-Length: 0\r\n\r\n",
        b"[Errno 24] timed out\r\n\r\n",
        OK + b"[Errno 24] timed out\r\n\r\n",
    ],
)
def test_half_a_response_and_no_response_are_connection_failures(serve, either, fetch, data):
    server = serve(saying(data), responding)
    transport = either(server.url)
    assert fetch(transport)[:4] == (0, b"", "", Outcome.CONNECTION)
    assert fetch(transport, method="POST").body == b"ok"
    assert server.connections == 2
    assert either.exhausted == []


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "500 Oh"])
@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "br", "gzip, br", "zstd", "compress", "gzip, gzip, gzip, gzip"])  # fmt: skip
def test_a_response_that_cannot_be_decoded_has_its_own_outcome(serve, either, fetch, coding, status):
    def script(peer):
        peer.request()
        peer.respond(b"\xffno such thing", f"Content-Encoding: {coding}", status=status)
        peer.closed_by_client()

    server = serve(script, responding)
    transport = either(server.url)
    reply = fetch(transport)
    assert reply[:4] == (int(status[:3]), b"", "", Outcome.ENCODING)
    assert reply.failure.blame is Blame.SHOP
    transport.report(reply.failure, failed=True)
    assert [str(one["exception"]) for one in either.reported()] == ["encoding"]
    transport.close()
    assert fetch(transport).body == b"ok"


PACKED = {
    "gzip": gzip.compress(bytes(20_000_000)),
    "deflate": zlib.compress(bytes(20_000_000)),
    "br": brotli.compress(bytes(20_000_000), quality=1),
    "gzip, gzip": gzip.compress(gzip.compress(bytes(50_000_000))),
}


@pytest.mark.parametrize("coding", PACKED)
def test_a_small_response_that_decodes_to_a_large_one_is_too_large(serve, either, fetch, coding):
    def script(peer):
        while peer.request():
            peer.respond(PACKED[coding], f"Content-Encoding: {coding}")

    reply = fetch(either(serve(script).url, largest=50_000))
    assert reply[:4] == (200, b"", "", Outcome.TOO_LARGE)


@pytest.mark.parametrize(
    ("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("br", brotli.compress)]
)
def test_a_compressed_response_of_any_status_is_decoded(serve, either, fetch, coding, pack):
    def script(peer):
        for status in ("200 OK", "404 Not Found", "500 Oh"):
            peer.request()
            peer.respond(pack(b"\xff words " * 100), f"Content-Encoding: {coding}", status=status)
        peer.closed_by_client()

    server = serve(script)
    transport = either(server.url)
    replies = [fetch(transport) for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 404, 500]
    assert {reply[1:4] for reply in replies} == {(b"\xff words " * 100, "", None)}
    assert server.connections == 1


@pytest.mark.parametrize(
    ("head", "piece", "outcome"),
    [
        (OK + b"Content-Length: 1000000000\r\n\r\n", b"x" * 10_000, Outcome.TOO_LARGE),
        (OK + b"Content-Length: 1000000000\r\nContent-Encoding: gzip\r\n\r\n", b"x" * 10_000, Outcome.TOO_LARGE),
        (OK + b"\r\n", b"x" * 10_000, Outcome.TOO_LARGE),
        (CHUNKED, b"10\r\n0123456789abcdef\r\n" * 100, Outcome.TOO_LARGE),
        (CHUNKED + b"1;", b"x" * 10_000, Outcome.TOO_LARGE),
        (CHUNKED + b"0\r\n", b"T: x\r\n" * 1000, Outcome.TOO_LARGE),
        (OK, b"X-Padding: x\r\n" * 1000, Outcome.CONNECTION),
        (OK + b"X: ", b"x" * 10_000, Outcome.CONNECTION),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, Outcome.CONNECTION),
    ],
)
def test_a_flood_is_cut_off_while_it_is_read(serve, either, fetch, head, piece, outcome):
    began = time.perf_counter()
    reply = fetch(either(serve(flood(head, piece)).url, largest=50_000))
    assert reply[:4] == (200 if outcome is Outcome.TOO_LARGE else 0, b"", "", outcome)
    assert time.perf_counter() - began < 2


def test_a_response_may_be_as_large_as_allowed_and_no_larger(serve, either, fetch):
    def script(peer):
        for size in (50_000, 50_001):
            peer.request()
            peer.respond(b"x" * size)
        peer.closed_by_client()

    transport = either(serve(script).url, largest=50_000)
    assert [fetch(transport).failure for _ in range(2)] == [None, Outcome.TOO_LARGE]


@pytest.mark.parametrize(
    "surplus", [b"HTTP/1.1 404 No\r\nContent-Length: 5\r\n\r\nwrong", b"H", b"rubbish", b"\0" * 70_000]
)
@pytest.mark.parametrize("when", ["at once", "at once, and more", "while idle", "while busy"])
def test_unrequested_bytes_are_never_taken_for_a_response(serve, either, fetch, surplus, when):  # fmt: skip
    def script(peer):
        peer.request()
        if when.startswith("at once"):
            peer.send(RESPONSE + surplus)
        else:
            peer.send(RESPONSE)
            sleep(0.05)
            peer.send(surplus)
        assert peer.closed_by_client()

    server = serve(script, responding)
    transport = either(server.url)
    assert fetch(transport)[:4] == (200, b"ok", "", None)
    (sleep if when == "while busy" else gevent.sleep)(0 if when == "at once" else 0.15)
    assert fetch(transport)[:4] == (200, b"ok", "", None)
    assert server.connections == 2


@pytest.mark.parametrize("surplus", [b"HTTP/1.1 404 No\r\nContent-Length: 5\r\n\r\nwrong", b"H"])
@pytest.mark.parametrize("when", ["at once", "apart", "while idle", "while busy"])
def test_unrequested_bytes_over_tls_are_never_taken_for_a_response(
    serve, either, fetch, server_context, trusted, surplus, when
):
    def script(peer):
        peer.request()
        if when == "at once":
            peer.send(RESPONSE + surplus)
        else:
            peer.send(RESPONSE)
            sleep(0.0 if when == "apart" else 0.05)
            peer.send(surplus)
        peer.closed_by_client()

    server = serve(script, responding, context=server_context(), may_break=True)
    transport = either(server.url)
    assert fetch(transport)[:4] == (200, b"ok", "", None)
    (sleep if when == "while busy" else gevent.sleep)(0.15)
    assert fetch(transport)[:4] == (200, b"ok", "", None)
    assert server.connections == 2


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("status", ["200 OK", "204 No Content", "304 Not Modified"])
def test_a_body_where_none_may_be_ends_the_connection(serve, either, fetch, method, status):
    if method == "GET" and status.startswith("200"):
        return

    def script(peer):
        peer.request()
        peer.respond(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong", status=status)
        assert peer.closed_by_client()

    server = serve(script, responding)
    transport = either(server.url)
    assert fetch(transport, method=method)[:4] == (int(status[:3]), b"", "", None)
    assert fetch(transport).body == b"ok"
    assert server.connections == 2


def test_a_head_does_not_affect_the_next_response(serve, either, fetch):
    head = OK + b"Content-Length: 5\r\nX: both\r\n\r\n"

    def script(peer):
        while request := peer.request():
            peer.send(head)
            if request.startswith(b"GET"):
                sleep(0.02)
                peer.send(b"hello")

    server = serve(script)
    for _ in range(2):
        transport = either(server.url)
        assert [fetch(transport, method=method).body for method in ("HEAD", "GET", "GET")] == [b"", b"hello", b"hello"]
    assert server.connections == 2


def test_a_connection_with_a_half_sent_request_is_not_reused(serve, either, fetch, request):
    def early(peer):
        left = 20_000_000 - len(peer.sock.recv(1000).partition(b"\r\n\r\n")[2])
        peer.respond(b"enough", status="413 Too Large")
        sleep(0.1)  # until the client has read it, and holds the rest back
        while left and (piece := peer.sock.recv(min(left, 65536))):
            left -= len(piece)
        responding(peer)

    server = serve(early, responding)
    transport = either(server.url)
    reply = fetch(transport, method="POST", body=b"x" * 20_000_000)
    assert reply[:4] == (413, b"enough", "", None)
    gevent.sleep(0.2)
    assert fetch(transport)[:4] == (200, b"ok", "", None)
    # Locust's client does not listen before it has sent all of it.
    assert server.connections == (1 if "locust" in request.node.name else 2)


@pytest.mark.parametrize("url", ["http://[::1", "http://h:99999/", "http:///x", "x", "/\r\nHost: x", "/ü\0", "//x/y"])
def test_no_url_from_a_shop_raises(serve, either, fetch, url):
    transport = either(serve(responding).url)
    assert fetch(transport, url).failure in (None, Outcome.CONNECTION)
    assert fetch(transport).body == b"ok"


@pytest.mark.parametrize("cookie", [b"a=\xff\xfe", b'a="\\"', b"=;;=", b"a=b; Max-Age=9" + b"9" * 999, b"a=b\tc"])
def test_no_cookie_raises(serve, either, fetch, cookie):  # fmt: skip
    def script(peer):
        while peer.request():
            peer.send(OK + b"Content-Length: 2\r\nSet-Cookie: " + cookie + b"\r\n\r\nok")

    transport = either(serve(script).url)
    assert [fetch(transport)[:4] for _ in range(2)] == [(200, b"ok", "", None)] * 2


def test_the_media_type_of_a_response_is_returned(serve, either, fetch):
    def script(peer):
        for header in ("Content-Type: Text/HTML; charset=utf-8", "Content-Type: application/json", "X: y"):
            peer.request()
            peer.respond(b"{}", header)
        peer.closed_by_client()

    transport = either(serve(script).url)
    assert [fetch(transport).media for _ in range(3)] == ["text/html", "application/json", ""]


def test_the_first_of_two_location_headers_counts(serve, either, fetch):
    transport = either(
        serve(saying(b"HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n")).url
    )
    assert fetch(transport)[:4] == (302, b"", "/a", None)


def test_interim_responses_are_skipped(serve, either, fetch):
    early = b"HTTP/1.1 103 Early Hints\r\nLocation: /no\r\n\r\n"
    for pieces in ([early, early, RESPONSE], [early + early + RESPONSE]):
        transport = either(serve(saying(*pieces, delay=0.02)).url)
        assert fetch(transport)[:4] == (200, b"ok", "", None)


def test_over_tls_a_body_without_length_needs_a_close_message(serve, either, fetch, server_context, trusted):
    def half(peer):
        peer.request()
        peer.send(OK + b"\r\nhello")

    def ended(peer):
        peer.request()
        peer.send(OK + b"\r\nhello")
        peer.sock.unwrap()

    assert fetch(either(serve(half, context=server_context()).url)).failure is Outcome.CONNECTION
    assert fetch(either(serve(ended, context=server_context(), may_break=True).url))[:2] == (200, b"hello")
