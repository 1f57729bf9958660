"""Counts the samples that one objective is about, and how many of them are over its bound.

Over the bound of a time are samples that took longer, samples that the shop failed, and dropped arrivals. A sample that the
harness cut short is *unknown*, unless it had taken too long already. Its end is not known, so it proves neither that an
objective was kept nor that it was broken.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

from harness.measurement.bucket_layout import bucket_of
from harness.measurement.histogram import Histogram
from harness.measurement.outcomes import Blame
from harness.measurement.recorder import JourneyKey, PageKey, Recorder
from harness.measurement.sample import Phase
from harness.measurement.series import SampleSeries
from harness.objectives.model import Metric, Objective, Statistic, Subject

Key = PageKey | JourneyKey

MIDDLE_QUANTILES = (0.35, 0.5, 0.65)
"""The quantiles of a run's own times that show best how the times vary together."""
BOUND_FRACTIONS = (1 / 2, 1 / 4, 1 / 8, 1 / 16)
"""The fractions of a bound that show how far a shop is from it."""

STEADY: frozenset[str] = frozenset({Phase.STEADY})
EVERY_PHASE: frozenset[str] = frozenset(Phase)


@dataclass(frozen=True, slots=True)
class SampleCounts:
    """The number of samples, of those over the bound, and of those with an unknown end.

    ``slices`` has the first two numbers for each slice of time. ``middle_slices`` has, for each of the middle quantiles, slices of
    how many samples were over it. ``over_fractions`` has how many were over each fraction of the bound. These two are counted
    on request, for percentiles and means.
    """

    total: int
    over: int
    unknown: int = 0
    slices: tuple[tuple[int, int], ...] = ()
    middle_slices: tuple[tuple[tuple[int, int], ...], ...] = ()
    over_fractions: tuple[tuple[float, int], ...] = ()


class SliceCounts:
    """Counts the samples, and those over the bound, of each slice."""

    def __init__(self) -> None:
        self._slices: dict[int, tuple[int, int]] = {}

    def add(self, index: int, total: int, over: int) -> None:
        """Count ``total`` samples of a slice, ``over`` of them over the bound."""
        n, x = self._slices.get(index, (0, 0))
        self._slices[index] = (n + total, x + over)

    def in_order(self) -> tuple[tuple[int, int], ...]:
        """The slices from the first to the last one with samples, empty slices between them included."""
        found = self._slices
        return tuple(found.get(index, (0, 0)) for index in range(min(found, default=0), max(found, default=-1) + 1))


def matching_series(
    recorder: Recorder, objective: Objective, phases: Collection[str] = STEADY
) -> Iterator[tuple[Key, SampleSeries]]:
    """The series that an objective is about.

    For failures, an outcome label selects which failures count. It does not select which samples are looked at.
    """
    payment, verification = objective.label("payment"), objective.label("verification")
    outcome = "" if objective.metric is Metric.FAILURES else objective.label("outcome")
    of_pages = objective.subject is Subject.PAGE
    all_series: Iterator[tuple[Key, SampleSeries]] = iter(
        list((recorder.pages if of_pages else recorder.journeys).items())
    )
    for key, series in all_series:
        name = key.page if isinstance(key, PageKey) else key.journey
        walked = "" if isinstance(key, PageKey) else key.verification
        wanted = ((objective.name, name), (payment, key.payment_option), (outcome, key.outcome), (verification, walked))
        if key.phase in phases and all(asked in ("", there) for asked, there in wanted):
            yield key, series


def is_sliced(recorder: Recorder, objective: Objective) -> bool:
    """Whether the recorder has the slices that an objective needs: not if it names an option that the run's own did not."""
    return not objective.label("payment") or all(
        series.response.total == sum(times.total for times in series.slices.values())
        for _, series in matching_series(recorder, objective, EVERY_PHASE)
    )


def succeeded(objective: Objective, key: Key) -> bool:
    """Whether samples with this key count for a rate or a count: an order, or an end without blame of shop or harness."""
    if objective.subject is Subject.ORDERS:
        return isinstance(key, JourneyKey) and key.ordered
    return key.blame in (Blame.NOBODY, Blame.SHOPPER)


def count_samples(
    recorder: Recorder,
    objective: Objective,
    phases: Collection[str] = STEADY,
    *,
    sliced: bool = True,
    with_middle: bool = False,
    before: float = math.inf,
) -> SampleCounts:
    """Count the samples of these phases that an objective on times, failures or dropped arrivals is about.

    ``slices`` and ``middle_slices`` always use the response time, because slices have no other. With ``before``, only samples due
    in earlier slices count, all by their response time.
    """
    if with_middle and objective.statistic in (Statistic.PERCENTILE, Statistic.MEAN):
        counted = count_samples(recorder, objective, phases, sliced=sliced, before=before)
        return replace(counted, **_middle_counts(recorder, objective, phases, before))
    if before < math.inf:
        return _before(recorder, objective, phases, before)
    if objective.metric is Metric.DROPPED:
        return _dropped(recorder, objective, phases)
    total = over = unknown = 0
    slices = SliceCounts()
    for key, series in matching_series(recorder, objective, phases):
        times = series.service if objective.metric is Metric.SERVICE_TIME else series.response
        beyond, unsure = _judged(objective, key, times)
        total += times.total
        over += beyond
        unknown += unsure
        for index, histogram in list(series.slices.items()) if sliced else ():
            slices.add(index, histogram.total, _judged(objective, key, histogram)[0])
    return SampleCounts(total, over, unknown, slices.in_order())


