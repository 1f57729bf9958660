"""Checks the data of each message that the master receives: Locust's messages and ours.

Pure; ``harness/locust_plugin/master_port.py`` reads the messages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from harness.distributed.messages import CLOCK_REPLY, REFUSE, REPORT

LONGEST_VERSION = 60
"""Most characters of a version."""
WORKER_STATES_OF_LOCUST = frozenset({"ready", "spawning", "running", "cleanup", "stopping", "stopped"})
UNREGISTERED_TYPES = frozenset({"client_ready", "locustfile"})
"""Message types that a sender may send before it is registered as a worker."""


class MessageRefused(Exception):
    """A message that no worker can have sent, and why."""


def _nothing(data: Any) -> bool:
    return data is None


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _has_texts(data: Any, *names: str) -> bool:
    return isinstance(data, dict) and all(isinstance(data.get(name), str) for name in names)


def _has_numbers(data: Any, *names: str) -> bool:
    return isinstance(data, dict) and all(_number(data.get(name)) for name in names)


def _version(data: Any) -> bool:
    return data == -1 or (isinstance(data, str) and 0 < len(data) <= LONGEST_VERSION and data.isprintable())


def _users(data: Any) -> bool:
    if not _has_numbers(data, "user_count") or not isinstance(users := data.get("user_classes_count"), dict):
        return False
    return all(isinstance(name, str) and isinstance(n, int) and n >= 0 for name, n in users.items())


def _heartbeat(data: Any) -> bool:
    return (
        _has_texts(data, "state")
        and data["state"] in WORKER_STATES_OF_LOCUST
        and _has_numbers(data, "current_cpu_usage", "current_memory_usage")
    )


def _stats(data: Any) -> bool:
    if not _users(data) or not isinstance(data.get("stats"), list) or not isinstance(data.get("errors"), dict):
        return False
    entries = [*data["stats"], data.get("stats_total")]
    return all(map(_entry, entries)) and all(
        _has_texts(one, "method", "name", "error") and _has_numbers(one, "occurrences")
        for one in data["errors"].values()
    )


def _entry(entry: Any) -> bool:
    """Whether this is an entry of Locust's statistics."""
    counted = (
        *("num_requests", "num_none_requests", "num_failures", "total_response_time", "max_response_time"),
        *("total_content_length", "start_time"),
    )
    tables = ("response_times", "num_reqs_per_sec", "num_fail_per_sec")
    return (
        _has_texts(entry, "name", "method")
        and _has_numbers(entry, *counted)
        and all(
            entry.get(name) is None or _number(entry[name]) for name in ("last_request_timestamp", "min_response_time")
        )
        and {"last_request_timestamp", "min_response_time"} <= entry.keys()
        and all(
            isinstance(table := entry.get(name), dict) and all(map(_number, (*table, *table.values())))
            for name in tables
        )
    )


def _logs(data: Any) -> bool:
    return (
        _has_texts(data, "worker_id")
        and isinstance(logs := data.get("logs"), list)
        and all(isinstance(one, str) for one in logs)
    )


CHECKS_BY_TYPE: Mapping[str, Callable[[Any], bool]] = {
    "client_ready": _version,
    "client_stopped": _nothing,
    "exception": lambda data: _has_texts(data, "msg", "traceback"),
    "heartbeat": _heartbeat,
    "locustfile": lambda data: _has_texts(data, "version") and _version(data["version"]),
    "logs": _logs,
    "quit": _nothing,
    "spawning": _nothing,
    "spawning_complete": _users,
    "stats": _stats,
    REPORT: lambda data: _has_texts(data, "run") and isinstance(data.get("final"), bool),
    CLOCK_REPLY: lambda data: _has_texts(data, "run") and _has_numbers(data, "sent", "received", "answered"),
    REFUSE: lambda data: _has_texts(data, "run", "reason"),
}
"""The check of each message type: Locust's, then ours."""
