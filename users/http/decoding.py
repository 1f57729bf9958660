"""Decompresses the body of a response, and never more of it than is allowed."""

from __future__ import annotations

import zlib
from types import ModuleType

try:
    import brotli  # type: ignore[import-untyped]
except ImportError:
    _brotli: ModuleType | None = None
else:
    _brotli = brotli

ACCEPT_ENCODING = "gzip, deflate, br" if _brotli is not None else "gzip, deflate"
"""The value of ``Accept-Encoding``: the codings that this client can decode."""

_MOST = 3  # codings on top of each other; more than one is rare, and each takes time
_MOST_MEMBERS = 100  # gzip files one after the other in a body; for each, the rest of the body is copied


class Undecodable(Exception):
    """The body is not what its ``Content-Encoding`` says, or has a coding that this client did not offer."""


class TooLarge(Exception):
    """The decoded body would be larger than allowed."""


def decode(body: bytes, codings: str, largest: int) -> bytes:
    """The body without its codings (the value of ``Content-Encoding``); at most ``largest`` bytes.

    Raises ``Undecodable`` and ``TooLarge``. An empty body stays empty.
    """
    names = [name for name in (part.strip().lower() for part in codings.split(",")) if name not in ("", "identity")]
    if len(names) > _MOST:
        raise Undecodable
    for name in reversed(names):
        if not body:
            break
        if name in ("gzip", "x-gzip"):
            body = _gunzipped(body, largest)
        elif name == "deflate":
            body = _deflated(body, largest)
        elif name == "br" and _brotli is not None:
            body = _unbrotli(_brotli, body, largest)
        else:
            raise Undecodable
    return body


def _gunzipped(body: bytes, largest: int) -> bytes:
    parts: list[bytes] = []
    room = largest
    for _ in range(_MOST_MEMBERS):
        part, body = _inflated(body, room, 31)
        room -= len(part)
        parts.append(part)
        if not body:
            return b"".join(parts)
    raise Undecodable


def _deflated(body: bytes, largest: int) -> bytes:
    try:
        part, remainder = _inflated(body, largest, 15)
    except Undecodable:
        # Some servers leave out the two bytes of the zlib header.
        part, remainder = _inflated(body, largest, -15)
    if remainder:
        raise Undecodable
    return part


def _inflated(body: bytes, room: int, window: int) -> tuple[bytes, bytes]:
    """The decompressed first stream of a body, and the bytes behind it."""
    inflating = zlib.decompressobj(window)
    try:
        part = inflating.decompress(body, room + 1)
    except zlib.error:
        raise Undecodable from None
    if len(part) > room:
        raise TooLarge
    if not inflating.eof:
        raise Undecodable
    return part, inflating.unused_data


def _unbrotli(module: ModuleType, body: bytes, largest: int) -> bytes:
    inflating = module.Decompressor()
    parts: list[bytes] = []
    room = largest
    try:
        part = inflating.process(body, output_buffer_limit=room + 1)
        while True:
            room -= len(part)
            if room < 0:
                raise TooLarge
            parts.append(part)
            if inflating.is_finished():
                return b"".join(parts)
            if inflating.can_accept_more_data():
                raise Undecodable
            part = inflating.process(b"", output_buffer_limit=room + 1)
    except module.error:
        raise Undecodable from None
