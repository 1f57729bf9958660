"""The samples of one subject while the run is on: all pages, a page, all journeys, a payment option, or a cell of the heat table.

The process that makes this also starts arrivals. So only slices of time that have changed are read again, in small steps.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from harness.measurement.histogram import Histogram
from harness.measurement.keys import JourneyKey, PageKey
from harness.measurement.outcomes import Blame
from harness.measurement.recorder import Recorder
from harness.measurement.series import SampleSeries
from harness.reporting.html.chart import rounded
from harness.reporting.html.measures import (
    JOURNEYS,
    PAGES,
    SubjectMeasures,
    grouped,
    option_subject,
    page_subject,
    percentiles,
)
from harness.yield_to_load import YieldToLoad

QS = (0.5, 0.95, 0.99)
MOST_POINTS = 600
CELL = "cell "

Matches = Callable[[Any], bool]


def cell_subject(page: str, option: str) -> str:
    """The key of a page with one payment option."""
    return f"{CELL}{page} {option}"


class LiveSubject:
    """One subject of one run.

    ``rows`` holds a row for each group of slices: its place, samples, orders, p50, p95, p99, failures by kind. ``points`` holds what
    only the difference of two looks shows: the moment, the p95 of service times, and of a cell p50, p95 and p99 of response times.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.of_journeys = name == JOURNEYS or name.startswith(option_subject(""))
        self.group_length = 0.0
        self.rows: dict[int, list[Any]] = {}
        self.changed_in: dict[int, int] = {}
        self.number = 0
        self.points: list[list[float | None]] = []
        self.ours: set[str] = set()
        self._matches, self._in_cell = _matchers(name)
        self._measures = SubjectMeasures(name)
        self._totals: dict[int, int] = {}
        self._slice_length = 0.0
        self._before: dict[str, Histogram] = {}
        self._looked_at = -math.inf

    def update(self, recorder: Recorder, elapsed: float, yield_to_load: YieldToLoad) -> None:
        """Read what is new, ``elapsed`` seconds after the start of the load."""
        length = recorder.slice_length
        if length != self._slice_length:
            self._measures, self._totals, self._slice_length = SubjectMeasures(self.name), {}, length
        members = list(self._members(recorder))
        totals = Counter[int]()
        for _, series in members:
            for index, times in list(series.slices.items()):
                totals[index] += times.total
            yield_to_load()
        changed = [index for index, total in totals.items() if total != self._totals.get(index)]
        for index in sorted(changed):
            self._read_slice(index, members, yield_to_load)
        if recorder.slice_length != length:  # slices were merged meanwhile; the next look reads them again
            self._slice_length = 0.0
            return
        self._totals = dict(totals)
        self._make_rows(changed, yield_to_load)
        self._add_point(members, elapsed, yield_to_load)

    def rows_since(self, number: int) -> list[list[Any]]:
        """The rows that have changed since the look of this number; 0: all rows."""
        return [row for place, row in sorted(self.rows.items()) if self.changed_in[place] > number]

    def _members(self, recorder: Recorder) -> Iterator[tuple[PageKey | JourneyKey, SampleSeries]]:
        table: dict[Any, SampleSeries] = recorder.journeys if self.of_journeys else recorder.pages
        for key, series in list(table.items()):
            if self._matches(key):
                yield key, series

    def _read_slice(
        self, index: int, members: list[tuple[PageKey | JourneyKey, SampleSeries]], yield_to_load: YieldToLoad
    ) -> None:
        found, orders, kinds = Histogram(), 0, Counter[str]()
        for key, series in members:
            times = series.slices.get(index)
            if times is None:
                continue
            if key.blame == Blame.SHOP:
                found.record(math.inf, times.total)
            else:
                found.add(times)
            if key.blame in {Blame.SHOP, Blame.HARNESS}:
                kinds[key.outcome] += times.total
            if key.blame == Blame.HARNESS:
                self.ours.add(key.outcome)
            if isinstance(key, JourneyKey) and key.ordered:
                orders += times.total
            yield_to_load()
        self._measures.slices[index] = found
        self._measures.orders[index] = orders
        for kind in {*kinds, *self._measures.failures}:
            self._measures.failures.setdefault(kind, Counter())[index] = kinds[kind]

    def _make_rows(self, changed: list[int], yield_to_load: YieldToLoad) -> None:
        measures = self._measures
        groups = grouped(measures, self._slice_length, max(measures.slices, default=0))
        if groups.length != self.group_length:
            self.rows, self.changed_in, self.group_length = {}, {}, groups.length
        self.number += 1
        of_changed = set(changed)
        for place, group in enumerate(groups.groups):
            if place in self.rows and not of_changed.intersection(group):
                continue
            times = Histogram.merged(measures.slices[index] for index in group if index in measures.slices)
            kinds = {
                kind: total
                for kind, counts in measures.failures.items()
                if (total := sum(counts[index] for index in group))
            }
            orders = sum(measures.orders[index] for index in group)
            self.rows[place] = [place, times.total, orders, *rounded(percentiles(times, QS)), kinds]
            self.changed_in[place] = self.number
            yield_to_load()

    def _add_point(
        self, members: list[tuple[PageKey | JourneyKey, SampleSeries]], elapsed: float, yield_to_load: YieldToLoad
    ) -> None:
        """Compare with the look before: service times, and in a cell response times, are not kept by slice."""
        members = [(key, series) for key, series in members if self._in_cell(key)]
        service = self._since("service", (series.service for _, series in members), yield_to_load)
        point = [elapsed, *rounded(percentiles(service, (0.95,)))]
        if self.name.startswith(CELL):
            response = self._since("response", (series.response for _, series in members), yield_to_load)
            point += rounded(percentiles(response, QS))
        if elapsed > self._looked_at and self._looked_at >= 0:
            self.points.append(point)
            if len(self.points) > MOST_POINTS:
                self.points = self.points[::2]
        self._looked_at = elapsed

    def _since(self, what: str, histograms: Iterator[Histogram], yield_to_load: YieldToLoad) -> Histogram:
        now = Histogram()
        for one in histograms:
            now.add(one)
            yield_to_load()
        before = self._before.get(what, now)
        self._before[what] = now
        return now.difference(before)


def _matchers(name: str) -> tuple[Matches, Matches]:
    """Which series have the slices of a subject, and which have its totals.

    They differ in a cell of the heat table: pages that differ only by payment option have slices in common.
    """
    if name in (PAGES, JOURNEYS):
        return (lambda _: True), (lambda _: True)
    if name.startswith(CELL):
        page, _, option = name.removeprefix(CELL).partition(" ")
        return (lambda key: key.page == page), (lambda key: (key.page, key.payment_option) == (page, option))
    rest = name.partition(" ")[2]
    if name == page_subject(rest):
        return (lambda key: key.page == rest), (lambda key: key.page == rest)
    return (lambda key: key.payment_option == rest), (lambda key: key.payment_option == rest)
