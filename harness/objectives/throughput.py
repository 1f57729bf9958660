"""How much was finished per second while the load was steady, and how much that varied.

Counted is what *ended* in the steady part, whenever it had been due: a shop that falls behind sells at its own pace, not
at that of the arrivals, even if it works off the queue later.
"""

from __future__ import annotations

import math

from harness.measurement.histogram import Histogram
from harness.measurement.recorder import Recorder
from harness.objectives.counting import EVERY_PHASE, matching_series, succeeded
from harness.objectives.model import Metric, Objective, Operator, Subject

BATCHES = 10
"""Into how many stretches at least, where there are slices enough, the steady part is cut to see how much a rate varies."""


PAGES = Objective(Subject.PAGE, Metric.RATE, Operator.MORE, 0.0, "0/s")
JOURNEYS = Objective(Subject.JOURNEY, Metric.RATE, Operator.MORE, 0.0, "0/s")
ORDERS = Objective(Subject.ORDERS, Metric.RATE, Operator.MORE, 0.0, "0/s")
"""Of what there is a rate in every report, demanded or not."""


def per_second(recorder: Recorder, of: Objective) -> float | None:
    """How many ended well per second of the steady part; ``None`` where no whole slice of it was steady."""
    counts, length = completions(recorder, of)
    return sum(counts) / (len(counts) * length) if counts else None


def completions(recorder: Recorder, objective: Objective) -> tuple[list[int], float]:
    """How many were finished well in each stretch of the steady part, and the length of a stretch in seconds.

    Stretches are whole slices of the recorder; slices that are steady only in part are left out, as are the first few
    where the number does not divide. When something ended is known from its slice and its time: exact to the length
    of a slice, and without bias as long as arrivals are even within one. An empty list: no whole slice was steady.
    """
    window, length = recorder.window, recorder.slice_length
    if not math.isfinite(window.steady_until):
        return [], length
    first = math.ceil(round((window.steady_from - window.start) / length, 6))
    last = math.floor(round((window.steady_until - window.start) / length, 6))
    size = max(1, (last - first) // BATCHES)
    batches = max(0, (last - first) // size)
    edges = [last - size * back for back in range(batches, -1, -1)]
    slices: dict[int, Histogram] = {}
    for key, cell in matching_series(recorder, objective, EVERY_PHASE):
        if succeeded(objective, key):
            for index, histogram in cell.slices.items():
                slices.setdefault(index, Histogram()).add(histogram)
    counts = [0] * batches
    for index, histogram in slices.items():
        # In the middle of its slice, where a sample was due on average.
        later = [
            histogram.count_over((edge - index - 0.5) * length) if edge > index else histogram.total for edge in edges
        ]
        for place in range(batches):
            counts[place] += later[place] - later[place + 1]
    return counts, size * length
