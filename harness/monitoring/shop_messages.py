"""Keeps what the shop said about failures: the first message of each kind, not one for each journey."""

from __future__ import annotations

from typing import NamedTuple

from harness.measurement.outcomes import Outcome

MAX_KEPT = 50
"""The most messages that a process keeps."""


class ShopMessage(NamedTuple):
    """What the shop said when a page failed with an outcome, and the remedy; either may be empty."""

    outcome: str
    page: str
    message: str
    remedy: str


class ShopMessages:
    """The first message for each page and outcome; for payment options that are not offered, every different message."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str], ShopMessage] = {}

    def add(self, message: ShopMessage) -> None:
        """Keep a message, unless there is one of its kind, or there are enough."""
        key = message.outcome, message.page, message.message if message.outcome == Outcome.NOT_OFFERED else ""
        if len(self._kept) < MAX_KEPT:
            self._kept.setdefault(key, message)

    @property
    def kept(self) -> tuple[ShopMessage, ...]:
        """All messages that are kept."""
        return tuple(self._kept.values())
