"""A server on loopback that sends exactly the bytes that a test wants, right or wrong."""

import contextlib
import itertools
import socket
import ssl
import struct
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
import trustme
from gevent import GreenletExit, Timeout, get_hub, monkey
from gevent.threadpool import ThreadPool

from users.http import tls
from users.http.client import HttpClient, HttpLimits
from users.http.locust.client import LocustHttpClient
from users.http.target_headers import NO_HEADERS

PATIENCE = 10.0  # seconds after which a test's server gives up on its client
AT_ONCE = 40  # connections that a server can serve at the same time
sleep = monkey.get_original("time", "sleep")
Socket = monkey.get_original("socket", "socket")


class Peer:
    """One accepted connection, seen from the server."""

    def __init__(self, sock):
        self.sock = sock

    def request(self):
        """The next request, head and body; ``b""`` once the client has closed."""
        held = b""
        while b"\r\n\r\n" not in held:
            piece = self.sock.recv(65536)
            if not piece:
                return b""
            held += piece
        head, _, body = held.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        while len(body) < length:
            piece = self.sock.recv(65536)
            if not piece:
                return b""
            body += piece
        return head + b"\r\n\r\n" + body

    def send(self, data):
        self.sock.sendall(data)

    def respond(self, body=b"ok", *headers, status="200 OK"):
        lines = "".join(f"{header}\r\n" for header in headers)
        self.send(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{lines}\r\n".encode() + body)

    def closed_by_client(self):
        """Whether the client has closed; waits for it."""
        with contextlib.suppress(ConnectionError):
            return self.sock.recv(65536) == b""
        return True

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class Server:
    """Accepts connections; the first script serves the first one, and so on. The last script serves all others.

    Its threads are real ones, even where gevent has replaced Python's own: a busy client must not hold its server up.
    """

    def __init__(self, scripts, address, context):
        self.scripts, self.context = scripts, context
        # Not gevent's class either, which belongs to the event loop of the thread that made it.
        self.listener = Socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        self.listener.bind((address, 0))
        self.listener.listen(128)
        self.port = self.listener.getsockname()[1]
        self.numbers = itertools.count()
        self.accepted = []
        self.broken = []
        self.stopping = False
        self.pool = ThreadPool(AT_ONCE)
        for _ in range(AT_ONCE):
            self.pool.spawn(self._serve_on)

    @property
    def connections(self):
        return len(self.accepted)

    def _serve_on(self):
        while True:
            try:
                descriptor, _ = self.listener._accept()
            except OSError:
                if self.stopping:
                    return
                sleep(0.01)  # a test has taken away all descriptors
                continue
            number = next(self.numbers)
            self.accepted.append(number)
            self._serve(self.scripts[min(number, len(self.scripts) - 1)], Socket(fileno=descriptor))

    def _serve(self, script, sock):
        sock.settimeout(PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self.context is not None:
                sock = self.context.wrap_socket(sock, server_side=True)
            script(Peer(sock))
        except Exception as error:  # noqa: BLE001 - whatever a script meets is for the test to judge
            self.broken.append(error)
        finally:
            sock.close()

    def stop(self):
        self.stopping = True
        self.listener.shutdown(socket.SHUT_RDWR)
        with Timeout(PATIENCE, AssertionError("the test's server hangs")):
            self.pool.join()
        self.listener.close()
        self.pool.kill()


@pytest.fixture
def serve():
    """Start a server: ``serve(script, ...)`` gives it, with its ``url``."""
    running = []

    def start(*scripts, address="127.0.0.1", context=None, host=None, may_break=False):
        server = Server(scripts, address, context)
        shown = host or (f"[{address}]" if ":" in address else address)
        server.url = f"{'http' if context is None else 'https'}://{shown}:{server.port}"
        server.may_break = may_break
        running.append(server)
        return server

    yield start
    for server in running:
        server.stop()
    for server in running:
        assert server.may_break or not server.broken, server.broken


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
