"""A server that answers everything after the same time, for those who want to know how well a client keeps time.

Run as ``python steady.py PORT_FILE SECONDS``; it writes its port there and serves on loopback until its standard input
ends. The time counts from the kernel's own note of the request's arrival, not from when it was read, and no timer is
slept on: it looks again and again, on a core that should be its own. ``GET /_truth`` tells how long, by the same note,
its answers really took since it was last asked.
"""

from __future__ import annotations

import json
import resource
import select
import socket
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
NOTED = struct.Struct("=qq")


class Steady:
    """Requests come whole and in one piece, one at a time on a connection."""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.took: list[float] = []
        self.due: deque[tuple[float, socket.socket]] = deque()
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.listening.setblocking(False)
        self.listening.setsockopt(socket.SOL_SOCKET, TIMESTAMPNS, 1)  # accepted connections take it over
        self.connections: dict[int, socket.socket] = {}

    def serve(self) -> None:
        poll = select.epoll()
        poll.register(self.listening, select.EPOLLIN)
        poll.register(sys.stdin, select.EPOLLIN | select.EPOLLHUP)
        while True:
            self._answer()
            for number, _ in poll.poll(0):
                if number == sys.stdin.fileno():
                    return
                if number == self.listening.fileno():
                    connection, _ = self.listening.accept()
                    connection.setblocking(False)
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self.connections[connection.fileno()] = connection
                    poll.register(connection, select.EPOLLIN)
                elif not self._heard(self.connections[number]):
                    poll.unregister(number)
                    self.connections.pop(number).close()

    def _heard(self, connection: socket.socket) -> bool:
        """Put a request by until its answer is due; false once nothing more comes."""
        try:
            piece, notes, _, _ = connection.recvmsg(4096, 64)
        except OSError:
            return False
        if piece.startswith(b"GET /_truth"):
            body = json.dumps(self._truth()).encode()
            connection.send(HEAD % len(body) + body)
        elif piece:
            came = time.time()
            for _, _, held in notes:
                seconds, nanoseconds = NOTED.unpack(held)
                came = seconds + nanoseconds * 1e-9
            self.due.append((came, connection))
        return bool(piece)

    def _answer(self) -> None:
        due = self.due
        # Of several that were read at one glance, the first need not have come first: by a glance, no more.
        while due and due[0][0] + self.delay <= (now := time.time()):
            came, connection = due.popleft()
            try:
                connection.send(REPLY)
            except OSError:
                continue
            self.took.append(now - came)

    def _truth(self) -> dict[str, float]:
        took, self.took = sorted(self.took) or [0.0], []
        return {"p50": took[len(took) // 2], "p99": took[len(took) * 99 // 100]}


if __name__ == "__main__":
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    server = Steady(float(sys.argv[2]))
    Path(sys.argv[1]).write_text(f"{server.listening.getsockname()[1]}\n")
    server.serve()
