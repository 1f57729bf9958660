"""Checks the ``Host`` header of requests to our own servers, so that a foreign DNS name that points here is refused (DNS rebinding)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection

from harness.allowed_targets import host_refusal, is_loopback, normal_host
from harness.errors import UsageError

ALLOWED_HOSTS_OPTION = "--web-allowed-hosts"

_HOST_HEADER = re.compile(r"(?P<host>\[[^\[\]]*\]|[^:\[\]]+)(?::(?P<port>\d{1,5}))?")


def parse_allowed_hosts(text: str) -> frozenset[str]:
    """The host names in the value of ``--web-allowed-hosts``; raises ``UsageError`` that lists every wrong one."""
    given = [name for part in text.split(",") if (name := part.strip())]
    problems = [f"{ALLOWED_HOSTS_OPTION} {name}: {why}" for name in given if (why := host_refusal(normal_host(name)))]
    if problems:
        raise UsageError("\n".join(problems))
    return frozenset(map(normal_host, given))


def host_and_port(header: str) -> tuple[str, str] | None:
    """Host (as ``normal_host`` writes it) and port (empty: none) of a ``Host`` header; ``None`` if it has no valid host."""
    match = _HOST_HEADER.fullmatch(header.strip())
    if match is None or host_refusal(host := normal_host(match["host"])) is not None:
        return None
    return host, match["port"] or ""


def is_allowed_host(header: str, bound: str, allowed: Collection[str]) -> bool:
    """Whether a server on the address ``bound`` answers a request with this ``Host`` header.

    A page of another site can reach this machine only through a name of its own. So an address passes if the server is bound to
    more than loopback. A name passes if it is loopback, the name that the server is bound to, or ``allowed``.
    """
    found = host_and_port(header)
    if found is None:
        return False
    host, _ = found
    if is_loopback(host) or host in allowed:
        return True
    return not is_loopback(normal_host(bound)) and (host == normal_host(bound) or _is_address(host))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
