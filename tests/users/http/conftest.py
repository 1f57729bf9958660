"""Clients for the servers of ``raw_server``."""

import socket
import ssl
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
import trustme
from gevent import GreenletExit, get_hub
from raw_server import serve

from users.http import tls
from users.http.client import HttpClient, HttpLimits
from users.http.locust.client import LocustHttpClient
from users.http.target_headers import NO_HEADERS

__all__ = ["serve"]  # a fixture


class RequestEvents:
    """Locust's ``events.request``, as far as a transport knows it."""

    def __init__(self):
        self.fired = []

    def fire(self, **arguments):
        self.fired.append(arguments)


@pytest.fixture
def shoppers(serve):
    """Make a transport of a kind for a URL; it is closed when the test is over (before its server is)."""
    made = []

    def make(
        kind, url, *, connect=5.0, read=5.0, longest=8.0, largest=100_000, verify_tls=True, target_headers=NO_HEADERS
    ):
        events = SimpleNamespace(request=RequestEvents())
        user = SimpleNamespace(environment=SimpleNamespace(events=events), context=lambda: {"who": "ada"})
        limits = HttpLimits(connect, read, longest, largest, verify_tls)
        transport = kind(url, user, limits, on_resource_exhausted=make.exhausted.append, target_headers=target_headers)
        made.append((transport, events.request))
        return transport

    make.reported = lambda: made[-1][1].fired
    make.exhausted = []
    yield make
    for transport, _ in made:
        transport.close()


def _of(kind, shoppers):
    make = partial(shoppers, kind)
    make.reported, make.exhausted = shoppers.reported, shoppers.exhausted
    return make


@pytest.fixture
def shopper(shoppers):
    """Make a client of checkload."""
    return _of(HttpClient, shoppers)


@pytest.fixture
def locust(shoppers):
    """Make a client of Locust."""
    return _of(LocustHttpClient, shoppers)


@pytest.fixture(params=[HttpClient, LocustHttpClient], ids=["own", "locust"])
def either(shoppers, request):
    """Make a client of either kind: the test runs with both."""
    return _of(request.param, shoppers)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def server_context(authority):
    def make(*names, issuer=authority):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issuer.issue_cert(*(names or ("127.0.0.1",))).configure_cert(context)
        context.set_alpn_protocols(["h2", "http/1.1"])
        return context

    return make


@pytest.fixture
def trusted(authority, monkeypatch, tmp_path):
    """This process trusts only the test's certificate authority."""
    path = tmp_path / "authority.pem"
    path.write_bytes(authority.cert_pem.bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    tls.ssl_context.cache_clear()
    yield
    tls.ssl_context.cache_clear()


@pytest.fixture
def deaf():
    """The address of a listener whose queue is full: Linux accepts no connection there."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(8)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        for sock in waiting:
            sock.close()


@pytest.fixture(autouse=True)
def loop_errors(monkeypatch):
    """An error in a callback of the event loop fails the test; gevent would only print it."""
    hub, found = get_hub(), []
    monkeypatch.setattr(hub, "handle_error", lambda _where, kind, error, _trace: found.append((kind, error)))
    yield
    assert not [error for kind, error in found if not issubclass(kind, GreenletExit)]


@pytest.fixture
def descriptors():
    """How many files and sockets this process has open."""
    return lambda: len(list(Path("/proc/self/fd").iterdir()))


def fetch(transport, url="/", method="GET", body=None, **headers):
    return transport.send("Page", method, url, headers, body)


@pytest.fixture(name="fetch")
def fetch_fixture():
    return fetch


def pytest_collection_modifyitems(items):
    """Mark tests that use a real server, sockets and threads: they are no unit tests."""
    for item in items:
        if "serve" in getattr(item, "fixturenames", ()) and "http" in item.path.parts:
            item.add_marker(pytest.mark.end_to_end)
