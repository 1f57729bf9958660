"""What was made of the heads of replies, to be found again by their very bytes.

A reply is looked up here only where it came whole, in one piece: then its head and its length say all that there is to
know of it but the body, and llhttp, asked again, would say the same. Cookies are cut out of it first, as a shop hands each
shopper others: lines that begin and end as such lines do, and hold nothing that could end a line. Shared by all connections of a process.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_MOST = 512  # heads; some servers write a number of its own into each, and must not fill the memory
MAX_CACHED_HEAD = 4096
"""Bytes of a head that is kept, at most."""
HEAD_END = b"\r\n\r\n"
"""What a head ends with."""
# A line that is folded (it begins with a blank) may belong to a cookie that is not there any more.
_FOLDED = re.compile(rb"\r\n[ \t]")
_COOKIE = re.compile(rb"\r\n[Ss]et-[Cc]ookie: (?! )([ -~]*[!-~])(?=\r\n)")


class CachedHead(NamedTuple):
    """What a head without its cookies says: status, bytes of the body, location and content codings as sent, media type."""

    status: int
    size: int
    location: str
    coding: str
    media: str


_known: dict[bytes, CachedHead] = {}


lookup = _known.get
"""What is known of a head without its cookies, its end included; it holds for a body of just that size."""


def split_cookies(head: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    """A head without its cookies, and those, as far as they are written as nearly all are."""
    pieces = _COOKIE.split(head)
    return b"".join(pieces[::2]), tuple(pieces[1::2])


def store(head: bytes, known: CachedHead) -> None:
    """Remember a head without its cookies, that of a reply which was whole, in order, of a length that its head gives, and alone."""
    if _FOLDED.search(head):
        return
    if len(_known) >= _MOST:
        _known.clear()
    _known[head] = known
