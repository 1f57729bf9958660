"""One metric with all its series, between the recorder and the writer of a format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from harness.measurement.histogram import Histogram
from harness.metrics.catalogue import CATALOGUE, PREFIX
from harness.metrics.exemplars import Exemplar

LabelValues = tuple[str, ...]
LimitLabel = Callable[[str, str], str]
"""Gets the name and the value of a label, and returns the value to publish: ``other`` beyond the limit of values."""


@dataclass(slots=True)
class Buckets:
    """The number of times in each bucket, the last one over all bounds, and the sum of the finite times.

    ``exemplars`` are keyed by the place of their bucket. ``native_counts`` are the same times by bucket of a native
    histogram.
    """

    counts: list[int]
    sum: float = 0.0
    exemplars: dict[int, Exemplar] = field(default_factory=dict)
    native_counts: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class Family:
    """One metric with all its series; ``kind`` is ``counter``, ``gauge``, or ``histogram`` with ``bounds``.

    If it is ``native``, times are also counted by the buckets of a native histogram.
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
        """Set the number of a series; None is not published."""
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
    """A metric of the catalogue, without series; ``extra`` bounds are added to its own."""
    entry = CATALOGUE[name]
    bounds = tuple(sorted({*entry.bounds, *extra})) if extra else entry.bounds
    return Family(PREFIX + entry.name, entry.kind, entry.help, ("run_id", *entry.labels), bounds, native)
