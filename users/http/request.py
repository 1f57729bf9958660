"""Requests as bytes: what is alike in all requests for a page is built once, what differs is checked every time."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import NamedTuple

from users.http.decoding import ACCEPT_ENCODING
from users.http.origin import InvalidRequest, Origin, resolve_url
from users.http.target_headers import NO_HEADERS, TargetHeaders, merge_headers

TRACEPARENT = "traceparent"
"""The header that differs with every request; ``serialize_request`` compares it by identity."""

USER_AGENT = "checkload"

_KEPT = 1024  # heads, or header lines, that are kept; addresses that hold a token of their own would grow for ever
_RESERVED_HEADERS = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "cookie", "upgrade", "te", "expect"}
)
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_BODY_EXPECTED = frozenset({"POST", "PUT", "PATCH"})


class RequestHead(NamedTuple):
    """The part of a request that is alike each time: ``start`` are its first lines, with the line ends.

    ``path`` is the path without the query, which cookies are scoped by. ``bodiless`` says that its reply has no body
    whatever its headers say. ``empty`` is what ends the head where no body is sent.
    """

    origin: Origin
    start: bytes
    path: str
    bodiless: bool
    empty: bytes


class RequestHeadCache:
    """The heads of all requests for one target, shared by all its shoppers; ``target_headers`` goes to the target alone."""

    def __init__(self, target: Origin, target_headers: TargetHeaders = NO_HEADERS) -> None:
        self.target = target
        self._target_headers = target_headers
        self._kept: dict[tuple[str, str], RequestHead] = {}

    def find(self, method: str, url: str) -> RequestHead:
        """The head of this request; ``url`` is a path on the target, or absolute. Raises ``InvalidRequest``."""
        head = self._kept.get((method, url))
        if head is None:
            head = _head(method, url, self.target, self._target_headers)
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[method, url] = head
        return head


@cache
def request_heads(target: Origin, target_headers: TargetHeaders = NO_HEADERS) -> RequestHeadCache:
    """The heads for this target, the same ones for everybody in this process."""
    return RequestHeadCache(target, target_headers)


def _head(method: str, url: str, target: Origin, target_headers: TargetHeaders) -> RequestHead:
    if not method or not _TOKEN.issuperset(method):
        raise InvalidRequest("the method is no word")
    origin, wanted = resolve_url(url, target)
    own = {"User-Agent": USER_AGENT, "Accept-Encoding": ACCEPT_ENCODING}
    more = target_headers.for_method(method) if origin == target else ()
    lines = "".join(_text(name, value) for name, value in merge_headers(own, more).items())
    start = f"{method} {wanted} HTTP/1.1\r\nHost: {origin.host_header}\r\n{lines}"
    return RequestHead(
        origin,
        start.encode("ascii"),
        wanted.partition("?")[0],
        method == "HEAD",
        b"Content-Length: 0\r\n\r\n" if method in _BODY_EXPECTED else b"\r\n",
    )


_lines: dict[tuple[str, str], bytes] = {}


def serialize_request(head: RequestHead, cookies: bytes, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """The whole request. ``cookies`` is a ``Cookie`` line with its end, or empty. Raises ``InvalidRequest``."""
    parts = [head.start, cookies]
    for item in headers.items():
        # No two traces are alike: to look for one takes as long as to write it.
        line = None if item[0] is TRACEPARENT else _lines.get(item)
        parts.append(_line(item) if line is None else line)
    if body is None:
        parts.append(head.empty)
    else:
        parts += _length(len(body)), body
    return b"".join(parts)


@lru_cache(_KEPT)
def _length(size: int) -> bytes:
    return b"Content-Length: %d\r\n\r\n" % size


def _text(name: str, value: str) -> str:
    # What is not printable holds line ends, with which a value would be read as further headers, or as a request.
    if not (value.isascii() and value.isprintable()):
        raise InvalidRequest(f"the value of the header {name!r} is not printable")
    return f"{_checked_name(name)}: {value}\r\n"


def _line(item: tuple[str, str]) -> bytes:
    line = _text(*item).encode("ascii")
    if item[0] == TRACEPARENT:
        return line  # no two are alike
    if len(_lines) < _KEPT:
        _lines[item] = line
    return line


@lru_cache(_KEPT)
def _checked_name(name: str) -> str:
    if not name or not _TOKEN.issuperset(name) or name.lower() in _RESERVED_HEADERS:
        raise InvalidRequest(f"the header {name!r} cannot be set")
    return name
