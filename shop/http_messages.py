"""Requests and replies as plain values, without a socket."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import orjson

from shop.contract import AJAX, COOKIE_CSRF, COOKIE_SESSION, COOKIE_SESSION_TWIN, HEADER_AJAX, HEADER_CSRF

Errors = dict[str, list[str]]
"""Messages by field name; ``non_field_errors`` has those for no single field."""

FORM_TYPE = "application/x-www-form-urlencoded"
JSON_TYPE = "application/json"
_MOST_FIELDS = 64


class Refused(Exception):
    """Ends a request with an HTTP status and a JSON document."""

    def __init__(self, status: HTTPStatus, document: Mapping[str, Any]) -> None:
        super().__init__(status.phrase)
        self.status = status
        self.document = document


def refused(status: HTTPStatus, why: str) -> Refused:
    """A ``Refused`` with one message under ``detail``."""
    return Refused(status, {"detail": why})


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Header names are lower-case, and ``path`` is decoded."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def session_id(self) -> str:
        """The session cookie, under either of its two names; empty without one."""
        return self.cookies.get(COOKIE_SESSION) or self.cookies.get(COOKIE_SESSION_TWIN, "")

    @property
    def csrf_pair(self) -> tuple[str, str]:
        """The CSRF token of the cookie, and that of the header."""
        return self.cookies.get(COOKIE_CSRF, ""), self.headers.get(HEADER_CSRF, "")

    @property
    def is_form(self) -> bool:
        """Whether the body is a form."""
        return self.headers.get("content-type", "").startswith(FORM_TYPE)

    @property
    def is_ajax(self) -> bool:
        """Whether a script sent the request and reads JSON, not a browser that follows redirects."""
        return self.headers.get(HEADER_AJAX) == AJAX

    @property
    def origin(self) -> str:
        """The address of the shop in the request, ``http://host:port``."""
        return f"http://{self.headers.get('host', '127.0.0.1')}"

    def form(self) -> dict[str, str]:
        """The fields of a form; a field that is there twice is refused."""
        self._must_be(FORM_TYPE)
        try:
            pairs = parse_qsl(self.body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        except ValueError:
            raise refused(HTTPStatus.BAD_REQUEST, "The form cannot be read.") from None
        fields = dict(pairs)
        if len(fields) != len(pairs):
            raise refused(HTTPStatus.BAD_REQUEST, "A field of the form is given more than once.")
        return fields

    def document(self) -> dict[str, Any]:
        """The JSON object of the body."""
        self._must_be(JSON_TYPE)
        try:
            document = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise refused(HTTPStatus.BAD_REQUEST, "The body is not JSON.") from None
        if not isinstance(document, dict):
            raise refused(HTTPStatus.BAD_REQUEST, "The body is not a JSON object.")
        return document

    def _must_be(self, wanted: str) -> None:
        given = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if given != wanted and self.body:
            raise refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"This page reads {wanted}.")


@dataclass(slots=True)
class Reply:
    """One reply: a JSON ``document``, or ``html`` if it is set, or a redirect to ``location``."""

    document: dict[str, Any] = field(default_factory=dict)
    status: int = HTTPStatus.OK
    html: str | None = None
    location: str | None = None
    cookies: list[str] = field(default_factory=list)
    retry_after: int | None = None

    def body(self) -> bytes:
        """The bytes of the body."""
        if self.html is not None:
            return self.html.encode()
        return b"" if self.location is not None or self.is_bodiless else orjson.dumps(self.document)

    @property
    def is_bodiless(self) -> bool:
        """Whether the status forbids a body, and also a length."""
        return self.status == HTTPStatus.NO_CONTENT

    def headers(self) -> list[tuple[bytes, bytes]]:
        """The headers, without the length."""
        content_type = b"application/json" if self.html is None else b"text/html; charset=utf-8"
        headers = [] if self.is_bodiless else [(b"content-type", content_type)]
        headers += [(b"set-cookie", cookie.encode()) for cookie in self.cookies]
        if self.location is not None:
            headers.append((b"location", self.location.encode()))
        if self.retry_after is not None:
            headers.append((b"retry-after", b"%d" % self.retry_after))
        return headers


Endpoint = Callable[[Request, str, float], Reply]
"""Answers a request; the arguments are the request, the variable part of its path, and the time."""


def cookie(name: str, value: str, *, hidden: bool = False, forget: bool = False) -> str:
    """A cookie for the whole shop; ``hidden`` from scripts, or with ``forget`` removed from the browser."""
    parts = [f"{name}={value}", "Path=/", "SameSite=Lax"]
    if hidden:
        parts.append("HttpOnly")
    if forget:
        parts.append("Max-Age=0")
    return "; ".join(parts)
