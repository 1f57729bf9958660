"""Marks the requests of a journey as one trace (W3C ``traceparent``), so that a slow page can be found in the shop's traces.

The last two digits ask the shop to keep the trace. The scenario sets them for a share of the journeys.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import Final

_SAMPLES: Final = 1 << 32
_STARTS: Final = 1 << 56
_LAST: Final = [f"{number:02x}" for number in range(256)]


class TraceContext:
    """The trace of one journey: ``id`` has 32 hexadecimal digits; ``sampled`` asks the shop to keep it.

    ``recorded`` says whether anyone wants to know of its pages: of a sampled trace, or with ``keep`` of each. ``span_id`` is the span
    of the journey itself, which no request has. The same ``run`` and ``number`` give the same trace; no two runs share one. ``share`` is between 0 and 1.
    """

    __slots__ = ("_end", "_span", "_spans", "_start", "id", "recorded", "sampled", "span_id")

    def __init__(self, run: str, number: int, share: float, *, keep: bool = False) -> None:
        hashed = _hash_of(run).copy()
        hashed.update(b"%d" % number)
        digits = hashed.hexdigest()
        self.id = digits[:32]
        self.sampled = share > 0 and int(digits[32:40], 16) < share * _SAMPLES
        self.recorded = self.sampled or keep
        self._spans = digits[40:54]
        self.span_id = f"{self._spans}00"
        self._start = f"00-{self.id}-{self._spans}"
        self._end = "-01" if self.sampled else "-00"
        self._span = 0

    def next_header(self) -> str:
        """The header's value for the next request: a new span, never 0."""
        self._span += 1
        if self._span == len(_LAST):
            self._spans = f"{(int(self._spans, 16) + 1) % _STARTS:014x}"
            self._start = f"00-{self.id}-{self._spans}"
            self._span = 1
        return f"{self._start}{_LAST[self._span]}{self._end}"


@lru_cache(4)
def _hash_of(run: str) -> blake2b:
    return blake2b(f"{run} ".encode(), digest_size=28)
