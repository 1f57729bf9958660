"""The second shop as a program: ``python -m second_shop --port 0 [--accounts FILE] [--variations JSON]``, until its input ends.

Besides the shop's own paths it answers ``GET /_books`` (orders, refusals, requests) and ``PUT /_variations``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import socket
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import uvicorn

from second_shop.application import Application
from second_shop.customers import read_customers
from second_shop.exchange import Reply, Request
from second_shop.variations import Variations


async def _read(scope: dict[str, Any], receive: Any) -> Request:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode().lower()
        # HTTP/2 and some clients split their cookies.
        headers[key] = f"{headers[key]}; {value.decode()}" if key in headers else value.decode("latin-1")
    path = scope["path"] if scope["path"].endswith("/") else f"{scope['path']}/"
    query = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
    return Request(scope["method"], path, query, headers, body)


def _control(shop: Application, request: Request) -> Reply:
    if request.path == "/_variations/" and request.method == "PUT":
        shop.reported = Variations.read(json.loads(request.body))
    books = shop.books
    orders = [{key: value for key, value in order.items() if key != "document"} for order in books.orders]
    recorded = {"orders": orders, "refused": books.refused, "provoked": books.provoked, "requests": books.requests}
    return Reply(recorded)


def asgi(shop: Application) -> Any:
    """The shop as an ASGI application."""

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        request = await _read(scope, receive)
        reply = _control(shop, request) if request.path.startswith("/_") else shop.answer(request)
        body, kind = reply.payload()
        headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), (b"vary", b"Accept, Cookie")]
        headers += [(b"set-cookie", cookie.encode()) for cookie in reply.cookies]
        if reply.location:
            headers.append((b"location", reply.location.encode()))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return application


async def serve(shop: Application, port: int) -> None:
    """Serve on loopback until standard input ends, as it does when the starting process ends."""
    listener = socket.create_server(("127.0.0.1", port), backlog=1024)
    server = uvicorn.Server(uvicorn.Config(asgi(shop), log_level="warning", lifespan="off", server_header=False))
    serving = asyncio.create_task(server.serve([listener]))
    print(f"second shop listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.should_exit = True
    with contextlib.suppress(asyncio.CancelledError):
        await serving


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m second_shop")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--accounts", type=Path, help="CSV file of the customers, with the columns of our own accounts")
    parser.add_argument("--variations", default="{}", help="JSON object, see variations.py")
    asked = parser.parse_args()
    customers = read_customers(asked.accounts) if asked.accounts else {}
    asyncio.run(serve(Application(Variations.read(json.loads(asked.variations)), customers), asked.port))


if __name__ == "__main__":
    main()
