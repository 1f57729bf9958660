"""What was made of the heads of replies, to be found again by their very bytes.

A reply is looked up here only where it came whole, in one piece: then its head and its length say all that there is to
know of it but the body, and llhttp, asked again, would say the same. Shared by all connections of a process.
"""

from __future__ import annotations

from typing import NamedTuple

_MOST = 512  # heads; some servers write a number of its own into each, and must not fill the memory
LONGEST = 4096
"""Bytes of a head that is kept, at most."""
END = b"\r\n\r\n"
"""What a head ends with."""


class Known(NamedTuple):
    """What a head says: status, bytes of the whole reply, cookies as sent, location and content codings as sent."""

    status: int
    length: int
    cookies: tuple[bytes, ...]
    location: str
    coding: str


_known: dict[bytes, Known] = {}


find = _known.get
"""What is known of a head, its end included; it holds for a reply of just that length."""


def keep(head: bytes, known: Known) -> None:
    """Remember a head, that of a reply which was whole, in order, of a length that its head gives, and alone."""
    if len(_known) >= _MOST:
        _known.clear()
    _known[head] = known
