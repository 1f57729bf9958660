"""Detects an order number that the shop used twice, in one process and across all workers.

Each process remembers the order numbers of its own shoppers. At the end, each worker sends them as digests of eight bytes,
and the master compares them. A million digests take eight megabytes; two different numbers have the same digest in one of
thirty million such runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

MAX_REMEMBERED = 1_000_000
"""The most order numbers that a process remembers: an hour at 250 orders a second."""
DIGEST_SIZE = 8
"""Bytes of a digest."""


class OrderNumberRegister:
    """Remembers the order numbers seen so far; forgets the oldest ones first."""

    def __init__(self, most: int = MAX_REMEMBERED) -> None:
        self._seen: dict[str, None] = {}
        self._most = most

    def is_new(self, number: str) -> bool:
        """Whether this number is new; remembers it."""
        if number in self._seen:
            return False
        if len(self._seen) >= self._most:
            del self._seen[next(iter(self._seen))]
        self._seen[number] = None
        return True

    def digests(self) -> bytes:
        """The digests of all numbers, one after the other."""
        return b"".join(blake2b(number.encode(), digest_size=DIGEST_SIZE).digest() for number in self._seen)


def duplicates_across_workers(sent: Iterable[bytes]) -> int:
    """How many numbers occur in the digests of more than one process."""
    once: set[bytes] = set()
    twice: set[bytes] = set()
    for digests in sent:
        own = {digests[place : place + DIGEST_SIZE] for place in range(0, len(digests), DIGEST_SIZE)}
        twice |= own & once
        once |= own
    return len(twice)
