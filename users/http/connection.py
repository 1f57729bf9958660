"""One connection to one server, for one virtual user that waits for one response at a time.

The socket never blocks. One read watcher stays with the connection for its whole life, so a response costs one send, one
receive and one greenlet switch, and a server that closes an idle connection is noticed at once.
"""

from __future__ import annotations

import errno
import math
import socket
from collections.abc import Sequence
from typing import Any, Final

from gevent import getcurrent, monkey, with_timeout

from harness.measurement.outcomes import Outcome
from harness.monitoring.exhaustion import RESOURCE_BY_ERRNO, exhausted_resource
from users.http import timestamps
from users.http.dns import SocketAddress
from users.http.origin import Origin
from users.http.response import ResponseReader
from users.http.timeouts import HttpLimits, TimeoutScanner
from users.http.waiter import SocketWaiter

READ: Final = 1
_IDLE: Final = 0.5  # seconds; a connection that was idle for longer is read from before it is used again
_NEVER: Final = -math.inf
_NOT_NOW: Final = (BlockingIOError, InterruptedError)
_ANCILLARY_SIZE: Final = timestamps.ANCILLARY_SIZE if timestamps.supported() else 0

# Received bytes go to a parser at once, so one buffer serves all connections of a thread's event loop.
RECEIVED: Final = memoryview(bytearray(64 * 1024))
_RECEIVE_BUFFERS: Final = [RECEIVED]
_ROOM: Final = len(RECEIVED)

# Locust replaces the standard socket by gevent's, which would only add work here.
_Socket: type[socket.socket] = monkey.get_original("socket", "socket")


