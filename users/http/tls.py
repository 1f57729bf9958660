"""A connection over TLS, and the TLS context that all connections share.

TLS runs in memory on top of the plain socket, so the kernel's timestamps of received bytes stay available.
"""

from __future__ import annotations

import contextlib
from functools import cache
from typing import Any, cast

from gevent import ssl

from harness.measurement.outcomes import Outcome
from users.http.connection import RECEIVED, Connection
from users.http.origin import Origin
from users.http.timeouts import HttpLimits, TimeoutScanner

_PLAIN = memoryview(bytearray(16 * 1024))  # the most that one TLS record holds
_SLICE = len(_PLAIN)
_HEADER = 5  # bytes before each TLS record; the last two are its length


class TlsConnection(Connection):
    """TLS over a plain connection; an invalid certificate fails the connection."""

    __slots__ = (
        "_holds_spare_buffer",
        "_in_handshake",
        "_incoming",
        "_outgoing",
        "_partial_header",
        "_record_bytes_left",
        "_tls",
    )

    def __init__(self, origin: Origin, limits: HttpLimits, scanner: TimeoutScanner) -> None:
        super().__init__(origin, limits, scanner)
        self._in_handshake = False
        self._holds_spare_buffer = False  # tickets may have come since the last release
        self._record_bytes_left = 0  # bytes of the current record that have not come yet
        self._partial_header = b""  # the start of a record header that came in two pieces
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None

    def close(self) -> None:
        """Send TLS's close message if that needs no waiting, and close."""
        spoken, self._tls = self._tls, None
        if spoken is not None and self.sock is not None and not self._in_handshake:
            with contextlib.suppress(OSError, ValueError):  # an SSLError is an OSError
                spoken.unwrap()
            with contextlib.suppress(OSError):
                self.sock.send(self._outgoing.read())
        super().close()

    def _handshake(self) -> Outcome | None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._record_bytes_left, self._partial_header = 0, b""
        self.reader.begin(bodiless=False)
        context = ssl_context(verified=self.limits.verify_tls)
        self._in_handshake = True
        try:
            spoken = context.wrap_bio(
                self._incoming, self._outgoing, server_hostname=self.origin.host.partition("%")[0]
            )
            while not self._handshake_step(spoken):
                if self._timed_out:
                    return Outcome.TIMEOUT
                if self.reader.failure is not None:
                    return Outcome.CONNECTION
            self._tls = spoken
            self._holds_spare_buffer = True
        except (OSError, ValueError):  # an invalid certificate, an unknown protocol, an invalid name
            return Outcome.CONNECTION
        finally:
            self._in_handshake = False
        return None

    def _handshake_step(self, spoken: ssl.SSLObject) -> bool:
        """Take one step of the handshake; true if it was the last."""
        try:
            spoken.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            self._wait()
            return False
        self._flush()
        return True

    def _flush(self) -> None:
        written = self._outgoing.read()
        if written and not super()._send(written):
            raise ConnectionError

    def _send(self, request: bytes) -> bool:
        if self._tls is None:
            return False
        try:
            self._tls.write(request)
        except OSError:
            return False
        return super()._send(self._outgoing.read())

    def _on_bytes(self, count: int) -> bool:
        complete = False
        whole = self._ends_record(RECEIVED[:count])
        # In slices: OpenSSL keeps the buffer that it once needed for one write.
        for at in range(0, count, _SLICE):
            self._incoming.write(RECEIVED[at : min(at + _SLICE, count)])
            complete = self._in_handshake or self._read_all()
        if complete and not whole:
            self.reader.reusable = False  # half of an unrequested record
        if complete and self._holds_spare_buffer and not self._in_handshake:
            self._release_spare_buffer()
        return complete

    def _ends_record(self, piece: memoryview | bytes) -> bool:
        """Whether a record ends where this piece does. OpenSSL does not say what it keeps of an incomplete record."""
        if self._partial_header:
            piece = self._partial_header + piece
        at, size = self._record_bytes_left, len(piece)
        while at + _HEADER <= size:
            at += _HEADER + (piece[at + 3] << 8 | piece[at + 4])
        self._partial_header = bytes(piece[at:])
        self._record_bytes_left = max(at - size, 0)
        return at == size

    def _release_spare_buffer(self) -> None:
        """Free 16 kB: OpenSSL allocates a write buffer to read a ticket, and frees it after any write, even an empty one."""
        self._holds_spare_buffer = False
        if self._tls is not None:
            with contextlib.suppress(OSError, ValueError):
                self._tls.write(b"")

    def _on_peer_close(self, *, reset: bool) -> bool:
        if reset or self._in_handshake:
            return self.reader.fail(Outcome.CONNECTION)
        # A fault can cut a connection at any byte; only TLS's close message proves that the server ended it.
        self._incoming.write_eof()
        return self._read_all()

    def _read_all(self) -> bool:
        reader, spoken = self.reader, self._tls
        if spoken is None:
            return reader.fail(Outcome.CONNECTION)
        try:
            while not reader.complete or self._incoming.pending or spoken.pending():
                # With a buffer, read returns a count, whatever the annotation says. Compiled code would believe it.
                count: int = cast("Any", spoken).read(len(_PLAIN), _PLAIN)
                if not count:
                    return reader.finish()
                reader.feed(_PLAIN[:count])
        except ssl.SSLWantReadError:
            return reader.complete
        except ssl.SSLZeroReturnError:
            return reader.finish()
        except OSError:
            return reader.fail(Outcome.CONNECTION)
        return True

    def _closes_idle(self, unasked: memoryview) -> bool:
        """Session tickets come unasked and are read; anything else, half a record too, closes an idle connection."""
        if not unasked or self._tls is None or not self._ends_record(unasked):
            return True
        self._incoming.write(unasked)
        try:
            cast("Any", self._tls).read(len(_PLAIN), _PLAIN)
        except ssl.SSLWantReadError:
            self._release_spare_buffer()
            return False
        except OSError:
            return True
        return True


@cache
def ssl_context(*, verified: bool) -> ssl.SSLContext:
    """The TLS context that all connections of this process share.

    A context for each user would cost hundreds of kilobytes and tens of milliseconds each. If the environment variable
    ``SSL_CERT_FILE`` is set, its certificates are trusted instead of the system's, as with any OpenSSL program.
    """
    shared = ssl.create_default_context()
    if not verified:
        shared.check_hostname = False
        shared.verify_mode = ssl.CERT_NONE
    shared.set_alpn_protocols(["http/1.1"])
    return shared
