"""The cookies of one virtual user, each sent only where it belongs (RFC 6265, with its successor's name prefixes).

Made for many small stores: while no cookie changes, nothing is computed twice. There is no list of public suffixes: a
cookie for a whole top-level domain is refused, one for ``co.uk`` is not.
"""

from __future__ import annotations

import ipaddress
import math
import re
import time
from collections.abc import Callable
from email.utils import mktime_tz, parsedate_tz
from functools import lru_cache
from typing import Final, NamedTuple

from users.http.origin import Origin
from users.http.target_headers import NO_HEADERS, TargetHeaders, extra_cookies

_LARGEST: Final = 4096  # bytes of name and value
_MOST: Final = 64  # cookies in a store; the oldest is dropped first
_HARMFUL: Final = re.compile(
    r"[\x00-\x08\x0a-\x1f\x7f]"
)  # no cookie may hold these; sent back, they could end a header line
_LONGEST_LIFE: Final = 400 * 86400.0  # seconds; browsers cut a longer life down to this


class _Cookie(NamedTuple):
    value: str
    host_only: bool
    secure: bool
    until: float  # a moment of the store's clock


class _Key(NamedTuple):
    name: str
    domain: str
    path: str


class _CookieAttributes(NamedTuple):
    """The attributes of a cookie as the server wrote them; ``lives`` is ``Max-Age`` in seconds (``None``: not given)."""

    path: str
    secure: bool
    domain: str | None
    lives: float | None
    expires: str | None


_made: Final = tuple.__new__  # a NamedTuple's own constructor takes twice as long


class CookieStore:
    """Cookies by name, domain and path.

    ``wall`` is the time of day in seconds since 1970, for ``Expires`` only. ``target`` also gets the cookies of
    ``target_headers``, unless it has set its own under the same names.
    """

    __slots__ = (
        "_cookies",
        "_lines",
        "_next_expiry",
        "_scoped",
        "_secure",
        "_target",
        "_target_headers",
        "_values",
        "_wall",
    )

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        target: Origin | None = None,
        target_headers: TargetHeaders = NO_HEADERS,
    ) -> None:
        self._wall = wall
        self._target_headers = target_headers
        self._target = target if target_headers.cookies else None
        self._cookies: dict[_Key, _Cookie] = {}
        # Header lines by server; they hold for every path until a cookie changes.
        self._lines: dict[Origin, bytes] = {}
        self._values: dict[tuple[Origin, str], str] = {}
        self._scoped = False  # some cookie is not for every path
        self._secure = False  # some cookie is for TLS only
        self._next_expiry = math.inf

    def __len__(self) -> int:
        return len(self._cookies)

    def clear(self) -> None:
        """Drop all cookies."""
        self._cookies.clear()
        self._forget_lines()
        self._scoped = self._secure = False
        self._next_expiry = math.inf

    def header_line(self, origin: Origin, path: str, now: float) -> bytes:
        """The ``Cookie`` line of a request, with its line end; empty without cookies. ``now``: the store's clock."""
        if not self._cookies and origin != self._target:
            return b""
        if now >= self._next_expiry:
            self._remove_expired(now)
        if self._scoped:
            return self._write(origin, path)
        line = self._lines.get(origin)
        if line is None:
            line = self._lines[origin] = self._write(origin, path)
        return line

    def value(self, origin: Origin, name: str) -> str:
        """The value of the cookie of this name for this server; empty if there is none."""
        value = self._values.get((origin, name))
        if value is None:
            fitting = (
                kept.value for key, kept in self._cookies.items() if key.name == name and _is_sent_to(key, kept, origin)
            )
            value = self._values[origin, name] = next(fitting, "")
        return value

    def store(self, origin: Origin, path: str, raw: bytes, now: float) -> None:
        """Store the cookie of a ``Set-Cookie`` header in the response to a request for this path, if it is allowed."""
        pair, _, attributes = raw.decode("latin-1").partition(";")
        name, equals, value = pair.partition("=")
        name, value = name.strip(" \t"), value.strip(" \t")
        if not equals or not name or len(name) + len(value) > _LARGEST:
            return
        if not pair.isprintable() and _HARMFUL.search(pair):
            return
        scope, secure, given, lives, expires = _cookie_attributes(attributes)
        domain: str | None = origin.host
        host_only = given is None
        if given is not None:
            domain, host_only = _domain(origin.host, given)
        if domain is None or (secure and not origin.secure):
            return
        if name.startswith("__") and not _keeps_prefix(name, secure, host_only, scope):
            return
        if not origin.secure and self._secure and self._held_securely(name, domain):
            return  # a plain connection can be forged, so it never replaces a secure cookie
        until = math.inf if lives is None else now + lives
        if lives is None and expires is not None:
            until = self._until(expires, now)
        key = _made(_Key, (name, domain, scope if scope.startswith("/") else _directory(path)))
        self._keep(key, _made(_Cookie, (value, host_only, secure, until)), now)

    def _forget_lines(self) -> None:
        self._lines.clear()
        self._values.clear()

    def _keep(self, key: _Key, cookie: _Cookie, now: float) -> None:
        held = self._cookies
        before = held.get(key)
        if cookie.until <= now:
            if before is not None:
                del held[key]
                self._forget_lines()
            return
        if before is None and len(held) >= _MOST:
            del held[next(iter(held))]
        held[key] = cookie
        self._next_expiry = min(self._next_expiry, cookie.until)
        if before is None or before[:3] != cookie[:3]:
            self._forget_lines()
            if key.path != "/":
                self._scoped = True
            if cookie.secure:
                self._secure = True

    def _held_securely(self, name: str, domain: str) -> bool:
        return any(
            kept.secure
            and key.name == name
            and (_domain_matches(domain, key.domain) or _domain_matches(key.domain, domain))
            for key, kept in self._cookies.items()
        )

    def _until(self, expires: str, now: float) -> float:
        moment = _moment(expires)
        return math.inf if moment is None else now + min(moment - self._wall(), _LONGEST_LIFE)

    def _remove_expired(self, now: float) -> None:
        self._cookies = {key: cookie for key, cookie in self._cookies.items() if cookie.until > now}
        self._forget_lines()
        self._next_expiry = min((cookie.until for cookie in self._cookies.values()), default=math.inf)

    def _write(self, origin: Origin, path: str) -> bytes:
        fitting = [
            (len(key.path), f"{key.name}={kept.value}")
            for key, kept in self._cookies.items()
            if _is_sent_to(key, kept, origin) and (key.path == "/" or _path_matches(path, key.path))
        ]
        if self._scoped:
            fitting.sort(key=lambda item: -item[0])
        pairs = [pair for _, pair in fitting]
        if origin == self._target:
            pairs += self._added(origin)
        return f"Cookie: {'; '.join(pairs)}\r\n".encode("latin-1") if pairs else b""

    def _added(self, target: Origin) -> list[str]:
        return [
            f"{name}={value}"
            for name, value in extra_cookies(self._target_headers, lambda name: self.value(target, name))
        ]


