"""A server written by hand, byte by byte, on loopback: it does what a test says, right or wrong."""

import contextlib
import socket
import struct
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from gevent import GreenletExit, get_hub

from users.swift import Limits, Swift

PATIENCE = 10.0  # seconds after which a test's server gives up on its client


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

    def answer(self, body=b"ok", *headers, status="200 OK"):
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
    """Accepts connections; the first script serves the first one, and so on, the last one all that follow."""

    def __init__(self, scripts, address, context):
        self.scripts, self.context = scripts, context
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.listener = socket.create_server((address, 0), family=family)
        self.port = self.listener.getsockname()[1]
        self.connections = 0
        self.broken = []
        self.threads = []
        self.sockets = []
        self._begin(self._accept)

    def _begin(self, work, *arguments):
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            script = self.scripts[min(self.connections, len(self.scripts) - 1)]
            self.connections += 1
            self._begin(self._serve, script, sock)

    def _serve(self, script, sock):
        sock.settimeout(PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self.context is not None:
                sock = self.context.wrap_socket(sock, server_side=True)
            self.sockets.append(sock)
            script(Peer(sock))
        except Exception as error:  # noqa: BLE001 - whatever a script meets is for the test to judge
            self.broken.append(error)
        finally:
            sock.close()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in self.threads), "the test's server hangs"


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


class Heard:
    """Locust's ``events.request``, as far as a transport knows it."""

    def __init__(self):
        self.fired = []

    def fire(self, **arguments):
        self.fired.append(arguments)


@pytest.fixture
def shopper(serve):
    """Make a transport for a URL; it is closed when the test is over (before its server is)."""
    made = []

    def make(url, *, connect=5.0, read=5.0, longest=8.0, largest=100_000, verify_tls=True):
        events = SimpleNamespace(request=Heard())
        user = SimpleNamespace(environment=SimpleNamespace(events=events), context=lambda: {"who": "ada"})
        transport = Swift(url, user, Limits(connect, read, longest, largest, verify_tls))
        made.append((transport, events.request))
        return transport

    make.heard = lambda: made[-1][1].fired
    yield make
    for transport, _ in made:
        transport.close()


@pytest.fixture(autouse=True)
def loop_errors(monkeypatch):
    """What goes wrong in a callback of the loop is only printed by gevent; here it fails the test."""
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
