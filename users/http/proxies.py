"""A proxy that the environment asks for is refused aloud: this client speaks to none, and would go past it unnoticed."""

from __future__ import annotations

import ipaddress
from urllib.request import getproxies_environment, proxy_bypass

from users.http.origin import Origin


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
