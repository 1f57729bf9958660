"""Counts, out of everything recorded, what one objective speaks of: how many, and how many were not as demanded.

Who counts as over the bound of a time: whatever took longer, whatever the shop failed, and arrivals that were never
served. What the harness cut short is *unknown* unless it had taken too long already: nobody can say how it would
have ended, so it may neither prove that a demand was kept nor that it was broken.
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
"""The levels of a run's own times at which its swings are seen best."""
BOUND_FRACTIONS = (1 / 2, 1 / 4, 1 / 8, 1 / 16)
"""The parts of a bound by which is told how far from it a shop is."""

STEADY: frozenset[str] = frozenset({Phase.STEADY})
EVERY_PHASE: frozenset[str] = frozenset(Phase)


@dataclass(frozen=True, slots=True)
class SampleCounts:
    """How many samples, how many over the bound, how many of unknown end; ``slices`` has the first two by time.

    ``levels`` has slices of how many were over the middle levels of what was measured itself, ``nearer`` how many
    were over parts of the bound: a half, a quarter. Both only where asked for, and of percentiles and means.
    """

    total: int
    over: int
    unknown: int = 0
    slices: tuple[tuple[int, int], ...] = ()
    middle_slices: tuple[tuple[tuple[int, int], ...], ...] = ()
    over_fractions: tuple[tuple[float, int], ...] = ()


def matching_series(
    recorder: Recorder, objective: Objective, phases: Collection[str] = STEADY
) -> Iterator[tuple[Key, SampleSeries]]:
    """The cells that an objective speaks of.

    Of failures, an outcome that it names does not narrow down what is looked at but says which failures are meant.
    """
    payment, verification = objective.label("payment"), objective.label("verification")
    outcome = "" if objective.metric is Metric.FAILURES else objective.label("outcome")
    of_pages = objective.subject is Subject.PAGE
    cells: Iterator[tuple[Key, SampleSeries]] = iter(list((recorder.pages if of_pages else recorder.journeys).items()))
    for key, cell in cells:
        name = key.page if isinstance(key, PageKey) else key.journey
        walked = "" if isinstance(key, PageKey) else key.verification
        wanted = ((objective.name, name), (payment, key.payment_option), (outcome, key.outcome), (verification, walked))
        if key.phase in phases and all(asked in ("", there) for asked, there in wanted):
            yield key, cell


def succeeded(objective: Objective, key: Key) -> bool:
    """Whether what is counted under this key counts for a rate or a number: an order, or an end the shop is not to blame for."""
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
    """How many samples of the phases the objective speaks of, and how many of them are not as demanded.

    For times, failures and dropped arrivals; ``slices`` and ``levels`` always follow the response time, as slices do, and are only
    counted if asked for. With ``before`` only what was due in earlier slices counts, all of it by its response time.
    """
    if with_middle and objective.statistic in (Statistic.PERCENTILE, Statistic.MEAN):
        counted = count_samples(recorder, objective, phases, sliced=sliced, before=before)
        return replace(counted, **_middle_counts(recorder, objective, phases, before))
    if before < math.inf:
        return _before(recorder, objective, phases, before)
    if objective.metric is Metric.DROPPED:
        return _dropped(recorder, objective, phases)
    total = over = unknown = 0
    slices: dict[int, tuple[int, int]] = {}
    for key, cell in matching_series(recorder, objective, phases):
        times = cell.service if objective.metric is Metric.SERVICE_TIME else cell.response
        beyond, unsure = _judged(objective, key, times)
        total += times.total
        over += beyond
        unknown += unsure
        for index, histogram in list(cell.slices.items()) if sliced else ():
            n, x = slices.get(index, (0, 0))
            slices[index] = (n + histogram.total, x + _judged(objective, key, histogram)[0])
    return SampleCounts(total, over, unknown, _in_order(slices))


def times(recorder: Recorder, objective: Objective) -> Histogram:
    """The times of the steady phase that a percentile is read from: what the shop failed was never answered."""
    merged = Histogram()
    for key, cell in matching_series(recorder, objective):
        histogram = cell.service if objective.metric is Metric.SERVICE_TIME else cell.response
        _answered(merged, key, histogram, objective)
    return merged


