"""Decides whether a target may be loaded: this machine always, any other host only if the user has allowed it.

Load on the wrong host is an attack. So everything that is not clearly allowed is refused, above all spellings that make one
host look like another.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from urllib.parse import urlsplit

_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))*")
_NETLOC = re.compile(r"(?:\[(?P<address>[^\[\]]*:[^\[\]]*)\]|(?P<name>[^:\[\]]+))(?::(?P<port>\d{1,5}))?")
_LONGEST_NAME = 253
_HIGHEST_PORT = 65_535
# Browsers and C libraries read a name as an IPv4 address if its last part is a number: decimal, octal or hexadecimal.
_LOOKS_NUMERIC = re.compile(r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)")


class _Refused(ValueError):
    """Why a URL or a host is refused, as a sentence."""


def target_refusal(url: str, allowed: Collection[str] = ()) -> str | None:
    """Why this URL may not be loaded, as a sentence; ``None`` if it may.

    Loopback (``localhost``, 127.0.0.0/8, ``::1``) is always allowed, on any port. Any other host must be in ``allowed``, with its
    exact name or address and without a port. Letter case does not matter.
    """
    try:
        host = _host_of(url)
        _check_host(host)
    except _Refused as refusal:
        return str(refusal)
    if is_loopback(host) or normal_host(host) in set(map(normal_host, allowed)):
        return None
    return (
        f"{host} is not this machine and not in the list of allowed targets; if you may load it, add it to target.allowed in the scenario, "
        f"or name it on the command line"
    )


def host_refusal(host: str) -> str | None:
    """Why this is not an unambiguous host name or address, as a sentence; ``None`` if it is one."""
    try:
        _check_host(host.lower())
    except _Refused as refusal:
        return str(refusal)
    return None


def normal_host(host: str) -> str:
    """The normal form of a host: ``Example.COM.`` is ``example.com``, ``[::1]`` is ``::1``."""
    bare = host.strip().lower()
    if bare.startswith("[") and bare.endswith("]"):
        bare = bare[1:-1]
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return bare.removesuffix(".")


def is_loopback(host: str) -> bool:
    """Whether this host name or address always means this machine."""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback and getattr(address, "ipv4_mapped", None) is None


def _host_of(url: str) -> str:
    # It checks before parsing: urlsplit silently drops tabs and line ends, and a backslash ends the host only for some
    # programs. No refusal repeats the URL, because it may hold a password.
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise _Refused("the URL has blanks, backslashes or characters outside ASCII")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise _Refused("the URL cannot be read") from None
    if parts.scheme not in {"http", "https"}:
        raise _Refused("the URL must begin with http:// or https://")
    if "@" in parts.netloc:
        raise _Refused("the URL has a user name or password; leave out the part before the @")
    if not parts.netloc:
        raise _Refused("the URL has no host")
    # urlsplit accepts text between a bracketed address and its port; this check does not.
    if (match := _NETLOC.fullmatch(parts.netloc)) is None:
        raise _Refused("the URL's host and port cannot be read; write http://host or http://host:port")
    if match["port"] is not None and not 0 < int(match["port"]) <= _HIGHEST_PORT:
        raise _Refused("the port of the URL is not valid; write one from 1 to 65535, or leave it out")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise _Refused(
            "the URL has a path, but the paths of the API start at the root; leave out the part after the host"
        )
    return (match["address"] or match["name"]).lower()


def _check_host(host: str) -> None:
    if "%" in host and ":" in host:
        raise _Refused(f"{host} has a zone; write the address without it")
    if ":" in host or _LOOKS_NUMERIC.fullmatch(host):
        try:
            ipaddress.ip_address(host)
        except ValueError:
            raise _Refused(
                f"different programs read {host} as different addresses; write the full address: four decimal numbers, or IPv6"
            ) from None
    elif len(host) > _LONGEST_NAME or not _NAME.fullmatch(host):
        remedy = "" if host.isascii() else "; write a name with other letters in its DNS form, xn--..."
        raise _Refused(
            f"{host!r} is not a host name; it needs letters, digits, hyphens and single dots between them{remedy}"
        )
