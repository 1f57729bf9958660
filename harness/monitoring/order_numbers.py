"""Notices an order number that was handed out twice, in one process and across all of them.

Each process knows the numbers that its own shoppers were given. That another one was given the same shows at the end, when
each worker's last word brings its numbers as digests of eight bytes: a million of them take eight megabytes, and that two
different ones look alike happens once in thirty million such runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

MAX_REMEMBERED = 1_000_000
"""Order numbers remembered by a process; an hour at 250 orders a second."""
DIGEST_SIZE = 8
"""Bytes of a digest."""


class OrderNumberRegister:
    """Knows which order numbers have been handed out already; the oldest are forgotten first."""

    def __init__(self, most: int = MAX_REMEMBERED) -> None:
        self._seen: dict[str, None] = {}
        self._most = most

    def is_new(self, number: str) -> bool:
        """Whether this number has not been seen before; from now on it has."""
        if number in self._seen:
            return False
        if len(self._seen) >= self._most:
            del self._seen[next(iter(self._seen))]
        self._seen[number] = None
        return True

    def digests(self) -> bytes:
        """The digests of all numbers, one after the other."""
        return b"".join(blake2b(number.encode(), digest_size=DIGEST_SIZE).digest() for number in self._seen)


def duplicates_across_workers(told: Iterable[bytes]) -> int:
    """How many numbers more than one process was given; each process has told its digests, none twice."""
    once: set[bytes] = set()
    twice: set[bytes] = set()
    for digests in told:
        own = {digests[place : place + DIGEST_SIZE] for place in range(0, len(digests), DIGEST_SIZE)}
        twice |= own & once
        once |= own
    return len(twice)
