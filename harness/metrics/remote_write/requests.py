"""Makes of all metrics what a Prometheus takes that is written to from afar: remote write 1.0, protocol buffers in a snappy block.

https://prometheus.io/docs/specs/prw/remote_write_spec/ says how.
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
"""How many series one request has at most."""

_LITERAL = 1 << 16  # bytes; the longest for which two bytes tell the length
_TWO_BYTES = 61 << 2
_YIELD_EVERY = 200


class RequestEncoder:
    """Writes down the metrics of one run, time after time; what stays the same of a series is kept."""

    def __init__(self) -> None:
        self._labels: dict[tuple[str, LabelValues], list[bytes]] = {}

    def bodies(self, families: Iterable[Family], at: float, yield_to_load: YieldToLoad = NEVER) -> Iterator[bytes]:
        """The bodies of requests with all metrics at a moment, seconds since 1970; ``yield_to_load`` is called in between."""
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
        """The labels of every series that these values have: one, or one per bucket and those of count and sum."""
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
    # Receivers want them sorted, and a label without a value is none.
    pairs = sorted({"__name__": name, **{label: value for label, value in labels.items() if value}}.items())
    return b"".join(bytes_field(1, string_field(1, label) + string_field(2, value)) for label, value in pairs)


def snappy(content: bytes) -> bytes:
    """A block in snappy's format that spares the time to compress (google/snappy, format_description.txt)."""
    parts = [varint(len(content))]
    for begin in range(0, len(content), _LITERAL):
        literal = content[begin : begin + _LITERAL]
        parts += (bytes([_TWO_BYTES]), (len(literal) - 1).to_bytes(2, "little"), literal)
    return b"".join(parts)
