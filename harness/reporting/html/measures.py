"""Gathers what a run measured, by subject and over time: all pages, each page, all journeys, each payment option."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from harness.measurement.histogram import Histogram
from harness.measurement.outcomes import Blame
from harness.measurement.recorder import JourneyKey, PageKey, Recorder
from harness.measurement.sample import Phase
from harness.measurement.series import SampleSeries
from harness.measurement.summary import FEWEST_FOR_P95, fewest_samples

MOST_POINTS = 128
"""The most points of a line."""
FEWEST_POINTS = 8
"""Slices are not merged to fewer points than these, however few samples they have."""

PAGES, JOURNEYS = "pages", "journeys"


def page_subject(page: str) -> str:
    """The key of the subject of one page."""
    return f"page {page}"


def option_subject(option: str) -> str:
    """The key of the subject of the journeys with one payment option."""
    return f"option {option}"


@dataclass(slots=True)
class SubjectMeasures:
    """The samples of one subject.

    ``slices`` has the response times of the whole run by slice, ``orders`` the journeys with an order, ``failures`` the numbers of
    failures by kind and slice. ``response`` and ``service`` have the times of the steady part. What the shop failed counts as never
    answered, as in the verdict.
    """

    label: str
    slices: dict[int, Histogram] = field(default_factory=dict)
    orders: Counter[int] = field(default_factory=Counter)
    failures: dict[str, Counter[int]] = field(default_factory=dict)
    response: Histogram = field(default_factory=Histogram)
    service: Histogram = field(default_factory=Histogram)

    def add(self, key: PageKey | JourneyKey, series: SampleSeries) -> None:
        """Count a series of the recorder."""
        failed = key.blame == Blame.SHOP
        for index, times in series.slices.items():
            _add(self.slices.setdefault(index, Histogram()), times, failed=failed)
            if isinstance(key, JourneyKey) and key.ordered:
                self.orders[index] += times.total
            if key.blame in {Blame.SHOP, Blame.HARNESS}:
                self.failures.setdefault(key.outcome, Counter())[index] += times.total
        if key.phase == Phase.STEADY:
            _add(self.response, series.response, failed=failed)
            _add(self.service, series.service, failed=failed)

    def merge(self, other: SubjectMeasures) -> None:
        """Add the samples of another subject."""
        for index, times in other.slices.items():
            self.slices.setdefault(index, Histogram()).add(times)
        self.orders.update(other.orders)
        for outcome, counts in other.failures.items():
            self.failures.setdefault(outcome, Counter()).update(counts)
        self.response.add(other.response)
        self.service.add(other.service)


def _add(into: Histogram, times: Histogram, *, failed: bool) -> None:
    if failed:
        into.record(math.inf, times.total)
    else:
        into.add(times)


def measures(recorder: Recorder) -> dict[str, SubjectMeasures]:
    """Every subject of a run by its key; all pages and all journeys come before the single ones."""
    pages: dict[str, SubjectMeasures] = {}
    options: dict[str, SubjectMeasures] = {}
    for page_key, series in sorted(recorder.pages.items()):
        pages.setdefault(page_key.page, SubjectMeasures(page_key.page)).add(page_key, series)
    for key, series in sorted(recorder.journeys.items()):
        label = key.payment_option or "no payment option"
        options.setdefault(key.payment_option, SubjectMeasures(label)).add(key, series)
    found = {PAGES: SubjectMeasures("all pages")}
    found |= {page_subject(name): one for name, one in pages.items()}
    found[JOURNEYS] = SubjectMeasures("all journeys")
    found |= {option_subject(name): one for name, one in options.items()}
    for one in pages.values():
        found[PAGES].merge(one)
    for one in options.values():
        found[JOURNEYS].merge(one)
    return found


@dataclass(frozen=True, slots=True)
class Grouped:
    """The slices of a subject, merged to groups of equal length: ``length`` seconds each, the first from ``start``."""

    length: float
    groups: Sequence[Sequence[int]]

    def times(self, one: SubjectMeasures) -> list[Histogram]:
        """The response times of each group."""
        return [Histogram.merged(one.slices[index] for index in group if index in one.slices) for group in self.groups]

    def counts(self, counted: Mapping[int, int]) -> list[int]:
        """A count by slice, added up for each group."""
        return [sum(counted.get(index, 0) for index in group) for group in self.groups]


def grouped(one: SubjectMeasures, length: float, last: int, *, by_samples: bool = True) -> Grouped:
    """The slices from 0 to ``last``, merged in pairs until there are few enough, and each usually has enough samples for a p95."""
    size = 1
    while True:
        groups = [range(first, min(first + size, last + 1)) for first in range(0, last + 1, size)]
        totals = [sum(one.slices[index].total for index in group if index in one.slices) for group in groups]
        scarce = by_samples and len(groups) > FEWEST_POINTS and median(totals) < FEWEST_FOR_P95
        if len(groups) <= MOST_POINTS and not scarce:
            return Grouped(length * size, groups)
        size *= 2


def percentiles(times: Histogram, qs: Sequence[float]) -> list[float | None]:
    """Some percentiles in rising order, read in one pass; None for one with too few samples to show it."""
    found: list[float | None] = []
    seen = 0
    values = times.values()
    value = math.nan
    for q in qs:
        rank = max(1, math.ceil(round(q * times.total, 6)))
        while seen < rank and times.total:
            value, count = next(values)
            seen += count
        found.append(value if times.total >= fewest_samples(q) else None)
    return found


def last_slice(every: Mapping[str, SubjectMeasures]) -> int:
    """The last slice with a sample."""
    return max((index for one in every.values() for index in one.slices), default=0)


def under_way(one: SubjectMeasures, length: float, last: int) -> list[float]:
    """The mean number of journeys between their due moment and their end, for each slice.

    Journeys of a slice count as due in its middle. Those that never ended are left out: dropped arrivals were never begun.
    """
    busy = [0.0] * (last + 1)
    for index, times in one.slices.items():
        due = (index + 0.5) * length
        for value, count in times.values():
            if math.isinf(value):
                continue
            end = due + value
            for place in range(index, min(last, int(end / length)) + 1):
                overlap = min(end, (place + 1) * length) - max(due, place * length)
                busy[place] += count * max(0.0, overlap) / length
    return busy
