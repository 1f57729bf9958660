"""Knows who scrapes and how often, so that nobody who does misses the last numbers of a run."""

from __future__ import annotations

from dataclasses import dataclass

MAX_WAIT = 60.0
"""Seconds that a scraper is waited for at most; a pipeline does not wait longer for numbers that it has on disk as well."""
MAX_SCRAPERS = 1000
"""Scrapers that are known; a name costs its sender nothing."""
_SLACK = 1.5  # a scrape may be late by half its interval
_GONE_AFTER = 3.0  # intervals without a scrape


@dataclass(slots=True)
class Scraper:
    """One who scrapes; moments in seconds of one clock. ``interval`` is a guess from its timeout until it has come twice."""

    last_scrape: float
    interval: float
    times: int = 1


class Scrapers:
    """Everybody who has scraped so far, by name."""

    def __init__(self) -> None:
        self._known: dict[str, Scraper] = {}

    def record_scrape(self, name: str, timeout: float, now: float) -> None:
        """Somebody scrapes, and would wait ``timeout`` seconds for the answer, which is at most its interval."""
        known = self._known.get(name)
        if known is None:
            if len(self._known) < MAX_SCRAPERS:
                self._known[name] = Scraper(now, timeout)
            return
        known.interval = max(now - known.last_scrape, 0.0)
        known.last_scrape = now
        known.times += 1

    def wait_deadline(self, done: float, now: float) -> float:
        """Until which moment to wait for those who have not come since ``done``; a moment that is past: for nobody."""
        missing = [
            one
            for one in self._known.values()
            if one.last_scrape < done and now - one.last_scrape < _GONE_AFTER * one.interval
        ]
        return min(done + MAX_WAIT, max((one.last_scrape + _SLACK * one.interval for one in missing), default=now))
