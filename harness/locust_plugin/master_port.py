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
from collections.abc import Sequence
from typing import Any

import gevent
import zmq
from locust.exception import RPCError
from locust.rpc import Message, rpc

from harness.distributed.message_checks import CHECKS_BY_TYPE, UNREGISTERED_TYPES, MessageRefused

logger = logging.getLogger("checkload")

LONGEST_NAME = 300
"""Characters of a worker's name: a host name of 253 and a number of 32."""


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
        except MessageRefused as refused:
            self.refuse(str(refused))
            return None
        return name, message

    def wrap_handler(self, runner: Any) -> None:
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
            raise MessageRefused("was sent in the name of another worker")
        fits = CHECKS_BY_TYPE.get(message.type) if isinstance(message.type, str) else None
        if fits is None:
            raise MessageRefused("was of a kind that there is not")
        if not fits(message.data):
            raise MessageRefused(f"was no proper message of the kind {message.type}")
        if message.type == "client_ready":
            self._workers.add(name)
        elif name not in self._workers and message.type not in UNREGISTERED_TYPES:
            raise MessageRefused("was sent by who is no worker")


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
                if (received := guard.read(frames)) is not None:
                    return received
                gevent.sleep(0)  # a flood must not keep the others from their turn

    rpc.Server = GuardedServer  # type: ignore[misc]
    return guard


def _decoded(frames: Sequence[bytes]) -> tuple[str, Message]:
    if len(frames) != 2:  # noqa: PLR2004 - who sends, and what
        raise MessageRefused("was not in two parts")
    try:
        name = frames[0].decode()
    except UnicodeDecodeError:
        name = ""
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise MessageRefused("came from a sender without a proper name")
    try:
        message: Message = Message.unserialize(frames[1])  # type: ignore[no-untyped-call]
    except Exception:  # noqa: BLE001 - decoders raise what they like
        raise MessageRefused("could not be decoded") from None
    return name, message
