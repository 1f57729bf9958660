"""Writes metrics as text for Prometheus: in its own format, or in OpenMetrics, which has exemplars and timestamps.

The client library would take twenty times as long, on the processor that measures the shop. So this module writes the text
itself, and keeps the part of each line that stays the same from scrape to scrape. The tests compare it with the library's
parsers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import accumulate, islice

from harness.metrics.family import Buckets, Family, LabelValues
from harness.metrics.protobuf_exposition import encode_families
from harness.yield_to_load import NEVER, YieldToLoad

_YIELD_EVERY = 10
_BATCH = 200


class ExpositionFormat(Enum):
    """The format of the metrics; the value is the content type."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    PROTOBUF = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"


class ExpositionWriter:
    """Writes the metrics of one run, scrape after scrape."""

    def __init__(self) -> None:
        self._prefixes: dict[tuple[str, LabelValues], list[str]] = {}

    def start_run(self) -> None:
        """Forget the series of the previous run: another run begins."""
        self._prefixes.clear()

    def encode(
        self,
        families: Iterable[Family],
        form: ExpositionFormat,
        yield_to_load: YieldToLoad = NEVER,
        at: float | None = None,
    ) -> Iterator[bytes]:
        """The metrics, piece by piece; ``yield_to_load`` is called in between.

        ``at`` adds a timestamp (seconds since 1970) to every value. Then exemplars are left out, and so is the end of an
        OpenMetrics text, because more may follow.
        """
        if form is ExpositionFormat.PROTOBUF:
            yield from encode_families(families, yield_to_load)
            return
        modern = form is ExpositionFormat.OPENMETRICS
        after = "\n" if at is None else f" {at:.3f}\n"
        for family in families:
            named = family.name.removesuffix("_total") if modern else family.name
            if at is None:
                yield f"# HELP {named} {family.help}\n# TYPE {named} {family.kind}\n".encode()
            for piece in _batches(family.numbers.items(), _BATCH):
                yield_to_load()
                yield self._numbers(family, piece, after)
            for values, buckets in yield_to_load.every(_YIELD_EVERY, family.times.items()):
                yield self._histogram(family, values, buckets, after, exemplars=modern and at is None)
        if modern and at is None:
            yield b"# EOF\n"

    def _numbers(self, family: Family, numbers: Iterable[tuple[LabelValues, float]], after: str) -> bytes:
        pairs = [(self._prefixes_of(family, values, ("",))[0], value) for values, value in numbers]
        return "".join([f"{prefix}{float(value)!r}{after}" for prefix, value in pairs]).encode()

    def _histogram(
        self, family: Family, values: LabelValues, buckets: Buckets, after: str, *, exemplars: bool
    ) -> bytes:
        upto = list(accumulate(buckets.counts))
        *lines, total, seconds = self._prefixes_of(family, values, ("_count", "_sum"))
        if exemplars and buckets.exemplars:
            of_bucket = buckets.exemplars
            pairs = enumerate(zip(lines, upto, strict=True))
            parts = [
                f"{prefix}{count}{of_bucket[place].to_openmetrics() if place in of_bucket else ''}\n"
                for place, (prefix, count) in pairs
            ]
        else:
            parts = [f"{prefix}{count}{after}" for prefix, count in zip(lines, upto, strict=True)]
        parts.append(f"{total}{upto[-1]}{after}{seconds}{buckets.sum!r}{after}")
        return "".join(parts).encode()

    def _prefixes_of(self, family: Family, values: LabelValues, endings: tuple[str, ...]) -> list[str]:
        """The fixed beginning of each line of a series: one for each bound, then one for each ending."""
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


def _batches(things: Iterable[tuple[LabelValues, float]], size: int) -> Iterator[list[tuple[LabelValues, float]]]:
    rest = iter(things)
    while batch := list(islice(rest, size)):
        yield batch


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
