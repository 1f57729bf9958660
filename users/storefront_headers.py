"""The headers and cookies that a page of the storefront sends with every request to the shop."""

from __future__ import annotations

from collections.abc import Mapping

from shop.contract import COOKIE_SESSION, COOKIE_SESSION_TWIN
from users.http.origin import Origin
from users.http.target_headers import TargetHeaders, merge_headers


def storefront_headers(shop: Origin, locale: str, currency: str, added: Mapping[str, str]) -> TargetHeaders:
    """The headers for this shop; one in ``added`` replaces one of the same name."""
    reading = {
        "Accept": "application/json",
        "Accept-Language": locale,
        "Referer": f"{shop.url}/",
        "x-currency": currency,
    }
    sending = {**reading, "Origin": shop.url}
    cookies = (("pz-locale", locale), ("pz-currency", currency))
    read, sent = (tuple(merge_headers(own, added.items()).items()) for own in (reading, sending))
    return TargetHeaders(read, sent, cookies, ((COOKIE_SESSION_TWIN, COOKIE_SESSION),))
