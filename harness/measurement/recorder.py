"""Folds every measurement of a run into counts that can be added up, judged and published.

There is one store: the verdict, the console, the results on disk and the metrics all read this one, so they
cannot disagree.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, NamedTuple, TypeAlias, TypeVar

from harness.measurement.histogram import NO_BOUNDS, Bounds, Histogram
from harness.measurement.outcomes import Blame
from harness.measurement.sample import JourneySample, PageSample, Phase, Window
from harness.measurement.series import REPEATED, ArrivalCounts, SampleSeries

Key = TypeVar("Key")
_Times: TypeAlias = tuple[list[float], list[float], list[int]]  # response and service times in seconds, bytes

STALL = 0.010
"""Seconds: an idle machine starts 99 of 100 arrivals within 9 to 12 ms of their moment; what holds one up for longer is a stall."""

_BUFFER_SIZE = 512  # pages that are counted at one go: half a millisecond's work


class PageKey(NamedTuple):
    """Under what a page is counted."""

    page: str
    payment_option: str
    outcome: str
    blame: str
    phase: str


class JourneyKey(NamedTuple):
    """Under what a journey is counted."""

    journey: str
    payment_option: str
    verification: str
    outcome: str
    blame: str
    failed_page: str
    ordered: bool
    phase: str


@dataclass(frozen=True, slots=True)
class RunTotals:
    """The totals of a whole run, warm-up and drain included, that everybody must agree on to the last one.

    Failures are what the shop is to blame for. ``amount`` is in hundredths of the shop's currency.
    """

    pages: int
    failed_pages: int
    journeys: int
    failed_journeys: int
    orders: int
    amount: int
    pages_by_page: Mapping[str, int]
    pages_by_option: Mapping[str, int]
    pages_by_outcome: Mapping[str, int]
    journeys_by_option: Mapping[str, int]
    journeys_by_outcome: Mapping[str, int]
    orders_by_option: Mapping[str, int]


class Recorder:
    """The measurements of one run, or of one process's part of it.

    A page or journey belongs to the phase and the slice of time in which it was due. ``slice_length`` is in seconds and
    doubles whenever a run would need more than ``most_slices``, so that a day takes no more room than an hour. Times are
    counted exactly against ``bounds``, those of the demands.
    """

    def __init__(
        self, window: Window, *, slice_length: float = 1.0, most_slices: int = 128, bounds: Bounds = NO_BOUNDS
    ) -> None:
        if slice_length <= 0 or most_slices < 1:
            raise ValueError("slice_length must be over 0 seconds and most_slices at least 1")
        self._window = window
        self._slice_length = slice_length
        self.most_slices = most_slices
        self.bounds = bounds
        self._stalled_until = -inf
        self._pages: dict[PageKey, SampleSeries] = {}
        self._buffer: list[PageSample] = []
        self.journeys: dict[JourneyKey, SampleSeries] = {}
        self.arrivals: dict[Phase, ArrivalCounts] = {phase: ArrivalCounts() for phase in Phase}

    @property
    def window(self) -> Window:
        """Which moments are warm-up, steady and drain; what was counted before it is changed keeps its phase."""
        return self._window

    @window.setter
    def window(self, window: Window) -> None:
        self._flush()
        self._window = window

    @property
    def slice_length(self) -> float:
        """The length of a slice in seconds, up to this moment."""
        self._flush()
        return self._slice_length

    @property
    def pages(self) -> dict[PageKey, SampleSeries]:
        """Every page counted up to this moment."""
        self._flush()
        return self._pages

    @pages.setter
    def pages(self, cells: dict[PageKey, SampleSeries]) -> None:
        self._flush()
        self._pages = cells

    @property
    def lateness(self) -> Histogram:
        """Our own lag in the steady phase, from due to taken by a free user, in seconds."""
        return self.arrivals[Phase.STEADY].lateness

    @property
    def waits(self) -> Histogram:
        """How long arrivals of the steady phase waited because no user was free, in seconds."""
        return self.arrivals[Phase.STEADY].waits

    def page(self, sample: PageSample) -> None:
        """Count one page: by the time that anybody looks."""
        buffered = self._buffer
        buffered.append(sample)
        if len(buffered) >= _BUFFER_SIZE:
            self._flush()

    def journey(self, sample: JourneySample) -> None:
        """Count one journey; a dropped arrival has a response time of infinity and no service time."""
        key = JourneyKey(
            sample.journey,
            sample.payment_option,
            sample.verification,
            sample.outcome,
            sample.blame,
            sample.failed_page,
            sample.ordered,
            self.window.phase(sample.due),
        )
        cell = self.journeys.get(key)
        if cell is None:
            cell = self.journeys[key] = SampleSeries()
        cell.amount += sample.amount
        if sample.reached:
            cell.counts[sample.reached] = cell.counts.get(sample.reached, 0) + 1
        if sample.done != inf:
            cell.service.record(sample.done - sample.started, bounds=self.bounds)
        place = int((sample.due - self._window.start) / self._slice_length_for(sample.due))
        cell.response.record(sample.done - sample.due, beside=cell.slice(place), bounds=self.bounds)

    def offered(self, due: float, n: int = 1) -> None:
        """Count arrivals that became due."""
        self.arrivals[self.window.phase(due)].offered += n

    def started(self, due: float, lateness: float, wait: float) -> None:
        """Count an arrival that a user took: ``lateness`` seconds of our own after it was due, and ``wait`` for a user."""
        arrivals = self.arrivals[self.window.phase(due)]
        arrivals.started += 1
        arrivals.lateness.record(lateness)
        if lateness > STALL:
            if due >= self._stalled_until:
                arrivals.stalls.record(lateness)
            self._stalled_until = max(self._stalled_until, due + lateness)
        arrivals.waits.record(wait)

    def dropped(self, due: float) -> None:
        """Count an arrival that was given up on; whoever drops it books the journey that never was, too."""
        self.arrivals[self.window.phase(due)].dropped += 1

    def add(self, other: Recorder) -> None:
        """Count everything that the other has counted.

        Slices are matched from each recorder's own start, so that processes with clocks of their own can be
        added. Slice lengths must differ by a power of two (ValueError); the coarser one wins.
        """
        halvings = self.coarsen_slices(other.slice_length)
        pages = _coarsened(other.pages, halvings)
        journeys = _coarsened(other.journeys, halvings)
        for page_key, cell in pages.items():
            self.pages.setdefault(page_key, SampleSeries()).add(cell)
        for journey_key, cell in journeys.items():
            self.journeys.setdefault(journey_key, SampleSeries()).add(cell)
        for phase, arrivals in other.arrivals.items():
            self.arrivals[phase].add(arrivals)
        last = max((index for cell in self._cells() for index in cell.slices), default=0)
        while last >= self.most_slices:
            self._merge_slices()
            last //= 2

    def coarsen_slices(self, slice_length: float) -> int:
        """Make the slices at least so long; says how often that length must be doubled to be theirs.

        The two must differ by a power of two (ValueError).
        """
        while self.slice_length < slice_length:
            self._merge_slices()
        times = self.slice_length / slice_length
        if not times.is_integer() or int(times).bit_count() != 1:
            raise ValueError(f"slices of {self.slice_length} s and of {slice_length} s cannot be matched")
        return int(times).bit_length() - 1

    def totals(self) -> RunTotals:
        """The totals of the whole run."""
        by_page, by_option, by_outcome = Counter[str](), Counter[str](), Counter[str]()
        failed = 0
        for page, cell in self.pages.items():
            n = cell.response.total
            by_page[page.page] += n
            by_option[page.payment_option] += n
            by_outcome[page.outcome] += n
            failed += n * (page.blame == Blame.SHOP)
        walked, ended, sold = Counter[str](), Counter[str](), Counter[str]()
        failed_journeys = amount = 0
        for journey, cell in self.journeys.items():
            n = cell.response.total
            walked[journey.payment_option] += n
            ended[journey.outcome] += n
            failed_journeys += n * (journey.blame == Blame.SHOP)
            if journey.ordered:
                sold[journey.payment_option] += n
                amount += cell.amount
        return RunTotals(
            pages=by_page.total(),
            failed_pages=failed,
            journeys=walked.total(),
            failed_journeys=failed_journeys,
            orders=sold.total(),
            amount=amount,
            pages_by_page=dict(by_page),
            pages_by_option=dict(by_option),
            pages_by_outcome=dict(by_outcome),
            journeys_by_option=dict(walked),
            journeys_by_outcome=dict(ended),
            orders_by_option=dict(sold),
        )

    def with_renamed_labels(self, name: Callable[[str], str]) -> Recorder:
        """A copy with every label changed by ``name``; what then has the same labels is added up."""
        copy = Recorder(self.window, slice_length=self.slice_length, most_slices=self.most_slices, bounds=self.bounds)
        for page, cell in self.pages.items():
            copy.pages.setdefault(PageKey(*map(name, page)), SampleSeries()).add(cell)
        for journey, cell in self.journeys.items():
            labels = journey._replace(
                journey=name(journey.journey),
                payment_option=name(journey.payment_option),
                verification=name(journey.verification),
                outcome=name(journey.outcome),
                blame=name(journey.blame),
                failed_page=name(journey.failed_page),
                phase=name(journey.phase),
            )
            copy.journeys.setdefault(labels, SampleSeries()).add(cell)
        for phase, arrivals in self.arrivals.items():
            copy.arrivals[phase].add(arrivals)
        return copy

    def with_window(self, window: Window) -> Recorder:
        """The same counts, beside another window: to read from, as nothing more may be counted in it."""
        self._flush()
        view = copy.copy(self)
        view._buffer = []  # noqa: SLF001 - its own: what is put by here from now on must not be counted there as well
        view._window = window  # noqa: SLF001
        return view

    def to_json(self) -> dict[str, Any]:
        """Everything counted, as JSON."""
        window = self.window
        return {
            # A run that never began has no steady phase: its window is open, and JSON knows no infinity.
            "window": {
                "start": window.start,
                "steady_from": window.steady_from if window.steady_from < inf else None,
                "steady_until": window.steady_until if window.steady_until < inf else None,
            },
            "slice_length": self.slice_length,
            "most_slices": self.most_slices,
            "arrivals": {phase.value: arrivals.to_json() for phase, arrivals in self.arrivals.items()},
            "pages": [{**key._asdict(), **cell.to_json()} for key, cell in sorted(self.pages.items())],
            "journeys": [{**key._asdict(), **cell.to_json()} for key, cell in sorted(self.journeys.items())],
        }

    @classmethod
    def from_json(cls, d: Mapping[str, Any]) -> Recorder:
        """Read back what ``to_json`` wrote."""
        window = Window(**{name: inf if moment is None else moment for name, moment in d["window"].items()})
        recorder = cls(window, slice_length=d["slice_length"], most_slices=d["most_slices"])
        for row in d["pages"]:
            recorder.pages[PageKey(*(row[name] for name in PageKey._fields))] = SampleSeries.from_json(row)
        for row in d["journeys"]:
            recorder.journeys[JourneyKey(*(row[name] for name in JourneyKey._fields))] = SampleSeries.from_json(row)
        for phase, arrivals in d["arrivals"].items():
            recorder.arrivals[Phase(phase)] = ArrivalCounts.from_json(arrivals)
        return recorder

    def _flush(self) -> None:
        """Count what was put by, page by page: one by one they would cost twice as much, among all else that a request is."""
        if not self._buffer:
            return
        buffered, self._buffer = self._buffer, []
        dues = [sample.due for sample in buffered]
        first, latest = min(dues), max(dues)
        window, length = self._window, self._slice_length_for(latest)
        start, bounds = window.start, self.bounds
        phase, place = window.phase(first), int((first - start) / length)
        # Most often all of them were due within one slice, and nothing has to be worked out for each.
        whole = phase is window.phase(latest) and place == int((latest - start) / length)
        alike: dict[tuple[str, str, str, str, str, int, int, bool], _Times] = {}
        for page, payment_option, outcome, blame, due, sent, done, received, status, repeat in buffered:
            if not whole:
                phase, place = window.phase(due), int((due - start) / length)
            kind = page, payment_option, outcome, blame, phase, place, status, repeat > 0
            times = alike.get(kind)
            if times is None:
                times = alike[kind] = [], [], []
            responses, services, sizes = times
            responses.append(done - due)
            if done < inf:
                services.append(done - sent)
            sizes.append(received)
        for (*labels, place, status, repeated), (responses, services, sizes) in alike.items():
            cell = self._pages.get(tuple(labels))  # type: ignore[call-overload]  # a plain tuple finds it
            if cell is None:
                cell = self._pages[PageKey(*labels)] = SampleSeries()
            cell.received += sum(sizes)
            cell.counts[str(status)] = cell.counts.get(str(status), 0) + len(sizes)
            if repeated:
                cell.counts[REPEATED] = cell.counts.get(REPEATED, 0) + len(sizes)
            cell.service.record_all(services, bounds=bounds)
            cell.response.record_all(responses, beside=cell.slice(place), bounds=bounds)

    def _slice_length_for(self, due: float) -> float:
        """The length of a slice, once there is one for what was due at this moment."""
        while int((due - self._window.start) / self._slice_length) >= self.most_slices:
            self._merge_slices()
        return self._slice_length

    def _cells(self) -> Iterable[SampleSeries]:
        yield from self._pages.values()
        yield from self.journeys.values()

    def _merge_slices(self) -> None:
        self._slice_length *= 2
        for cell in self._cells():
            cell.merge_slices()


def _coarsened(cells: Mapping[Key, SampleSeries], halvings: int) -> dict[Key, SampleSeries]:
    """Copies of the cells, with slices that were merged in pairs so often."""
    copies: dict[Key, SampleSeries] = {}
    for key, cell in list(cells.items()):
        copies[key] = SampleSeries()
        copies[key].add(cell)
        for _ in range(halvings):
            copies[key].merge_slices()
    return copies
