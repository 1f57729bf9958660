"""Where a URL leads: to which server, and to what on it.

Shops send addresses back, in redirections and in the forms of a bank's page, so nothing here trusts a URL: whatever
could end a line of a request is written as ``%0D`` and the like, and what names no server is ``InvalidRequest``.
"""

from __future__ import annotations

import ipaddress
from typing import NamedTuple
from urllib.parse import quote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

DEFAULT_PORTS = {"http": 80, "https": 443}
# Everything printable of ASCII but the space, as browsers send it; what is already %-encoded stays as it is.
_SAFE = "".join(chr(code) for code in range(0x21, 0x7F))
_NOT_IN_HOST = frozenset(" \t\r\n/\\?#@<>[]\"'`{}|^,;")


class InvalidRequest(ValueError):
    """A request that cannot be written in HTTP without lying; the message names the reason, no secret of it."""


class Origin(NamedTuple):
    """One server: over TLS (``secure``) or plain, its host in lower case (no brackets round IPv6), its port."""

    secure: bool
    host: str
    port: int

    @property
    def host_header(self) -> str:
        """The ``Host`` that is sent: brackets round IPv6, no zone, the port only where it is not the usual one."""
        host = f"[{self.host.partition('%')[0]}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def scheme(self) -> str:
        """``http`` or ``https``."""
        return "https" if self.secure else "http"

    @property
    def url(self) -> str:
        """The origin as a URL without a path, as ``http://127.0.0.1:8000``."""
        return f"{self.scheme}://{self.host_header}"


def parse_origin(url: str) -> Origin:
    """The server that an absolute URL names; raises ``InvalidRequest``."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise InvalidRequest("the URL names no host or port that could be reached") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise InvalidRequest("the URL does not begin with http:// or https://")
    try:
        host = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        host = ""
    if not host or not host.isprintable() or not _NOT_IN_HOST.isdisjoint(host) or port == 0:
        raise InvalidRequest("the URL names no host or port that could be reached")
    return Origin(parts.scheme == "https", host, DEFAULT_PORTS[parts.scheme] if port is None else port)


def resolve_url(url: str, target: Origin) -> tuple[Origin, str]:
    """Origin and request target (path and query, never empty) of a path on ``target`` or of an absolute URL."""
    if url.startswith(("http://", "https://")):
        origin = parse_origin(url)
        rest = url.split("//", 1)[1]
        cut = min((at for at in map(rest.find, "/?#") if at >= 0), default=len(rest))
        url = rest[cut:]
    else:
        origin = target
    wanted = quote(url.partition("#")[0], safe=_SAFE)
    if not wanted.startswith("/"):
        if wanted and not wanted.startswith("?"):
            raise InvalidRequest("the URL is neither a path that begins with / nor begins with http:// or https://")
        wanted = f"/{wanted}"
    return origin, wanted


class ProxyRefused(ValueError):
    """The environment wants a proxy between this client and its target; the message says what to do."""


def refuse_proxy(target: Origin) -> None:
    """Raise ``ProxyRefused`` if the environment names a proxy for this target; this machine itself needs none."""
    proxies = getproxies_environment()
    scheme = target.scheme if target.scheme in proxies else "all" if "all" in proxies else None
    if scheme is None or _is_here(target.host):
        return
    if proxy_bypass(target.host):
        return
    raise ProxyRefused(
        f"{scheme}_proxy is set, and this client speaks to no proxy: unset it, or put {target.host} into no_proxy"
    )


def _is_here(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
