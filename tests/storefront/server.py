"""The storefront's server: its page, an image, and a proxy to the shop that does with a request what the real client's does."""

from __future__ import annotations

import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

PAGE = Path(__file__).with_name("page.html")
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000 1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082".replace(
        " ", ""
    )
)
_DROPPED = {"host", "origin", "referer", "accept", "content-length", "content-type", "connection", "accept-encoding"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StorefrontServer

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        path = urlsplit(self.path).path
        if path in ("/", "/en/"):
            self._send(200, "text/html; charset=utf-8", PAGE.read_bytes())
        elif path.endswith(".png"):
            self._send(200, "image/png", PIXEL)
        elif path.startswith("/api/client/"):
            self._proxy(body)
        else:
            self._pass_on(self.path, self.command, body, dict(self.headers))

    def _proxy(self, body: bytes) -> None:
        """As the client's handler: without the browser's own headers, and with a form or JSON as ``options`` says."""
        parts = urlsplit(self.path)
        pairs = parse_qsl(parts.query)
        options = json.loads(dict(pairs).get("options", "{}"))
        query = urlencode([pair for pair in pairs if pair[0] not in ("slug", "options")])
        target = f"/{parts.path.removeprefix('/api/client/').strip('/')}/" + (f"?{query}" if query else "")
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _DROPPED}
        headers |= {"X-Requested-With": "XMLHttpRequest", "Referer": self.server.shop, "Accept": "application/json"}
        if self.command != "GET":
            fields = json.loads(body or b"{}")
            form = bool(options.get("useFormData"))
            headers["Content-Type"] = "application/x-www-form-urlencoded" if form else "application/json"
            body = (
                urlencode({key: value for key, value in fields.items() if value}).encode()
                if form
                else json.dumps(fields).encode()
            )
            token = dict(pair.strip().partition("=")[::2] for pair in headers.get("Cookie", "").split(";")).get(
                "csrftoken"
            )
            if token:
                headers["x-csrftoken"] = token
        self._pass_on(target, self.command, body, headers)

    def _pass_on(self, target: str, method: str, body: bytes, headers: dict[str, str]) -> None:
        shop = urlsplit(self.server.shop)
        connection = http.client.HTTPConnection(shop.hostname or "", shop.port, timeout=10)
        headers = {
            name: value
            for name, value in headers.items()
            if name.lower() not in ("host", "origin", "content-length", "connection", "accept-encoding")
        }
        connection.request(method, target, body or None, headers)
        reply = connection.getresponse()
        content = reply.read()
        cookies = [value for name, value in reply.getheaders() if name.lower() == "set-cookie"]
        connection.close()
        self._send(reply.status, reply.headers.get("content-type", ""), content, cookies)

    def _send(self, status: int, kind: str, body: bytes, cookies: list[str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for cookie in cookies or ():
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(body)


class StorefrontServer(ThreadingHTTPServer):
    """The server on a free loopback port; ``shop`` is the address of the shop behind it."""

    daemon_threads = True

    def __init__(self, shop: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.shop = shop
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def __enter__(self) -> Self:
        return self