def counts_by_slice(recorder: Recorder, objective: Objective) -> dict[int, tuple[int, int]]:
    """The number of samples of the steady part, and of those over the bound, by the slice in which they were due."""
    found: dict[int, tuple[int, int]] = {}
    for key, series in matching_series(recorder, objective):
        for index, histogram in series.slices.items():
            total, over = found.get(index, (0, 0))
            found[index] = total + histogram.total, over + _judged(objective, key, histogram)[0]
    return found


def times(recorder: Recorder, objective: Objective) -> Histogram:
    """The times of the steady part that a percentile is read from; samples that the shop failed count as never answered."""
    merged = Histogram()
    for key, series in matching_series(recorder, objective):
        histogram = series.service if objective.metric is Metric.SERVICE_TIME else series.response
        _answered(merged, key, histogram, objective)
    return merged


def _judged(objective: Objective, key: Key, histogram: Histogram) -> tuple[int, int]:
    """How many of a series' samples are over the bound, and how many have an unknown end."""
    cut_short = key.blame == Blame.HARNESS
    if objective.metric is Metric.FAILURES:
        named = objective.label("outcome")
        failed = key.outcome == named if named else key.blame == Blame.SHOP
        return (histogram.total, 0) if failed else (0, histogram.total if cut_short else 0)
    if key.blame == Blame.SHOP and objective.statistic is Statistic.PERCENTILE:
        return histogram.total, 0
    over = histogram.count_over(objective.bound)
    return over, histogram.total - over if cut_short else 0


def _before(recorder: Recorder, objective: Objective, phases: Collection[str], before: float) -> SampleCounts:
    total = over = unknown = 0
    slices = SliceCounts()
    for key, series in matching_series(recorder, objective, phases):
        for index, histogram in list(series.slices.items()):
            # Only slices that have ended count: the last one still grows.
            if index + 1 <= before:
                if objective.metric is Metric.DROPPED:
                    beyond, unsure = histogram.infinite, 0
                else:
                    beyond, unsure = _judged(objective, key, histogram)
                slices.add(index, histogram.total, beyond)
                total += histogram.total
                over += beyond
                unknown += unsure
    return SampleCounts(total, over, unknown, slices.in_order())


def _middle_counts(recorder: Recorder, objective: Objective, phases: Collection[str], before: float) -> dict[str, Any]:
    """The fields ``middle_slices`` and ``over_fractions`` of ``SampleCounts``."""
    parts = [
        (key, index, histogram)
        for key, series in matching_series(recorder, objective, phases)
        for index, histogram in list(series.slices.items())
        if index + 1 <= before
    ]
    whole = Histogram()
    for key, _, histogram in parts:
        _answered(whole, key, histogram, objective)
    by_service = objective.metric is Metric.SERVICE_TIME and before == math.inf
    judged = times(recorder, objective) if by_service else whole
    over_fractions = tuple((part, judged.count_over(part * objective.bound)) for part in BOUND_FRACTIONS)
    medium = [whole.quantile(level) for level in MIDDLE_QUANTILES] if whole.total else []
    buckets = sorted({bucket_of(level) for level in medium if level < math.inf})
    slices = [SliceCounts() for _ in buckets]
    for key, index, histogram in parts if buckets else ():
        failed = key.blame == Blame.SHOP and objective.statistic is Statistic.PERCENTILE
        for counts, over in zip(
            slices, [histogram.total] * len(buckets) if failed else histogram.counts_above(buckets), strict=True
        ):
            counts.add(index, histogram.total, over)
    return {"middle_slices": tuple(counts.in_order() for counts in slices), "over_fractions": over_fractions}


def time_sums(recorder: Recorder, objective: Objective) -> tuple[tuple[int, float], ...]:
    """The number and the sum (seconds) of the finite times in each slice of the steady part."""
    slices: dict[int, tuple[int, float]] = {}
    for _, series in matching_series(recorder, objective):
        for index, histogram in list(series.slices.items()):
            n, whole = slices.get(index, (0, 0.0))
            slices[index] = (n + histogram.total - histogram.infinite, whole + histogram.sum)
    return tuple(slices.get(index, (0, 0.0)) for index in range(min(slices, default=0), max(slices, default=-1) + 1))


def _answered(into: Histogram, key: Key, histogram: Histogram, objective: Objective) -> None:
    """Add the times of a series; for a percentile, samples that the shop failed count as never answered."""
    if key.blame == Blame.SHOP and objective.statistic is Statistic.PERCENTILE:
        into.record(math.inf, histogram.total)
    else:
        into.add(histogram)


def _dropped(recorder: Recorder, objective: Objective, phases: Collection[str]) -> SampleCounts:
    slices = SliceCounts()
    for _, series in matching_series(recorder, objective, phases):
        for index, histogram in list(series.slices.items()):
            slices.add(index, histogram.total, histogram.infinite)
    arrivals = [recorder.arrivals[Phase(phase)] for phase in phases]
    return SampleCounts(sum(a.offered for a in arrivals), sum(a.dropped for a in arrivals), 0, slices.in_order())
