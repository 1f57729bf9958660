"""Encodes metrics as requests of Prometheus remote write 1.0: protocol buffers in a snappy block.

The specification is https://prometheus.io/docs/specs/prw/remote_write_spec/.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate

from harness.metrics.family import Family, LabelValues
from harness.metrics.protobuf import bytes_field, double_field, string_field, uint_field, varint
from harness.yield_to_load import NEVER, YieldToLoad

HEADERS = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}
MAX_SERIES = 2_000
"""The most series in one request."""

_LITERAL = 1 << 16  # bytes; the longest literal whose length fits into two bytes
_TWO_BYTES = 61 << 2
_YIELD_EVERY = 200


class RequestEncoder:
    """Encodes the metrics of one run again and again; keeps the encoded labels of each series."""

    def __init__(self) -> None:
        self._labels: dict[tuple[str, LabelValues], list[bytes]] = {}

    def bodies(self, families: Iterable[Family], at: float, yield_to_load: YieldToLoad = NEVER) -> Iterator[bytes]:
        """The request bodies with all metrics at a moment (seconds since 1970); ``yield_to_load`` is called in between."""
        moment = uint_field(2, round(at * 1000))
        batch: list[bytes] = []
        for labels, value in yield_to_load.every(_YIELD_EVERY, self._series(families)):
            batch.append(bytes_field(1, labels + bytes_field(2, double_field(1, value) + moment)))
            if len(batch) == MAX_SERIES:
                yield snappy(b"".join(batch))
                batch.clear()
        if batch:
            yield snappy(b"".join(batch))

    def _series(self, families: Iterable[Family]) -> Iterator[tuple[bytes, float]]:
        for family in families:
            for values, number in family.numbers.items():
                yield self._labels_of(family, values)[0], number
            for values, buckets in family.times.items():
                upto = list(accumulate(buckets.counts))
                yield from zip(self._labels_of(family, values), (*upto, upto[-1], buckets.sum), strict=True)

    def _labels_of(self, family: Family, values: LabelValues) -> list[bytes]:
        """The encoded labels of each series of these values: one, or one for each bucket and for count and sum."""
        found = self._labels.get((family.name, values))
        if found is None:
            pairs = dict(zip(family.labels, values, strict=True))
            if family.bounds:
                bounds = (*map(repr, family.bounds), "+Inf")
                found = [_written(f"{family.name}_bucket", pairs | {"le": bound}) for bound in bounds]
                found += [_written(f"{family.name}_{end}", pairs) for end in ("count", "sum")]
            else:
                found = [_written(family.name, pairs)]
            self._labels[family.name, values] = found
        return found


def _written(name: str, labels: dict[str, str]) -> bytes:
    # Receivers require sorted labels, and no label with an empty value.
    pairs = sorted({"__name__": name, **{label: value for label, value in labels.items() if value}}.items())
    return b"".join(bytes_field(1, string_field(1, label) + string_field(2, value)) for label, value in pairs)


def snappy(content: bytes) -> bytes:
    """A block in snappy's format without compression, to save time (google/snappy, format_description.txt)."""
    parts = [varint(len(content))]
    for begin in range(0, len(content), _LITERAL):
        literal = content[begin : begin + _LITERAL]
        parts += (bytes([_TWO_BYTES]), (len(literal) - 1).to_bytes(2, "little"), literal)
    return b"".join(parts)
