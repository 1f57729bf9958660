"""Extracts an interval of a run: what was due between two moments, as a recorder that can be judged like a whole run."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable

from harness.measurement.histogram import Histogram
from harness.measurement.outcomes import Blame
from harness.measurement.pending import PendingAge
from harness.measurement.recorder import JourneyKey, PageKey, Recorder
from harness.measurement.sample import Phase, Window
from harness.measurement.series import SampleSeries
from harness.yield_to_load import NEVER, YieldToLoad

SERIES_PER_YIELD = 20
UNFINISHED_LABEL = "under_way"
"""The outcome of journeys and pages that have none yet; it never reaches a result."""


def extract_interval(recorder: Recorder, start: float, end: float, yield_to_load: YieldToLoad = NEVER) -> Recorder:
    """What was due between these moments, in seconds from the start of the run; only whole slices.

    The interval has only response times, because slices have no others. All of it is steady. Arrivals count as offered when
    their journey has ended or was dropped. ``yield_to_load`` is called every few series, because the load runs in the same process.
    """
    length, begin = recorder.slice_length, recorder.window.start
    first, last = math.ceil(round(start / length, 6)), math.floor(round(end / length, 6))
    window = Window(begin, begin + first * length, begin + last * length)
    part = Recorder(window, slice_length=length, most_slices=recorder.most_slices, bounds=recorder.bounds)
    for page, series in yield_to_load.every(SERIES_PER_YIELD, list(recorder.pages.items())):
        if found := _between(series, first, last):
            part.pages.setdefault(page._replace(phase=Phase.STEADY), SampleSeries()).add(found)
    arrivals = part.arrivals[Phase.STEADY]
    for journey, series in yield_to_load.every(SERIES_PER_YIELD, list(recorder.journeys.items())):
        if found := _between(series, first, last):
            part.journeys.setdefault(journey._replace(phase=Phase.STEADY), SampleSeries()).add(found)
            arrivals.offered += found.response.total
            arrivals.dropped += found.response.infinite
    arrivals.started = arrivals.offered - arrivals.dropped
    # The recorder may have merged slices during a yield. Then the extracted slices have two lengths, and it starts again.
    return part if recorder.slice_length == length else extract_interval(recorder, start, end, yield_to_load)


def with_unfinished(
    part: Recorder, due_between: Callable[[float, float], int], now: float, waiting: Iterable[PendingAge] = ()
) -> Recorder:
    """The interval with the journeys that were due in it and have not ended ``now`` (seconds from the start of the load).

    Without them, a shop that never answers would look like a shop without load. How they will end is unknown. How long they have
    taken is known: at least since the end of the slice in which they were due. ``waiting`` are requests without a reply.
    """
    bounds = part.bounds
    whole = Recorder(part.window, slice_length=part.slice_length, most_slices=part.most_slices, bounds=bounds)
    whole.add(part)
    ended: Counter[int] = Counter()
    for series in part.journeys.values():
        ended.update({index: times.total for index, times in series.slices.items()})
    length, begin = part.slice_length, part.window.start
    missed = SampleSeries()
    first, last = (round((moment - begin) / length) for moment in (part.window.steady_from, part.window.steady_until))
    for index in range(first, last):
        if (missing := due_between(index * length, (index + 1) * length) - ended[index]) > 0:
            times = missed.slices[index] = Histogram()
            times.record(max(0.0, now - (index + 1) * length), missing, bounds=bounds)
            missed.response.add(times)
    if missed.slices:
        whole.journeys[JourneyKey("", "", "", UNFINISHED_LABEL, Blame.HARNESS, "", False, Phase.STEADY)] = missed
    for page, option, age, number in waiting:
        if first <= (index := math.floor((now - age) / length)) < last:
            key = PageKey(page, option, UNFINISHED_LABEL, Blame.HARNESS, Phase.STEADY)
            series, times = whole.pages.setdefault(key, SampleSeries()), Histogram()
            times.record(age, number, bounds=bounds)
            series.response.add(times)
            series.slices.setdefault(index, Histogram()).add(times)
    return whole


def _between(series: SampleSeries, first: int, last: int) -> SampleSeries | None:
    found = SampleSeries()
    found.slices = {index: one.copy() for index, one in list(series.slices.items()) if first <= index < last}
    found.response = Histogram.merged(found.slices.values())
    return found if found.response.total else None
