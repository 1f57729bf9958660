"""How much ended per second of the steady part, and how much that varied.

A sample counts when it *ends* in the steady part, whenever it was due. So a shop that falls behind shows its own rate, not the
arrival rate, even if it clears its queue later.
"""

from __future__ import annotations

import math

from harness.measurement.recorder import Recorder
from harness.objectives.counting import EVERY_PHASE, matching_series, succeeded
from harness.objectives.model import Metric, Objective, Operator, Subject

BATCHES = 10
"""The least number of parts of the steady part that show how much a rate varies; fewer only with too few slices."""


PAGES = Objective(Subject.PAGE, Metric.RATE, Operator.MORE, 0.0, "0/s")
JOURNEYS = Objective(Subject.JOURNEY, Metric.RATE, Operator.MORE, 0.0, "0/s")
ORDERS = Objective(Subject.ORDERS, Metric.RATE, Operator.MORE, 0.0, "0/s")
"""The rates that every report shows."""


def per_second(recorder: Recorder, of: Objective) -> float | None:
    """How many ended successfully per second of the steady part; ``None`` without a whole steady slice."""
    counts, length = completions(recorder, of)
    return sum(counts) / (len(counts) * length) if counts else None


def completions(recorder: Recorder, objective: Objective) -> tuple[list[int], float]:
    """How many ended successfully in each part of the steady part, and the length of a part in seconds.

    Parts consist of whole slices of the recorder. Slices that are only partly steady are left out, and so are the first few if
    the number does not divide. The slice and the time of a sample give its end, exact to the length of a slice, and without bias
    if arrivals are even within a slice. An empty list means no whole steady slice.
    """
    window, length = recorder.window, recorder.slice_length
    if not math.isfinite(window.steady_until):
        return [], length
    first = math.ceil(round((window.steady_from - window.start) / length, 6))
    last = math.floor(round((window.steady_until - window.start) / length, 6))
    size = max(1, (last - first) // BATCHES)
    batches = max(0, (last - first) // size)
    edges = [last - size * back for back in range(batches, -1, -1)]
    counts = [0] * batches
    for key, series in matching_series(recorder, objective, EVERY_PHASE):
        if not succeeded(objective, key):
            continue
        for index, histogram in series.slices.items():
            # On average a sample was due in the middle of its slice.
            ended_after = [
                histogram.count_over((edge - index - 0.5) * length) if edge > index else histogram.total
                for edge in edges
            ]
            for place in range(batches):
                counts[place] += ended_after[place] - ended_after[place + 1]
    return counts, size * length
