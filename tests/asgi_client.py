"""A client that calls the shop as an ASGI application, with a clock that sleeping moves on."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlencode

import orjson

from shop.serving.asgi import RESET_EXTENSION, AsgiShop


class Received:
    """The reply of the application to one request."""

    def __init__(self):
        self.status, self.headers, self.body, self.chunks, self.aborted = 0, {}, b"", 0, False

    @property
    def document(self):
        return orjson.loads(self.body)

    @property
    def is_json(self):
        with suppress(orjson.JSONDecodeError):
            orjson.loads(self.body)
            return True
        return False


class Wire:
    """A client that speaks ASGI to the application, with a clock that sleeping moves on."""

    def __init__(self, client, clock):
        self.client, self.clock, self.slept = client, clock, []
        self.app = AsgiShop(client.shop, clock, self._sleep)

    async def _sleep(self, seconds):
        self.slept.append(seconds)
        self.clock.advance(seconds)
        await asyncio.sleep(0)

    def ask(self, method, address, *, form=None, json=None, body=b"", hangs_up=False):
        return asyncio.run(self.fetch(method, address, form=form, json=json, body=body, hangs_up=hangs_up))

    async def fetch(self, method, address, *, form=None, json=None, body=b"", hangs_up=False, stays=False):
        path, _, query = address.partition("?")
        cookies = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())
        headers = [(b"host", b"shop"), (b"cookie", cookies.encode()), (b"x-requested-with", b"XMLHttpRequest")]
        headers.append((b"x-csrftoken", self.client.token.encode()))
        if form is not None:
            body = urlencode(form).encode()
            headers.append((b"content-type", b"application/x-www-form-urlencoded"))
        if json is not None:
            body = orjson.dumps(json)
            headers.append((b"content-type", b"application/json"))
        received = Received()
        left = [] if hangs_up else [{"type": "http.request", "body": body, "more_body": False}]

        async def receive():
            await (asyncio.Event().wait() if stays and not left else asyncio.sleep(0))
            return left.pop() if left else {"type": "http.disconnect"}

        async def send(message):
            if message["type"] == "http.response.start":
                received.status = message["status"]
                received.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            else:
                received.body += message.get("body", b"")
                received.chunks += 1

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": headers,
            "extensions": {RESET_EXTENSION: {"call": lambda: setattr(received, "aborted", True)}},
        }
        await self.app(scope, receive, send)
        return received

    def ledger(self):
        return self.ask("GET", "/_control/ledger").document
