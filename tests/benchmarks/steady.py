"""A server that answers everything after the same time, for those who want to know how well a client keeps time.

Run as ``python steady.py PORT_FILE SECONDS``; it writes its port there and serves on loopback until its standard input
ends. ``GET /_truth`` tells how long its answers really took it since it was last asked: no timer is exact.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import uvloop
from responder import PAGES, envelope

BODY = envelope(PAGES[1][3], PAGES[1][4])
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class Steady(asyncio.Protocol):
    """Answers each request, which comes whole and in one piece, ``delay`` seconds after it was read."""

    def __init__(self, delay: float, took: list[float]) -> None:
        self.delay, self.took = delay, took
        self.loop = asyncio.get_running_loop()

    def connection_made(self, transport) -> None:
        self.transport = transport

    def data_received(self, piece: bytes) -> None:
        if piece.startswith(b"GET /_truth"):
            took = sorted(self.took) or [0.0]
            body = json.dumps({"p50": took[len(took) // 2], "p99": took[len(took) * 99 // 100]}).encode()
            self.took.clear()
            self.transport.write(HEAD % len(body) + body)
        else:
            self.loop.call_later(self.delay, self._answer, self.loop.time())

    def _answer(self, came: float) -> None:
        if not self.transport.is_closing():
            self.transport.write(HEAD % len(BODY) + BODY)
            self.took.append(self.loop.time() - came)


async def serve(port_file: Path, delay: float) -> None:
    loop = asyncio.get_running_loop()
    took: list[float] = []
    server = await loop.create_server(lambda: Steady(delay, took), "127.0.0.1", 0)
    port_file.write_text(str(server.sockets[0].getsockname()[1]))  # noqa: ASYNC240 - before anybody is served

    # A server that sleeps wakes late; this one looks again and again.
    def stay_awake() -> None:
        loop.call_soon(stay_awake)

    stay_awake()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1]), float(sys.argv[2])))
