"""Makes a result small enough to keep for years: what a comparison of runs needs, and no more.

A compact result has fewer, longer slices of time. It does not say which payment option a page belongs to, how an SMS
verification went, or on which page a journey failed, and it has no service times.
"""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace

import orjson

from harness.measurement.histogram import Histogram
from harness.measurement.recorder import Recorder
from harness.measurement.series import SampleSeries
from harness.results.result import Result

SUFFIX = ".json.gz"
MOST_SLICES = 24
"""The most slices of a compact result: enough for ten batches in the steady part, and a warm-up."""
_GZIP = b"\x1f\x8b"


class TooLarge(ValueError):
    """Compressed bytes that become too large."""


def compact(result: Result) -> Result:
    """The result with less detail; the original stays as it is."""
    small = Recorder(
        result.recorder.window, slice_length=result.recorder.slice_length, most_slices=result.recorder.most_slices
    )
    for page, series in result.recorder.pages.items():
        _add(small.pages.setdefault(page._replace(payment_option=""), SampleSeries()), series)
    for journey, series in result.recorder.journeys.items():
        key = journey._replace(verification="", failed_page="")
        _add(small.journeys.setdefault(key, SampleSeries()), series)
    for phase, arrivals in result.recorder.arrivals.items():
        small.arrivals[phase].add(arrivals)
    while _slices(small) > MOST_SLICES:
        small.coarsen_slices(small.slice_length * 2)
    return replace(result, recorder=small, slowest_traces=(), cell_traces=(), shop_metrics=())


def compressed(result: Result) -> bytes:
    """The result as compressed JSON; the same result always gives the same bytes."""
    return gzip.compress(orjson.dumps(result.to_json()), compresslevel=9, mtime=0)


def decompressed(content: bytes, most: int) -> bytes:
    """The bytes as they are, or what they hold if they are compressed; ``TooLarge`` if that is more than ``most`` bytes.

    Raises ``ValueError`` if they are damaged.
    """
    if not content.startswith(_GZIP):
        return content
    reader = zlib.decompressobj(wbits=31)
    try:
        found = reader.decompress(content, most + 1)
    except zlib.error as error:
        raise ValueError(f"it is damaged: {error}") from None
    if len(found) > most:
        raise TooLarge(f"it holds more than {most:,} bytes")
    if not reader.eof:
        raise ValueError("it is damaged: its end is missing")
    return found


def _add(into: SampleSeries, series: SampleSeries) -> None:
    into.add(series)
    into.service = Histogram()


def _slices(recorder: Recorder) -> int:
    every = (*recorder.pages.values(), *recorder.journeys.values())
    return max((index + 1 for series in every for index in series.slices), default=0)
