"""The labels under which pages and journeys are counted."""

from __future__ import annotations

from typing import NamedTuple


class PageKey(NamedTuple):
    """The labels under which a page is counted."""

    page: str
    payment_option: str
    outcome: str
    blame: str
    phase: str


class JourneyKey(NamedTuple):
    """The labels under which a journey is counted."""

    journey: str
    payment_option: str
    verification: str
    outcome: str
    blame: str
    failed_page: str
    ordered: bool
    phase: str
