"""When a reply reached this machine, by the kernel's own note of it, on the clock that everything else is timed by.

A busy process reads late, and a client that takes the time when it reads books its own lateness as the shop's. Linux
notes the time of day at which a packet came in and hands it out with the bytes (``SO_TIMESTAMPNS``, through ``recvmsg``).

Fall-back: where there is no such note (another system, a processor on which the option has another number, a packet
that came before the kernel had begun to take notes) the answer is ``None``, and the time of reading has to do.
"""

from __future__ import annotations

import platform
import socket
import struct
import sys
from collections.abc import Sequence

# Python gives it no name. Linux numbers it alike on these; some others differ, and would be set a wrong option.
_SO_TIMESTAMPNS = 35
_KNOWN = frozenset({"x86_64", "amd64", "aarch64", "arm64", "riscv64", "ppc64le", "s390x", "loongarch64"})
_MOMENT = struct.Struct("=qq")  # struct timespec of a 64-bit machine: seconds, nanoseconds
_HEADER = struct.calcsize("=qii")

ANCILLARY_SIZE = _HEADER + _MOMENT.size
"""Bytes to ask ``recvmsg`` for beside the data; 0 asks for nothing."""


def supported() -> bool:
    """Whether this system notes when a packet came in, as far as can be told without trying."""
    return sys.platform == "linux" and platform.machine().lower() in _KNOWN and sys.maxsize > 2**32


def enable_timestamps(receiver: socket.socket) -> bool:
    """Ask the kernel to note arrivals on this socket; false where it does not do so."""
    try:
        receiver.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    except OSError:
        return False
    return True


def receive_time(ancillary: Sequence[tuple[int, int, bytes]], sent: float, now: float, wall: float) -> float | None:
    """The moment, on the clock of ``sent`` and ``now``, at which the bytes came in that ``ancillary`` were read with.

    ``now`` and ``wall`` are the same moment on that clock and by the time of day, in seconds. The time of day may be
    set while a reply is under way: a moment that does not lie between ``sent`` and ``now`` is not believed.
    """
    for level, kind, held in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(held) == _MOMENT.size:
            seconds, nanoseconds = _MOMENT.unpack(held)
            moment = now - (wall - (seconds + nanoseconds * 1e-9))
            return moment if sent <= moment <= now else None
    return None