def _judged(objective: Objective, key: Key, histogram: Histogram) -> tuple[int, int]:
    """How many of a cell's samples are over, and how many of unknown end."""
    ours = key.blame == Blame.HARNESS
    if objective.metric is Metric.FAILURES:
        named = objective.label("outcome")
        failed = key.outcome == named if named else key.blame == Blame.SHOP
        return (histogram.total, 0) if failed else (0, histogram.total if ours else 0)
    if key.blame == Blame.SHOP and objective.statistic is Statistic.PERCENTILE:
        return histogram.total, 0
    over = histogram.count_over(objective.bound)
    return over, histogram.total - over if ours else 0


def _before(recorder: Recorder, objective: Objective, phases: Collection[str], before: float) -> SampleCounts:
    unknown = 0
    slices: dict[int, tuple[int, int]] = {}
    for key, cell in matching_series(recorder, objective, phases):
        for index, histogram in list(cell.slices.items()):
            # A slice counts if it ended before: the last one is still being filled.
            if index + 1 <= before:
                if objective.metric is Metric.DROPPED:
                    beyond, unsure = histogram.infinite, 0
                else:
                    beyond, unsure = _judged(objective, key, histogram)
                n, x = slices.get(index, (0, 0))
                slices[index] = (n + histogram.total, x + beyond)
                unknown += unsure
    return SampleCounts(
        sum(n for n, _ in slices.values()), sum(x for _, x in slices.values()), unknown, _in_order(slices)
    )


def _middle_counts(recorder: Recorder, objective: Objective, phases: Collection[str], before: float) -> dict[str, Any]:
    """The ``levels`` and what is ``nearer`` of a tally."""
    parts = [
        (key, index, histogram)
        for key, cell in matching_series(recorder, objective, phases)
        for index, histogram in list(cell.slices.items())
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
    slices: list[dict[int, tuple[int, int]]] = [{} for _ in buckets]
    for key, index, histogram in parts if buckets else ():
        failed = key.blame == Blame.SHOP and objective.statistic is Statistic.PERCENTILE
        for level, over in zip(
            slices, [histogram.total] * len(buckets) if failed else histogram.counts_above(buckets), strict=True
        ):
            n, x = level.get(index, (0, 0))
            level[index] = (n + histogram.total, x + over)
    return {"middle_slices": tuple(_in_order(level) for level in slices), "over_fractions": over_fractions}


def time_sums(recorder: Recorder, objective: Objective) -> tuple[tuple[int, float], ...]:
    """How many times there were in each slice of the steady part, and what they add up to, in seconds; finite ones only."""
    slices: dict[int, tuple[int, float]] = {}
    for _, cell in matching_series(recorder, objective):
        for index, histogram in list(cell.slices.items()):
            n, whole = slices.get(index, (0, 0.0))
            slices[index] = (n + histogram.total - histogram.infinite, whole + histogram.sum)
    return tuple(slices.get(index, (0, 0.0)) for index in range(min(slices, default=0), max(slices, default=-1) + 1))


def _answered(into: Histogram, key: Key, histogram: Histogram, objective: Objective) -> None:
    """Add times that an objective is read from; of a percentile, what the shop failed was never answered."""
    if key.blame == Blame.SHOP and objective.statistic is Statistic.PERCENTILE:
        into.record(math.inf, histogram.total)
    else:
        into.add(histogram)


def _dropped(recorder: Recorder, objective: Objective, phases: Collection[str]) -> SampleCounts:
    slices: dict[int, tuple[int, int]] = {}
    for _, cell in matching_series(recorder, objective, phases):
        for index, histogram in list(cell.slices.items()):
            n, x = slices.get(index, (0, 0))
            slices[index] = (n + histogram.total, x + histogram.infinite)
    arrivals = [recorder.arrivals[Phase(phase)] for phase in phases]
    return SampleCounts(sum(a.offered for a in arrivals), sum(a.dropped for a in arrivals), 0, _in_order(slices))


def _in_order(slices: dict[int, tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The slices from the first to the last that holds anything, empty ones between them included."""
    if not slices:
        return ()
    return tuple(slices.get(index, (0, 0)) for index in range(min(slices), max(slices) + 1))
