"""A server for benchmarks: it answers five pages as fast as it can, and counts what it receives.

Run as ``python responder.py PORT_FILE [CERTIFICATE]`` (a PEM file with its key); it writes its port there, and a second one for TLS if it
has a certificate, and serves on loopback until its standard input ends. ``GET /_counts`` tells how often each page was
asked for, the bytes sent for it, and how many requests were not as they should be (a cookie, a header or the form body
missing). As with any shop, the date in its replies goes on, and each walk is given cookies of its own by its first reply.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import resource
import ssl
import sys
import time
from email.utils import formatdate
from pathlib import Path

import uvloop

COOKIES = ("osessionid=0123456789abcdef0123456789abcdef", "csrftoken=fedcba9876543210fedcba9876543210")
TOKEN = "fedcba9876543210fedcba9876543210"
FIXED = COOKIES[0].encode()  # for clients that keep no cookies
CSRF = b"x-csrftoken: "
LIVES = b"; Path=/; Max-Age=1209600"
CHECKOUT = "/orders/checkout/?page="
# Page asked for, method, form sent, page shown by the reply, bytes of the reply's body (at least).
PAGES = (
    ("IndexPage", "GET", "", "IndexPage", 600),
    ("IndexPage", "POST", "user_email=ada%40shoppers.example&phone_number=05000000001", "AddressSelectionPage", 1_000),
    ("AddressSelectionPage", "POST", "shipping_address=11&billing_address=11", "DeliveryOptionSelectionPage", 1_500),
    ("DeliveryOptionSelectionPage", "POST", "delivery_option=7", "ShippingOptionSelectionPage", 2_500),
    ("ShippingOptionSelectionPage", "POST", "shipping_option=3", "PaymentOptionSelectionPage", 4_000),
)


def envelope(shown: str, size: int) -> bytes:
    """An envelope of about this many bytes, with contents like those of real envelopes."""
    rows: list[dict[str, object]] = []
    while True:
        context = {"page_name": shown, "page_slug": shown.lower(), "page_context": {"rows": rows}}
        pre_order = {
            "shipping_address": {"pk": 11, "title": "Home", "line": "1 Quay"},
            "billing_address": {"pk": 11, "title": "Home", "line": "1 Quay"},
            "delivery_option": {"pk": 7, "slug": "home", "name": "Home delivery"},
            "shipping_option": {"pk": 3, "slug": "standard", "price": "5.00"},
            "total_amount": "62.99",
            "shipping_amount": "5.00",
            "basket": {"pk": 1, "total_quantity": 1, "currency": "try"},
        }
        document = {
            "context_list": [context],
            "template_name": "orders/checkout.html",
            "errors": None,
            "pre_order": pre_order,
        }
        body = json.dumps(document).encode()
        if len(body) >= size:
            return body
        number = len(rows) + 1
        rows.append({"pk": number, "slug": f"row-{number}", "name": f"Choice {number}", "amount": f"{number}.90"})


class Counts:
    """What was asked and sent so far, and the dates and cookies that replies carry."""

    def __init__(self) -> None:
        self.asked = dict.fromkeys((f"{method} {page}" for page, method, *_ in PAGES), 0)
        self.sent = dict(self.asked)
        self.faulty = 0
        self._dated = 0
        self._date = b""
        self._numbers = itertools.count(1)

    def said(self) -> bytes:
        """The counts as JSON."""
        return json.dumps({"asked": self.asked, "sent": self.sent, "faulty": self.faulty}).encode()

    def date(self) -> bytes:
        """The ``Date`` header; it is written again each second."""
        now = int(time.time())
        if now != self._dated:
            self._dated, self._date = now, f"Date: {formatdate(now, usegmt=True)}\r\n".encode()
        return self._date

    def cookies(self) -> tuple[bytes, bytes]:
        """A session's cookie as it comes back, and the headers that hand out a unique pair."""
        number = next(self._numbers)
        session = b"osessionid=%032x" % number
        return session, b"Set-Cookie: %s%s\r\nSet-Cookie: csrftoken=%032x%s\r\n" % (session, LIVES, number, LIVES)


class Answering(asyncio.Protocol):
    """Reads only the first line, the end of the head and the form body: enough for the requests that it knows."""

    def __init__(self, counts: Counts, replies: dict[bytes, tuple[str, bytes, bytes, bytes]]) -> None:
        self.counts, self.replies = counts, replies
        self.held = b""
        self.session = FIXED

    def connection_made(self, transport) -> None:
        self.transport = transport

    def data_received(self, piece: bytes) -> None:
        if self.held:
            piece = self.held + piece
        end = piece.find(b"\r\n\r\n") + 4
        found = self.replies.get(piece[: piece.find(b" HTTP/1.1\r\n")])
        if end < 4 or (found is not None and len(piece) < end + len(found[3])):
            self.held = piece
            return
        self.held = b""
        counts = self.counts
        if found is None:
            body = counts.said()
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            return
        name, head, body, form = found
        counts.asked[name] += 1
        counts.sent[name] += len(body)
        if not form:
            self.session, cookies = counts.cookies()
            self.transport.write(head + counts.date() + cookies + b"\r\n" + body)
            return
        faithful = self.session in piece or FIXED in piece
        if piece[end:] != form or not faithful or CSRF not in piece:
            counts.faulty += 1
        self.transport.write(head + counts.date() + b"\r\n" + body)


async def serve(port_file: Path, certificate: str) -> None:
    replies = {}
    for page, method, form, shown, size in PAGES:
        body = envelope(shown, size)
        head = (
            "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nVary: Accept, Cookie\r\nX-Frame-Options: SAMEORIGIN\r\n"
        )
        key = f"{method} {CHECKOUT}{page}".encode()
        replies[key] = (f"{method} {page}", head.encode(), body, form.encode())
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    loop = asyncio.get_running_loop()
    counts = Counts()
    servers = [await loop.create_server(lambda: Answering(counts, replies), "127.0.0.1", 0, backlog=4096)]
    if certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate)
        servers.append(
            await loop.create_server(lambda: Answering(counts, replies), "127.0.0.1", 0, ssl=tls, backlog=4096)
        )
    ports = " ".join(str(server.sockets[0].getsockname()[1]) for server in servers)
    port_file.write_text(f"{ports}\n")  # noqa: ASYNC240 - before the first client is served

    # A server that sleeps has to be woken, and the sender pays for it: this one polls.
    def stay_awake() -> None:
        loop.call_soon(stay_awake)

    stay_awake()
    # Ends with the process that started it: its pipe is closed.
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""))
