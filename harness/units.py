"""Durations, shares and rates as people write and read them; the code uses seconds, fractions and rates per second."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import NamedTuple

DURATIONS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
"""The units of durations, in seconds."""

RATES = {"/s": 1.0, "/min": 60.0, "/h": 3600.0}
"""The units of rates, and the seconds of each."""

MAX_DURATION = 30 * 86_400.0
"""The longest duration that a scenario may set, in seconds: thirty days."""

MAX_RATE = 100_000.0
"""The highest rate per second that a scenario may set: several times what one machine can generate."""

_DURATION_PART = re.compile(
    rf"(\d+(?:[._]\d+)*(?:[eE][+-]?\d+)?)\s*({'|'.join(sorted(DURATIONS, key=len, reverse=True))})\s*"
)
_QUANTITY = re.compile(r"(?P<number>[+-]?\d+(?:[._]\d+)*(?:[eE][+-]?\d+)?)\s*(?P<unit>\S.*)?")


def quantity(text: str) -> tuple[float, str] | None:
    """A number and its unit (``""`` without one): ``"300 ms"`` is ``(300.0, "ms")``; None for any other text."""
    match = _QUANTITY.fullmatch(text.strip())
    if match is None:
        return None
    try:
        number = float(match["number"])
    except ValueError:
        return None
    return (number, re.sub(r"\s+", "", match["unit"] or "")) if math.isfinite(number) else None


class Duration(NamedTuple):
    """A duration in seconds, and its text without blanks: ``300ms``, ``1h30m``."""

    seconds: float
    text: str


def parse_duration(text: str) -> Duration | None:
    """Read a duration such as ``"800ms"``, ``"2m"`` or ``"1h30m"``; ``None`` for any other text.

    This is the grammar of scenario keys, objectives and stop rules.
    """
    remaining, seconds, written = text.strip(), [], ""
    while remaining:
        part = _DURATION_PART.match(remaining)
        try:
            number = math.nan if part is None else float(part[1])
        except ValueError:
            return None
        if part is None or not math.isfinite(number):
            return None
        seconds.append(number * DURATIONS[part[2]])
        written += f"{number:.12g}{part[2]}"
        remaining = remaining[part.end() :]
    return Duration(math.fsum(seconds), written) if seconds else None


def format_duration(seconds: float) -> str:
    """``0.2124`` is ``"212 ms"``, ``1.5`` is ``"1.5 s"``, ``inf`` is ``"never"``."""
    if math.isinf(seconds):
        return "never"
    if seconds < 0.01:  # noqa: PLR2004  below ten milliseconds the first decimal matters
        return f"{seconds * 1e3:.2g} ms"
    if seconds < 0.9995:  # noqa: PLR2004  above that it would round to 1000 ms
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


def closest_name(wrong: str, known: Iterable[str]) -> str:
    """The known name that is spelled most like a wrong one, upper or lower case alike; empty if none is close."""
    lowered = {name.lower().replace("-", "_"): name for name in known}
    close = get_close_matches(wrong.lower().replace("-", "_"), list(lowered), n=1, cutoff=0.6)
    return lowered[close[0]] if close else ""


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """The remedy for a misspelled name: the closest name, or else a list of the known names, twenty at most."""
    names = sorted(set(known))
    if not names:
        return "there are none"
    if close := closest_name(wrong, names):
        return f"did you mean {close}?"
    return f"there are {', '.join(names[:20])}{', …' if len(names) > 20 else ''}"  # noqa: PLR2004
