"""Reads durations, rates, shares and weights. Inside, durations are in seconds and rates per second.

| kind     | written                                       | inside           |
|----------|-----------------------------------------------|------------------|
| duration | ``"800ms"``, ``"5s"``, ``"2m"``, ``"1h30m"``, or seconds as a number | seconds |
| rate     | ``"20/s"``, ``"600/min"``, ``"1200/h"``, or a number per second    | per second |
| share    | ``0.05`` or ``"5%"``                          | 0 to 1           |
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from harness.units import DURATIONS, MAX_DURATION, MAX_RATE, parse_duration

_NUMBER = r"\d+(?:\.\d+)?"
_RATE_UNITS = {**DURATIONS, "sec": 1.0}
_RATE = re.compile(rf"({_NUMBER})\s*/\s*({'|'.join(_RATE_UNITS)})")
_PERCENT = re.compile(rf"({_NUMBER})\s*%")

SLOWEST = 1e-6
"""The lowest rate above 0, per second: about one arrival in eleven days."""

HEAVIEST = 1e12
"""The highest weight. Sums of weights stay exact enough."""

_A_DURATION = 'a duration such as "800ms", "5s", "2m" or "1h30m", or seconds as a number'
_A_RATE = 'a rate such as "20/s" or "600/min", or a number per second'
_A_SHARE = 'a share from 0 to 1, or a percentage such as "5%"'


class InvalidQuantity(ValueError):
    """A value that is not such a quantity: what was expected, and a remedy if there is one."""

    def __init__(self, expected: str, remedy: str = "") -> None:
        super().__init__(expected)
        self.expected = expected
        self.remedy = remedy


def seconds(value: Any) -> float:
    """Read a duration of at least 0, in seconds; raises ``InvalidQuantity``."""
    if isinstance(value, str):
        text = value.strip().lower()
        if (duration := parse_duration(text)) is None:
            raise InvalidQuantity(_A_DURATION, _unit_missing(text, "s"))
        found = duration.seconds
    else:
        found = _number(value, _A_DURATION)
    if found > MAX_DURATION:
        raise InvalidQuantity(
            f"a duration of at most {MAX_DURATION / 86_400:.0f} days ({MAX_DURATION / 3600:.0f}h)", "shorten it"
        )
    return found


def positive_seconds(value: Any) -> float:
    """Read a duration above 0, in seconds; raises ``InvalidQuantity``."""
    if (found := seconds(value)) <= 0:
        raise InvalidQuantity("a duration longer than 0")
    return found


def per_second(value: Any) -> float:
    """Read a rate of at least 0, per second; raises ``InvalidQuantity``."""
    if isinstance(value, str):
        text = value.strip().lower()
        if (match := _RATE.fullmatch(text)) is None:
            raise InvalidQuantity(_A_RATE, _unit_missing(text, "/s"))
        found = float(match[1]) / _RATE_UNITS[match[2]]
    else:
        found = _number(value, _A_RATE)
    if found > MAX_RATE:
        raise InvalidQuantity(f"a rate of at most {MAX_RATE:.0f}/s", "lower it")
    return found


def positive_per_second(value: Any) -> float:
    """Read a rate above 0, per second; raises ``InvalidQuantity``."""
    if (found := per_second(value)) < SLOWEST:
        raise InvalidQuantity("a rate above 0" if found == 0 else f"a rate of at least {SLOWEST * 86_400:.2g} a day")
    return found


def share(value: Any) -> float:
    """Read a share, 0 to 1; raises ``InvalidQuantity``."""
    if isinstance(value, str):
        if (match := _PERCENT.fullmatch(value.strip())) is None:
            raise InvalidQuantity(_A_SHARE)
        found = float(match[1]) / 100
    else:
        found = _number(value, _A_SHARE)
    if found > 1:
        meant = "" if isinstance(value, str) else f'write "{found:g}%" if you mean a percentage'
        raise InvalidQuantity(_A_SHARE, meant)
    return found


def weight(value: Any) -> float:
    """Read a weight: a finite number from 0; raises ``InvalidQuantity``."""
    if (found := _number(value, "a number from 0")) > HEAVIEST:
        raise InvalidQuantity(f"a number from 0 to {HEAVIEST:.0e}")
    return found


def _number(value: Any, expected: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidQuantity(expected)
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise InvalidQuantity(f"{expected}, not infinite")
    if found < 0:
        raise InvalidQuantity(expected)
    return found


def _unit_missing(text: str, unit: str) -> str:
    if unit == "/s" and re.fullmatch(_NUMBER, text):
        return f'write "{text}/s", or "{text}/min"'
    return f'write "{text}{unit}"' if re.fullmatch(_NUMBER, text) else ""


def _validator(read: Any) -> BeforeValidator:
    def validate(value: Any) -> float:
        try:
            found: float = read(value)
        except InvalidQuantity as error:
            raise PydanticCustomError(
                "quantity", "{expected}", {"expected": error.expected, "remedy": error.remedy}
            ) from None
        return found

    return BeforeValidator(validate)


Seconds = Annotated[float, _validator(seconds)]
PositiveSeconds = Annotated[float, _validator(positive_seconds)]
PerSecond = Annotated[float, _validator(per_second)]
PositivePerSecond = Annotated[float, _validator(positive_per_second)]
Share = Annotated[float, _validator(share)]
Weight = Annotated[float, _validator(weight)]
