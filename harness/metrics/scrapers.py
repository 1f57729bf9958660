"""Knows who scrapes and how often, so that every scraper gets the last values of a run."""

from __future__ import annotations

from dataclasses import dataclass

MAX_WAIT = 60.0
"""The longest wait for a scraper in seconds; a pipeline has the same values on disk and need not wait longer."""
MAX_SCRAPERS = 1000
"""The most scrapers that are known: names come from the network, so their number must be limited."""
_SLACK = 1.5  # a scrape may be late by half its interval
_GONE_AFTER = 3.0  # intervals without a scrape


@dataclass(slots=True)
class Scraper:
    """One scraper; times in seconds of one clock. Until its second scrape, ``interval`` is its timeout."""

    last_scrape: float
    interval: float
    times: int = 1


class Scrapers:
    """All scrapers so far, by name."""

    def __init__(self) -> None:
        self._known: dict[str, Scraper] = {}

    def record_scrape(self, name: str, timeout: float, now: float) -> None:
        """Record a scrape; the scraper waits ``timeout`` seconds for the answer, which is at most its interval."""
        known = self._known.get(name)
        if known is None:
            if len(self._known) < MAX_SCRAPERS:
                self._known[name] = Scraper(now, timeout)
            return
        known.interval = max(now - known.last_scrape, 0.0)
        known.last_scrape = now
        known.times += 1

    def wait_deadline(self, done: float, now: float) -> float:
        """Until when to wait for scrapers that have not scraped since ``done``; a past moment means not at all."""
        missing = [
            one
            for one in self._known.values()
            if one.last_scrape < done and now - one.last_scrape < _GONE_AFTER * one.interval
        ]
        return min(done + MAX_WAIT, max((one.last_scrape + _SLACK * one.interval for one in missing), default=now))
