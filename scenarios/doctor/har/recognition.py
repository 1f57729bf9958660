"""Finds what a recorded request means to the shop: its page, also behind the storefront's own proxy and in another language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, parse_qsl, urlencode, urlsplit

from scenarios.calibration.page_matching import page_of
from shop.contract import CHECKOUT_PATH, PATHS, Page

PROXY = "/api/client/"
"""Where the storefront's server passes a request on to the shop."""

_LANGUAGE = re.compile(r"/[a-z]{2}(?:[-_][A-Za-z]{2})?(?=/)")
_SIGN_IN = re.compile(r"/api/auth/callback/[\w-]+/?")
_OF_THE_PROXY = frozenset({"slug", "options"})
_CHECKOUT_PAGE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,60}")
_LONGEST_URL = 8_000


@dataclass(frozen=True, slots=True)
class Recognised:
    """A request of the shop's API.

    ``page`` is ``None`` for a page of the checkout that checkload does not know; ``page_name`` is then its name. ``origin`` is
    scheme, host and port of the server that the browser spoke to. ``path`` is path and query at the shop. ``proxied``: the
    storefront's server passed it on. ``language`` is what stood before the path, such as ``/tr``.
    """

    page: Page | None
    page_name: str
    origin: str
    path: str
    proxied: bool
    language: str = ""


def recognise(method: str, url: str) -> Recognised | None:
    """What this request means; ``None``: nothing to a shop."""
    parts = _parts(url)
    if parts is None or method in ("OPTIONS", "CONNECT"):
        return None
    origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()
    if method == "POST" and _SIGN_IN.fullmatch(parts.path):
        return Recognised(Page.LOGIN, Page.LOGIN.value, origin, PATHS[Page.LOGIN], proxied=True)
    path = _path_at_shop(parts)
    page = page_of(method, path) if path else None
    name = page.value if page is not None else _unknown_page(path, parts.query)
    language = _LANGUAGE.match(parts.path)
    return Recognised(page, name, origin, path, PROXY in parts.path, language[0] if language else "") if name else None


def _parts(url: str) -> SplitResult | None:
    if len(url) > _LONGEST_URL:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") else None


def _unknown_page(path: str, query: str) -> str:
    """The name of a page of the checkout that is not in the contract; empty if the path is no page of the checkout."""
    name = parse_qs(query).get("page", [""])[0] if path.partition("?")[0] == CHECKOUT_PATH else ""
    return name if _CHECKOUT_PAGE.fullmatch(name) else ""


def _path_at_shop(parts: SplitResult) -> str:
    """Path and query as the shop gets them; empty if they are none of a shop."""
    before, found, behind = parts.path.partition(PROXY)
    if found:
        if _LANGUAGE.sub("", f"{before}/", count=1) != "/":
            return ""
        path = f"/{behind.replace(',', '/').rstrip('/')}/"
    else:
        path = _LANGUAGE.sub("", parts.path, count=1)
        if not path.endswith("/") and "." not in path.rpartition("/")[2] and path != PATHS[Page.LOGOUT]:
            path += "/"
    if parts.query.count("&") > 100:  # noqa: PLR2004 - no page of a shop has that many
        return ""
    pairs = [
        (name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in _OF_THE_PROXY
    ]
    return f"{path}?{urlencode(pairs)}" if pairs else path
