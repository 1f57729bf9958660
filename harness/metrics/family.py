"""One metric with all its series, on its way from the recorder to whoever writes it down."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.measurement.histogram import Histogram
from harness.metrics.catalogue import CATALOGUE, PREFIX
from harness.metrics.exemplars import Exemplar

LabelValues = tuple[str, ...]


@dataclass(slots=True)
class Buckets:
    """Times counted between the bounds of a metric (the last count: over all bounds), and the sum of the finite ones.

    ``exemplars`` has an example by the place among the counts, ``native_counts`` the same times by bucket of a native histogram.
    """

    counts: list[int]
    sum: float = 0.0
    exemplars: dict[int, Exemplar] = field(default_factory=dict)
    native_counts: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class Family:
    """One metric with all its series; ``kind`` is ``counter`` or ``gauge``, or ``histogram`` for one with ``bounds``.

    Where it is ``native``, times are counted by the buckets of a native histogram, too.
    """

    name: str
    kind: str
    help: str
    labels: LabelValues
    bounds: tuple[float, ...] = ()
    native: bool = False
    numbers: dict[LabelValues, float] = field(default_factory=dict)
    times: dict[LabelValues, Buckets] = field(default_factory=dict)

    def increment(self, values: LabelValues, n: float) -> None:
        """Add a number to the series with these label values."""
        self.numbers[values] = self.numbers.get(values, 0) + n

    def set_value(self, values: LabelValues, number: float | None) -> None:
        """Set the number of a series; what is not known is not published."""
        if number is not None:
            self.numbers[values] = number

    def add_histogram(self, values: LabelValues, histogram: Histogram) -> None:
        """Add times to the series with these label values."""
        buckets = self.times.get(values)
        if buckets is None:
            buckets = self.times[values] = Buckets([0] * (len(self.bounds) + 1))
        histogram.count_into(self.bounds, buckets.counts)
        if self.native:
            histogram.count_into_native(buckets.native_counts)
        buckets.sum += histogram.sum


def family(name: str, *, extra: frozenset[float] = frozenset(), native: bool = False) -> Family:
    """A metric of the catalogue without any series yet; ``extra`` bounds are put among its own."""
    entry = CATALOGUE[name]
    bounds = tuple(sorted({*entry.bounds, *extra})) if extra else entry.bounds
    return Family(PREFIX + entry.name, entry.kind, entry.help, ("run_id", *entry.labels), bounds, native)
