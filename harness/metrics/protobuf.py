"""Encodes messages as Protocol Buffers, as far as the formats of Prometheus need it.

A field is its number and type, then its value (https://protobuf.dev/programming-guides/encoding). A missing field means 0
or an empty text, so such values may be written or left out.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

_DOUBLE = struct.Struct("<d").pack


def varint(number: int) -> bytes:
    """A whole number from 0 on, with seven bits in each byte."""
    written = bytearray()
    while number > 0x7F:  # noqa: PLR2004  seven bits
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def zigzag(number: int) -> int:
    """A whole number mapped to one from 0 on: 0, -1, 1, -2 become 0, 1, 2, 3."""
    return (number << 1) ^ (number >> 63)


def uint_field(field: int, number: int) -> bytes:
    """A field with a whole number from 0 on."""
    return varint(field << 3) + varint(number)


def sint_field(field: int, number: int) -> bytes:
    """A field of kind ``sint32`` or ``sint64``."""
    return uint_field(field, zigzag(number))


def double_field(field: int, number: float) -> bytes:
    """A field with a floating-point number."""
    return varint(field << 3 | 1) + _DOUBLE(number)


def bytes_field(field: int, content: bytes) -> bytes:
    """A field with a message, or with bytes."""
    return varint(field << 3 | 2) + varint(len(content)) + content


def string_field(field: int, content: str) -> bytes:
    """A field with a text."""
    return bytes_field(field, content.encode())


def packed_sint_field(field: int, numbers: Iterable[int]) -> bytes:
    """A packed field of kind ``sint64``."""
    return bytes_field(field, b"".join(varint(zigzag(number)) for number in numbers))
