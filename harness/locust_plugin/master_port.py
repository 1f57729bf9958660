"""Keeps the master's port up whatever is sent to it: what no worker can have said in its own name is refused and counted.

Locust's listener ends for good at the first bytes that it cannot decode, and believes the name that a message gives. It
has no public seam for either, so its server class is replaced before the master opens its port; beside ``parse_args`` and the
listeners of ``events.request`` this is the third place where we reach into Locust.

A worker is known by its connection: two of one name are not let in at a time. Its owner must keep the port private:
any program that reaches it can ask to be a worker, and none of it is encrypted.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any

import gevent
import zmq
from locust.exception import RPCError
from locust.rpc import Message, rpc

from harness.distributed.master import ECHOED, REFUSE, REPORT

logger = logging.getLogger("checkload")

LONGEST_NAME = 300
"""Characters of a worker's name: a host name of 253 and a number of 32."""
LONGEST_WORD = 60
"""Characters of a version."""
STATES = frozenset({"ready", "spawning", "running", "cleanup", "stopping", "stopped"})
UNREGISTERED_TYPES = frozenset({"client_ready", "locustfile"})
"""What may be said by who is no worker yet."""


class Refused(Exception):
    """A message that no worker can have sent; it says why."""


class PortGuard:
    """Reads messages, remembers who is a worker, and counts what was refused by reason."""

    def __init__(self) -> None:
        self.refused = Counter[str]()
        self._workers = set[str]()

    def read(self, frames: Sequence[bytes]) -> tuple[str, Message] | None:
        """Who sent these frames, and the message in them; None: it was refused."""
        try:
            name, message = _decoded(frames)
            self._check(name, message)
        except Refused as refused:
            self.refuse(str(refused))
            return None
        return name, message

    def watch(self, runner: Any) -> None:
        """Have this master's listener go on after a message that it cannot handle, whatever the reason."""
        handle = runner.handle_message

        def handled(name: str, message: Message) -> None:
            try:
                handle(name, message)
            except Exception as error:
                logger.debug("A message could not be handled", exc_info=True)
                self.refuse(f"could not be handled ({message.type}, {type(error).__name__})")

        runner.handle_message = handled

    def refuse(self, why: str) -> None:
        """Count a message that is of no use, and say so now and then."""
        self.refused[why] += 1
        number = self.refused.total()
        if number in {1, 10, 100} or number % 1000 == 0:
            logger.warning("%d messages on the master's port were refused; the last one %s", number, why)

    def _check(self, name: str, message: Message) -> None:
        if message.node_id != name:
            raise Refused("was sent in the name of another worker")
        fits = SHAPES.get(message.type) if isinstance(message.type, str) else None
        if fits is None:
            raise Refused("was of a kind that there is not")
        if not fits(message.data):
            raise Refused(f"was no proper message of the kind {message.type}")
        if message.type == "client_ready":
            self._workers.add(name)
        elif name not in self._workers and message.type not in UNREGISTERED_TYPES:
            raise Refused("was sent by who is no worker")


def install_port_guard() -> PortGuard:
    """Have every master of this process read its port through one guard, also after Locust has opened the port anew."""
    guard = PortGuard()

    class GuardedServer(rpc.Server):
        """Locust's server, which never fails to decode."""

        def recv_from_client(self) -> tuple[str, Message]:
            """Wait for the next message that is one."""
            while True:
                try:
                    frames = self.socket.recv_multipart()
                except zmq.ZMQError as error:
                    raise RPCError("ZMQ network broken") from error
                if (heard := guard.read(frames)) is not None:
                    return heard
                gevent.sleep(0)  # a flood must not keep the others from their turn

    rpc.Server = GuardedServer  # type: ignore[misc]
    return guard


def _decoded(frames: Sequence[bytes]) -> tuple[str, Message]:
    if len(frames) != 2:  # noqa: PLR2004 - who sends, and what
        raise Refused("was not in two parts")
    try:
        name = frames[0].decode()
    except UnicodeDecodeError:
        name = ""
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise Refused("came from a sender without a proper name")
    try:
        message: Message = Message.unserialize(frames[1])  # type: ignore[no-untyped-call]
    except Exception:  # noqa: BLE001 - decoders raise what they like
        raise Refused("could not be decoded") from None
    return name, message


def _nothing(data: Any) -> bool:
    return data is None


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _has_texts(data: Any, *names: str) -> bool:
    return isinstance(data, dict) and all(isinstance(data.get(name), str) for name in names)


def _numbers(data: Any, *names: str) -> bool:
    return isinstance(data, dict) and all(_number(data.get(name)) for name in names)


def _version(data: Any) -> bool:
    return data == -1 or (isinstance(data, str) and 0 < len(data) <= LONGEST_WORD and data.isprintable())


def _users(data: Any) -> bool:
    if not _numbers(data, "user_count") or not isinstance(users := data.get("user_classes_count"), dict):
        return False
    return all(isinstance(name, str) and isinstance(n, int) and n >= 0 for name, n in users.items())


def _heartbeat(data: Any) -> bool:
    return (
        _has_texts(data, "state")
        and data["state"] in STATES
        and _numbers(data, "current_cpu_usage", "current_memory_usage")
    )


def _stats(data: Any) -> bool:
    if not _users(data) or not isinstance(data.get("stats"), list) or not isinstance(data.get("errors"), dict):
        return False
    entries = [*data["stats"], data.get("stats_total")]
    return all(map(_entry, entries)) and all(
        _has_texts(one, "method", "name", "error") and _numbers(one, "occurrences") for one in data["errors"].values()
    )


def _entry(entry: Any) -> bool:
    """Whether this is what Locust counts of one page."""
    counted = (
        *("num_requests", "num_none_requests", "num_failures", "total_response_time", "max_response_time"),
        *("total_content_length", "start_time"),
    )
    tables = ("response_times", "num_reqs_per_sec", "num_fail_per_sec")
    return (
        _has_texts(entry, "name", "method")
        and _numbers(entry, *counted)
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


SHAPES: Mapping[str, Callable[[Any], bool]] = {
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
    ECHOED: lambda data: _has_texts(data, "run") and _numbers(data, "sent", "received", "answered"),
    REFUSE: lambda data: _has_texts(data, "run", "reason"),
}
"""What each kind of message holds: Locust's own, and ours."""
