"""Publishes the measurements of the run as metrics, from the same counts that the verdict reads.

Nothing is counted here. Each scrape reads the recorder as it is, so what Prometheus stores, what the results hold and
what the console shows are the same numbers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from harness.metrics.exposition import ExpositionFormat, ExpositionWriter
from harness.metrics.family import Family
from harness.metrics.measurement_families import families
from harness.metrics.run_metrics import RunMetrics
from harness.yield_to_load import NEVER, YieldToLoad

__all__ = ["OTHER", "RunCollector", "RunMetrics", "registry_of"]

OTHER = "other"
MOST_VALUES = 80
"""How many different values a label may have; the next one is published as ``other``."""


class RunCollector(Collector):
    """Reads the run of the moment at each scrape; ``state`` returns ``None`` while there was none yet.

    ``on_rendered`` is told how many seconds of processor time, by ``clock``, each writing down of all metrics took.
    """

    def __init__(
        self,
        state: Callable[[], RunMetrics | None],
        on_rendered: Callable[[float], None] = lambda _seconds: None,
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._state = state
        self._on_rendered = on_rendered
        self._clock = clock
        self._known: dict[str, set[str]] = {}
        self._writer = ExpositionWriter()
        self._run_id = ""

    def collect(self) -> Iterator[Metric]:
        """The metrics as the Prometheus client library wants them, for a registry."""
        return map(_library_metric, self.families())

    def text(
        self, yield_to_load: YieldToLoad = NEVER, form: ExpositionFormat = ExpositionFormat.TEXT
    ) -> Iterator[bytes]:
        """The metrics written down, piece by piece; ``yield_to_load`` is called between two pieces."""
        clock, spent = self._clock, 0.0
        since = clock()

        def leave_out_pause(_seconds: float) -> None:
            nonlocal spent, since
            spent += clock() - since
            yield_to_load()
            since = clock()

        timed = YieldToLoad(leave_out_pause, 0.0)
        families = self.families(timed, native=form is ExpositionFormat.PROTOBUF)
        for piece in self._writer.encode(families, form, timed):
            spent += clock() - since
            yield piece
            since = clock()
        self._on_rendered(spent)

    def snapshot(self, at: float, yield_to_load: YieldToLoad = NEVER) -> Iterator[bytes]:
        """The metrics as lines of OpenMetrics with a moment behind them, seconds since 1970."""
        return self._writer.encode(self.families(yield_to_load), ExpositionFormat.OPENMETRICS, yield_to_load, at)

    def families(self, yield_to_load: YieldToLoad = NEVER, *, native: bool = False) -> Iterator[Family]:
        """The metrics of the run of the moment, one after the other; none before there was one. ``native``: native buckets, too."""
        state = self._state()
        if state is not None:
            if state.run_id != self._run_id:
                # Another run: the names of its series are new, and those of the one before are not needed again.
                self._run_id = state.run_id
                self._writer.start_run()
                self._known.clear()
            yield from families(state, self._limit_label, yield_to_load, native=native)

    def _limit_label(self, label: str, value: str) -> str:
        known = self._known.setdefault(label, set())
        if value in known:
            return value
        if len(known) >= MOST_VALUES:
            return OTHER
        known.add(value)
        return value


def registry_of(collector: RunCollector) -> CollectorRegistry:
    """A registry with this collector and nothing else; the process-wide one is left alone."""
    registry = CollectorRegistry()
    registry.register(collector)
    return registry


def _library_metric(family: Family) -> Metric:
    if family.kind == "histogram":
        histogram = HistogramMetricFamily(family.name, family.help, labels=family.labels)
        names = [*map(repr, family.bounds), "+Inf"]
        for values, buckets in family.times.items():
            upto = accumulate(buckets.counts)
            histogram.add_metric(values, list(zip(names, upto, strict=True)), buckets.sum)
        return histogram
    of_kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric = of_kind(family.name, family.help, labels=family.labels)
    for values, number in family.numbers.items():
        metric.add_metric(values, number)
    return metric
