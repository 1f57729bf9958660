"""The 95th percentiles of the pages of the last seconds, while a run is on; pages that the shop failed do not count."""

from __future__ import annotations

from collections import deque

from harness.measurement.histogram import Histogram
from harness.measurement.outcomes import Blame
from harness.measurement.recorder import Recorder
from harness.yield_to_load import NEVER, YieldToLoad

RECENT = 10.0
"""Seconds over which the percentiles are computed."""
TOGETHER, SLICED_TOGETHER = 16, 2  # series that are added up without a pause for the load, each takes 0.1 ms or less


def response_p95(recorder: Recorder, elapsed: float, yield_to_load: YieldToLoad = NEVER) -> float | None:
    """The p95 in seconds of the response times of the pages that were due recently; ``None`` without any."""
    length = recorder.slice_length
    places = range(max(0, int((elapsed - RECENT) / length)), int(elapsed / length) + 1)
    recent = Histogram()
    sliced = [slices for key, series in recorder.pages.items() if key.blame != Blame.SHOP and (slices := series.slices)]
    for slices in yield_to_load.every(SLICED_TOGETHER, sliced):
        for place in places:
            if (histogram := slices.get(place)) is not None:
                recent.add(histogram)
    return _p95(recent)


class RecentServiceTimes:
    """The service times of recent pages: the difference to an earlier moment, so each reader has an object of its own."""

    def __init__(self) -> None:
        self._snapshots: deque[tuple[float, Histogram]] = deque([(0.0, Histogram())])

    def p95(self, recorder: Recorder, elapsed: float, yield_to_load: YieldToLoad = NEVER) -> float | None:
        """The p95 in seconds of the pages that ended recently; ``None`` without any."""
        whole = Histogram()
        for key, series in yield_to_load.every(TOGETHER, list(recorder.pages.items())):
            if key.blame != Blame.SHOP:
                whole.add(series.service)
        while len(self._snapshots) > 1 and self._snapshots[1][0] <= elapsed - RECENT:
            self._snapshots.popleft()
        recent = whole.difference(self._snapshots[0][1])
        self._snapshots.append((elapsed, whole))
        return _p95(recent)


def _p95(times: Histogram) -> float | None:
    return times.quantile(0.95) if times.total else None
