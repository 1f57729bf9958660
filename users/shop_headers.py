"""What every request to the shop carries besides its own headers: as the storefront's pages send it, and as a scenario adds.

It goes to the shop alone, never to a bank's or provider's host.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from shop.contract import COOKIE_SESSION, COOKIE_SESSION_TWIN
from users.origin import Origin

Pairs = tuple[tuple[str, str], ...]

_SENDING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class ShopHeaders:
    """Headers for requests that read and for those that send, and the cookies that the storefront sets itself."""

    reading: Pairs = field(default=(), repr=False)
    sending: Pairs = field(default=(), repr=False)
    cookies: Pairs = ()

    def of(self, method: str) -> Pairs:
        """The headers of a request with this method."""
        return self.sending if method in _SENDING else self.reading


NOTHING = ShopHeaders()


def own_cookies(own: Pairs, held: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """The cookies that the storefront sends beside those that the shop has set; ``held`` gives the value of one of these."""
    session = held(COOKIE_SESSION)
    for name, value in (*own, (COOKIE_SESSION_TWIN, session)):
        if value and not held(name):
            yield name, value


def shop_headers(shop: Origin, locale: str, currency: str, added: Mapping[str, str]) -> ShopHeaders:
    """The headers for this shop; one that is ``added`` takes the place of one of the same name."""
    reading = {
        "Accept": "application/json",
        "Accept-Language": locale,
        "Referer": f"{shop.url}/",
        "x-currency": currency,
    }
    sending = {**reading, "Origin": shop.url}
    cookies = (("pz-locale", locale), ("pz-currency", currency))
    read, sent = (tuple(merge(own, added.items()).items()) for own in (reading, sending))
    return ShopHeaders(read, sent, cookies)


def merge(own: Mapping[str, str], more: Iterable[tuple[str, str]]) -> dict[str, str]:
    """All these headers; of two with one name, however written, the later."""
    merged = {name.lower(): (name, value) for name, value in (*own.items(), *more)}
    return dict(merged.values())
