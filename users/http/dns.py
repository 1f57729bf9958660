"""DNS lookups, cached for a minute for all users of this process."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import NamedTuple

from gevent import monkey
from gevent import socket as cooperative

from users.http.origin import Origin

_TTL = 60.0  # seconds; a server that moves to another address is found again after this

_getaddrinfo = monkey.get_original("socket", "getaddrinfo")


class SocketAddress(NamedTuple):
    """One address to connect to, as ``socket`` wants it."""

    family: int
    address: tuple[str | int, ...]


class DnsCache:
    """Looks up host names without blocking the other greenlets; an IP address needs no lookup."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._known: dict[Origin, tuple[float, list[SocketAddress]]] = {}

    def lookup(self, origin: Origin) -> list[SocketAddress]:
        """All addresses of this server, in the order to try them; raises ``OSError`` if there are none."""
        now = self._clock()
        known = self._known.get(origin)
        if known is None or known[0] <= now:
            known = (now + _TTL, _look_up(origin))
            self._known[origin] = known
        return known[1]


def _look_up(origin: Origin) -> list[SocketAddress]:
    try:
        found = _getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        try:
            found = cooperative.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
        except UnicodeError as error:  # not a valid name
            raise OSError(str(error)) from None
    return [SocketAddress(int(family), address) for family, _, _, _, address in found]