class Connection(SocketWaiter):
    """A plain TCP connection. ``reader`` holds the response after ``exchange``.

    ``ancillary`` is what the kernel reported with the response's last bytes. ``exhausted_resource`` names what this
    machine has run out of (``EMFILE``) after an ``Outcome.NO_SOCKET``.
    """

    __slots__ = (
        "_last_received",
        "_last_used",
        "_reading",
        "_total_deadline",
        "ancillary",
        "closed",
        "exhausted_resource",
        "limits",
        "origin",
        "reader",
        "unsent",
    )

    def __init__(self, origin: Origin, limits: HttpLimits, scanner: TimeoutScanner) -> None:
        super().__init__(scanner)
        self.origin = origin
        self.limits = limits
        self.reader = ResponseReader(limits.largest_reply)
        self.closed = True
        self.unsent = True  # no byte of the last request has been sent
        self.exhausted_resource = ""
        self.ancillary: Sequence[tuple[int, int, bytes]] = ()
        self._reading: Any = None
        self._last_received = _NEVER
        self._total_deadline = 0.0
        self._last_used = 0.0

    def open(self, began: float) -> Outcome | None:
        """Connect; returns ``None`` or the failure. ``began``: the moment from which the limits count."""
        self._total_deadline = began + self.limits.total_timeout
        self.deadline = min(began + self.limits.connect_timeout, self._total_deadline)
        self._last_used = began
        self._last_received = _NEVER
        self._timed_out = False
        try:
            failure = self._connect()
        except BaseException:
            self.close()
            raise
        if failure is not None:
            self.close()
        return failure

    def exchange(self, request: bytes, *, bodiless: bool, began: float, now: float) -> Outcome | None:
        """Send a request and wait for its whole response; returns ``None`` or the failure.

        ``bodiless``: the response has no body, as to HEAD. The total timeout counts from ``began``, the read timeout from
        ``now``. If the greenlet is killed meanwhile, the connection is closed.
        """
        if self._waiter is not None:
            raise RuntimeError("a connection carries one exchange at a time")
        reader = self.reader
        reader.begin(bodiless=bodiless)
        limits = self.limits
        self._last_used = now
        self._total_deadline = until = began + limits.total_timeout
        deadline = now + limits.read_timeout
        self.deadline = deadline if deadline < until else until  # noqa: FURB136 - min() takes five times as long
        self._last_received = _NEVER
        self._timed_out = False
        self.unsent = True
        self.exhausted_resource = ""
        try:
            if not self._send(request):
                reader.fail(Outcome.NO_SOCKET if self.exhausted_resource else Outcome.CONNECTION)
            elif not reader.complete:
                self._wait()
        except BaseException:
            self.close()
            raise
        failure = Outcome.TIMEOUT if self._timed_out else reader.failure
        if failure is not None or not reader.reusable:
            self.close()
        return failure

    def stale(self, now: float) -> bool:
        """Whether the server has closed the connection, or sent something unasked, since the last response."""
        if self.closed or self.sock is None:
            return True
        if now - self._last_used < _IDLE:
            return False
        # A busy process may not have noticed the end of the connection yet.
        self._readable()
        return self.closed

    def close(self) -> None:
        """Close it; a greenlet that waits for a response on it gets a failure."""
        self.closed = True
        self.reader.fail(Outcome.CONNECTION)
        self.scanner.waiting.discard(self)
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.stop()
            reading.close()
        sock, self.sock = self.sock, None
        if sock is not None:
            sock.close()
        if self._waiter is not None and self._waiter is not getcurrent():
            self._woken = True
            self.scanner.hub.loop.run_callback(self._resume, self._waiter)

    def on_deadline(self, now: float) -> None:
        """Called by the scanner once the deadline has passed."""
        if not self.closed:
            # A busy process scans late: what has arrived by now arrived in time.
            self._readable()
            if self not in self.scanner.waiting or self.deadline > now:
                return
            self.deadline = min(self._last_received + self.limits.read_timeout, self._total_deadline)
            if self.deadline > now:
                return
        self._timed_out = True
        self._wake()

    # Connecting

    def _connect(self) -> Outcome | None:
        find = self.scanner.dns.lookup
        try:
            addresses: list[SocketAddress] | None = with_timeout(
                self.limits.connect_timeout, find, self.origin, timeout_value=None
            )
        except OSError as error:
            return self._exhaustion_outcome(exhausted_resource(error) or _file_exhaustion()) or Outcome.CONNECTION
        if addresses is None:
            return Outcome.TIMEOUT
        failure: Outcome | None = Outcome.CONNECTION
        for address in addresses:
            failure = self._connect_to(address)
            if failure is None:
                return self._handshake()
            self.close()
            if failure is not Outcome.CONNECTION:
                break
        return failure

    def _connect_to(self, address: SocketAddress) -> Outcome | None:
        try:
            sock = self.sock = _Socket(address.family, socket.SOCK_STREAM)
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if _ANCILLARY_SIZE:
                timestamps.enable_timestamps(sock)
            code = sock.connect_ex(address.address)
            if code in (errno.EINPROGRESS, errno.EWOULDBLOCK):
                self._wait_to_write()
                code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if self._timed_out and not code:
                    sock.getpeername()  # raises unless the connection was made in the meantime
        except OSError as error:
            code = error.errno or errno.EIO
        if code:
            if self._timed_out:
                return Outcome.TIMEOUT
            return self._exhaustion_outcome(RESOURCE_BY_ERRNO.get(code, "")) or Outcome.CONNECTION
        self.closed = self._timed_out = False
        self._reading = self.scanner.hub.loop.io(sock.fileno(), READ, ref=False)
        self._reading.start(self._readable)
        return None

    def _exhaustion_outcome(self, what: str) -> Outcome | None:
        """The outcome if this machine has run out of ``what``; ``None`` if ``what`` is empty."""
        self.exhausted_resource = what
        return Outcome.NO_SOCKET if what else None

    def _handshake(self) -> Outcome | None:
        """What comes before the first request: nothing, without TLS."""
        return None

    # Sending and receiving

    def _send(self, request: bytes) -> bool:
        """Send all of it, or until the response is complete; false if the connection broke or timed out."""
        sock = self.sock
        if sock is None:
            return False
        try:
            sent = sock.send(request)
        except _NOT_NOW:
            sent = 0
        except OSError as error:
            self.exhausted_resource = exhausted_resource(error)
            return False
        if sent:
            self.unsent = False
        return sent == len(request) or self._send_rest(memoryview(request)[sent:])

    def _send_rest(self, remaining: memoryview) -> bool:
        while remaining and not self.reader.complete:
            self._wait_to_write()
            if self._timed_out or self.sock is None:
                return False
            try:
                sent = self.sock.send(remaining)
            except _NOT_NOW:
                continue
            except OSError as error:
                self.exhausted_resource = exhausted_resource(error)
                return False
            self.unsent = False
            remaining = remaining[sent:]
            self.deadline = min(self.scanner.clock() + self.limits.read_timeout, self._total_deadline)
        if remaining:
            # The server would read the start of the next request as the rest of this one.
            self.reader.reusable = False
        return True

    def _readable(self) -> None:
        """Called by the event loop whenever there is something to read."""
        if self.sock is None:
            return
        try:
            count, ancillary, _, _ = self.sock.recvmsg_into(_RECEIVE_BUFFERS, _ANCILLARY_SIZE)
        except _NOT_NOW:
            return
        except OSError:
            count, ancillary = -1, []
        waiter = self._waiter
        if waiter is None:
            if self._closes_idle(RECEIVED[: max(count, 0)]):
                self.close()
            return
        self.ancillary = ancillary
        if self._on_bytes(count) if count > 0 else self._on_peer_close(reset=count < 0):
            if count == _ROOM:
                self._last_used = _NEVER  # there may be more bytes, which are unrequested
            self._woken = True
            waiter.switch()
        else:
            self._last_received = self.scanner.clock()

    def _closes_idle(self, unasked: memoryview) -> bool:  # noqa: ARG002 - TLS uses them
        """Whether these bytes on an idle connection are a reason to close it; no bytes mean that the server closed it."""
        return True

    def _on_bytes(self, count: int) -> bool:
        """Take received bytes; true if they complete what the greenlet waits for."""
        return self.reader.feed(RECEIVED[:count])

    def _on_peer_close(self, *, reset: bool) -> bool:
        """The server has closed the connection; always true."""
        return self.reader.fail(Outcome.CONNECTION) if reset else self.reader.finish()


def _file_exhaustion() -> str:
    """The resource that a failed DNS lookup lacked: without a free file descriptor, the resolver only says "not found"."""
    try:
        _Socket(socket.AF_INET, socket.SOCK_DGRAM).close()
    except OSError as error:
        return exhausted_resource(error)
    return ""
