"""When a response reached this machine, by the kernel's timestamp.

A busy process reads late. A client that takes the time when it reads counts its own delay as the server's. Linux stamps
each packet with the time of day when it arrives, and returns the stamp with the bytes (``SO_TIMESTAMPNS``, through
``recvmsg``).

There may be no stamp: on another system, on a processor where the option has another number, or for a packet that
arrived before the kernel started to stamp. Then the result is ``None``, and the time of reading is used.
"""

from __future__ import annotations

import platform
import socket
import struct
import sys
from collections.abc import Sequence
from typing import Final

# Python has no name for it. Linux uses this number on these processors; on some others it means another option.
_SO_TIMESTAMPNS: Final = 35
_KNOWN = frozenset({"x86_64", "amd64", "aarch64", "arm64", "riscv64", "ppc64le", "s390x", "loongarch64"})
_MOMENT: Final = struct.Struct("=qq")  # struct timespec of a 64-bit machine: seconds, nanoseconds
_SIZE: Final = _MOMENT.size
_SOL_SOCKET: Final = socket.SOL_SOCKET
_HEADER = struct.calcsize("=qii")

ANCILLARY_SIZE = _HEADER + _MOMENT.size
"""The size of the ancillary data to ask ``recvmsg`` for; 0 asks for none."""


def supported() -> bool:
    """Whether this system can stamp packets, as far as is known without trying."""
    return sys.platform == "linux" and platform.machine().lower() in _KNOWN and sys.maxsize > 2**32


def enable_timestamps(receiver: socket.socket) -> bool:
    """Ask the kernel to stamp what arrives on this socket; false if it refuses."""
    try:
        receiver.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    except OSError:
        return False
    return True


def receive_time(ancillary: Sequence[tuple[int, int, bytes]], sent: float, now: float, wall: float) -> float | None:
    """The moment when the bytes with this ``ancillary`` data arrived, on the clock of ``sent`` and ``now``.

    ``now`` and ``wall`` are the same moment on that clock and by the time of day, in seconds. The time of day may be
    changed during an exchange, so a moment that is not between ``sent`` and ``now`` is ignored.
    """
    for level, kind, held in ancillary:
        if level == _SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(held) == _SIZE:
            seconds, nanoseconds = _MOMENT.unpack(held)
            moment = now - (wall - (seconds + nanoseconds * 1e-9))
            return moment if sent <= moment <= now else None
    return None
