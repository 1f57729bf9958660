"""Amounts of money: read as the shop writes them, counted in hundredths for receipts."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import lru_cache

_LARGEST_EXPONENT = 15
_MAX_CACHED_TEXT = 32  # characters; a thousand long texts in the cache could fill the memory


def amount(value: object) -> Decimal | None:
    """The amount in a response, written as ``"62.99"`` or as a number; ``None`` if it is none."""
    if type(value) is str:
        return _cached(value) if len(value) <= _MAX_CACHED_TEXT else _read(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    try:
        return amount(str(value))
    except ValueError:  # Python refuses to write an integer this long
        return None


def _read(text: str) -> Decimal | None:
    try:
        read = Decimal(text)
    except InvalidOperation:
        return None
    # A hostile "1e999999999" would fill the memory once its hundredths are counted.
    return read if read.is_finite() and abs(read.adjusted()) <= _LARGEST_EXPONENT else None


_cached = lru_cache(1024)(_read)  # a shop writes the same amount on page after page


def hundredths(value: Decimal) -> int:
    """An amount as a whole number of hundredths, rounded half to even."""
    return int((value * 100).to_integral_value())
