"""One reply after another out of the bytes of a connection; llhttp takes the bytes apart, this keeps what matters.

Servers send the same heads again and again, but for a date that changes once a second. What llhttp made of a head that
came with its whole body is kept (``users.http.header_cache``), and the next reply that begins with the very same bytes is
read without it.
"""

from __future__ import annotations

from typing import Final

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from harness.measurement.outcomes import Outcome
from users.http.decoding import TooLarge, Undecodable, decode
from users.http.header_cache import HEAD_END, MAX_CACHED_HEAD, CachedHead, lookup, split_cookies, store

MAX_HEAD_SIZE = 64 * 1024
"""Bytes of status lines and headers, of a reply and of what is sent ahead of it, at most."""
MAX_FRAMING_PER_BYTE = 8
"""Bytes of chunk framing that each byte of a body may cost before it is called abuse."""

_LENGTH: Final = 1
_TRANSFER: Final = 2
_CODING: Final = 3
_COOKIE: Final = 4
_LOCATION: Final = 5
_TYPE: Final = 6
_WANTED = {
    b"content-length": _LENGTH,
    b"transfer-encoding": _TRANSFER,
    b"content-encoding": _CODING,
    b"set-cookie": _COOKIE,
    b"location": _LOCATION,
    b"content-type": _TYPE,
}
# By name as written. Servers write a handful of names in one way each; a hostile one must not fill this up.
_kinds: dict[bytes, int] = {}
_KINDS_KEPT = 512


def media_type(content_type: str) -> str:
    """The type and subtype of a ``Content-Type``, in lower case and without its parameters."""
    return content_type.partition(";")[0].strip().lower()


class ResponseReader:
    """The state of the reply that is being read; ``begin`` starts it afresh, ``feed`` and ``finish`` fill it.

    When ``complete``, either ``failure`` names what is wrong or ``status``, ``body()``, ``location`` (as sent, empty if
    there is none), ``media`` (such as ``text/html``, empty if it is not said) and ``cookies`` (values of ``Set-Cookie``) hold the reply. ``reusable`` says whether the connection
    may carry another request. ``largest`` is the most bytes a body may have, on the wire and decoded. ``received``
    counts the bytes of this reply so far. Never raises, whatever the bytes.
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
        """A request is about to be sent; ``bodiless``: its reply has no body, as to HEAD."""
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
        """Take the next bytes; true when the reply is over, for better or worse."""
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
            # Rubbish behind a whole reply spoils the connection, not the reply.
            return self.fail(Outcome.CONNECTION)
        if self.complete:
            if fresh and self.reusable and self.failure is None and not self._bodiless:
                self._cache_head(data)
            return True
        if self.received - self._size > MAX_HEAD_SIZE + MAX_FRAMING_PER_BYTE * self._size:
            return self.fail(Outcome.TOO_LARGE if self._head_complete else Outcome.CONNECTION)
        return False

    def _read_cached(self, data: bytes) -> bool:
        """Whether this is a whole reply, with a head that is known."""
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
        """The server has closed the connection; always true: the reply is over."""
        if self._head_complete and not self._has_length:
            self.complete = True
        return self.fail(Outcome.CONNECTION)

    def fail(self, outcome: Outcome) -> bool:
        """Nothing more can come of this connection; always true."""
        if not self.complete:
            self.failure = outcome
            self.complete = True
            self._chunks = []
        self.reusable = self._open = False
        self._parser = None
        return True

    def body(self) -> bytes:
        """Hand over the decoded body of a reply that is over; where it cannot be decoded ``failure`` then says so."""
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

    # What follows is called by llhttp.

    def on_message_begin(self) -> None:
        """A status line begins: the reply's, one ahead of it (100 to 199), or one that nobody asked for."""
        if self.complete:
            self.reusable = False
        else:
            self._clear()

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, or one trailer; trailers count for nothing."""
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
            self.fail(Outcome.CONNECTION)  # a transfer coding that nobody offered: where it ends is anybody's guess

    def on_headers_complete(self) -> None:
        """The head is complete."""
        if self.complete or self._parser is None:
            return
        self.status = self._parser.get_status_code()
        if self.status < 100:  # noqa: PLR2004 - no such class of statuses
            self.fail(Outcome.CONNECTION)
        elif self.status >= 200:  # noqa: PLR2004 - below are replies ahead of the reply, RFC 9110 section 15.2
            self._head_complete = True
            if self._bodiless:
                # llhttp cannot be told that no body follows; it would wait for one, so it is not used again.
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
        """A message is complete: the reply, unless it was one ahead of it."""
        if self._head_complete and not self.complete and self._parser is not None:
            self.complete = True
            self.reusable = self._parser.should_keep_alive()
