"""A server on loopback that sends exactly the bytes that a test wants, right or wrong."""

import contextlib
import itertools
import socket
import struct

import pytest
from gevent import Timeout, monkey
from gevent.threadpool import ThreadPool

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
