"""Searches for the load at which a client keeps a wanted share of its core busy, and measures the client there.

Each try sets the rate from the cost of a request in the last one. The search ends when the client has kept ``SHARE`` of its
core busy, within ``BAND``, in ``ENOUGH`` stretches; the result is their medians. If no try comes so near, the result is the
nearest one, with the share that it reached. Stretches with a late responder count only if there are no others.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable

DELAY = 0.02  # seconds that an answer takes
SHARE = 0.95
BAND = 0.03
ENOUGH = 3
STEP = 1.5  # the largest factor from one rate to the next: a request costs less at a higher load
ON_TIME = 1.1 * DELAY  # seconds; a stretch counts if half of its answers took no longer

Measured = tuple[float, float, float, float]
"""Share of a core, requests a second, p50 and p99 in seconds."""


def at_share(
    truth: Callable[[], dict[str, float]],
    run: Callable[[float], Measured],
    rate: float,
    tries: int,
    most: float = math.inf,
) -> dict[str, float]:
    """Change the argument of ``run`` (such as a rate) until the client keeps the share busy; medians of the stretches that did.

    ``truth`` returns the server's p50 and p99 in seconds, over its answers since the last call.
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
            # A responder that is too busy answers in bursts. No client can measure its answers one by one.
            others.append((not on_time, abs(share - SHARE), row))
        wanted = SHARE / max(share, 0.01)
        # Near the share, take half the step: about half of the remaining difference is chance.
        step = min(STEP, wanted) if abs(share - SHARE) > 3 * BAND else wanted**0.5
        rate = min(most, max(1.0, rate * (step if on_time else 0.8)))
    reported = near or [min(others, key=lambda one: one[:2])[2]]
    medians = {what: statistics.median(row[what] for row in reported) for what in reported[0]}
    return {what: round(value) if what == "rate" else round(value, 2) for what, value in medians.items()} | {
        "stretches": len(near)
    }
