"""Reads a percentile and its variance from the time slices of one run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import stdev

from harness.measurement.histogram import Histogram
from harness.measurement.outcomes import Blame
from harness.measurement.sample import Phase
from harness.measurement.series import SampleSeries

BATCHES = 10
FEWEST_BATCHES = 4
FEWEST_SAMPLES = 40
"""The least number of samples in a batch for a 95th percentile."""

TOO_FEW = f"too few samples: each run needs {FEWEST_BATCHES * FEWEST_SAMPLES} of them in its steady part"

TOO_MUCH_FAILED = "too much failed for this percentile"

Slices = dict[int, Histogram]


@dataclass(frozen=True, slots=True)
class Estimate:
    """The logarithm of one figure of a run, and the variance of that logarithm within the run."""

    logarithm: float
    variance: float


def steady_slices(series: Iterable[tuple[str, str, SampleSeries]]) -> Slices:
    """The response times of the steady part by time slice, from triples of phase, blame and series.

    A sample that the shop failed counts as never answered; one that the harness cut short is left out.
    """
    found: Slices = {}
    for phase, blame, one in series:
        if phase != Phase.STEADY or blame == Blame.HARNESS:
            continue
        for index, histogram in one.slices.items():
            into = found.setdefault(index, Histogram())
            if blame == Blame.SHOP:
                into.record(math.inf, histogram.total)
            else:
                into.add(histogram)
    return found


def batches_of(slices: Mapping[int, Histogram], number: int) -> list[Histogram]:
    """The slices merged, in order, into this many batches of about equal length."""
    order = sorted(slices)
    return [
        Histogram.merged(slices[index] for index in order[n * len(order) // number : (n + 1) * len(order) // number])
        for n in range(number)
    ]


def percentile_estimate(slices: Mapping[int, Histogram], q: float) -> Estimate | None:
    """A percentile of a run, and how much it varied within the run; None if there are too few samples.

    The variance is that of the mean of up to ten batches. Each is long enough to be independent of the others.
    """
    total = sum(histogram.total for histogram in slices.values())
    number = min(BATCHES, len(slices), total // FEWEST_SAMPLES)
    if number < FEWEST_BATCHES:
        return None
    batches = batches_of(slices, number)
    value = Histogram.merged(batches).quantile(q)
    if not value > 0:
        return None
    if value == math.inf:
        return Estimate(math.inf, 0.0)
    # A batch in which too much failed has no percentile of its own: it counts as the slowest one that has.
    finite = [each for each in (batch.quantile(q) for batch in batches) if 0 < each < math.inf]
    if len(finite) < FEWEST_BATCHES:
        return None
    logarithms = [math.log(each) for each in finite]
    return Estimate(math.log(value), stdev(logarithms) ** 2 / len(logarithms))


def rate_estimate(slices: Sequence[tuple[int, float]]) -> Estimate | None:
    """The rate of events in consecutive slices, each with its events and its size; None if there are too few events.

    The size of a slice is its seconds, or its number of arrivals.
    """
    events, size = sum(n for n, _ in slices), math.fsum(size for _, size in slices)
    number = min(BATCHES, len(slices))
    if events < FEWEST_SAMPLES or number < FEWEST_BATCHES:
        return None
    rate, apart = events / size, []
    for n in range(number):
        part = slices[n * len(slices) // number : (n + 1) * len(slices) // number]
        apart.append(sum(one for one, _ in part) - rate * math.fsum(size for _, size in part))
    return Estimate(math.log(rate), math.fsum(each**2 for each in apart) * number / (number - 1) / events**2)
