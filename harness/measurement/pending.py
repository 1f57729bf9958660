"""Requests that wait for their reply, and for how long they have been due."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

PendingRequests = Mapping[int, tuple[str, str, float]]
"""Requests that wait for their reply, by whoever asked: page, payment option, and the moment at which it was due."""
PendingAge = tuple[str, str, float, int]
"""Page, payment option, for how many seconds at least the request has been due, and how many there are of these."""
AGE_RESOLUTION = 0.25
"""Seconds to which ages are rounded down, so that thousands of requests are told in a few lines."""


def pending_ages(pending: PendingRequests, now: float) -> list[PendingAge]:
    """How long the requests have been waiting, on the clock of their moments."""
    found = Counter(
        (page, option, math.floor((now - due) / AGE_RESOLUTION) * AGE_RESOLUTION)
        for page, option, due in list(pending.values())
    )
    return [(*one, number) for one, number in found.items()]
