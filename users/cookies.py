"""The cookies of one shopper, each sent back only where it belongs (RFC 6265, with the name prefixes of its successor).

Made for many small jars: nothing is worked out twice as long as no cookie changes. There is no list of public
suffixes; a cookie for a whole top-level domain is refused, one for ``co.uk`` is not.
"""

from __future__ import annotations

import ipaddress
import math
import re
import time
from collections.abc import Callable, Mapping
from email.utils import mktime_tz, parsedate_tz
from functools import lru_cache
from typing import NamedTuple

from users.origin import Origin

_LARGEST = 4096  # bytes of name and value
_MOST = 64  # cookies in a jar; the oldest goes first
_HARMFUL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # what no cookie may hold; sent back, it could end a line
_AGES_LONGEST = 400 * 86400.0  # seconds; what browsers cut a cookie's life down to


class _Cookie(NamedTuple):
    value: str
    host_only: bool
    secure: bool
    until: float  # a moment of the jar's clock


class _Key(NamedTuple):
    name: str
    domain: str
    path: str


class Jar:
    """Cookies by name, domain and path. ``wall`` is the time of day in seconds since 1970, for ``Expires`` only."""

    __slots__ = ("_cookies", "_lines", "_scoped", "_secure", "_soonest", "_wall")

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self._cookies: dict[_Key, _Cookie] = {}
        # Lines already written, which hold for every path until a cookie changes.
        self._lines: dict[Origin, bytes] = {}
        self._scoped = False  # whether some cookie is not for every path
        self._secure = False  # whether some cookie is for TLS only
        self._soonest = math.inf

    def __len__(self) -> int:
        return len(self._cookies)

    def clear(self) -> None:
        """Throw all cookies away."""
        self._cookies.clear()
        self._lines.clear()
        self._scoped = self._secure = False
        self._soonest = math.inf

    def line(self, origin: Origin, path: str, now: float) -> bytes:
        """The ``Cookie`` line of a request, with its end; empty if no cookie belongs there. ``now``: the jar's clock."""
        if not self._cookies:
            return b""
        if now >= self._soonest:
            self._throw_out(now)
        if self._scoped:
            return self._write(origin, path)
        line = self._lines.get(origin)
        if line is None:
            line = self._lines[origin] = self._write(origin, path)
        return line

    def note(self, origin: Origin, path: str, raw: bytes, now: float) -> None:
        """Keep what a ``Set-Cookie`` in the reply to a request for this path says; what must not be kept is ignored."""
        pair, _, rest = raw.decode("latin-1").partition(";")
        name, equals, value = pair.partition("=")
        name, value = name.strip(" \t"), value.strip(" \t")
        if not equals or not name or len(name) + len(value) > _LARGEST or _HARMFUL.search(pair):
            return
        attributes = _attributes(rest)
        scope = attributes.get("path", "")
        secure = "secure" in attributes
        host_only = "domain" not in attributes
        domain: str | None = origin.host
        if not host_only:
            domain, host_only = _domain(origin.host, attributes["domain"])
        if domain is None or (secure and not origin.secure) or not _keeps_prefix(name, secure, host_only, scope):
            return
        if not origin.secure and self._secure and self._held_securely(name, domain):
            return  # a plain connection, which anybody may have written on, never replaces a secure cookie
        key = _Key(name, domain, scope if scope.startswith("/") else _directory(path))
        self._keep(key, _Cookie(value, host_only, secure, self._until(attributes, now)), now)

    def _keep(self, key: _Key, cookie: _Cookie, now: float) -> None:
        held = self._cookies
        before = held.get(key)
        if cookie.until <= now:
            if before is not None:
                del held[key]
                self._lines.clear()
            return
        if before is None and len(held) >= _MOST:
            del held[next(iter(held))]
        held[key] = cookie
        self._soonest = min(self._soonest, cookie.until)
        if before is None or before[:3] != cookie[:3]:
            self._lines.clear()
            self._scoped = self._scoped or key.path != "/"
            self._secure = self._secure or cookie.secure

    def _held_securely(self, name: str, domain: str) -> bool:
        return any(
            kept.secure and key.name == name and (_within(domain, key.domain) or _within(key.domain, domain))
            for key, kept in self._cookies.items()
        )

    def _until(self, attributes: Mapping[str, str], now: float) -> float:
        age = attributes.get("max-age", "")
        if age.lstrip("-").isdecimal() and age.isascii():
            # Digits without end would be no float any more.
            seconds = float(age[:12]) if age.count("-") <= 1 else 0.0
            return now + min(seconds, _AGES_LONGEST) if seconds > 0 else -math.inf
        moment = _moment(attributes["expires"]) if "expires" in attributes else None
        return math.inf if moment is None else now + min(moment - self._wall(), _AGES_LONGEST)

    def _throw_out(self, now: float) -> None:
        self._cookies = {key: cookie for key, cookie in self._cookies.items() if cookie.until > now}
        self._lines.clear()
        self._soonest = min((cookie.until for cookie in self._cookies.values()), default=math.inf)

    def _write(self, origin: Origin, path: str) -> bytes:
        fitting = [
            (key, cookie)
            for key, cookie in self._cookies.items()
            if (key.domain == origin.host if cookie.host_only else _within(origin.host, key.domain))
            and (origin.secure or not cookie.secure)
            and (key.path == "/" or _below(path, key.path))
        ]
        if not fitting:
            return b""
        if self._scoped:
            fitting.sort(key=lambda item: -len(item[0].path))
        pairs = "; ".join(f"{key.name}={cookie.value}" for key, cookie in fitting)
        return f"Cookie: {pairs}\r\n".encode("latin-1")


@lru_cache(256)  # a shop says the same behind all its cookies, but for a date that changes once a second
def _attributes(text: str) -> Mapping[str, str]:
    pairs = (part.partition("=") for part in text.split(";"))
    return {word.strip().lower(): given.strip() for word, _, given in pairs}


def _moment(written: str) -> float | None:
    """Seconds since 1970 of a date as servers write it; ``None`` where it is none."""
    try:
        parsed = parsedate_tz(written)
        return None if parsed is None else float(mktime_tz(parsed))
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _domain(host: str, given: str) -> tuple[str | None, bool]:
    """The domain a cookie is for, and whether for that host alone; ``None``: not a cookie this host may set."""
    wanted = given.lower().removeprefix(".")
    if not wanted or wanted == host:
        return host, not wanted or _is_address(host)
    if "." not in wanted or not _within(host, wanted):
        return None, False
    return wanted, False


def _within(host: str, domain: str) -> bool:
    return host == domain or (host.endswith(f".{domain}") and not _is_address(host))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _directory(path: str) -> str:
    return path[: path.rfind("/")] or "/"


def _below(path: str, scope: str) -> bool:
    return path.startswith(scope) and (len(path) == len(scope) or scope.endswith("/") or path[len(scope)] == "/")


def _keeps_prefix(name: str, secure: bool, host_only: bool, path: str) -> bool:  # noqa: FBT001 - three facts of a cookie
    if not name.startswith("__"):
        return True
    lowered = name.lower()
    if lowered.startswith("__host-"):
        return secure and host_only and path == "/"
    return secure or not lowered.startswith("__secure-")
