"""A connection over TLS: the bytes are the same plain socket's, so that the kernel's notes of their arrival stay to hand."""

from __future__ import annotations

import contextlib
from functools import cache

from gevent import ssl

from harness.measurement.outcomes import Outcome
from users.http.connection import RECEIVED, Connection
from users.http.origin import Origin
from users.http.timeouts import HttpLimits, TimeoutScanner

_PLAIN = memoryview(bytearray(16 * 1024))  # what one TLS record holds at the most
_SLICE = len(_PLAIN)
_HEADER = 5  # bytes before each TLS record; the last two say how long it is


class TlsConnection(Connection):
    """TLS over a plain connection; a certificate that does not hold is a connection that does not come about."""

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
        self._holds_spare_buffer = False  # tickets may have come since the last time that room was given back
        self._record_bytes_left = 0  # bytes of the record under way that are still to come
        self._partial_header = b""  # the beginning of a record's header that came in two pieces
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None

    def close(self) -> None:
        """Take leave as far as it can be done without waiting, and close."""
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
        except (OSError, ValueError):  # a certificate that does not hold, a protocol nobody speaks, a name that is none
            return Outcome.CONNECTION
        finally:
            self._in_handshake = False
        return None

    def _handshake_step(self, spoken: ssl.SSLObject) -> bool:
        """One step of the handshake; whether it was the last."""
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
        # In slices, as OpenSSL keeps the room that it once took for what came at once.
        for at in range(0, count, _SLICE):
            self._incoming.write(RECEIVED[at : min(at + _SLICE, count)])
            complete = self._in_handshake or self._read_all()
        if complete and not whole:
            self.reader.reusable = False  # half of something that was not asked for
        if complete and self._holds_spare_buffer and not self._in_handshake:
            self._release_spare_buffer()
        return complete

    def _ends_record(self, piece: memoryview | bytes) -> bool:
        """Whether a record ends where this piece does. OpenSSL does not tell what it keeps of one that is cut off."""
        if self._partial_header:
            piece = self._partial_header + piece
        at, size = self._record_bytes_left, len(piece)
        while at + _HEADER <= size:
            at += _HEADER + (piece[at + 3] << 8 | piece[at + 4])
        self._partial_header = bytes(piece[at:])
        self._record_bytes_left = max(at - size, 0)
        return at == size

    def _release_spare_buffer(self) -> None:
        """To read a ticket, OpenSSL takes 16 kB to write a record in, and keeps them until it has written one; an empty one will do."""
        self._holds_spare_buffer = False
        if self._tls is not None:
            with contextlib.suppress(OSError, ValueError):
                self._tls.write(b"")

    def _on_peer_close(self, *, reset: bool) -> bool:
        if reset or self._in_handshake:
            return self.reader.fail(Outcome.CONNECTION)
        # Without TLS's own farewell before it, the end of the bytes may be anybody's doing.
        self._incoming.write_eof()
        return self._read_all()

    def _read_all(self) -> bool:
        reader, spoken = self.reader, self._tls
        if spoken is None:
            return reader.fail(Outcome.CONNECTION)
        try:
            while not reader.complete or self._incoming.pending or spoken.pending():
                count = int(spoken.read(len(_PLAIN), _PLAIN))  # into a buffer: how many, whatever the annotation says
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
        """Tickets for later sessions come unasked and are read; anything else, half a record too, ends an idle connection."""
        if not unasked or self._tls is None or not self._ends_record(unasked):
            return True
        self._incoming.write(unasked)
        try:
            self._tls.read(len(_PLAIN), _PLAIN)
        except ssl.SSLWantReadError:
            self._release_spare_buffer()
            return False
        except OSError:
            return True
        return True


@cache
def ssl_context(*, verified: bool) -> ssl.SSLContext:
    """The context that all connections of this process share."""
    shared = ssl.create_default_context()
    if not verified:
        shared.check_hostname = False
        shared.verify_mode = ssl.CERT_NONE
    shared.set_alpn_protocols(["http/1.1"])
    return shared
