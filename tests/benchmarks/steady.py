"""A server that answers everything after the same time, for those who want to know how well a client keeps time.

Run as ``python steady.py PORT_FILE SECONDS``; it writes its port there and serves on loopback until its standard input
ends. The time of each answer is set by timers of a loop that does nothing else.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import uvloop
from responder import PAGES, envelope

BODY = envelope(PAGES[1][3], PAGES[1][4])
REPLY = b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
    len(BODY),
    BODY,
)


class Steady(asyncio.Protocol):
    """Answers each request (all of which come whole, in one piece) ``delay`` seconds after it came."""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.loop = asyncio.get_running_loop()

    def connection_made(self, transport) -> None:
        self.transport = transport

    def data_received(self, piece: bytes) -> None:
        self.loop.call_later(self.delay, self._answer)

    def _answer(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(REPLY)


async def serve(port_file: Path, delay: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Steady(delay), "127.0.0.1", 0)
    port_file.write_text(str(server.sockets[0].getsockname()[1]))  # noqa: ASYNC240 - before anybody is served
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1]), float(sys.argv[2])))
