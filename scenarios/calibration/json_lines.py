"""Reads lines that are JSON objects. Keys have one of their usual names, or the names that the user gives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from scenarios.calibration.logged_request import (
    DurationUnit,
    LoggedRequest,
    SessionNumbers,
    StampedAt,
    checked_duration,
    request_span,
    status_of,
)
from scenarios.calibration.timestamps import parse_timestamp

USUAL_KEYS: Mapping[str, tuple[str, ...]] = {
    "time": (
        *("msec", "time", "timestamp", "@timestamp", "ts", "time_iso8601", "time_local", "datetime", "start"),
        *("StartUTC", "StartLocal"),
    ),
    "request": ("request", "request_line"),
    "method": ("method", "request_method", "http_method", "verb", "RequestMethod"),
    "path": ("path", "request_uri", "uri", "url", "target", "RequestPath"),
    "status": ("status", "status_code", "code", "response_code", "DownstreamStatus"),
    "took": ("request_time", "duration", "took", "rt", "elapsed", "response_time", "latency", "duration_ms", "took_ms"),
    "session": ("session", "session_id", "sid"),
    "cookie": ("cookie", "cookies", "http_cookie"),
    "address": ("remote_addr", "ip", "client_ip", "remote_ip", "client", "ClientHost"),
    "agent": ("http_user_agent", "user_agent", "agent", "ua"),
}
"""The keys that are read, and their usual names."""

_REQUEST = re.compile(r"^([A-Z]+) (\S+)")
_ORIGIN = re.compile(r"^[a-z]+://[^/]+")
_NO_SESSION = frozenset({"", "-", "None", "null"})


class JsonLines:
    """Reads JSON lines. ``keys`` are the user's names, with dots for nested keys; the other arguments are as for ``TextLines``."""

    def __init__(
        self,
        anonymous: SessionNumbers,
        cookie: str,
        keys: Mapping[str, str],
        *,
        stamped: StampedAt | None = None,
        unit: DurationUnit | None = None,
    ) -> None:
        self._anonymous = anonymous
        usual = {**USUAL_KEYS, "session": (cookie, f"cookie_{cookie}", *USUAL_KEYS["session"])}
        self._keys = {name: (keys[name],) if name in keys else names for name, names in usual.items()}
        self._cookie = re.compile(rf"\b{re.escape(cookie)}=([^\s;,]+)")
        self._stamped = stamped or StampedAt.END
        self._unit = unit

    def read(self, line: str) -> LoggedRequest:
        """Read a line; raises ``ValueError`` if it is not an object, or has no time, path or status."""
        row = orjson.loads(line)
        if not isinstance(row, dict):
            raise ValueError("not an object")  # noqa: TRY004 - a line that is wrong, like any other
        stamp = self._find(row, "time")[1]
        method, target = self._method_and_path(row)
        took = self._duration(row)
        came, done = request_span(parse_timestamp(stamp), took, self._stamped)
        by_cookie, who = self._session_number(row)
        return LoggedRequest(
            came,
            done,
            method,
            _ORIGIN.sub("", target) or "/",
            status_of(self._find(row, "status")[1]),
            who,
            by_cookie=by_cookie,
            has_duration=took is not None,
            has_subseconds=isinstance(stamp, float) or (isinstance(stamp, str) and "." in stamp),
        )

    def _find(self, row: Mapping[str, Any], what: str) -> tuple[str, Any]:
        for name in self._keys[what]:
            if (value := row.get(name)) is not None or (value := _nested(row, name)) is not None:
                return name, value
        raise ValueError(f"no {what}")

    def _find_optional(self, row: Mapping[str, Any], what: str) -> str:
        try:
            return str(self._find(row, what)[1])
        except ValueError:
            return ""

    def _method_and_path(self, row: Mapping[str, Any]) -> tuple[str, str]:
        if (found := _REQUEST.match(self._find_optional(row, "request"))) is not None:
            return found[1], found[2]
        return self._find_optional(row, "method").upper() or "GET", str(self._find(row, "path")[1])

    def _duration(self, row: Mapping[str, Any]) -> float | None:
        try:
            name, value = self._find(row, "took")
            number = float(value)
        except (ValueError, TypeError):
            return None
        unit = self._unit or (DurationUnit.MILLISECONDS if name.endswith("_ms") else DurationUnit.SECONDS)
        return checked_duration(number * unit.seconds)

    def _session_number(self, row: Mapping[str, Any]) -> tuple[bool, int]:
        session = self._find_optional(row, "session")
        if session in _NO_SESSION and (found := self._cookie.search(self._find_optional(row, "cookie"))) is not None:
            session = found[1]
        if session not in _NO_SESSION:
            return True, self._anonymous.number("session", session)
        return False, self._anonymous.number(
            "address", self._find_optional(row, "address"), self._find_optional(row, "agent")
        )


def _nested(row: Mapping[str, Any], name: str) -> Any:
    value: Any = row
    for part in name.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value
