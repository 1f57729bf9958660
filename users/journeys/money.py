"""Amounts of money as the shop writes them, and as receipts count them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import lru_cache

_LARGEST_EXPONENT = 15
_LONGEST_KEPT = 32  # characters; longer ones are read each time, as a thousand of them could fill the memory


def amount(value: object) -> Decimal | None:
    """The amount written in a reply, ``"62.99"`` or a number; ``None`` if it is none."""
    if type(value) is str:
        return _known(value) if len(value) <= _LONGEST_KEPT else _read(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    try:
        return amount(str(value))
    except ValueError:  # an integer too long to be written
        return None


def _read(text: str) -> Decimal | None:
    try:
        read = Decimal(text)
    except InvalidOperation:
        return None
    # A hostile "1e999999999" would fill the memory as soon as somebody counts its hundredths.
    return read if read.is_finite() and abs(read.adjusted()) <= _LARGEST_EXPONENT else None


_known = lru_cache(1024)(_read)  # a shop writes the same amount on page after page


def hundredths(value: Decimal) -> int:
    """An amount as a whole number of hundredths, rounded half to even."""
    return int((value * 100).to_integral_value())
