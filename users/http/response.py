"""Reads one response after another from the bytes of a connection; llhttp parses, and this keeps what matters.

Servers send the same heads again and again, except for a date that changes once a second. The parsed head of a response
that arrived whole is cached (``users.http.header_cache``). A response that starts with the same bytes is read without
llhttp.
"""

from __future__ import annotations

from typing import Final

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from harness.measurement.outcomes import Outcome
from users.http.decoding import TooLarge, Undecodable, decode
from users.http.header_cache import HEAD_END, MAX_CACHED_HEAD, CachedHead, lookup, split_cookies, store

MAX_HEAD_SIZE: Final = 64 * 1024
"""The most bytes of status lines and headers, of a response and its interim responses together."""
MAX_FRAMING_PER_BYTE: Final = 8
"""The most bytes of chunk framing for each byte of a body."""

_LENGTH: Final = 1
_TRANSFER: Final = 2
_CODING: Final = 3
_COOKIE: Final = 4
_LOCATION: Final = 5
_TYPE: Final = 6
_WANTED: Final = {
    b"content-length": _LENGTH,
    b"transfer-encoding": _TRANSFER,
    b"content-encoding": _CODING,
    b"set-cookie": _COOKIE,
    b"location": _LOCATION,
    b"content-type": _TYPE,
}
# By header name as written. A server writes a handful of names in one way each; a hostile one must not fill the memory.
_kinds: Final[dict[bytes, int]] = {}
_KINDS_KEPT: Final = 512


def media_type(content_type: str) -> str:
    """The type and subtype of a ``Content-Type``, in lower case and without parameters."""
    return content_type.partition(";")[0].strip().lower()


