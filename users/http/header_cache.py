"""A cache of parsed response heads, found by their bytes and shared by all connections of a process.

A response is looked up only if it arrived whole, in one piece. Then its head and its length say everything about it
except the body, and llhttp would say the same again. Cookies are cut out of the head first, because each user gets
different ones: lines that start and end as cookie lines do, and hold nothing that could end a line.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_MOST: Final = 512  # heads; some servers write a different number into each, and must not fill the memory
MAX_CACHED_HEAD: Final = 4096
"""The largest head that is cached, in bytes."""
HEAD_END: Final = b"\r\n\r\n"
"""The end of a head."""
# A folded line (it starts with a blank) may belong to a cookie that is cut out.
_FOLDED: Final = re.compile(rb"\r\n[ \t]")
_COOKIE: Final = re.compile(rb"\r\n[Ss]et-[Cc]ookie: (?! )([ -~]*[!-~])(?=\r\n)")


class CachedHead(NamedTuple):
    """What a head says, without its cookies; ``size`` is the length of the body, ``location`` and ``coding`` are as sent."""

    status: int
    size: int
    location: str
    coding: str
    media: str


_known: Final[dict[bytes, CachedHead]] = {}


lookup: Final = _known.get
"""The cached content of a head (without its cookies, with its end); valid only for a body of exactly that size."""


def split_cookies(head: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    """A head without its cookies, and the cookies; only cookies that are written in the usual way are cut out."""
    pieces = _COOKIE.split(head)
    return b"".join(pieces[::2]), tuple(pieces[1::2])


def store(head: bytes, known: CachedHead) -> None:
    """Cache a head without its cookies. Its response must be whole, correct, alone, and have its length in the head."""
    if _FOLDED.search(head):
        return
    if len(_known) >= _MOST:
        _known.clear()
    _known[head] = known
