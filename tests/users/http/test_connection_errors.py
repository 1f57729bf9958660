"""Network failures: each has one outcome, leaks no descriptor, and breaks no later request.

Longer than 300 lines: every failure needs its own broken server.
"""

import resource
import socket
import time

import gevent
import pytest
from gevent import get_hub, monkey

from harness.measurement.outcomes import Outcome
from users.http import dns
from users.http.timeouts import SCAN_INTERVAL, current_scanner

OK = b"HTTP/1.1 200 OK\r\n"
RESPONSE = OK + b"Content-Length: 2\r\n\r\nok"


def responding(peer):
    while peer.request():
        peer.send(RESPONSE)


def once(peer):
    """Answers one request and closes."""
    peer.request()
    peer.respond()


def closing_on_the_second(peer):
    """Answers one request, reads the next one and closes without an answer."""
    peer.request()
    peer.respond()
    peer.request()


def silent(peer):
    """Sends nothing until the client has closed."""
    peer.request()
    assert peer.closed_by_client()


def busy(seconds):
    """Block all greenlets, as a long computation in one of them does."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("noticed", [True, False])
def test_a_kept_connection_that_the_server_closed_is_replaced(serve, shopper, fetch, method, noticed):
    server = serve(once, responding)
    transport = shopper(server.url)
    assert fetch(transport).body == b"ok"
    (gevent.sleep if noticed else monkey.get_original("time", "sleep"))(0.6)
    assert fetch(transport, method=method, body=b"x")[:2] == (200, b"ok")
    assert server.connections == 2


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("POST", b"buy=1")])
def test_a_request_that_may_have_been_read_is_not_repeated_by_locusts_client(serve, shopper, fetch, method, body):
    server = serve(closing_on_the_second, responding)
    transport = shopper(server.url)
    assert fetch(transport).body == b"ok"
    assert fetch(transport, method=method, body=body).failure is Outcome.CONNECTION
    assert server.connections == 1
    assert fetch(transport, method=method, body=body).body == b"ok"
    assert server.connections == 2


def test_a_get_is_not_repeated_once_its_response_has_started(serve, shopper, fetch):
    def script(peer):
        once(peer)
        peer.request()

    def half(peer):
        peer.request()
        peer.respond()
        peer.request()
        peer.send(b"HTTP/1.1 2")

    server = serve(half, responding)
    transport = shopper(server.url)
    fetch(transport)
    assert fetch(transport).failure is Outcome.CONNECTION
    assert server.connections == 1


def test_a_reset_is_a_connection_failure_even_for_a_body_without_length(serve, shopper, fetch):
    def script(peer):
        peer.request()
        peer.send(OK + b"\r\nhello")
        time.sleep(0.05)
        peer.reset()

    assert fetch(shopper(serve(script).url)).failure is Outcome.CONNECTION


def test_a_port_without_a_server_is_a_connection_failure(shopper, fetch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    transport = shopper(f"http://127.0.0.1:{port}")
    began = time.perf_counter()
    assert fetch(transport).failure is Outcome.CONNECTION
    assert time.perf_counter() - began < 1


def test_a_server_that_never_accepts_is_a_timeout(deaf, shopper, fetch):
    transport = shopper(deaf, connect=0.2)
    began = time.perf_counter()
    assert fetch(transport).failure is Outcome.TIMEOUT
    assert 0.2 <= time.perf_counter() - began < 1


def test_silence_is_a_timeout_and_the_connection_is_given_up(serve, shopper, fetch):
    server = serve(silent, responding)
    transport = shopper(server.url, read=0.15)
    began = time.perf_counter()
    assert fetch(transport)[:4] == (0, b"", "", Outcome.TIMEOUT)
    assert 0.15 <= time.perf_counter() - began < 1
    assert fetch(transport).body == b"ok"


def test_a_slow_response_without_long_pauses_is_read(serve, shopper, fetch):
    def script(peer):
        peer.request()
        for at in range(len(RESPONSE)):
            peer.send(RESPONSE[at : at + 1])
            time.sleep(0.02)

    assert fetch(shopper(serve(script).url, read=0.15)).body == b"ok"


def test_a_response_that_never_ends_is_cut_off(serve, shopper, fetch):
    def script(peer):
        peer.request()
        peer.send(OK + b"\r\n")
        with pytest.raises(ConnectionError):
            while True:
                peer.send(b"x")
                time.sleep(0.01)

    transport = shopper(serve(script).url, read=5.0, longest=0.3)
    began = time.perf_counter()
    assert fetch(transport).failure is Outcome.TIMEOUT
    assert 0.3 <= time.perf_counter() - began < 1


def test_bytes_that_arrived_while_the_process_was_busy_are_in_time(serve, shopper, fetch):
    transport = shopper(serve(responding).url, read=0.1)
    fetch(transport)
    worker = gevent.spawn(busy, 0.4)
    reply = fetch(transport)
    assert (reply.body, reply.failure) == (b"ok", None)
    worker.join()


def test_a_large_form_is_sent_in_full_to_a_slow_reader(serve, shopper, fetch):
    sizes = []

    def script(peer):
        time.sleep(0.1)
        sizes.append(len(peer.request().partition(b"\r\n\r\n")[2]))
        peer.respond()

    transport = shopper(serve(script).url)
    assert fetch(transport, method="POST", body=b"x" * 8_000_000).body == b"ok"
    assert sizes == [8_000_000]


def test_a_server_that_does_not_read_the_request_is_a_timeout(serve, shopper, fetch):
    def script(peer):
        time.sleep(0.6)

    transport = shopper(serve(script).url, read=0.2)
    assert fetch(transport, method="POST", body=b"x" * 20_000_000).failure is Outcome.TIMEOUT


def test_stopping_a_shopper_leaves_no_half_read_response(serve, shopper, fetch):
    def half(peer):
        peer.request()
        peer.send(OK + b"Content-Length: 5\r\n\r\nhe")
        assert peer.closed_by_client()

    server = serve(half, responding)
    transport = shopper(server.url)
    one = gevent.spawn(fetch, transport)
    gevent.sleep(0.1)
    one.kill()
    assert one.dead
    assert not current_scanner().waiting
    assert fetch(transport).body == b"ok"
    assert server.connections == 2


def test_a_shopper_can_be_stopped_while_connecting(shopper, fetch, descriptors):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(8)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(listener.getsockname())
        before = descriptors()
        one = gevent.spawn(fetch, shopper(f"http://127.0.0.1:{listener.getsockname()[1]}"))
        gevent.sleep(0.1)
        assert descriptors() == before + 1
        one.kill()
        assert descriptors() == before
        for sock in waiting:
            sock.close()


def test_closing_a_transport_ends_a_wait_with_a_failure(serve, shopper, fetch):
    transport = shopper(serve(silent).url)
    one = gevent.spawn(fetch, transport)
    gevent.sleep(0.1)
    transport.close()
    assert one.get(timeout=1).failure is Outcome.CONNECTION


def test_exhaustion_of_this_machine_is_not_the_shops_fault(serve, shopper, fetch, descriptors):
    server = serve(responding)
    transport = shopper(server.url)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        failure = fetch(transport).failure
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert failure is Outcome.NO_SOCKET
    assert shopper.exhausted == ["EMFILE"]
    assert fetch(transport).body == b"ok"
    assert shopper.exhausted == ["EMFILE"]


def test_a_dns_lookup_without_free_descriptors_is_not_the_shops_fault(shopper, fetch, monkeypatch):
    def name_unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(dns.cooperative, "getaddrinfo", name_unknown)
    transport = shopper("http://shop.invalid:8080")
    assert fetch(transport).failure is Outcome.CONNECTION
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        failure = fetch(transport).failure
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert failure is Outcome.NO_SOCKET
    assert shopper.exhausted == ["EMFILE"]


def test_no_descriptor_is_left_behind(serve, shopper, fetch, descriptors):
    def resetting(peer):
        peer.request()
        peer.reset()

    scripts = [once, resetting, silent, closing_on_the_second]
    server = serve(*(scripts * 5), responding)
    transport = shopper(server.url, read=0.05)
    get_hub().threadpool  # noqa: B018 - what it opens once is no leak
    current_scanner()
    fetch(transport)
    transport.close()
    before = descriptors()
    for _ in range(40):
        fetch(transport)
    transport.close()
    deadline = time.monotonic() + 5
    while descriptors() > before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert descriptors() <= before


def test_the_scanner_stops_while_nothing_waits(serve, shopper, fetch):
    transport = shopper(serve(responding).url)
    fetch(transport)
    gevent.sleep(3 * SCAN_INTERVAL)
    assert not current_scanner().running
    assert fetch(transport).body == b"ok"


def test_a_request_that_sent_no_byte_uses_a_new_connection(serve, shopper, fetch):
    server = serve(responding)
    transport = shopper(server.url)
    assert fetch(transport).body == b"ok"
    (connection,) = transport._connections.values()
    connection.sock.shutdown(socket.SHUT_WR)
    assert fetch(transport, method="POST", body=b"buy=1")[:2] == (200, b"ok")
    assert server.connections == 2


def found(*ports):
    """A DNS lookup finds these ports of this machine, in this order."""
    return lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]


def test_after_a_dead_address_the_next_one_is_tried(serve, shopper, fetch, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        dead = listener.getsockname()[1]
    server = serve(responding)
    monkeypatch.setattr(dns.cooperative, "getaddrinfo", found(dead, server.port))
    assert fetch(shopper("http://two.shop.test")).body == b"ok"
    monkeypatch.setattr(dns.cooperative, "getaddrinfo", found(dead, dead))
    assert fetch(shopper("http://none.shop.test")).failure is Outcome.CONNECTION


def test_a_name_that_takes_too_long_to_look_up_is_a_timeout(shopper, fetch, monkeypatch):
    monkeypatch.setattr(dns.cooperative, "getaddrinfo", lambda *_, **__: gevent.sleep(5))
    began = time.perf_counter()
    assert fetch(shopper("http://slow.shop.test", connect=0.1)).failure is Outcome.TIMEOUT
    assert 0.1 <= time.perf_counter() - began < 2
