"""What was made of the heads of replies, to be found again by their very bytes.

A reply is looked up here only where it came whole, in one piece: then its head and its length say all that there is to
know of it but the body, and llhttp, asked again, would say the same. Shared by all connections of a process.
"""

from __future__ import annotations

from typing import NamedTuple

_MOST = 512  # heads; some servers write a number of its own into each, and must not fill the memory
_LONGEST = 4096  # bytes of one head


class Known(NamedTuple):
    """What a head says: status, bytes of the whole reply, cookies as sent, location and content codings as sent."""

    status: int
    length: int
    cookies: tuple[bytes, ...]
    location: str
    coding: str


_known: dict[bytes, Known] = {}


def head_of(data: bytes) -> bytes:
    """The head that these first bytes of a reply begin with, its end included; empty if it is not whole, or too long."""
    at = data.find(b"\r\n\r\n", 0, _LONGEST)
    return data[: at + 4] if at >= 0 else b""


def find(head: bytes, length: int, largest: int) -> Known | None:
    """What is known of this head, if its reply is as long as the bytes at hand (``length``) and its body not too large."""
    known = _known.get(head)
    return known if known is not None and known.length == length and length - len(head) <= largest else None


def keep(head: bytes, known: Known) -> None:
    """Remember a head, that of a reply which was whole, in order, of a length that its head gives, and alone."""
    if len(_known) >= _MOST:
        _known.clear()
    _known[head] = known
