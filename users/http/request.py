"""Writes requests as bytes: what all requests for a page share is built once, what differs is checked every time."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Final, NamedTuple

from users.http.decoding import ACCEPT_ENCODING
from users.http.origin import InvalidRequest, Origin, resolve_url
from users.http.target_headers import NO_HEADERS, TargetHeaders, merge_headers

TRACEPARENT: Final = "traceparent"
"""The header that differs in every request; ``serialize_request`` recognises it by identity."""

USER_AGENT: Final = "checkload"

_KEPT: Final = 1024  # cached heads, or cached header lines; URLs that each hold a different token would fill the memory
_RESERVED_HEADERS: Final = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "cookie", "upgrade", "te", "expect"}
)
_TOKEN: Final = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_BODY_EXPECTED: Final = frozenset({"POST", "PUT", "PATCH"})


class RequestHead(NamedTuple):
    """The part of a request that is the same each time: ``start`` holds its first lines, with line ends.

    ``path`` is the path without the query, by which cookies are chosen. ``bodiless``: the response has no body, whatever
    its headers say. ``empty`` ends the head of a request without a body.
    """

    origin: Origin
    start: bytes
    path: str
    bodiless: bool
    empty: bytes


class RequestHeadCache:
    """The heads of all requests for one target, shared by all users; only the target gets the ``target_headers``."""

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
    """The heads for this target, shared by all users of this process."""
    return RequestHeadCache(target, target_headers)


def _head(method: str, url: str, target: Origin, target_headers: TargetHeaders) -> RequestHead:
    if not method or not _TOKEN.issuperset(method):
        raise InvalidRequest("the method is not a word")
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


_lines: Final[dict[tuple[str, str], bytes]] = {}


def serialize_request(head: RequestHead, cookies: bytes, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """The whole request. ``cookies`` is a ``Cookie`` line with its line end, or empty. Raises ``InvalidRequest``."""
    parts = [head.start, cookies]
    for item in headers.items():
        # Every trace is new: looking for one in the cache takes as long as writing it.
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
    # Unprintable text may hold line ends; then a value would be read as more headers, or as another request.
    if not (value.isascii() and value.isprintable()):
        raise InvalidRequest(f"the value of the header {name!r} is not printable")
    return f"{_checked_name(name)}: {value}\r\n"


def _line(item: tuple[str, str]) -> bytes:
    line = _text(*item).encode("ascii")
    if item[0] == TRACEPARENT:
        return line  # every one is new
    if len(_lines) < _KEPT:
        _lines[item] = line
    return line


@lru_cache(_KEPT)
def _checked_name(name: str) -> str:
    if not name or not _TOKEN.issuperset(name) or name.lower() in _RESERVED_HEADERS:
        raise InvalidRequest(f"the header {name!r} cannot be set")
    return name
