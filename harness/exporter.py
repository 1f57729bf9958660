"""Publishes the measurements of the run as metrics, from the same counts that the verdict reads.

Nothing is counted here. Each scrape reads the recorder as it is, so what Prometheus stores, what the results hold and
what the console shows are the same numbers. The text is written by hand: the client library takes a hundred times
as long for it, on the same processor that is just measuring the shop.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from harness.families import families
from harness.family import Family, Values
from harness.run_state import RunState

__all__ = ["OTHER", "RunCollector", "RunState", "registry_of"]

OTHER = "other"
MOST_VALUES = 80
"""How many different values a label may have; the next one is published as ``other``."""
_PAUSE_EVERY = 20


class RunCollector(Collector):
    """Reads the run of the moment at each scrape; ``state`` returns ``None`` while there was none yet.

    ``rendered`` is told how many seconds of processor time, by ``clock``, each writing down of all metrics took.
    """

    def __init__(
        self,
        state: Callable[[], RunState | None],
        rendered: Callable[[float], None] = lambda _seconds: None,
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._state = state
        self._rendered = rendered
        self._clock = clock
        self._known: dict[str, set[str]] = {}
        self._prefixes: dict[tuple[str, Values], list[str]] = {}
        self._run_id = ""

    def collect(self) -> Iterator[Metric]:
        """The metrics as the Prometheus client library wants them, for a registry."""
        return map(_library_metric, self._families(lambda: None))

    def text(self, pause: Callable[[], None] = lambda: None) -> Iterator[bytes]:
        """The metrics in Prometheus' text format, piece by piece; ``pause`` lets others have the processor."""
        clock, spent = self._clock, 0.0
        since = clock()

        def rest() -> None:
            nonlocal spent, since
            spent += clock() - since
            pause()
            since = clock()

        for piece in self._pieces(rest):
            spent += clock() - since
            yield piece
            since = clock()
        self._rendered(spent)

    def _pieces(self, pause: Callable[[], None]) -> Iterator[bytes]:
        for family in self._families(pause):
            yield f"# HELP {family.name} {family.help}\n# TYPE {family.name} {family.kind}\n".encode()
            for values, value in family.numbers.items():
                (prefix,) = self._prefixes_of(family, values, ("",))
                yield f"{prefix}{float(value)!r}\n".encode()
            for place, (values, buckets) in enumerate(family.times.items()):
                if place % _PAUSE_EVERY == 0:
                    pause()
                upto = list(accumulate(buckets.counts))
                *lines, total, seconds = self._prefixes_of(family, values, ("_count", "_sum"))
                text = "".join([f"{prefix}{count}\n" for prefix, count in zip(lines, upto, strict=True)])
                yield f"{text}{total}{upto[-1]}\n{seconds}{buckets.sum!r}\n".encode()

    def _families(self, pause: Callable[[], None]) -> Iterator[Family]:
        state = self._state()
        if state is not None:
            if state.run_id != self._run_id:
                # Another run: the names of its series are new, and those of the one before are not needed again.
                self._run_id = state.run_id
                self._prefixes.clear()
                self._known.clear()
            yield from families(state, self._bounded, pause)

    def _bounded(self, label: str, value: str) -> str:
        known = self._known.setdefault(label, set())
        if value in known:
            return value
        if len(known) >= MOST_VALUES:
            return OTHER
        known.add(value)
        return value

    def _prefixes_of(self, family: Family, values: Values, endings: tuple[str, ...]) -> list[str]:
        """Everything of the lines of a series that stays the same: one per bound, then one per ending."""
        prefixes = self._prefixes.get((family.name, values))
        if prefixes is None:
            labels = [f'{name}="{_escaped(value)}"' for name, value in zip(family.labels, values, strict=True)]
            together = ",".join(labels)
            bounds = [f'_bucket{{{together},le="{bound!r}"}} ' for bound in family.bounds]
            if bounds:
                bounds.append(f'_bucket{{{together},le="+Inf"}} ')
            ends = [f"{ending}{{{together}}} " for ending in endings]
            prefixes = [family.name + line for line in (*bounds, *ends)]
            self._prefixes[family.name, values] = prefixes
        return prefixes


def registry_of(collector: RunCollector) -> CollectorRegistry:
    """A registry with this collector and nothing else; the process-wide one is left alone."""
    registry = CollectorRegistry()
    registry.register(collector)
    return registry


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


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
