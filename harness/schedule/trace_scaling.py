"""Scales recorded arrivals before a replay: more or fewer of them, faster or slower."""

from __future__ import annotations

import random
from collections.abc import Sequence

from harness.schedule.arrivals import Profile, RateStage

JITTER = 5.0
"""Seconds of the record by which a copy of an arrival is at most earlier or later than the arrival."""

MOST_STAGES = 300
"""The largest number of stages that describe how the rate of a record changes."""


def scale_trace(
    moments: Sequence[float], *, rate_scale: float, time_scale: float, seed: int
) -> tuple[list[float], list[int]]:
    """Due moments in seconds, in rising order, and for each the place of the recorded arrival that it comes from.

    ``moments`` rise from 0. ``time_scale`` stretches the clock: 0.5 plays an hour in half an hour. ``rate_scale`` is how many
    arrivals each recorded one becomes on average. Below 1 each is kept with that probability. Above 1 its copies come within
    ``JITTER`` of it, so that bursts grow with the rate. The seed fixes the result. At 1 nothing changes.
    """
    whole, part = divmod(rate_scale, 1.0)
    draw = random.Random(f"trace {seed}").random
    last = moments[-1] if moments else 0.0
    due: list[tuple[float, int]] = []
    for place, moment in enumerate(moments):
        for copy in range(int(whole) + (part > 0 and draw() < part)):
            shift = (2 * draw() - 1) * JITTER if copy else 0.0
            # A copy beyond an end is mirrored back. Clamped, such copies would all come at the very first moment.
            near = abs(moment + shift)
            due.append((max(0.0, near if near <= last else 2 * last - near) * time_scale, place))
    due.sort()
    return [moment for moment, _ in due], [place for _, place in due]


def profile_of(moments: Sequence[float]) -> Profile:
    """The rate of recorded arrivals as a profile of constant stages, each at least a second long."""
    length = float(int(moments[-1]) + 1) if moments else 1.0
    width = max(1.0, length / MOST_STAGES)
    counts = [0] * max(1, round(length / width))
    for moment in moments:
        counts[min(int(moment / width), len(counts) - 1)] += 1
    step = length / len(counts)
    return Profile([RateStage(step, count / step, count / step) for count in counts])
