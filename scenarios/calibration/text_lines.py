"""Reads lines in the common and the combined log format, with usual additions at their end.

These are: the duration, as a bare number (``0.012`` in seconds from nginx, ``12000`` in microseconds from Apache) or as
``rt=``; the session, as ``session=`` or inside a logged cookie; and ``msec=``, a finer time.
"""

from __future__ import annotations

import re

from scenarios.calibration.logged_request import (
    DurationUnit,
    LoggedRequest,
    SessionNumbers,
    StampedAt,
    checked_duration,
    request_span,
)
from scenarios.calibration.timestamps import parse_common_log_time

# Every pattern takes linear time, also on hostile lines: possessive quantifiers (++) never backtrack, and an open quote
# reaches to the end.
_LINE = re.compile(
    r"^(?:\S+?:\d+ )?(?P<host>\S++) \S++ .*?\[(?P<moment>[^\]]{20,40})\] "
    r'"(?P<method>[A-Z]+) (?P<target>(?:[^\s"\\]|\\.)++)(?:[^"\\]|\\.)*+" (?P<status>\d{3}) (?:\d+|-)(?P<rest>.*)$'
)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)(?:"|\\?$)')
_NUMBER = re.compile(r"(?:^|\s)(\d+(?:\.\d+)?)(?=\s|$)")
_TOOK = re.compile(r"\b(?:rt|request_time|time|duration|took)=\"?(\d+(?:\.\d+)?)")
_MOMENT = re.compile(r"\bmsec=\"?(\d{9,}\.\d+)")
_NO_SESSION = frozenset({"", "-"})


class TextLines:
    """Reads lines in the common and the combined format.

    ``cookie`` is the name of the session cookie; ``keys`` are other words that can stand before the session. ``stamped`` and
    ``unit`` say how to read times and durations; with ``None``, the form of the number decides.
    """

    def __init__(
        self,
        anonymous: SessionNumbers,
        cookie: str,
        keys: tuple[str, ...],
        *,
        stamped: StampedAt | None = None,
        unit: DurationUnit | None = None,
    ) -> None:
        self._anonymous = anonymous
        names = "|".join(re.escape(name) for name in (cookie, *keys))
        self._session = re.compile(rf'\b(?:{names})=("?)(?P<value>[^\s";,]+)')
        self._stamped = stamped
        self._unit = unit

    def read(self, line: str) -> LoggedRequest:
        """Read a line; raises ``ValueError`` if it is not of this kind."""
        found = _LINE.match(line)
        if found is None:
            raise ValueError("not in the common or combined form")
        moment, tail = parse_common_log_time(found["moment"]), found["rest"]
        fine = _MOMENT.search(tail)
        took, whole = self._duration(tail)
        stamped = self._stamped or (StampedAt.START if whole else StampedAt.END)
        came, done = request_span(float(fine[1]) if fine else moment, took, stamped)
        session = self._session.search(tail)
        value = session["value"] if session else ""
        by_cookie = value not in _NO_SESSION
        if by_cookie:
            who = self._anonymous.number("session", value)
        else:
            quoted = _QUOTED.findall(tail)
            who = self._anonymous.number("address", found["host"], quoted[1] if len(quoted) > 1 else "")
        return LoggedRequest(
            came,
            done,
            found["method"],
            found["target"],
            int(found["status"]),
            who,
            by_cookie=by_cookie,
            has_duration=took is not None,
            has_subseconds=fine is not None,
        )

    def _duration(self, tail: str) -> tuple[float | None, bool]:
        """The duration in seconds if there is one, and whether it is a whole number, as from Apache."""
        found = _TOOK.search(tail)
        if found is None:
            found = _NUMBER.search(_QUOTED.sub('""', tail))
        if found is None:
            return None, False
        whole = "." not in found[1]
        unit = self._unit or (DurationUnit.MICROSECONDS if whole else DurationUnit.SECONDS)
        return checked_duration(float(found[1]) * unit.seconds), whole and self._unit is not DurationUnit.SECONDS
