"""The server and the path that a URL means, and whether the environment sets a proxy for that server.

Servers send URLs back, in redirects and in forms, so nothing here trusts a URL. What could end a line of a request is
%-encoded. A URL that names no server is ``InvalidRequest``.
"""

from __future__ import annotations

import ipaddress
from typing import NamedTuple
from urllib.parse import quote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

DEFAULT_PORTS = {"http": 80, "https": 443}
# All printable ASCII except the space, as browsers send it; what is %-encoded already stays so.
_SAFE = "".join(chr(code) for code in range(0x21, 0x7F))
_NOT_IN_HOST = frozenset(" \t\r\n/\\?#@<>[]\"'`{}|^,;")


class InvalidRequest(ValueError):
    """A request that cannot be written as valid HTTP; the message gives the reason, and no secret."""


class Origin(NamedTuple):
    """One server: over TLS (``secure``) or plain, its host in lower case (no brackets round IPv6), its port."""

    secure: bool
    host: str
    port: int

    @property
    def host_header(self) -> str:
        """The ``Host`` header: brackets round IPv6, no zone, the port only if it is not the default."""
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
        raise InvalidRequest("the URL has no valid host or port") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise InvalidRequest("the URL does not start with http:// or https://")
    try:
        host = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        host = ""
    if not host or not host.isprintable() or not _NOT_IN_HOST.isdisjoint(host) or port == 0:
        raise InvalidRequest("the URL has no valid host or port")
    return Origin(parts.scheme == "https", host, DEFAULT_PORTS[parts.scheme] if port is None else port)


def resolve_url(url: str, target: Origin) -> tuple[Origin, str]:
    """Origin and request target (path and query, never empty) of a path on ``target`` or of an absolute URL."""
    if url.startswith(("http://", "https://")):
        origin = parse_origin(url)
        remainder = url.split("//", 1)[1]
        path_start = min((at for at in map(remainder.find, "/?#") if at >= 0), default=len(remainder))
        url = remainder[path_start:]
    else:
        origin = target
    wanted = quote(url.partition("#")[0], safe=_SAFE)
    if not wanted.startswith("/"):
        if wanted and not wanted.startswith("?"):
            raise InvalidRequest("the URL starts neither with / nor with http:// or https://")
        wanted = f"/{wanted}"
    return origin, wanted


class ProxyRefused(ValueError):
    """The environment sets a proxy for the target, and this client supports none; the message says what to do."""


def refuse_proxy(target: Origin) -> None:
    """Raise ``ProxyRefused`` if the environment sets a proxy for this target; this machine itself needs none."""
    proxies = getproxies_environment()
    scheme = target.scheme if target.scheme in proxies else "all" if "all" in proxies else None
    if scheme is None or _is_here(target.host):
        return
    if proxy_bypass(target.host):
        return
    raise ProxyRefused(
        f"{scheme}_proxy is set, but this client supports no proxy: unset it, or add {target.host} to no_proxy"
    )


def _is_here(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
