"""Writes metrics as protocol buffers, the only format in which Prometheus reads native histograms.

The messages are those of ``io.prometheus.client`` (https://github.com/prometheus/client_model), each after its length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate

from harness.measurement.native_histogram import SCHEMA, ZERO_THRESHOLD, encode_spans
from harness.metrics.exemplars import Exemplar
from harness.metrics.family import Buckets, Family, LabelValues
from harness.metrics.protobuf import (
    bytes_field,
    double_field,
    packed_sint_field,
    sint_field,
    string_field,
    uint_field,
    varint,
)
from harness.yield_to_load import NEVER, YieldToLoad

_YIELD_EVERY = 10
_TYPES = {"counter": 0, "gauge": 1, "histogram": 4}
_FIELDS = {"counter": 3, "gauge": 2}


def encode_families(families: Iterable[Family], yield_to_load: YieldToLoad = NEVER) -> Iterator[bytes]:
    """The metrics, family by family; ``yield_to_load`` is called in between."""
    for family in families:
        parts = [string_field(1, family.name), string_field(2, family.help), uint_field(3, _TYPES[family.kind])]
        parts.extend(bytes_field(4, metric) for metric in yield_to_load.every(_YIELD_EVERY, _metrics(family)))
        message = b"".join(parts)
        yield varint(len(message)) + message


def _metrics(family: Family) -> Iterator[bytes]:
    for values, number in family.numbers.items():
        yield _labels(family.labels, values) + bytes_field(_FIELDS[family.kind], double_field(1, number))
    for values, buckets in family.times.items():
        yield _labels(family.labels, values) + bytes_field(7, _histogram(family, buckets))


def _labels(names: LabelValues, values: LabelValues) -> bytes:
    return b"".join(
        bytes_field(1, string_field(1, name) + string_field(2, value))
        for name, value in zip(names, values, strict=True)
    )


def _histogram(family: Family, buckets: Buckets) -> bytes:
    upto = list(accumulate(buckets.counts))
    parts = [uint_field(1, upto[-1]), double_field(2, buckets.sum)]
    bounds = (*family.bounds, float("inf"))
    for at, (bound, count) in enumerate(zip(bounds, upto, strict=True)):
        exemplar = buckets.exemplars.get(at)
        parts.append(
            bytes_field(
                3,
                uint_field(1, count)
                + double_field(2, bound)
                + (bytes_field(3, _exemplar(exemplar)) if exemplar else b""),
            )
        )
    if family.native:
        zero, runs, deltas = encode_spans(buckets.native_counts)
        parts += [sint_field(5, SCHEMA), double_field(6, ZERO_THRESHOLD), uint_field(7, zero)]
        parts += [bytes_field(12, sint_field(1, gap) + uint_field(2, length)) for gap, length in runs]
        parts.append(packed_sint_field(13, deltas))
    return b"".join(parts)


def _exemplar(one: Exemplar) -> bytes:
    seconds = int(one.at)
    moment = uint_field(1, seconds) + uint_field(2, int((one.at - seconds) * 1e9))
    return (
        bytes_field(1, string_field(1, "trace_id") + string_field(2, one.trace_id))
        + double_field(2, one.seconds)
        + bytes_field(3, moment)
    )
