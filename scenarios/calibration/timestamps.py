"""Reads the time of a log line in the usual formats, as seconds since the epoch."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
_MILLISECONDS = 1e11  # as seconds, that would be the year 5138
_MICROSECONDS = 1e14
_CLF_LENGTH = 26


def parse_common_log_time(text: str) -> float:
    """Read ``25/Nov/2026:09:00:47 +0000`` as seconds since the epoch; raises ``ValueError``."""
    # Lines of one minute follow each other, so the slow part is cached by the minute.
    return _minute(text[:17], text[20:]) + int(text[18:20])


def parse_timestamp(value: object) -> float:
    """Read a number (seconds, milliseconds or microseconds since the epoch), ISO 8601 or common log time; raises ``ValueError``."""
    if isinstance(value, str):
        text = value.strip()
        if len(text) == _CLF_LENGTH and text[2:3] == "/":
            return parse_common_log_time(text)
        try:
            return _epoch(float(text))
        except ValueError:
            pass
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("no time")  # noqa: TRY004 - it is not a time
    return _epoch(float(value))


def _epoch(number: float) -> float:
    if not math.isfinite(number) or number < 0:
        raise ValueError("no time")
    if number >= _MICROSECONDS:
        return number / 1e6
    return number / 1e3 if number >= _MILLISECONDS else number


@lru_cache(maxsize=256)
def _minute(day_and_minute: str, zone: str) -> float:
    day, month, year = day_and_minute[:2], day_and_minute[3:6], day_and_minute[7:11]
    hour, minute = day_and_minute[12:14], day_and_minute[15:17]
    shift = timedelta(hours=int(zone[-5:-2]), minutes=int(zone[-5] + zone[-2:])) if zone.strip() else timedelta()
    if month not in _MONTHS:
        raise ValueError("no month")
    return datetime(int(year), _MONTHS[month], int(day), int(hour), int(minute), tzinfo=timezone(shift)).timestamp()
