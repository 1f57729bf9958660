"""Recorded arrivals made more or fewer, faster or slower, before they are replayed."""

from __future__ import annotations

import random
from collections.abc import Sequence

from harness.schedule.arrivals import Profile, RateStage

JITTER = 5.0
"""Recorded seconds by which the doubles of an arrival come earlier or later than it at most."""

MOST_STAGES = 300
"""Into how many stretches a record is cut to say how its rate changes."""


def scale_trace(
    moments: Sequence[float], *, rate_scale: float, time_scale: float, seed: int
) -> tuple[list[float], list[int]]:
    """Due moments in seconds, rising, and for each the place of the recorded arrival that it stands for.

    ``moments`` rise from 0. ``time_scale`` stretches the clock: 0.5 plays an hour in half an hour. Of each arrival there
    are ``rate_scale`` on average: below 1 each is kept with that chance, above 1 doubles come within ``JITTER`` of it, so
    that bursts grow with the rate. Seeded; at 1 exactly what was recorded.
    """
    whole, part = divmod(rate_scale, 1.0)
    draw = random.Random(f"trace {seed}").random
    last = moments[-1] if moments else 0.0
    due: list[tuple[float, int]] = []
    for place, moment in enumerate(moments):
        for copy in range(int(whole) + (part > 0 and draw() < part)):
            shift = (2 * draw() - 1) * JITTER if copy else 0.0
            # Beyond an end it is folded back, as a heap of arrivals at the very first moment was never recorded.
            near = abs(moment + shift)
            due.append((max(0.0, near if near <= last else 2 * last - near) * time_scale, place))
    due.sort()
    return [moment for moment, _ in due], [place for _, place in due]


def profile_of(moments: Sequence[float]) -> Profile:
    """How the rate of recorded arrivals changes: a step for each stretch, a whole second at least."""
    length = float(int(moments[-1]) + 1) if moments else 1.0
    width = max(1.0, length / MOST_STAGES)
    counts = [0] * max(1, round(length / width))
    for moment in moments:
        counts[min(int(moment / width), len(counts) - 1)] += 1
    step = length / len(counts)
    return Profile([RateStage(step, count / step, count / step) for count in counts])
