"""Replies of a hostile server to both HTTP clients: each ends as an outcome of the shop, within limits, and spoils no later reply.

A correct reply is read as it was sent. A reply that was cut off is no reply. After each reply the same shopper asks for a page
with an answer that only the server knows.
"""

from __future__ import annotations

import gzip
import itertools
import re
import zlib
from contextlib import contextmanager
from types import SimpleNamespace

import brotli
import gevent
from gevent import ssl
from gevent.event import Event
from gevent.server import StreamServer
from locust.event import EventHook
from trustme import CA

from harness.measurement.outcomes import Outcome
from users.http.client import HttpClient, HttpLimits
from users.http.locust.client import LocustHttpClient

LARGEST = 20_000
PATIENT, HASTY = 4.0, 0.2
SHOPS_FAULTS = {None, Outcome.CONNECTION, Outcome.TOO_LARGE, Outcome.ENCODING, Outcome.TIMEOUT}
PACK = {
    "": lambda body: body,
    "identity": lambda body: body,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda body: brotli.compress(body, quality=1),
    "gzip, br": lambda body: brotli.compress(gzip.compress(body), quality=1),
}
HEADERS = [
    *("Set-Cookie: a=b; Path=/", "set-cookie: c=%ff; Max-Age=99999999999999999999", "Set-Cookie: =;;==", 'Set-Cookie: q="\\"; d'),
    *("Content-Type: application/json", "Content-Type: text/html; charset=utf-8", "Location: /elsewhere", "Location: http://[", "X: y"),
    *("Connection: keep-alive", "Keep-Alive: timeout=5", "Expires: now", "X-Long: " + "x" * 5_000, "Vary: a\r\nVary: b", "Empty:"),
]  # fmt: skip
PIECES = [
    *(b"\r\n", b"\n", b"\r", b"\0", b"\xff", b" ", b"\t", b":", b",", b"0\r\n\r\n", b"ffffffff\r\n", b"-1", b"HTTP/1.1 200 OK\r\n\r\n"),
    *(b"HTTP/1.1 100 Continue\r\n\r\n", b"Content-Length: 3\r\n", b"Content-Length: 99999999999999999999\r\n", b"[Errno 24] "),
    *(b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip\r\n", b"Content-Encoding: br\r\n", b"timed out", b"Connection: close\r\n"),
    *(b"Upgrade: x\r\nConnection: upgrade\r\n", b"x" * 70_000, b"Set-Cookie: a=\x01\r\n", b"X: y\r\n z\r\n", b"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno"),
]  # fmt: skip
REQUEST = re.compile(rb"(GET|HEAD|POST) (\S+) HTTP/1\.1\r\n(?:[!-9;-~]+: [ -~\t\x80-\xff]*\r\n)+\r\n")


def made(random, method):
    """A correct reply: its bytes, what the client must read from it, and whether it ends with its connection."""
    body = random.randbytes(random.randrange(30)) * random.choice((0, 1, 1, 10, 100))
    status = random.choice((200, 200, 200, 201, 302, 404, 500, 599, 204, 304))
    lines = [f"HTTP/1.{random.choice('1110')} {status} Word", *random.sample(HEADERS, random.randrange(4))]
    coding = random.choice(sorted(PACK))
    packed = PACK[coding](body)
    if coding:
        lines.append(f"{random.choice(('Content-Encoding', 'content-encoding'))}: {coding}")
    bare = method == "HEAD" or status in (204, 304)
    framing = "length" if bare else random.choice(("length", "length", "chunked", "close"))
    if framing == "length":
        lines.append(f"Content-Length: {0 if status == 204 else len(packed)}")
    elif framing == "chunked":
        lines.append("Transfer-Encoding: chunked")
        packed = chunked(random, packed)
    head = "\r\n".join((lines[0], *random.sample(lines[1:], len(lines) - 1))).encode() + b"\r\n\r\n"
    ahead = random.choice((b"", b"", b"HTTP/1.1 103 Early\r\nLocation: /no\r\nX: y\r\n\r\n"))
    if bare:
        body = packed = b""
    elif len(packed) > LARGEST or len(body) > LARGEST:
        raise AssertionError("no such large bodies are made")
    return ahead + head + packed, (status, body), framing == "close"


def chunked(random, body):
    """A body in chunks."""
    pieces, at = [], 0
    while at < len(body):
        size = random.choice((1, 7, 100, 5_000)) if len(body) < 500 else random.choice((500, 5_000))
        piece = body[at : at + size]
        pieces.append(b"%x%s\r\n%s\r\n" % (len(piece), random.choice((b"", b"", b";a=b")), piece))
        at += size
    return b"".join([*pieces, b"0\r\n", random.choice((b"", b"", b"T: x\r\n")), b"\r\n"])


def spoiled(random, data):
    """The reply, damaged: bytes changed, added or removed, lines in another order, random bytes, or one piece many times."""
    at = random.randrange(len(data))
    match random.randrange(6):
        case 0:
            return data[:at] + bytes((data[at] ^ (1 << random.randrange(8)),)) + data[at + 1 :]
        case 1:
            return data[:at] + random.choice(PIECES) + data[at:]
        case 2:
            return data[:at] + data[at + random.randrange(1, 20) :]
        case 3:
            return random.randbytes(random.randrange(1, 200))
        case 4:
            lines = data.split(b"\r\n")
            random.shuffle(lines)
            return b"\r\n".join(lines)
        case _:
            return data[:at] + random.choice(PIECES[:-8]) * random.choice((100, 20_000))


class Server:
    """Answers ``/hostile`` with the given bytes, and ``/good/N`` with ``N``."""

    def __init__(self):
        self.pieces, self.closes = [], True
        self.sent = Event()
        self.broken = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        CA().issue_cert("127.0.0.1").configure_cert(context)
        self.servers = [StreamServer(("127.0.0.1", 0), self.serve), StreamServer(("127.0.0.1", 0), self.serve_tls)]
        self.context = context
        for server in self.servers:
            server.start()

    def serve_tls(self, sock, address):
        try:
            sock = self.context.wrap_socket(sock, server_side=True)
        except OSError:
            return
        self.serve(sock, address)

    def serve(self, sock, _address):
        sock.settimeout(60)
        held = b""
        try:
            while True:
                while b"\r\n\r\n" not in held:
                    piece = sock.recv(65536)
                    if not piece:
                        return
                    held += piece
                head, _, held = held.partition(b"\r\n\r\n")
                match = REQUEST.fullmatch(head + b"\r\n\r\n")
                if match is None:
                    self.broken.append(head)
                    return
                length = next(
                    (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
                )
                while len(held) < length:
                    held += sock.recv(65536)
                held = held[length:]
                if match[2].startswith(b"/good/"):
                    body = match[2][6:]
                    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
                    continue
                for piece in self.pieces:
                    sock.sendall(piece)
                    gevent.sleep(0)
                self.sent.set()
                if self.closes:
                    return
        except OSError:
            pass  # the client has closed the connection
        finally:
            self.sent.set()
            self.close(sock)

    @staticmethod
    def close(sock):
        try:
            if isinstance(sock, ssl.SSLSocket):
                sock.settimeout(0.0)  # send TLS's closing message, but do not wait for the client's
                sock.unwrap()
        except (OSError, ValueError):
            pass
        finally:
            sock.close()

    def stop(self):
        for server in self.servers:
            server.stop(timeout=0.2)


def transports(url, patience):
    """Both clients; each belongs to a shopper of its own."""
    user = SimpleNamespace(environment=SimpleNamespace(events=SimpleNamespace(request=EventHook())), context=dict)
    exhausted = []
    limits = HttpLimits(PATIENT, patience, PATIENT, LARGEST, verify_tls=False)
    yield HttpClient(url, user, limits, on_resource_exhausted=exhausted.append)
    yield LocustHttpClient(url, user, limits, on_resource_exhausted=exhausted.append)
    assert not exhausted


def tried(server, random, numbers):
    method = random.choice(("GET", "GET", "GET", "POST", "HEAD"))
    data, (status, body), ends = made(random, method)
    does = random.choice(("as it is", "cut", "spoiled", "spoiled", "behind"))
    server.closes = ends or does == "cut" or random.random() < 0.7
    if does == "cut":
        data = data[: random.randrange(len(data))]
    elif does == "spoiled":
        data = spoiled(random, data)
    elif does == "behind":
        data += random.choice(PIECES) if not ends else b""
    size = random.choice((1, 10, 1_000, 1_000_000)) if len(data) < 2_000 else 1_000_000
    server.pieces = [data[at : at + size] for at in range(0, len(data), size)]
    secure = random.random() < 0.2
    hasty = does == "spoiled" and not server.closes
    url = f"{'https' if secure else 'http'}://127.0.0.1:{server.servers[secure].server_port}"
    ways = []
    for transport in transports(url, HASTY if hasty else PATIENT):
        server.sent.clear()
        reply = transport.send("Page", method, "/hostile", {}, b"x=1" if method == "POST" else None)
        reported = f"{type(transport).__name__}: {method}, {does}, {data[:300]!r}, read {reply!r:.300}"
        transport.report(reply.failure or Outcome.OK, failed=reply.failure is not None)
        assert reply.failure in SHOPS_FAULTS, reported
        assert (reply.failure is Outcome.TIMEOUT) <= hasty, reported
        assert len(reply.body) <= LARGEST, reported
        if reply.failure is None:
            assert 200 <= reply.status <= 999, reported
        else:
            assert reply.body == b"", reported
        if does in ("as it is", "behind"):
            assert reply[:2] == (status, body), reported
            assert reply.failure is None, reported
        if does == "cut" and not ends:
            assert reply.failure is Outcome.CONNECTION, reported
        server.sent.wait(PATIENT)
        gevent.sleep(0.001)  # what is on its way arrives
        for _ in range(2):
            number = b"%d" % next(numbers)
            good = transport.send("Page", "GET", f"/good/{number.decode()}", {}, None)
            assert good[:2] == (200, number), f"{reported}, and then {good!r}"
        assert not server.broken, f"{reported}, and then {server.broken}"
        transport.close()
        ways.append(str(reply.failure or "ok"))
    return " or ".join(dict.fromkeys(ways))


@contextmanager
def opened():
    server, numbers = Server(), itertools.count()
    yield lambda random: tried(server, random, numbers)
    server.stop()
