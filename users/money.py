"""Amounts of money as the shop writes them, and as receipts count them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import lru_cache

_LARGEST_EXPONENT = 15


def amount(value: object) -> Decimal | None:
    """The amount written in a reply, ``"62.99"`` or a number; ``None`` if it is none."""
    if type(value) is str:
        return _read(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    try:
        return _read(str(value))
    except ValueError:  # an integer too long to be written
        return None


@lru_cache(1024)  # a shop writes the same amount on page after page
def _read(text: str) -> Decimal | None:
    try:
        read = Decimal(text)
    except InvalidOperation:
        return None
    # A hostile "1e999999999" would fill the memory as soon as somebody counts its hundredths.
    return read if read.is_finite() and abs(read.adjusted()) <= _LARGEST_EXPONENT else None


def hundredths(value: Decimal) -> int:
    """An amount as a whole number of hundredths, rounded half to even."""
    return int((value * 100).to_integral_value())
