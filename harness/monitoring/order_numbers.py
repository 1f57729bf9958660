"""Detects an order number that the shop used twice, in one process and across all workers.

Each process remembers the order numbers of its own shoppers as digests of eight bytes. At the end, each worker sends them, and
the master compares them. A million digests take eight megabytes; two different numbers have the same digest in one of thirty
million such runs.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from hashlib import blake2b

MAX_REMEMBERED = 1 << 20
"""The most order numbers that a process remembers: an hour at 290 orders a second."""
DIGEST_SIZE = 8
"""Bytes of a digest."""
_SHELF = 64  # digests that are searched for one number; the fewer, the more uneven the shelves fill
_EMPTY = 0


class OrderNumberRegister:
    """Remembers the order numbers seen so far, in memory that does not grow; forgets about the oldest ones first.

    The table has shelves. The digest of a number says which shelf it belongs to; the latest digest comes first in its shelf.
    """

    def __init__(self, most: int = MAX_REMEMBERED) -> None:
        self._size = min(_SHELF, most)
        self._shelves = most // self._size
        self._table = array("Q")

    def is_new(self, number: str) -> bool:
        """Whether this number is new; remembers it."""
        if not self._table:
            self._table = array("Q", [_EMPTY]) * (self._size * self._shelves)
        digest = int.from_bytes(blake2b(number.encode(), digest_size=DIGEST_SIZE).digest()) or 1
        first = digest % self._shelves * self._size
        shelf = self._table[first : first + self._size]
        if digest in shelf:
            return False
        shelf.insert(0, digest)
        self._table[first : first + self._size] = shelf[:-1]
        return True

    def digests(self) -> bytes:
        """The digests of all numbers, one after the other."""
        return array("Q", filter(None, self._table)).tobytes()


def duplicates_across_workers(sent: Iterable[bytes]) -> int:
    """How many numbers occur in the digests of more than one process."""
    once: set[bytes] = set()
    twice: set[bytes] = set()
    for digests in sent:
        own = {digests[place : place + DIGEST_SIZE] for place in range(0, len(digests), DIGEST_SIZE)}
        twice |= own & once
        once |= own
    return len(twice)
