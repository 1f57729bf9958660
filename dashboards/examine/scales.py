"""Places numbers on an axis, and formats numbers with their units."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

_STEPS = (1, 2, 2.5, 5, 10)
_THOUSAND = 1000.0
_AFTER = {"cps": "/s", "cpm": "/min", "reqps": " req/s", "Bps": "B/s", "bytes": "B"}


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear scale from numbers to pixels."""

    lowest: float
    highest: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The position of a number in pixels, rounded to a tenth."""
        span = (self.highest - self.lowest) or 1.0
        return round(self.start + (value - self.lowest) / span * (self.end - self.start), 1)

    def ticks(self, about: int = 4) -> list[float]:
        """Round numbers between the lowest and the highest."""
        span = (self.highest - self.lowest) or 1.0
        rough = span / about
        power: float = 10.0 ** math.floor(math.log10(rough))
        step = next(one * power for one in _STEPS if one * power >= rough * 0.999)
        first = math.ceil(self.lowest / step - 1e-9)
        return [round(number * step, 12) for number in range(first, math.floor(self.highest / step + 1e-9) + 1)]


def format_value(value: float, unit: str, decimals: int | None = None) -> str:
    """Format a number with its unit: 12 ms, 3.4 %, 1.2 MB."""
    if math.isnan(value):
        return "none"
    if unit == "percentunit":
        return f"{_digits(value * 100, decimals)} %"
    if unit == "s":
        return _seconds(value)
    if unit in {"bytes", "Bps"}:
        size, prefix = value, ""
        for letter in "kMG":
            if abs(size) >= _THOUSAND:
                size, prefix = size / _THOUSAND, letter
        return f"{_digits(size, decimals)} {prefix}{_AFTER[unit]}"
    return f"{_digits(value, decimals)}{_AFTER.get(unit, '')}"


def _digits(value: float, decimals: int | None) -> str:
    if decimals is not None:
        return f"{value:,.{decimals}f}".rstrip("0").rstrip(".") if decimals else f"{value:,.0f}"
    if abs(value) >= 100 or value == int(value):  # noqa: PLR2004 - three digits are enough
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _seconds(value: float) -> str:
    for factor, unit in ((1.0, "s"), (1e-3, "ms")):
        if abs(value) >= factor or unit == "ms":
            return f"{value / factor:.3g} {unit}" if value else "0 s"
    raise AssertionError


def format_time(moment: float) -> str:
    """The time of day in UTC."""
    return time.strftime("%H:%M:%S", time.gmtime(moment))
