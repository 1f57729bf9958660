"""Counts every measurement of a run; the counts can be added up, judged and published.

Verdict, console, result files and metrics all read this one store. So they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from math import inf
from typing import Any, Final, TypeAlias, cast

from harness.measurement.bucket_layout import NO_BOUNDS, Bounds
from harness.measurement.coarse_counts import COARSE_FROM
from harness.measurement.histogram import Histogram
from harness.measurement.keys import JourneyKey, PageKey
from harness.measurement.sample import JourneySample, PageSample, Phase, Window
from harness.measurement.series import REPEATED, ArrivalCounts, SampleSeries, coarsened
from harness.yield_to_load import YieldToLoad

_Times: TypeAlias = tuple[list[float], list[float], list[int]]  # response and service times in seconds, bytes

__all__ = ["STALL", "JourneyKey", "PageKey", "Recorder"]

STALL: Final = 0.010
"""Seconds of lateness that count as a stall: an idle machine starts 99 of 100 arrivals within 9 to 12 ms."""

_BUFFER_SIZE: Final = 512  # pages that are counted together, which takes about 0.5 ms


class Recorder:
    """The measurements of a run, or of one process's part of it.

    A page or journey belongs to the phase and the slice in which it was due. ``slice_length`` is in seconds. It doubles when a run
    would need more than ``most_slices``, so that a day takes no more memory than an hour. Times are counted exactly against
    ``bounds``, the bounds of the objectives.

    Pages that differ only by payment option have slices in common, except for ``sliced_options``; ``None``: each has its own.
    """

    def __init__(
        self,
        window: Window,
        *,
        slice_length: float = 1.0,
        most_slices: int = 128,
        bounds: Bounds = NO_BOUNDS,
        sliced_options: Collection[str] | None = None,
    ) -> None:
        if slice_length <= 0 or most_slices < 1:
            raise ValueError("slice_length must be over 0 seconds and most_slices at least 1")
        self._window = window
        self._slice_length = slice_length
        self.most_slices = most_slices
        self.bounds = bounds
        self._sliced_options = sliced_options  # those that objectives name
        self._sliced: dict[PageKey, SampleSeries] = {}
        self.mirrors: list[
            Recorder
        ] = []  # copies of what each worker has counted, whose slices are merged at the same time
        self._stalled_until = -inf
        self._pages: dict[PageKey, SampleSeries] = {}
        self._buffer: list[PageSample] = []
        self.journeys: dict[JourneyKey, SampleSeries] = {}
        self.arrivals: dict[Phase, ArrivalCounts] = {phase: ArrivalCounts() for phase in Phase}

    @property
    def window(self) -> Window:
        """Which moments are warm-up, steady and drain; a change does not move samples that are already counted."""
        return self._window

    @window.setter
    def window(self, window: Window) -> None:
        self._flush()
        self._window = window

    @property
    def slice_length(self) -> float:
        """The length of a slice in seconds."""
        self._flush()
        return self._slice_length

    @property
    def pages(self) -> dict[PageKey, SampleSeries]:
        """The pages, counted up to this moment."""
        self._flush()
        return self._pages

    @pages.setter
    def pages(self, pages: dict[PageKey, SampleSeries]) -> None:
        self._flush()
        self._pages = pages

    @property
    def lateness(self) -> Histogram:
        """How late the harness started arrivals of the steady phase although a user was free, in seconds."""
        return self.arrivals[Phase.STEADY].lateness

    @property
    def waits(self) -> Histogram:
        """How long arrivals of the steady phase waited for a free user, in seconds."""
        return self.arrivals[Phase.STEADY].waits

    def page(self, sample: PageSample) -> None:
        """Count one page; it is buffered until the buffer is full or the pages are read."""
        buffered = self._buffer
        buffered.append(sample)
        if len(buffered) >= _BUFFER_SIZE:
            self._flush()

    def journey(self, sample: JourneySample) -> None:
        """Count one journey; a dropped arrival has an infinite response time and no service time."""
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
        series = self.journeys.get(key)
        if series is None:
            series = self.journeys[key] = SampleSeries()
        series.amount += sample.amount
        if sample.reached:
            series.counts[sample.reached] = series.counts.get(sample.reached, 0) + 1
        if sample.done != inf:
            series.service.record(sample.done - sample.started, bounds=self.bounds)
        place = int((sample.due - self._window.start) / self._slice_length_for(sample.due))
        series.response.record(sample.done - sample.due, beside=series.slice(place), bounds=self.bounds)

    def offered(self, due: float, n: int = 1) -> None:
        """Count arrivals that became due."""
        self.arrivals[self.window.phase(due)].offered += n

    def started(self, due: float, lateness: float, wait: float) -> None:
        """Count an arrival that a user started, ``wait`` seconds late for want of a user and ``lateness`` because of the harness."""
        arrivals = self.arrivals[self.window.phase(due)]
        arrivals.started += 1
        arrivals.lateness.record(lateness)
        if lateness > STALL:
            if due >= self._stalled_until:
                arrivals.stalls.record(lateness)
            self._stalled_until = max(self._stalled_until, due + lateness)
        arrivals.waits.record(wait)

    def dropped(self, due: float) -> None:
        """Count a dropped arrival; the caller also counts its journey, with ``done = inf``."""
        self.arrivals[self.window.phase(due)].dropped += 1

    def add(self, other: Recorder) -> None:
        """Count everything that the other recorder has counted.

        Slices are matched from the start of each recorder, so that recorders of processes with different clocks can be added. The
        slice lengths must differ by a power of two (else ValueError); the longer one is used.
        """
        halvings = self.coarsen_slices(other.slice_length)
        for page_key, series in coarsened(other.pages, halvings).items():
            self.pages.setdefault(page_key, SampleSeries()).add(series)
        for journey_key, series in coarsened(other.journeys, halvings).items():
            self.journeys.setdefault(journey_key, SampleSeries()).add(series)
        for phase, arrivals in other.arrivals.items():
            self.arrivals[phase].add(arrivals)
        last = max((index for series in self._all_series() for index in series.slices), default=0)
        while last >= self.most_slices:
            self._merge_slices()
            last //= 2

    def coarsen_slices(self, slice_length: float) -> int:
        """Merge slices until they are at least this long; returns how often ``slice_length`` doubles to reach their length.

        The two lengths must differ by a power of two (else ValueError).
        """
        while self.slice_length < slice_length:
            self._merge_slices()
        times = self.slice_length / slice_length
        if not times.is_integer() or int(times).bit_count() != 1:
            raise ValueError(f"slices of {self.slice_length} s and of {slice_length} s cannot be matched")
        return int(times).bit_length() - 1

    def settle(self, yield_to_load: YieldToLoad) -> None:
        """Do in small steps what is left of merging slices; whatever reads slices would have to do it at once."""
        self._flush()
        for recorder in (self, *self.mirrors):
            for series in list(recorder._all_series()):  # noqa: SLF001 - recorders, too
                if series.settle():
                    yield_to_load()

    def with_renamed_labels(self, name: Callable[[str], str]) -> Recorder:
        """A copy with every label changed by ``name``; series that then have the same labels are added up."""
        copy = Recorder(self.window, slice_length=self.slice_length, most_slices=self.most_slices, bounds=self.bounds)
        for page, series in self.pages.items():
            copy.pages.setdefault(PageKey(*map(name, page)), SampleSeries()).add(series)
        for journey, series in self.journeys.items():
            labels = JourneyKey(*(name(label) if isinstance(label, str) else label for label in journey))  # type: ignore[arg-type]
            copy.journeys.setdefault(labels, SampleSeries()).add(series)
        for phase, arrivals in self.arrivals.items():
            copy.arrivals[phase].add(arrivals)
        return copy

    def with_window(self, window: Window) -> Recorder:
        """The same counts with another window; a view to read, in which nothing may be counted."""
        self._flush()
        view = Recorder(window, slice_length=self._slice_length, most_slices=self.most_slices, bounds=self.bounds)
        # All but the buffer: the view would count again what this recorder buffers from now on.
        view._pages, view.journeys, view.arrivals = self._pages, self.journeys, self.arrivals
        view.mirrors = self.mirrors
        return view

    def to_json(self) -> dict[str, Any]:
        """Everything counted, as JSON.

        Slices of ``COARSE_FROM`` seconds or more are written in pairs, with fewer buckets. Then whatever is not of the steady
        phase has fewer buckets, too.
        """
        coarse = self.bounds if self.slice_length >= COARSE_FROM else None
        return {
            "window": self.window.to_json(),
            "slice_length": self.slice_length * (1 if coarse is None else 2),
            "most_slices": self.most_slices,
            "arrivals": {phase.value: arrivals.to_json() for phase, arrivals in self.arrivals.items()},
            "pages": [_row(*each, coarse) for each in sorted(self.pages.items())],
            "journeys": [_row(*each, coarse) for each in sorted(self.journeys.items())],
        }

    @classmethod
    def from_json(cls, d: Mapping[str, Any]) -> Recorder:
        """Read back what ``to_json`` wrote."""
        recorder = cls(Window.from_json(d["window"]), slice_length=d["slice_length"], most_slices=d["most_slices"])
        for row in d["pages"]:
            recorder.pages[PageKey(*(row[name] for name in PageKey._fields))] = SampleSeries.from_json(row)
        for row in d["journeys"]:
            recorder.journeys[JourneyKey(*(row[name] for name in JourneyKey._fields))] = SampleSeries.from_json(row)
        for phase, arrivals in d["arrivals"].items():
            recorder.arrivals[Phase(phase)] = ArrivalCounts.from_json(arrivals)
        return recorder

    def _flush(self) -> None:
        """Count the buffered pages; counting each page at once would cost twice as much."""
        if not self._buffer:
            return
        buffered, self._buffer = self._buffer, []
        dues = [sample.due for sample in buffered]
        first, latest = min(dues), max(dues)
        window, length = self._window, self._slice_length_for(latest)
        start, bounds = window.start, self.bounds
        phase, place = window.phase(first), int((first - start) / length)
        # Usually all were due within one slice. Then phase and slice are worked out only once.
        one_slice = phase is window.phase(latest) and place == int((latest - start) / length)
        alike: dict[tuple[str, str, str, str, str, int, int, bool], _Times] = {}
        for page, payment_option, outcome, blame, due, sent, done, received, status, repeat in buffered:
            if not one_slice:
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
            series = self._pages.get(cast("PageKey", tuple(labels)))  # a plain tuple finds it
            if series is None:
                key = PageKey(*labels)
                series = self._pages[key] = self._new_page_series(key)
            series.received += sum(sizes)
            series.counts[str(status)] = series.counts.get(str(status), 0) + len(sizes)
            if repeated:
                series.counts[REPEATED] = series.counts.get(REPEATED, 0) + len(sizes)
            series.service.record_all(services, bounds=bounds)
            series.response.record_all(responses, beside=series.slice(place), bounds=bounds)

    def _new_page_series(self, key: PageKey) -> SampleSeries:
        series = SampleSeries()
        if self._sliced_options is not None and key.payment_option not in self._sliced_options:
            first = self._sliced.setdefault(key._replace(payment_option=""), series)
            series.sliced_in = None if first is series else first
        return series

    def _slice_length_for(self, due: float) -> float:
        """The length of a slice, after merging slices until there is one for this due moment."""
        while int((due - self._window.start) / self._slice_length) >= self.most_slices:
            self._merge_slices()
        return self._slice_length

    def _all_series(self) -> Iterable[SampleSeries]:
        yield from self._pages.values()
        yield from self.journeys.values()

    def _merge_slices(self) -> None:
        self._slice_length *= 2
        for series in self._all_series():
            series.merge_slices()


def _row(key: PageKey | JourneyKey, series: SampleSeries, coarse: Bounds | None) -> dict[str, Any]:
    return {**key._asdict(), **series.to_json(coarse, judged=key.phase == Phase.STEADY)}