def _is_sent_to(key: _Key, cookie: _Cookie, origin: Origin) -> bool:
    host = origin.host
    reaches = key.domain == host if cookie.host_only else _domain_matches(host, key.domain)
    return reaches and (origin.secure or not cookie.secure)


@lru_cache(256)  # a server gives all its cookies the same attributes, except for a date that changes once a second
def _cookie_attributes(text: str) -> _CookieAttributes:
    pairs = (part.partition("=") for part in text.split(";"))
    attributes = {word.strip().lower(): given.strip() for word, _, given in pairs}
    return _CookieAttributes(
        attributes.get("path", ""),
        "secure" in attributes,
        attributes.get("domain"),
        _max_age(attributes.get("max-age", "")),
        attributes.get("expires"),
    )


def _max_age(age: str) -> float | None:
    """The value of ``Max-Age`` in seconds; ``None`` if it is not a number."""
    if not age.lstrip("-").isdecimal() or not age.isascii():
        return None
    # Endless digits would not fit a float.
    seconds = float(age[:12]) if age.count("-") <= 1 else 0.0
    return min(seconds, _LONGEST_LIFE) if seconds > 0 else -math.inf


def _moment(written: str) -> float | None:
    """The seconds since 1970 of a date as servers write it; ``None`` if it is not a date."""
    try:
        parsed = parsedate_tz(written)
        return None if parsed is None else float(mktime_tz(parsed))
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _domain(host: str, given: str) -> tuple[str | None, bool]:
    """The domain of a cookie, and whether it is for that host alone; ``None``: this host may not set the cookie."""
    wanted = given.lower().removeprefix(".")
    if not wanted or wanted == host:
        return host, not wanted or _is_address(host)
    if "." not in wanted or not _domain_matches(host, wanted):
        return None, False
    return wanted, False


def _domain_matches(host: str, domain: str) -> bool:
    return host == domain or (host.endswith(f".{domain}") and not _is_address(host))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _directory(path: str) -> str:
    return path[: path.rfind("/")] or "/"


def _path_matches(path: str, scope: str) -> bool:
    return path.startswith(scope) and (len(path) == len(scope) or scope.endswith("/") or path[len(scope)] == "/")


def _keeps_prefix(name: str, secure: bool, host_only: bool, path: str) -> bool:  # noqa: FBT001 - three properties of a cookie
    lowered = name.lower()
    if lowered.startswith("__host-"):
        return secure and host_only and path == "/"
    return secure or not lowered.startswith("__secure-")
