"""Measures how long the person of a recording looked at a page before each request."""

from __future__ import annotations

from collections import defaultdict
from statistics import median

from scenarios.calibration.think_times import FIRST_PAGES_AFTER_BANK, NO_THINK_PAGES
from scenarios.doctor.exchange import Exchange
from shop.contract import Page

LONGEST_PAUSE = 300.0
"""A longer pause, in seconds, is no think time: the person was away."""
SHORTEST_PAUSE = 0.1
"""A shorter pause, in seconds, is the browser's: no person answers a page so fast."""

_BY_ITSELF = NO_THINK_PAGES | {Page.COUNTRIES, Page.CITIES, Page.TOWNSHIPS, Page.DISTRICTS}


class ThinkGaps:
    """The pauses between the end of everything before and the start of a request, by page.

    The pause before a request of the browser's own, such as a list of cities, belongs to the next request of the person. A request
    that starts while another one is on its way has no pause.
    """

    def __init__(self) -> None:
        self._gaps: dict[str, list[float]] = defaultdict(list)
        self._quiet_since: float | None = None
        self._first = self._away = self._carried = self._longest = 0.0

    def next_person(self) -> None:
        """The next exchange is the first one of another person."""
        self._longest = self.length
        self._quiet_since, self._away, self._carried = None, 0.0, 0.0

    def add(self, exchange: Exchange, page: Page | None, name: str) -> None:
        """Take the next exchange; ``name`` is its page's name."""
        if self._quiet_since is None:
            self._first = self._quiet_since = exchange.started
            gap = 0.0
        else:
            gap = max(0.0, exchange.started - self._quiet_since)
        if gap > LONGEST_PAUSE:
            self._away += gap
            gap = 0.0
        if page in _BY_ITSELF:
            self._carried += gap
        elif page not in FIRST_PAGES_AFTER_BANK:
            self._gaps[name].append(gap + self._carried)
            self._carried = 0.0
        self._quiet_since = max(self._quiet_since, exchange.started + exchange.seconds)

    @property
    def medians(self) -> dict[str, float]:
        """The median pause of the person before each known page, in seconds; near 0 if only the browser asked for it."""
        found = {}
        for page, gaps in self._gaps.items():
            persons = [gap for gap in gaps if gap >= SHORTEST_PAUSE]
            found[page] = round(median(persons or gaps), 3)
        return {page: pause for page, pause in found.items() if page in _PAGES}

    @property
    def length(self) -> float:
        """From the first request to the end of the last reply, without the times in which the person was away.

        Of several people, that of the one who took longest.
        """
        own = 0.0 if self._quiet_since is None else self._quiet_since - self._first - self._away
        return max(self._longest, own)


_PAGES = frozenset(page.value for page in Page)
