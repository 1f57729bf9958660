"""TLS with certificates made for the test: verified by default, and an invalid one is a failure without a traceback."""

import ctypes
import ssl
import time
from types import SimpleNamespace

import gevent
import pytest
import trustme

from harness.measurement.outcomes import Outcome
from users.http import timestamps, tls
from users.http.origin import Origin
from users.http.timeouts import HttpLimits, current_scanner
from users.http.tls import TlsConnection

OK = b"HTTP/1.1 200 OK\r\n"


def responding(peer):
    while peer.request():
        peer.respond(b"x" * 50_000)


def test_a_connection_to_a_verified_server_is_kept(serve, shopper, fetch, server_context, trusted):
    server = serve(responding, context=server_context())
    transport = shopper(server.url)
    for _ in range(3):
        reply = fetch(transport, method="POST", body=b"y" * 40_000)
        assert (reply.status, len(reply.body), reply.failure) == (200, 50_000, None)
    assert server.connections == 1


@pytest.mark.parametrize("trouble", ["unknown authority", "another name"])
def test_an_invalid_certificate_is_a_connection_failure(serve, shopper, fetch, server_context, trusted, trouble, capfd):
    context = server_context(issuer=trustme.CA()) if trouble == "unknown authority" else server_context("other.example")
    server = serve(responding, context=context, may_break=True)
    assert fetch(shopper(server.url))[:4] == (0, b"", "", Outcome.CONNECTION)
    assert fetch(shopper(server.url, verify_tls=False)).status == 200
    assert capfd.readouterr() == ("", "")


def test_a_server_that_speaks_no_tls_is_a_broken_connection(serve, shopper, fetch, trusted):
    def plain(peer):
        peer.sock.recv(65536)
        peer.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    server = serve(plain, may_break=True)
    assert fetch(shopper(server.url.replace("http:", "https:"))).failure is Outcome.CONNECTION


def test_a_server_that_keeps_silent_about_tls_is_a_timeout(serve, shopper, fetch, trusted):
    def silent(peer):
        while peer.sock.recv(65536):
            pass

    server = serve(silent, may_break=True)
    began = time.perf_counter()
    assert fetch(shopper(server.url.replace("http:", "https:"), connect=0.2)).failure is Outcome.TIMEOUT
    assert 0.2 <= time.perf_counter() - began < 1


def test_a_kept_connection_that_the_server_closed_is_replaced(serve, shopper, fetch, server_context, trusted):
    def once(peer):
        peer.request()
        peer.respond(b"ok")

    server = serve(once, once, context=server_context())
    transport = shopper(server.url)
    assert fetch(transport).body == b"ok"
    gevent.sleep(0.1)
    assert fetch(transport, method="POST").body == b"ok"
    assert server.connections == 2


@pytest.mark.skipif(not timestamps.supported(), reason="this system notes no arrivals")
def test_receive_times_are_known_over_tls_too(serve, shopper, fetch, server_context, trusted):
    server = serve(responding, context=server_context())
    transport = shopper(server.url)
    # The kernel begins to take notes a moment after it is asked to, and a held-up machine spoils one now and then.
    until, received_at = time.perf_counter() + 5, None
    while received_at is None and time.perf_counter() < until:
        began = time.perf_counter()
        received_at = fetch(transport).received_at
    assert received_at is not None
    assert began < received_at < time.perf_counter()


def test_the_server_name_is_verified_and_http_1_1_negotiated(serve, shopper, fetch, server_context, trusted):
    agreed = []

    def telling(peer):
        agreed.append(peer.sock.selected_alpn_protocol())
        responding(peer)

    server = serve(telling, context=server_context("localhost"), host="localhost")
    assert fetch(shopper(server.url)).status == 200
    assert agreed == ["http/1.1"]


def test_closing_a_tls_connection_sends_a_close_message(serve, shopper, fetch, server_context, trusted):
    def strict(peer):
        peer.sock.suppress_ragged_eofs = False  # an end without TLS's farewell is an error, which fails the test
        responding(peer)

    server = serve(strict, context=server_context())
    transport = shopper(server.url)
    assert fetch(transport).status == 200
    transport.close()


RECORD = b"\x17\x03\x03\x00\x08anything"


