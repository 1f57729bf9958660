"""Marks the requests of a journey as one trace, by the W3C's ``traceparent``, so that a slow page can be found in the shop's own.

Whoever runs the shop's tracing decides by the last two digits whether to keep it: so does the scenario, for a share of the
journeys.
"""

from __future__ import annotations

from hashlib import blake2b

HEADER = "traceparent"
_SAMPLES = 1 << 32
_SPANS = 1 << 63
_LAST = [f"{number:02x}" for number in range(256)]


class Trace:
    """The trace of one journey: ``id`` has 32 hexadecimal digits; ``sampled`` says whether the shop should keep it.

    The same ``run`` and ``number`` give the same trace; no two runs have one in common. ``share`` is between 0 and 1.
    """

    __slots__ = ("_flags", "_span", "_start", "id", "sampled")

    def __init__(self, run: str, number: int, share: float) -> None:
        digest = blake2b(f"{run} {number}".encode(), digest_size=28).digest()
        self.id = digest[:16].hex()
        self.sampled = int.from_bytes(digest[16:20], "big") < share * _SAMPLES
        self._flags = "-01" if self.sampled else "-00"
        self._span = int.from_bytes(digest[20:], "big") % _SPANS
        self._start = f"00-{self.id}-{self._span >> 8:014x}"

    def parent(self) -> str:
        """The value of the header for the next request: a span of its own, never 0."""
        self._span = span = self._span + 1
        if not span & 0xFF:
            self._start = f"00-{self.id}-{span >> 8:014x}"
        return self._start + _LAST[span & 0xFF] + self._flags
