"""Whether a shop may be loaded at all: this machine may, any other only if somebody named it.

A load generator pointed at the wrong host is an attack on it, so everything that is not plainly allowed is
refused, above all the spellings by which one host is made to look like another.
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
# What browsers and C libraries take for an IPv4 address: its last part is a number, decimal, octal or hexadecimal.
_LOOKS_NUMERIC = re.compile(r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)")


class _Refused(ValueError):
    """Why a URL or a host is out of the question, as a sentence."""


def target_refusal(url: str, allowed: Collection[str] = ()) -> str | None:
    """Why this URL may not be loaded, as a sentence; ``None`` if it may.

    Loopback (``localhost``, 127.0.0.0/8, ``::1``) is always allowed, on any port. Any other host must stand in
    ``allowed``, by its exact name or address and without a port; letter case does not matter.
    """
    try:
        host = _host_of(url)
        _check_host(host)
    except _Refused as refusal:
        return str(refusal)
    if is_loopback(host) or normal_host(host) in set(map(normal_host, allowed)):
        return None
    return (
        f"{host} is neither this machine nor named in the list of allowed targets; if it is yours to load, add it to "
        f"target.allowed in the scenario, or name it on the command line"
    )


def host_refusal(host: str) -> str | None:
    """Why this is no host name or address that everybody reads alike, as a sentence; ``None`` if it is one."""
    try:
        _check_host(host.lower())
    except _Refused as refusal:
        return str(refusal)
    return None


def normal_host(host: str) -> str:
    """The one spelling in which hosts are compared: ``Example.COM.`` is ``example.com``, ``[::1]`` is ``::1``."""
    bare = host.strip().lower()
    if bare.startswith("[") and bare.endswith("]"):
        bare = bare[1:-1]
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return bare.removesuffix(".")


def is_loopback(host: str) -> bool:
    """Whether this host name or address can only mean this machine."""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback and getattr(address, "ipv4_mapped", None) is None


def _host_of(url: str) -> str:
    # Checked before parsing: urlsplit silently drops tabs and line ends, and a backslash ends the host for
    # some programs and not for others. No refusal repeats the URL: it may hold a password.
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise _Refused("the URL holds blanks, backslashes or characters outside ASCII")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise _Refused("the URL cannot be read") from None
    if parts.scheme not in {"http", "https"}:
        raise _Refused("the URL must begin with http:// or https://")
    if "@" in parts.netloc:
        raise _Refused("the URL holds a user name or password; leave out what stands before the @")
    if not parts.netloc:
        raise _Refused("the URL names no host")
    # urlsplit forgives text between a bracketed address and its port; this does not.
    if (match := _NETLOC.fullmatch(parts.netloc)) is None:
        raise _Refused("the URL's host and port cannot be read; write http://host or http://host:port")
    if match["port"] is not None and not 0 < int(match["port"]) <= _HIGHEST_PORT:
        raise _Refused("the URL's port is none; write one from 1 to 65535, or leave it out")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise _Refused("the URL has a path, and the API's paths begin at the root; leave out what follows the host")
    return (match["address"] or match["name"]).lower()


def _check_host(host: str) -> None:
    if "%" in host and ":" in host:
        raise _Refused(f"{host} has a zone; write the address without it")
    if ":" in host or _LOOKS_NUMERIC.fullmatch(host):
        try:
            ipaddress.ip_address(host)
        except ValueError:
            raise _Refused(
                f"{host} is read as different addresses by different programs; write an address in full: four "
                f"decimal numbers, or IPv6"
            ) from None
    elif len(host) > _LONGEST_NAME or not _NAME.fullmatch(host):
        remedy = "" if host.isascii() else "; write a name with other letters as it stands in DNS, xn--..."
        raise _Refused(
            f"{host!r} is no host name; letters, digits, hyphens and single dots between them make one{remedy}"
        )
