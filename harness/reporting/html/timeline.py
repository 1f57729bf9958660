"""What the metrics of a run show over time, and its result does not: the load generator, and service times."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

Values = Sequence[float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTimeline:
    """Snapshots of the metrics of a run; ``moments`` are in seconds from the first one, which is taken as the load starts.

    ``processor`` (a share of one core) and ``memory`` (bytes) are by worker. The other lists have one value for each moment, ``None``
    where it is unknown. ``planned`` is the arrival rate that the scenario plans, a second. ``waiting`` counts arrivals without a
    user. ``loop_lag`` and ``lateness`` are 99th percentiles since the moment before, ``service`` has the p95 of the service times of
    each page, and of all pages under ``""``; all in seconds.
    """

    moments: Sequence[float] = ()
    planned: Values = ()
    waiting: Values = ()
    loop_lag: Values = ()
    lateness: Values = ()
    processor: Mapping[str, Values] = field(default_factory=dict)
    memory: Mapping[str, Values] = field(default_factory=dict)
    service: Mapping[str, Values] = field(default_factory=dict)

    @property
    def middles(self) -> Sequence[float]:
        """The place of a value since the moment before: between the two."""
        return [round((one + other) / 2, 2) for one, other in zip((0.0, *self.moments), self.moments, strict=False)]


NO_TIMELINE = RunTimeline()
"""For a run without its file of metrics."""


FEWEST = 20
"""With fewer samples between two snapshots, there is no percentile."""
ALL_PAGES = ""
"""The key of the service times of all pages."""

_BUCKET = re.compile(rb'page="([^"\\]*)",result="(\w+)",le="([^"]+)"} (\S+)')
_ANY_BUCKET = re.compile(rb'le="([^"]+)"} (\S+)')
_WORKER = re.compile(rb'worker="([^"\\]*)"} (\S+)')
_VALUE = re.compile(rb"} (\S+)")
_TIMESTAMP = re.compile(rb" (\d+\.?\d*)$", re.MULTILINE)

Buckets = Counter[float]
"""How many times are up to each bound."""


def read_timeline(snapshots: Iterable[bytes]) -> RunTimeline:
    """The timeline in these snapshots, each a text of OpenMetrics; a snapshot without a timestamp is left out."""
    moments: list[float] = []
    planned: list[float | None] = []
    waiting: list[float | None] = []
    processor: dict[str, dict[int, float]] = {}
    memory: dict[str, dict[int, float]] = {}
    histograms: dict[str, list[Buckets]] = {"lag": [], "lateness": []}
    service: list[dict[str, Buckets]] = []
    for text in snapshots:
        stamp = _TIMESTAMP.search(text)
        if stamp is None:
            continue
        place = len(moments)
        moments.append(float(stamp[1]))
        planned.append(_total(text, b"arrival_rate_target"))
        waiting.append(_total(text, b"arrivals_waiting"))
        for name, into in ((b"worker_cpu_ratio", processor), (b"worker_resident_memory_bytes", memory)):
            for found in _WORKER.finditer(_lines(text, name)):
                into.setdefault(found[1].decode(errors="replace"), {})[place] = float(found[2])
        service.append(_service(text))
        histograms["lag"].append(_buckets(text, b"generator_loop_lag_seconds_bucket"))
        histograms["lateness"].append(_buckets(text, b"arrival_lag_seconds_bucket"))
    if not moments:
        return NO_TIMELINE
    start = moments[0]
    return RunTimeline(
        moments=[round(moment - start, 2) for moment in moments],
        planned=planned,
        waiting=waiting,
        loop_lag=list(_between(histograms["lag"], 0.99)),
        lateness=list(_between(histograms["lateness"], 0.99)),
        processor={name: [found.get(place) for place in range(len(moments))] for name, found in processor.items()},
        memory={name: [found.get(place) for place in range(len(moments))] for name, found in memory.items()},
        service=dict(_service_p95(service)),
    )


def _lines(text: bytes, name: bytes) -> bytes:
    """The lines of one metric, which stand together."""
    begin = b"checkout_load_" + name + b"{"
    first = 0 if text.startswith(begin) else text.find(b"\n" + begin) + 1
    if first == 0 and not text.startswith(begin):
        return b""
    last = text.rfind(b"\n" + begin)
    return text[first : text.find(b"\n", last + 1)] + b"\n"


def _total(text: bytes, name: bytes) -> float | None:
    values = [float(found[1]) for found in _VALUE.finditer(_lines(text, name))]
    return sum(values) if values else None


def _buckets(text: bytes, name: bytes) -> Buckets:
    found: Buckets = Counter()
    for bound, count in _ANY_BUCKET.findall(_lines(text, name)):
        found[float(bound)] += float(count)  # type: ignore[assignment]
    return found


def _service(text: bytes) -> dict[str, Buckets]:
    """The service times of each page and of all pages; what the shop failed is over every bound."""
    found: dict[str, Buckets] = {ALL_PAGES: Counter()}
    lines = _lines(text, b"page_duration_seconds_bucket")
    for page, result, bound, count in _BUCKET.findall(lines):
        buckets = found.setdefault(page.decode(errors="replace"), Counter())
        if result != b"failure" or bound == b"+Inf":
            buckets[float(bound)] += float(count)  # type: ignore[assignment]
            found[ALL_PAGES][float(bound)] += float(count)  # type: ignore[assignment]
    return found


def _service_p95(snapshots: Sequence[Mapping[str, Buckets]]) -> Iterator[tuple[str, Values]]:
    """The p95 over time of each page that has one, and of all pages."""
    for page in dict.fromkeys(page for one in snapshots for page in one):
        values = list(_between([one.get(page, Counter()) for one in snapshots], 0.95))
        if any(value is not None for value in values):
            yield page, values


def _between(cumulative: Sequence[Buckets], q: float) -> Iterator[float | None]:
    """The percentile of what came between each snapshot and the one before; the first one has none before it."""
    yield None
    for before, after in pairwise(cumulative):
        bounds = sorted(after)
        yield _quantile(bounds, [after[bound] - before[bound] for bound in bounds], q)


def _quantile(bounds: Sequence[float], counts: Sequence[float], q: float) -> float | None:
    """The percentile of cumulative counts, by interpolation within a bucket; infinite beyond the last finite bound."""
    if not counts or counts[-1] < FEWEST:
        return None
    rank = q * counts[-1]
    place = bisect_left(counts, rank)
    if bounds[place] == float("inf"):
        return float("inf")
    low, below = (bounds[place - 1], counts[place - 1]) if place else (0.0, 0.0)
    return low + (bounds[place] - low) * (rank - below) / ((counts[place] - below) or 1.0)
