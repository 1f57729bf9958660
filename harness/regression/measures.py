"""Takes from one run what a comparison needs: times, failures, throughput and spread."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from harness.measurement.outcomes import Blame
from harness.measurement.recorder import JourneyKey, Recorder
from harness.measurement.sample import Phase
from harness.regression.failures import SliceCounts
from harness.regression.percentiles import Estimate, Slices, percentile_estimate, rate_estimate, steady_slices
from harness.regression.spread import Shape, shape_of

JOURNEYS, PAGES = "journeys", "all pages"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMeasures:
    """What a comparison needs of one run.

    ``times`` are the percentiles of journeys and of all pages, ``median`` is that of all pages; ``pages`` and ``options`` are the
    percentiles of single pages and of the journeys of single payment options. A figure with too few samples is missing. ``orders`` is the rate of orders a
    second, or for each arrival; ``served`` is that of journeys that the shop did not fail. ``without_order`` counts journeys, and
    those that ended without an order.
    """

    times: Mapping[str, Estimate]
    median: Estimate | None
    pages: Mapping[str, Estimate]
    options: Mapping[str, Estimate]
    failures: SliceCounts
    orders: Estimate | None
    shape: Shape
    served: Estimate | None = None
    without_order: SliceCounts = ()

    @property
    def places_orders(self) -> bool:
        """Whether any journey ended with an order."""
        return self.orders is not None or any(n > x for n, x in self.without_order)


def measure(recorder: Recorder, q: float, outside: Collection[str] = (), *, open_load: bool = True) -> RunMeasures:
    """The measures of a run for the percentile ``q``; pages ``outside`` the shop are left out.

    In an open load the shop does not decide how many shoppers come, so orders are counted for each arrival.
    """
    ordered = _counts(recorder, lambda key: key.ordered)
    served = _counts(recorder, lambda key: key.blame in {Blame.NOBODY, Blame.SHOPPER})
    pages = [(key.page, key.phase, key.blame, one) for key, one in recorder.pages.items() if key.page not in outside]
    journeys = [(key.payment_option, key.phase, key.blame, one) for key, one in recorder.journeys.items()]
    whole = {
        JOURNEYS: steady_slices(one[1:] for one in journeys),
        PAGES: steady_slices(one[1:] for one in pages),
    }
    return RunMeasures(
        times=_estimates(whole, q),
        median=percentile_estimate(whole[PAGES], 0.5),
        pages=_estimates({name: steady_slices(one[1:] for one in pages if one[0] == name) for name, *_ in pages}, q),
        options=_estimates(
            {name: steady_slices(one[1:] for one in journeys if one[0] == name) for name, *_ in journeys if name}, q
        ),
        failures=_failures(recorder),
        orders=_rate(ordered, None if open_load else recorder.slice_length),
        shape=shape_of(whole[PAGES]),
        served=_rate(served, None if open_load else recorder.slice_length),
        without_order=[(arrived, arrived - good) for good, arrived in ordered],
    )


def _estimates(subjects: Mapping[str, Slices], q: float) -> dict[str, Estimate]:
    found = ((name, percentile_estimate(slices, q)) for name, slices in subjects.items())
    return {name: estimate for name, estimate in found if estimate is not None}


def _failures(recorder: Recorder) -> SliceCounts:
    counts: dict[int, tuple[int, int]] = {}
    for key, series in recorder.journeys.items():
        if key.phase != Phase.STEADY or key.blame == Blame.HARNESS:
            continue
        for index, histogram in series.slices.items():
            n, x = counts.get(index, (0, 0))
            counts[index] = (n + histogram.total, x + (histogram.total if key.blame == Blame.SHOP else 0))
    return tuple(counts.get(index, (0, 0)) for index in _range(counts))


def _counts(recorder: Recorder, good: Callable[[JourneyKey], bool]) -> list[tuple[int, int]]:
    """For each slice of the steady part: how many journeys are good, and how many there are."""
    counts: dict[int, tuple[int, int]] = {}
    for key, series in recorder.journeys.items():
        if key.phase != Phase.STEADY:
            continue
        for index, histogram in series.slices.items():
            x, n = counts.get(index, (0, 0))
            counts[index] = (x + (histogram.total if good(key) else 0), n + histogram.total)
    return [counts.get(index, (0, 0)) for index in _range(counts)]


def _rate(counts: Sequence[tuple[int, int]], seconds: float | None) -> Estimate | None:
    """The rate of good journeys in slices of so many seconds, or with None for each journey."""
    return rate_estimate([(x, n if seconds is None else seconds) for x, n in counts])


def _range(counts: Mapping[int, object]) -> range:
    return range(min(counts, default=0), max(counts, default=-1) + 1)
