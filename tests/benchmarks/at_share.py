"""The search for the load at which a client keeps a wanted share of its core busy, and what it measures there.

The rate is raised, from what a request is found to cost, until the client keeps ``SHARE`` of its core busy, give or take
``BAND``, in ``ENOUGH`` stretches; what is told are their medians. Where a few tries do not come so near, the nearest is told, with the
share that it reached. Stretches in which the responder itself was late count only where there are no others.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable

DELAY = 0.02  # seconds that an answer takes
SHARE = 0.85
BAND = 0.05
ENOUGH = 3
STEP = 1.5  # by how much a rate is raised at once: what a request costs falls with the load
ON_TIME = 1.1 * DELAY  # what half of the answers must have kept within for a stretch to count

Measured = tuple[float, float, float, float]
"""Share of a core, requests a second, p50 and p99 in seconds."""


def at_share(
    truth: Callable[[], dict[str, float]],
    run: Callable[[float], Measured],
    rate: float,
    tries: int,
    most: float = math.inf,
) -> dict[str, float]:
    """Change what ``run`` takes (a rate, say) until it keeps the share busy; medians of the stretches that did.

    ``truth`` tells the server's p50 and p99 in seconds, of what it answered since it was last asked.
    """
    near: list[dict[str, float]] = []
    others: list[tuple[bool, float, dict[str, float]]] = []
    for _ in range(tries):
        truth()
        share, reached, p50, p99 = run(rate)
        true = truth()
        row = {
            "core_share": share,
            "rate": reached,
            "truth_p99_ms": true["p99"] * 1000,
            "p50_error_ms": (p50 - true["p50"]) * 1000,
            "p99_error_ms": (p99 - true["p99"]) * 1000,
        }
        on_time = true["p50"] <= ON_TIME
        if on_time and abs(share - SHARE) <= BAND:
            near.append(row)
            if len(near) == ENOUGH:
                break
        else:
            # A responder that is itself too busy answers in bursts, which no client could take apart.
            others.append((not on_time, abs(share - SHARE), row))
        wanted = SHARE / max(share, 0.01)
        # By half where it is near: what is left of the difference is chance as likely as not.
        step = min(STEP, wanted) if abs(share - SHARE) > 3 * BAND else wanted**0.5
        rate = min(most, max(1.0, rate * (step if on_time else 0.8)))
    reported = near or [min(others, key=lambda one: one[:2])[2]]
    medians = {what: statistics.median(row[what] for row in reported) for what in reported[0]}
    return {what: round(value) if what == "rate" else round(value, 2) for what, value in medians.items()} | {
        "stretches": len(near)
    }
