"""The addresses of a server, looked up once in a while for all shoppers of this process."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import NamedTuple

from gevent import monkey
from gevent import socket as cooperative

from users.http.origin import Origin

_TTL = 60.0  # seconds that an answer is used for, so that a shop which moves is found again

_getaddrinfo = monkey.get_original("socket", "getaddrinfo")


class SocketAddress(NamedTuple):
    """One address to connect to, as ``socket`` wants it."""

    family: int
    address: tuple[str | int, ...]


class DnsCache:
    """Looks names up without holding anybody else up; an IP address is no name and is never asked about."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._known: dict[Origin, tuple[float, list[SocketAddress]]] = {}

    def lookup(self, origin: Origin) -> list[SocketAddress]:
        """All addresses of this server, in the order to try them; raises ``OSError`` where there are none."""
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
        except UnicodeError as error:  # a name that cannot even be asked for
            raise OSError(str(error)) from None
    return [SocketAddress(int(family), address) for family, _, _, _, address in found]
