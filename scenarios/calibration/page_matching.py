"""Finds the page of the shop for a path in a log, and masks other paths so that they show no secrets."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from urllib.parse import parse_qsl, unquote

from shop.contract import OUTSIDE_PAGES, Page
from shop.http_messages import Refused
from shop.routes import route

MOST_UNKNOWN = 2_000
"""The most unknown paths that are counted separately."""

LONGEST = 4_000
"""The longest path that can be a page. Results are cached, so longer ones are refused."""

FEWEST_SHOWN = 10
"""A rarer unknown path is not shown: it may be personal."""

_ASSET = re.compile(
    r"\.(?:js|mjs|css|map|png|jpe?g|gif|svg|ico|webp|avif|woff2?|ttf|eot|txt|xml|webmanifest|mp4)$"
    r"|^/(?:static|assets|media|health|healthz|ready|readyz|live|livez|ping|metrics|status)(?:/|$)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z][A-Za-z_-]{0,23}")


def page_of(method: str, target: str) -> Page | None:
    """The page of a request; ``None`` for any other path."""
    return None if len(target) > LONGEST else _page_of(method, target)


@lru_cache(maxsize=20_000)
def _page_of(method: str, target: str) -> Page | None:
    path, _, query = target.partition("?")
    try:
        page = route(method, unquote(path), dict(parse_qsl(query))).page
    except Refused:
        return None
    return None if page in OUTSIDE_PAGES else page


def is_asset(target: str) -> bool:
    """Whether a path is an image, a script or a health check, and no action of a shopper."""
    return _ASSET.search(target.partition("?")[0]) is not None


def masked_path(target: str) -> str:
    """A path without anything personal: plain words stay, every other part becomes an ellipsis."""
    parts = target.partition("?")[0].split("/")
    return "/".join(part if not part or _WORD.fullmatch(part) else "…" for part in parts[:6])


class UnknownPaths:
    """Counts paths that are no page of the shop, in bounded memory."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self.total = 0

    def add(self, target: str) -> None:
        """Count a path."""
        self.total += 1
        name = masked_path(target)
        if name in self._counts or len(self._counts) < MOST_UNKNOWN:
            self._counts[name] += 1

    def rows(self, most: int) -> list[tuple[str, int]]:
        """The most frequent paths with their counts, without the rare ones."""
        return [(name, count) for name, count in self._counts.most_common(most) if count >= FEWEST_SHOWN]