class ResponseReader:
    """The state of the response that is being read: ``begin`` resets it, ``feed`` and ``finish`` fill it. Never raises.

    Once ``complete``, either ``failure`` is set or the response is in ``status``, ``body()``, ``location`` (as sent),
    ``media`` (such as ``text/html``) and ``cookies`` (values of ``Set-Cookie``); a missing one is empty. ``reusable``:
    the connection can carry another request. ``largest`` is the most bytes of a body, on the wire and decoded.
    ``received`` counts the bytes of this response so far.
    """

    __slots__ = (
        "_bodiless",
        "_chunks",
        "_coding",
        "_fresh",
        "_has_length",
        "_head_complete",
        "_open",
        "_parsed",
        "_parser",
        "_size",
        "complete",
        "cookies",
        "failure",
        "largest",
        "location",
        "media",
        "received",
        "reusable",
        "status",
    )

    def __init__(self, largest: int) -> None:
        self.largest = largest
        self._parser: HttpResponseParser | None = None
        self._parsed = True
        self.begin(bodiless=False)
        self.complete = True

    def begin(self, *, bodiless: bool) -> None:
        """Start a new response; ``bodiless``: it has no body, as to HEAD."""
        self._open = self._fresh = True
        self._bodiless = bodiless
        self.complete = self.reusable = False
        self.received = 0
        self.failure: Outcome | None = None
        if self._parsed:
            self._parsed = False
            self._clear()

    def _clear(self) -> None:
        self.status = self._size = 0
        self._head_complete = self._has_length = False
        self.location = self._coding = self.media = ""
        self.cookies: tuple[bytes, ...] = ()
        self._chunks: list[bytes] = []

    def feed(self, piece: memoryview) -> bool:
        """Take the next bytes; true once the response is complete or has failed."""
        data = bytes(piece)
        self.received += len(data)
        fresh = self._fresh
        self._fresh = False
        if fresh and self._read_cached(data):
            return True
        if not self._open:
            return self.fail(Outcome.CONNECTION)
        self._parsed = True
        if self._parser is None:
            self._parser = HttpResponseParser(self)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            # Garbage behind a whole response makes the connection unusable, not the response.
            return self.fail(Outcome.CONNECTION)
        if self.complete:
            if fresh and self.reusable and self.failure is None and not self._bodiless:
                self._cache_head(data)
            return True
        if self.received - self._size > MAX_HEAD_SIZE + MAX_FRAMING_PER_BYTE * self._size:
            return self.fail(Outcome.TOO_LARGE if self._head_complete else Outcome.CONNECTION)
        return False

    def _read_cached(self, data: bytes) -> bool:
        """Read a whole response with a cached head; false if it is not one."""
        at = data.find(HEAD_END, 0, MAX_CACHED_HEAD)
        if at < 0 or self._bodiless or not self._open:
            return False
        at += 4
        head = data[:at]
        cookies: tuple[bytes, ...] = ()
        known = lookup(head)
        if known is None:
            head, cookies = split_cookies(head)
            known = lookup(head) if cookies else None
        if known is None or not known.size == len(data) - at <= self.largest:
            return False
        self.status, _, self.location, self._coding, self.media = known
        self.cookies = cookies
        self._chunks = [data[at:]]
        self.complete = self.reusable = True
        return True

    def _cache_head(self, data: bytes) -> None:
        at = data.find(HEAD_END, 0, MAX_CACHED_HEAD) + 4
        head, cookies = split_cookies(data[:at])
        if at >= len(HEAD_END) and self._size == len(data) - at and self.cookies == cookies:
            store(head, CachedHead(self.status, self._size, self.location, self._coding, self.media))

    def finish(self) -> bool:
        """The server has closed the connection; always true, because no more can come."""
        if self._head_complete and not self._has_length:
            self.complete = True
        return self.fail(Outcome.CONNECTION)

    def fail(self, outcome: Outcome) -> bool:
        """The connection is unusable, and an incomplete response has failed; always true."""
        if not self.complete:
            self.failure = outcome
            self.complete = True
            self._chunks = []
        self.reusable = self._open = False
        self._parser = None
        return True

    def body(self) -> bytes:
        """The decoded body of a complete response, once; sets ``failure`` if it cannot be decoded."""
        chunks, self._chunks = self._chunks, []
        body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        if self._coding:
            try:
                return decode(body, self._coding, self.largest)
            except Undecodable:
                self.failure = Outcome.ENCODING
            except TooLarge:
                self.failure = Outcome.TOO_LARGE
            return b""
        return body

    # Called by llhttp

    def on_message_begin(self) -> None:
        """A status line starts: of the response, of an interim response (1xx), or of an unrequested one."""
        if self.complete:
            self.reusable = False
        else:
            self._clear()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer; trailers are ignored."""
        kind = _kinds.get(name)
        if kind is None:
            kind = _WANTED.get(name.lower(), 0)
            if len(_kinds) < _KINDS_KEPT:
                _kinds[name] = kind
        if kind == 0 or self._head_complete:
            return
        if kind == _LENGTH:
            self._has_length = True
        else:
            self._keep(kind, value)

    def _keep(self, kind: int, value: bytes) -> None:
        value = value.strip(b" \t")
        if kind == _COOKIE:
            self.cookies = (*self.cookies, value)
        elif kind == _LOCATION:
            self.location = self.location or value.decode("latin-1")
        elif kind == _CODING:
            self._coding = f"{self._coding},{value.decode('latin-1')}" if self._coding else value.decode("latin-1")
        elif kind == _TYPE:
            self.media = self.media or media_type(value.decode("latin-1"))
        elif value.lower() == b"chunked":
            self._has_length = True
        else:
            self.fail(Outcome.CONNECTION)  # an unknown transfer coding: the end of the body is unknown

    def on_headers_complete(self) -> None:
        """The head is complete."""
        if self.complete or self._parser is None:
            return
        self.status = self._parser.get_status_code()
        if self.status < 100:  # noqa: PLR2004 - no such class of statuses
            self.fail(Outcome.CONNECTION)
        elif self.status >= 200:  # noqa: PLR2004 - 1xx are interim responses, RFC 9110 section 15.2
            self._head_complete = True
            if self._bodiless:
                # llhttp cannot be told that no body follows. It would wait for one, so this parser is dropped.
                self.reusable = self._parser.should_keep_alive()
                self.complete = True
                self._open = False
                self._parser = None

    def on_body(self, piece: bytes) -> None:
        """A piece of the body."""
        if self.complete:
            self.reusable = False
            return
        self._size += len(piece)
        if self._size > self.largest:
            self.fail(Outcome.TOO_LARGE)
        else:
            self._chunks.append(piece)

    def on_message_complete(self) -> None:
        """A message is complete: the response, or an interim response."""
        if self._head_complete and not self.complete and self._parser is not None:
            self.complete = True
            self.reusable = self._parser.should_keep_alive()
