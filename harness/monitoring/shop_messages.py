"""What the shop said of failures, and what to do about them: the first words for each kind, not one line for each journey."""

from __future__ import annotations

from typing import NamedTuple

from harness.measurement.outcomes import Outcome

MAX_KEPT = 50
"""Remarks that a process keeps."""


class ShopMessage(NamedTuple):
    """What a shop said when a page failed in this way, and what to do; either may be empty."""

    outcome: str
    page: str
    message: str
    remedy: str


class ShopMessages:
    """The first message on each way in which each page failed; on options that are not offered, one for each."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str], ShopMessage] = {}

    def add(self, message: ShopMessage) -> None:
        """Keep a message, unless there is one like it, or enough of them."""
        key = message.outcome, message.page, message.message if message.outcome == Outcome.NOT_OFFERED else ""
        if len(self._kept) < MAX_KEPT:
            self._kept.setdefault(key, message)

    @property
    def kept(self) -> tuple[ShopMessage, ...]:
        """All that are kept."""
        return tuple(self._kept.values())
