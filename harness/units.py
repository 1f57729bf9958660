"""Durations, shares and rates as people write and read them; inside they are seconds, fractions and per second."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from difflib import get_close_matches

DURATIONS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
"""What a duration may be followed by, in seconds."""

RATES = {"/s": 1.0, "/min": 60.0, "/h": 3600.0}
"""What a rate may be followed by, and how many seconds it speaks of."""

MAX_DURATION = 30 * 86_400.0
"""The longest duration that can be asked for, in seconds: thirty days."""

MAX_RATE = 100_000.0
"""The highest rate that can be asked for, a second: some times what one machine can put on."""

_QUANTITY = re.compile(r"(?P<number>[+-]?\d+(?:[._]\d+)*(?:[eE][+-]?\d+)?)\s*(?P<unit>\S.*)?")


def quantity(text: str) -> tuple[float, str] | None:
    """A number and the unit behind it (``""`` without one): ``"300 ms"`` is ``(300.0, "ms")``; None if it is neither."""
    match = _QUANTITY.fullmatch(text.strip())
    if match is None:
        return None
    try:
        number = float(match["number"])
    except ValueError:
        return None
    return (number, re.sub(r"\s+", "", match["unit"] or "")) if math.isfinite(number) else None


def format_duration(seconds: float) -> str:
    """``0.2124`` is ``"212 ms"``, ``1.5`` is ``"1.5 s"``, ``inf`` is ``"never"``."""
    if math.isinf(seconds):
        return "never"
    if seconds < 0.01:  # noqa: PLR2004  below ten milliseconds the first decimal tells something
        return f"{seconds * 1e3:.2g} ms"
    if seconds < 0.9995:  # noqa: PLR2004  what rounds to a thousand milliseconds is a second
        return f"{seconds * 1e3:.0f} ms"
    return f"{seconds:.3g} s" if seconds < 100 else f"{seconds:,.0f} s"  # noqa: PLR2004


def format_percent(share: float) -> str:
    """``0.0512`` is ``"5.1 %"``; three digits from 99 % on, where they matter."""
    percent = share * 100
    return f"{percent:.4g} %" if percent > 99 else f"{percent:.2g} %"  # noqa: PLR2004


def format_number(number: float) -> str:
    """``1204`` is ``"1,204"``, ``20.25`` is ``"20.2"``."""
    return f"{number:,.0f}" if number >= 1000 or number == int(number) else f"{number:.3g}"  # noqa: PLR2004


def format_count(number: float, singular: str, plural: str = "") -> str:
    """A number with its noun, as ``1 order`` or ``2,000 orders``; ``plural`` is the singular with an ``s`` unless given."""
    return f"{format_number(number)} {singular if number == 1 else plural or singular + 's'}"


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """A remedy for a misspelt name: the one most like it, or else all there are (up to twenty)."""
    names = sorted(set(known))
    if not names:
        return "there are none"
    lowered = {name.lower(): name for name in names}
    close = get_close_matches(wrong.lower(), list(lowered), n=1, cutoff=0.5)
    if close:
        return f"did you mean {lowered[close[0]]}?"
    return f"there are {', '.join(names[:20])}{', …' if len(names) > 20 else ''}"  # noqa: PLR2004
