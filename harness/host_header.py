"""Under which names a server of ours may be asked: a name that somebody else's DNS points here is refused (DNS rebinding)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection

from harness.allowed_targets import host_refusal, is_loopback, normal_host
from harness.errors import UsageError

ALLOWED_HOSTS_OPTION = "--web-allowed-hosts"

_HOST_HEADER = re.compile(r"(?P<host>\[[^\[\]]*\]|[^:\[\]]+)(?::(?P<port>\d{1,5}))?")


def parse_allowed_hosts(text: str) -> frozenset[str]:
    """The names in the value of ``--web-allowed-hosts``; raises ``UsageError`` with everything that is none."""
    given = [name for part in text.split(",") if (name := part.strip())]
    problems = [f"{ALLOWED_HOSTS_OPTION} {name}: {why}" for name in given if (why := host_refusal(normal_host(name)))]
    if problems:
        raise UsageError("\n".join(problems))
    return frozenset(map(normal_host, given))


def host_and_port(header: str) -> tuple[str, str] | None:
    """Host and port (empty: none) of a ``Host`` header, in the one spelling of ``normal_host``; ``None`` if it names no host."""
    match = _HOST_HEADER.fullmatch(header.strip())
    if match is None or host_refusal(host := normal_host(match["host"])) is not None:
        return None
    return host, match["port"] or ""


def is_allowed_host(header: str, bound: str, allowed: Collection[str]) -> bool:
    """Whether a server on the address ``bound`` answers a request with this ``Host`` header.

    A page of another site reaches this machine only by a name of its own. So an address passes where the server is bound
    to more than loopback, and a name passes only if it is this machine's, the one that the server is bound to, or ``allowed``.
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
