"""One request and one reply as plain values, and the list of requests that were refused."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl

CHECKOUT = "/orders/checkout/"
AGREED = ("true", "1")


class Refused(Exception):
    """The request gets this status and body; ``provoked`` says that a variation asked for it."""

    def __init__(self, status: int, body: Any, *, provoked: bool = False) -> None:
        super().__init__(str(body))
        self.status, self.body, self.provoked = status, body, provoked


@dataclass(slots=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def cookies(self) -> dict[str, str]:
        jar: SimpleCookie = SimpleCookie()
        try:
            jar.load(self.headers.get("cookie", ""))
        except CookieError:
            return {}
        return {name: morsel.value for name, morsel in jar.items()}

    @property
    def is_ajax(self) -> bool:
        return self.headers.get("x-requested-with") == "XMLHttpRequest"

    @property
    def name(self) -> str:
        """What the request is called in the shop's lists: the page of the checkout, or the path."""
        page = self.query.get("page") if self.path == CHECKOUT else None
        return page or self.path

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def json(self) -> dict[str, Any]:
        if "json" not in self.headers.get("content-type", ""):
            raise Refused(
                415, {"detail": f'Unsupported media type "{self.headers.get("content-type", "")}" in request.'}
            )
        try:
            document = json.loads(self.body)
        except ValueError:
            raise Refused(400, {"detail": "JSON parse error"}) from None
        if not isinstance(document, dict):
            raise Refused(400, {"non_field_errors": ["Invalid data. Expected a dictionary."]})
        return document


@dataclass(slots=True)
class Reply:
    document: Any = None
    status: int = 200
    html: str = ""
    location: str = ""
    cookies: list[str] = field(default_factory=list)

    def set(self, name: str, value: str, *, hidden: bool = False) -> None:
        """Set a cookie as Django writes it; an empty value takes it away."""
        life = "Max-Age=1209600" if value else "expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0"
        self.cookies.append(
            f"{name}={value or chr(34) * 2}; {'HttpOnly; ' if hidden else ''}{life}; Path=/; SameSite=Lax"
        )

    def payload(self) -> tuple[bytes, bytes]:
        """The bytes of the body, and their type."""
        if self.html:
            return self.html.encode(), b"text/html; charset=utf-8"
        return b"" if self.document is None else json.dumps(self.document).encode(), b"application/json"


@dataclass(slots=True)
class Books:
    """What was sold and what was refused, for the tests to read."""

    orders: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    provoked: list[dict[str, Any]] = field(default_factory=list)
    requests: dict[str, int] = field(default_factory=dict)

    def count(self, request: Request) -> None:
        name = f"{request.method} {request.name}"
        self.requests[name] = self.requests.get(name, 0) + 1

    def refuse(self, request: Request, status: int, why: Any, *, provoked: bool = False) -> None:
        """Note a refusal; ``provoked`` if the scenario or a variation asked for it."""
        said = {"method": request.method, "name": request.name, "status": status, "why": str(why)[:300]}
        (self.provoked if provoked else self.refused).append(said)
