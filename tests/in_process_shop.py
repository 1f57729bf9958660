"""A transport that calls a shop of the tests directly, without a socket, so that a whole walk takes milliseconds."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from second_shop.application import Application
from second_shop.customers import Customer
from second_shop.exchange import Request
from second_shop.variations import Variations

from users.http.transport import HttpResponse

URL = "http://127.0.0.1:8000"
EMAILS = ("returning.1@shop.test", "returning.2@shop.test", "first.1@shop.test", "first.2@shop.test")


class InProcess:
    """Keeps cookies and calls ``answer``, which takes a request and returns status, headers and body."""

    def __init__(self, answer):
        self._answer, self._cookies = answer, {}
        self.sent, self.received = {}, {}
        self.requests = []

    def send(self, _page, method, url, headers, body):
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        self.sent = {**headers, "host": "127.0.0.1:8000", **({"cookie": cookies} if cookies else {})}
        parts = urlsplit(url)
        path = parts.path if parts.path.endswith("/") else f"{parts.path}/"
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        request = Request(method, path, query, dict(self.sent), body or b"")
        self.requests.append(request)
        status, self.received, content = self._answer(request)
        for line in self.received.get("set-cookie", "").splitlines():
            name, _, value = line.partition(";")[0].partition("=")
            self._cookies[name] = value.strip('"')
            if "Max-Age=0" in line:
                del self._cookies[name]
        media = self.received.get("content-type", "").partition(";")[0]
        return HttpResponse(status, content, self.received.get("location", ""), None, None, media)

    def report(self, outcome, *, failed):
        pass

    def cookie(self, name):
        return self._cookies.get(name, "")

    def clear_cookies(self):
        self._cookies.clear()

    def open_parallel(self):
        return self

    def close(self):
        pass


def second_shop(emails=EMAILS, breaks=None, **variations):
    """The second shop as an ``answer``; ``breaks`` takes the request and an ``answer``, and may answer instead."""
    customers = {
        email: Customer(email, "secret-1", "Ada", "Byron", f"06{n:09}", remembered=email.startswith("returning"))
        for n, email in enumerate(emails)
    }
    shop = Application(Variations.read(variations), customers)

    def sound(request):
        reply = shop.answer(request)
        body, kind = reply.payload()
        headers = {"content-type": kind.decode()}
        if reply.cookies:
            headers["set-cookie"] = "\n".join(reply.cookies)
        if reply.location:
            headers["location"] = reply.location
        return reply.status, headers, body

    def answer(request):
        return sound(request) if breaks is None else breaks(request, sound)

    answer.shop = shop
    return answer
