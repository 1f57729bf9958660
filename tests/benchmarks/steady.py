"""A server that answers every request after the same time, to measure how well a client keeps time.

Run as ``python steady.py PORT_FILE SECONDS CERTIFICATE`` (a PEM file with its key); it writes its port there, and a second
one for TLS, and serves on loopback until its standard input ends. The time counts from the kernel's own note of the request's arrival, not from when it was read, and no timer is
slept on: it looks again and again, on a core that should be its own. ``GET /_truth`` tells how long, by the same note,
its answers really took since it was last asked.
"""

from __future__ import annotations

import json
import resource
import select
import socket
import ssl
import struct
import sys
import time
from collections import deque
from pathlib import Path

from responder import PAGES, envelope

BODY = envelope(PAGES[1][3], PAGES[1][4])
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
REPLY = HEAD % len(BODY) + BODY
TIMESTAMPNS = 35  # SO_TIMESTAMPNS of Linux, which Python gives no name
RECORDED = struct.Struct("=qq")


class Line:
    """One connection. Requests come whole and in one piece, one at a time."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext | None) -> None:
        self.sock = sock
        self.shaken = context is None
        self.tls = None
        if context is not None:
            self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)

    def received(self, piece: bytes) -> bytes:
        """The request in these bytes; empty until it is complete."""
        if self.tls is None:
            return piece
        self.incoming.write(piece)
        try:
            if not self.shaken:
                self.tls.do_handshake()
                self.shaken = True
            return self.tls.read(4096)
        except ssl.SSLWantReadError:
            return b""
        finally:
            if self.outgoing.pending:
                self.sock.send(self.outgoing.read())

    def say(self, reply: bytes) -> None:
        if self.tls is not None:
            self.tls.write(reply)
            reply = self.outgoing.read()
        self.sock.send(reply)


class Steady:
    """Answers on two ports, plain and over TLS; the first of its ``ports`` is the plain one."""

    def __init__(self, delay: float, certificate: str) -> None:
        self.delay = delay
        self.took: list[float] = []
        self.due: deque[tuple[float, Line]] = deque()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        self.doors = {}
        for spoken in (None, context):
            entrance = socket.create_server(("127.0.0.1", 0), backlog=4096)
            entrance.setblocking(False)
            entrance.setsockopt(socket.SOL_SOCKET, TIMESTAMPNS, 1)  # accepted connections take it over
            self.doors[entrance.fileno()] = entrance, spoken
        self.ports = [entrance.getsockname()[1] for entrance, _ in self.doors.values()]
        self.lines: dict[int, Line] = {}

    def serve(self) -> None:
        poll = select.epoll()
        for entrance in self.doors:
            poll.register(entrance, select.EPOLLIN)
        poll.register(sys.stdin, select.EPOLLIN | select.EPOLLHUP)
        while True:
            self._answer()
            for number, _ in poll.poll(0):
                if number == sys.stdin.fileno():
                    return
                if number in self.doors:
                    entrance, context = self.doors[number]
                    sock, _ = entrance.accept()
                    sock.setblocking(False)
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self.lines[sock.fileno()] = Line(sock, context)
                    poll.register(sock, select.EPOLLIN)
                elif not self._received(self.lines[number]):
                    poll.unregister(number)
                    self.lines.pop(number).sock.close()

    def _received(self, line: Line) -> bool:
        """Keep a request until its answer is due; false once the connection has ended."""
        try:
            piece, notes, _, _ = line.sock.recvmsg(4096, 64)
            request = line.received(piece) if piece else b""
        except OSError:
            return False
        if request.startswith(b"GET /_truth"):
            body = json.dumps(self._truth()).encode()
            line.say(HEAD % len(body) + body)
        elif request:
            came = time.time()
            for _, _, held in notes:
                seconds, nanoseconds = RECORDED.unpack(held)
                came = seconds + nanoseconds * 1e-9
            self.due.append((came, line))
        return bool(piece)

    def _answer(self) -> None:
        due = self.due
        # Of several that were read at one glance, the first need not have come first: by a glance, no more.
        while due and due[0][0] + self.delay <= (now := time.time()):
            came, line = due.popleft()
            try:
                line.say(REPLY)
            except OSError:
                continue
            self.took.append(now - came)

    def _truth(self) -> dict[str, float]:
        took, self.took = sorted(self.took) or [0.0], []
        return {"p50": took[len(took) // 2], "p99": took[len(took) * 99 // 100]}


if __name__ == "__main__":
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    server = Steady(float(sys.argv[2]), sys.argv[3])
    Path(sys.argv[1]).write_text(f"{' '.join(map(str, server.ports))}\n")
    server.serve()
