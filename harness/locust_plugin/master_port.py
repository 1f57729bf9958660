"""Keeps the master's port working whatever arrives: refuses and counts each message that no worker can have sent.

Locust's listener stops for good at the first bytes that it cannot decode, and it trusts the sender name in a message.
Locust has no public hook for this, so this module replaces its server class before the master opens its port.

A worker is known by its connection; a second connection with the same name is refused. The port must stay private: any
program that reaches it can register as a worker, and nothing is encrypted.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any

import gevent
import zmq
from locust.exception import RPCError
from locust.rpc import Message, rpc

from harness.distributed.message_checks import CHECKS_BY_TYPE, UNREGISTERED_TYPES, MessageRefused

logger = logging.getLogger("checkload")

LONGEST_NAME = 300
"""Most characters of a worker's name: a host name (253) and a number (32)."""


class PortGuard:
    """Reads messages, remembers the registered workers, and counts refused messages by reason."""

    def __init__(self) -> None:
        self.refused = Counter[str]()
        self._workers = set[str]()

    def read(self, frames: Sequence[bytes]) -> tuple[str, Message] | None:
        """The sender and the message in these frames; None: refused."""
        try:
            name, message = _decoded(frames)
            self._check(name, message)
        except MessageRefused as refused:
            self.refuse(str(refused))
            return None
        return name, message

    def wrap_handler(self, runner: Any) -> None:
        """Make this master's listener continue after a message that it cannot handle."""
        handle = runner.handle_message

        def handled(name: str, message: Message) -> None:
            try:
                handle(name, message)
            except Exception as error:
                logger.debug("A message could not be handled", exc_info=True)
                self.refuse(f"could not be handled ({message.type}, {type(error).__name__})")

        runner.handle_message = handled

    def refuse(self, why: str) -> None:
        """Count a refused message, and log the 1st, 10th, 100th and each 1,000th."""
        self.refused[why] += 1
        number = self.refused.total()
        if number in {1, 10, 100} or number % 1000 == 0:
            logger.warning("%d messages on the master's port were refused; the last one %s", number, why)

    def _check(self, name: str, message: Message) -> None:
        if message.node_id != name:
            raise MessageRefused("was sent in the name of another worker")
        fits = CHECKS_BY_TYPE.get(message.type) if isinstance(message.type, str) else None
        if fits is None:
            raise MessageRefused("was of an unknown type")
        if not fits(message.data):
            raise MessageRefused(f"was not a valid message of type {message.type}")
        if message.type == "client_ready":
            self._workers.add(name)
        elif name not in self._workers and message.type not in UNREGISTERED_TYPES:
            raise MessageRefused("was sent by an unregistered sender")


def install_port_guard() -> PortGuard:
    """Make every master of this process read its port through one guard, also after Locust reopens the port."""
    guard = PortGuard()

    class GuardedServer(rpc.Server):
        """Locust's server without its errors of decoding."""

        def recv_from_client(self) -> tuple[str, Message]:
            """Wait for the next valid message."""
            while True:
                try:
                    frames = self.socket.recv_multipart()
                except zmq.ZMQError as error:
                    raise RPCError("ZMQ network broken") from error
                if (received := guard.read(frames)) is not None:
                    return received
                gevent.sleep(0)  # a flood must not block other greenlets

    rpc.Server = GuardedServer  # type: ignore[misc]
    return guard


def _decoded(frames: Sequence[bytes]) -> tuple[str, Message]:
    if len(frames) != 2:  # noqa: PLR2004 - sender and message
        raise MessageRefused("did not have two parts")
    try:
        name = frames[0].decode()
    except UnicodeDecodeError:
        name = ""
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise MessageRefused("came from a sender without a valid name")
    try:
        message: Message = Message.unserialize(frames[1])  # type: ignore[no-untyped-call]
    except Exception:  # noqa: BLE001 - decoders may raise anything
        raise MessageRefused("could not be decoded") from None
    return name, message
