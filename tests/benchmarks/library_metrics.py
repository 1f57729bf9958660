"""Writes the metrics of a run with the Prometheus client library, to compare checkload's own writer with it."""

from collections.abc import Iterator
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from harness.metrics.collector import RunCollector
from harness.metrics.family import Family


class LibraryCollector(Collector):
    """The metrics of a run as the library's own objects."""

    def __init__(self, collector: RunCollector) -> None:
        self._collector = collector

    def collect(self) -> Iterator[Metric]:
        return map(library_metric, self._collector.families())


def registry_of(collector: RunCollector) -> CollectorRegistry:
    """A registry with these metrics only; it does not use the library's registry of the process."""
    registry = CollectorRegistry()
    registry.register(LibraryCollector(collector))
    return registry


def library_metric(family: Family) -> Metric:
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
