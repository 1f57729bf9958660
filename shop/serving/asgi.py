"""The shop as an ASGI application: it reads a request, waits in the queue, and sends the reply."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from shop.app import NO_FAULTS, Shop
from shop.contract import HEADER_AJAX, HEADER_CSRF, OUTSIDE_PAGES, Page
from shop.http_messages import Refused, Reply, Request
from shop.routes import Route, route
from shop.serving.control import CONTROL_PATH, Control
from shop.serving.faults import BEHAVIOUR_FAULTS, DELIVERY_FAULTS, corrupt_reply, draw_fault, replacement_reply
from shop.serving.queueing import Freeze, QueueFull, draw_service_time, workers_of
from shop.settings import Fault, FaultName, Settings

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Sleep = Callable[[float], Awaitable[None]]

RESET_EXTENSION = "checkload.abort"
"""The key of ``scope["extensions"]`` for our server's extension: its ``call`` resets the connection."""

_MOST_BYTES = 64 * 1024
_HEADERS = frozenset(name.encode() for name in (HEADER_AJAX, HEADER_CSRF, "content-type", "host"))
_STALL = 600.0
_SLOW_BODY = 10.0
_CHUNKS = 20
_UNKNOWN = "unknown"


class AsgiShop:
    """The ASGI application. ``clock`` gives seconds since the epoch and never goes back; ``sleep`` waits."""

    def __init__(self, shop: Shop, clock: Callable[[], float], sleep: Sleep = asyncio.sleep) -> None:
        self._shop = shop
        self._clock = clock
        self._sleep = sleep
        self._control = Control(shop, self._apply)
        self._workers = workers_of(shop.settings)
        self._started = False
        self._service_rng = random.Random(f"service {shop.settings.seed}")
        self._fault_rng = random.Random(f"faults {shop.settings.seed}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request; other kinds of connection are refused."""
        if scope["type"] != "http":
            raise NotImplementedError(f"the shop speaks HTTP only, not {scope['type']}")
        body = await _read_body(receive)
        if body is None:
            return
        if len(body) > _MOST_BYTES:
            await _send(send, Reply({"detail": "The body is too long."}, HTTPStatus.REQUEST_ENTITY_TOO_LARGE))
            return
        request = _request(scope, body)
        if request.path.startswith(CONTROL_PATH):
            await _send(send, self._control.handle(request))
        else:
            await self._serve(request, scope, receive, send)

    def _apply(self, settings: Settings) -> None:
        changed = settings.freeze != self._shop.settings.freeze
        self._shop.settings = settings
        if changed and self._started:
            self._freeze()
        self._workers.resize(settings.workers, settings.queue)

    async def _serve(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        asked: Route | None = None
        problem: Reply | None = None
        try:
            asked = route(request.method, request.path, request.query)
        except Refused as refusal:
            problem = Reply(dict(refusal.document), refusal.status)
        page = asked.page if asked else None
        ledger = self._shop.ledger
        ledger.pages[page or _UNKNOWN] += 1
        try:
            wait = self._admit(page)
        except QueueFull:
            ledger.refused_full += 1
            await _send(send, Reply({"detail": "The shop is full."}, HTTPStatus.SERVICE_UNAVAILABLE, retry_after=1))
            return
        if wait > 0:
            await self._sleep(wait)
        fault = draw_fault(self._shop.settings.faults, page, self._fault_rng)
        if fault is None:
            await _send(send, problem or self._handle(request, asked))
            return
        ledger.faults[fault.name] += 1
        instead = replacement_reply(fault.name)
        active_faults = frozenset({fault.name}) if fault.name in BEHAVIOUR_FAULTS else NO_FAULTS
        reply = instead or problem or self._handle(request, asked, active_faults)
        await self._deliver(fault, reply, scope, receive, send)

    def _freeze(self) -> None:
        """Start the clock of the freeze in the settings."""
        asked = self._shop.settings.freeze
        start = math.inf if asked is None else self._clock() + asked.after
        self._workers.freeze(Freeze(start, start + (0.0 if asked is None else asked.lasts)))

    def _admit(self, page: Page | None) -> float:
        """How long this request takes in the queue and with a worker, in seconds."""
        service_time = draw_service_time(self._shop.settings.service, page, self._service_rng)
        if page in OUTSIDE_PAGES:
            return service_time
        now = self._clock()
        if not self._started:
            self._started = True
            self._freeze()
        return self._workers.admit(now, service_time) - now

    def _handle(self, request: Request, asked: Route | None, active_faults: frozenset[FaultName] = NO_FAULTS) -> Reply:
        if asked is None:
            raise LookupError("a request without a page has no answer")
        return self._shop.handle(request, asked, self._clock(), active_faults)

    async def _deliver(self, fault: Fault, reply: Reply, scope: Scope, receive: Receive, send: Send) -> None:
        body = corrupt_reply(fault.name, reply, self._fault_rng)
        if fault.name not in DELIVERY_FAULTS:
            await _send(send, reply, body)
            return
        abort = scope.get("extensions", {}).get(RESET_EXTENSION, {}).get("call")
        if fault.name is FaultName.SLOW_BODY:
            delay = (_SLOW_BODY if fault.seconds is None else fault.seconds) / _CHUNKS
            await _send(send, reply, body, before_each_chunk=partial(self._sleep, delay))
            return
        if fault.name is FaultName.STALL:
            await self._wait_until_gone(receive, _STALL if fault.seconds is None else fault.seconds)
        if abort is not None:
            abort()

    async def _wait_until_gone(self, receive: Receive, seconds: float) -> None:
        """Wait for so many seconds, or until the client disconnects."""
        gone = asyncio.ensure_future(_client_gone(receive))
        over = asyncio.ensure_future(self._sleep(seconds))
        try:
            await asyncio.wait((gone, over), return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            over.cancel()


async def _client_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _read_body(receive: Receive) -> bytes | None:
    """Read the body of a request, at most a little more than allowed; ``None`` if the client disconnects before its end."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part: bytes = message.get("body", b"")
        body += part
        if len(body) > _MOST_BYTES or not message.get("more_body", False):
            return body


def _request(scope: Scope, body: bytes) -> Request:
    headers: dict[str, str] = {}
    cookies: dict[str, str] = {}
    for name, value in scope["headers"]:
        if name in _HEADERS:
            headers[name.decode()] = value.decode("latin-1")
        elif name == b"cookie":
            cookies |= _cookies(value.decode("latin-1"))
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"))) if scope["query_string"] else {}
    return Request(scope["method"], scope["path"], query, cookies, headers, body)


def _cookies(header: str) -> dict[str, str]:
    # http.cookies.SimpleCookie is ten times slower, and drops all cookies after an invalid one.
    pairs = (part.partition("=") for part in header.split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs}


async def _send(
    send: Send,
    reply: Reply,
    body: bytes | None = None,
    before_each_chunk: Callable[[], Awaitable[None]] | None = None,
) -> None:
    if body is None:
        body = reply.body()
    headers = reply.headers()
    if body or not reply.is_bodiless:
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": int(reply.status), "headers": headers})
    if before_each_chunk is None:
        await send({"type": "http.response.body", "body": body})
        return
    size = max(1, -(-len(body) // _CHUNKS))
    for start in range(0, len(body), size):
        await before_each_chunk()
        await send({"type": "http.response.body", "body": body[start : start + size], "more_body": True})
    await send({"type": "http.response.body", "body": b""})