@pytest.mark.parametrize(
    ("found", "ends"),
    [(ssl.SSLWantReadError(), False), (ssl.SSLZeroReturnError(), True), (ssl.SSLError(), True), (5, True)],
    ids=["a ticket", "farewell", "rubbish", "a reply"],
)
def test_only_unrequested_tls_tickets_leave_a_connection_open(found, ends):
    wrote = []

    def read(*_):
        if isinstance(found, Exception):
            raise found
        return found

    def write(data):
        wrote.append(data)
        return len(data)

    connection = TlsConnection(Origin(True, "shop.test", 443), HttpLimits(1.0, 1.0, 1.0, 1000), current_scanner())
    connection._tls = SimpleNamespace(read=read, write=write)
    assert connection._closes_idle(memoryview(RECORD * 2)) is ends
    assert connection._closes_idle(memoryview(b"")) is True
    assert wrote == ([] if ends else [b""])  # a ticket's room is given back
    assert connection._closes_idle(memoryview(RECORD[:-1])) is True  # half of an unreadable record
    connection._tls = None
    assert connection._closes_idle(memoryview(RECORD)) is True


@pytest.mark.parametrize("size", range(1, len(RECORD) + 2))
def test_the_end_of_a_tls_record_is_found_in_pieces_of_any_size(size):
    stream = RECORD + b"\x17\x03\x03\x00\x00" + b"\x16\x03\x01\x01\x01" + bytes(257) + RECORD
    ends = {len(RECORD), len(RECORD) + 5, len(RECORD) + 10 + 257, len(stream)}
    connection = TlsConnection(Origin(True, "shop.test", 443), HttpLimits(1.0, 1.0, 1.0, 1000), current_scanner())
    for at in range(0, len(stream), size):
        piece = stream[at : at + size]
        assert connection._ends_record(memoryview(piece)) is (at + len(piece) in ends)


def secretly(context, *pieces):
    """A server that does its own TLS: it answers the first request with a response, and sends ``pieces`` as they are.

    A piece is the plain text of a record, whole or (a tuple) from and to a byte of it.
    """

    def script(peer):
        read, write = ssl.MemoryBIO(), ssl.MemoryBIO()
        secret = context.wrap_bio(read, write, server_side=True)

        def step(does):
            while True:
                try:
                    return does()
                except ssl.SSLWantReadError:
                    peer.send(write.read())
                    read.write(peer.sock.recv(65536))

        step(secret.do_handshake)
        step(lambda: secret.read(65536))
        sent = b""
        for text, part in pieces:
            secret.write(text)
            sent += write.read()[part]
        peer.send(sent)
        while not peer.closed_by_client():
            pass  # its farewell

    return script


@pytest.mark.parametrize(
    "behind", [slice(3), slice(20), slice(-1), slice(None)], ids=["half a header", "little", "much", "all"]
)
def test_bytes_behind_a_response_over_tls_close_the_connection(serve, shopper, fetch, server_context, trusted, behind):
    context = server_context()
    wrong = (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong", behind)
    reply = (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst", slice(None))
    server = serve(secretly(context, reply, wrong), secretly(context, reply))
    transport = shopper(server.url.replace("http:", "https:"))
    for _ in range(2):
        assert fetch(transport).body == b"first"
    assert server.connections == 2


def test_all_shoppers_share_one_context(serve, shopper, fetch, server_context, trusted):
    server = serve(responding, context=server_context())
    for _ in range(3):
        assert fetch(shopper(server.url)).status == 200
    assert tls.ssl_context.cache_info().misses == 1


def test_an_idle_tls_connection_keeps_no_write_buffer(serve, shopper, fetch, server_context, trusted):
    # Servers send tickets behind the handshake, and to read one OpenSSL takes 16 kB that it keeps until it writes again.
    server = serve(responding, context=server_context())
    transport = shopper(server.url)
    assert fetch(transport).status == 200
    ((_, connection),) = transport._connections.items()
    held = in_use()
    connection._tls.write(b"")
    assert held - in_use() < 8_000
    assert fetch(transport).status == 200
    assert server.connections == 1


class _Mallinfo(ctypes.Structure):
    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keepcost",
        )
    )


def in_use():
    """Bytes that this process has from malloc."""
    ask = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if ask is None:
        pytest.skip("the C library does not tell what it has handed out")
    ask.restype = _Mallinfo
    return ask().uordblks
