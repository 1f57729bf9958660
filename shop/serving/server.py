"""Runs the shop on a socket with uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shop.app import Shop
from shop.serving.access_log import AccessLog, AccessLogMiddleware, AsgiApp
from shop.serving.asgi import RESET_EXTENSION, AsgiShop

_BACKLOG = 4096
_KEEP_ALIVE = 75
_LINGER_NO_TIME = struct.pack("ii", 1, 0)


class _Protocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, with an extension that lets the application reset the connection."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {RESET_EXTENSION: {"call": self._reset}}

    def _reset(self) -> None:
        if (sock := self.transport.get_extra_info("socket")) is not None:
            # Closing a socket with a linger time of 0 sends a reset.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NO_TIME)
        self.transport.abort()
        # Otherwise uvicorn would answer the request, because the application sends no reply.
        self.cycle.disconnected = True


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop)
        self._on_ready()

    def stop(self) -> None:
        """Stop: take no new requests, and cut off the current ones after a second."""
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn raises a signal again after its stop, so a normal stop would look like a crash.
        yield


def steady_clock() -> Callable[[], float]:
    """A clock of seconds since the epoch that never goes back."""
    offset = time.time() - time.monotonic()
    return lambda: offset + time.monotonic()


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket; ``port`` 0 takes a free port. Raises ``OSError``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(_BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def serve(
    shop: Shop,
    sock: socket.socket,
    *,
    on_ready: Callable[[], None],
    exit_with_parent: bool = False,
    log: AccessLog | None = None,
) -> None:
    """Serve the shop until SIGINT or SIGTERM, or, with ``exit_with_parent``, until standard input ends.

    ``log`` gets a line for each request, and is closed at the end.
    """
    clock = steady_clock()
    app: AsgiApp = AsgiShop(shop, clock)
    config = uvicorn.Config(
        app if log is None else AccessLogMiddleware(app, log, clock),
        http=_Protocol,
        ws="none",
        loop="uvloop" if os.name == "posix" else "asyncio",
        lifespan="off",
        interface="asgi3",
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config, on_ready)
    if exit_with_parent:
        threading.Thread(target=_stop_at_end_of_input, args=(server,), daemon=True).start()
    try:
        server.run(sockets=[sock])
    finally:
        if log is not None:
            log.close()


def _stop_at_end_of_input(server: _Server) -> None:
    # os.read and not sys.stdin: a waiting thread would hold the lock of sys.stdin and break the end of the interpreter.
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    server.stop()
