"""Writes metrics as protocol buffers, the only way in which a Prometheus takes native histograms.

The messages are those of ``io.prometheus.client`` (https://github.com/prometheus/client_model), each with its length before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate

from harness.exemplars import Exemplar
from harness.family import Buckets, Family, Values
from harness.native import SCHEMA, ZERO_THRESHOLD, spans
from harness.protobuf import double, piece, signed, signed_list, text, varint, whole

_PAUSE_EVERY = 10
_TYPES = {"counter": 0, "gauge": 1, "histogram": 4}
_FIELDS = {"counter": 3, "gauge": 2}


def written(families: Iterable[Family], pause: Callable[[], None] = lambda: None) -> Iterator[bytes]:
    """The metrics, family by family; ``pause`` lets others have the processor in between."""
    for family in families:
        parts = [text(1, family.name), text(2, family.help), whole(3, _TYPES[family.kind])]
        for at, metric in enumerate(_metrics(family)):
            if at % _PAUSE_EVERY == 0:
                pause()
            parts.append(piece(4, metric))
        message = b"".join(parts)
        yield varint(len(message)) + message


def _metrics(family: Family) -> Iterator[bytes]:
    for values, number in family.numbers.items():
        yield _labels(family.labels, values) + piece(_FIELDS[family.kind], double(1, number))
    for values, buckets in family.times.items():
        yield _labels(family.labels, values) + piece(7, _histogram(family, buckets))


def _labels(names: Values, values: Values) -> bytes:
    return b"".join(piece(1, text(1, name) + text(2, value)) for name, value in zip(names, values, strict=True))


def _histogram(family: Family, buckets: Buckets) -> bytes:
    upto = list(accumulate(buckets.counts))
    parts = [whole(1, upto[-1]), double(2, buckets.sum)]
    bounds = (*family.bounds, float("inf"))
    for at, (bound, count) in enumerate(zip(bounds, upto, strict=True)):
        noted = buckets.exemplars.get(at)
        parts.append(piece(3, whole(1, count) + double(2, bound) + (piece(3, _exemplar(noted)) if noted else b"")))
    if family.fine:
        zero, runs, deltas = spans(buckets.fine)
        parts += [signed(5, SCHEMA), double(6, ZERO_THRESHOLD), whole(7, zero)]
        parts += [piece(12, signed(1, gap) + whole(2, length)) for gap, length in runs]
        parts.append(signed_list(13, deltas))
    return b"".join(parts)


def _exemplar(one: Exemplar) -> bytes:
    seconds = int(one.at)
    moment = whole(1, seconds) + whole(2, int((one.at - seconds) * 1e9))
    return piece(1, text(1, "trace_id") + text(2, one.trace_id)) + double(2, one.seconds) + piece(3, moment)
