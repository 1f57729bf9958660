"""Requests that wait for their reply, and how long they have been due."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

PendingRequests = Mapping[int, tuple[str, str, float]]
"""Requests that wait for their reply, by the id of the virtual user: page, payment option, and due moment."""
PendingAge = tuple[str, str, float, int]
"""Page, payment option, the least number of seconds that the requests have been due, and how many requests."""
AGE_RESOLUTION = 0.25
"""Seconds to which ages are rounded down, so that thousands of requests fit into a short message."""


def pending_ages(pending: PendingRequests, now: float) -> list[PendingAge]:
    """How long the requests have been due at ``now``, grouped by rounded age."""
    found = Counter(
        (page, option, math.floor((now - due) / AGE_RESOLUTION) * AGE_RESOLUTION)
        for page, option, due in list(pending.values())
    )
    return [(*one, number) for one, number in found.items()]
