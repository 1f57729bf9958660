"""Running the shop on a socket until it is told to stop."""

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
    """HTTP as uvicorn speaks it, with one more thing offered to the application: to reset the connection."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        # ASGI's extensions are tables; ours offers one thing to call.
        self.scope["extensions"] = {RESET_EXTENSION: {"call": self._reset}}

    def _reset(self) -> None:
        if (sock := self.transport.get_extra_info("socket")) is not None:
            # Closing a socket that lingers for no time sends a reset instead of a goodbye.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NO_TIME)
        self.transport.abort()
        # uvicorn would answer a request that the application leaves unanswered, if it had not heard of the end.
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
        """Finish: no new request is taken, those under way are cut off after a second."""
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn raises a signal again once it has stopped, which would make a wanted end look like a crash.
        yield


def steady_clock() -> Callable[[], float]:
    """Seconds since the epoch, of a clock that never goes back."""
    offset = time.time() - time.monotonic()
    return lambda: offset + time.monotonic()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; ``port`` 0 takes a free one. ``OSError`` if it cannot be had."""
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

    Requests are noted in ``log``, if there is one; it is closed at the end.
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
    # os.read, as sys.stdin's lock, held by a thread that waits, would end the interpreter with an error.
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    server.stop()
