"""What a change of a running load is: for the processes that make the load, and for the person who asked for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Protocol

LEAD = 0.8
"""Seconds from the command to its effect: every process has it by then, and has woken up since."""


class SteeringRefused(Exception):
    """The run cannot be changed now, whatever the values are; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadChange:
    """What the processes with load change; ``None`` stays as it is.

    ``number`` counts the changes of a run from 1. The change holds for arrivals that are due ``at`` seconds after the start of the
    load, or later. ``users`` is the number of virtual users by journey, in the process that gets the change. ``payments`` are
    weights of payment options.
    """

    number: int
    at: float
    rate: float | None = None
    users: Mapping[str, int] | None = None
    payments: Mapping[str, float] | None = None
    think_scale: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The change as the master sends it to a worker."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> LoadChange:
        """Read back what ``to_json`` wrote."""
        return cls(**{each.name: document[each.name] for each in fields(cls)})


@dataclass(frozen=True, slots=True, kw_only=True)
class SteeredQuantity:
    """One quantity that changes: its name, its values in words, and whether it is one of the embedded shop."""

    name: str
    before: str
    after: str
    of_shop: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Steered:
    """A checked command; ``None``: unchanged.

    ``users`` is the number of virtual users in all processes. ``change_shop`` changes the embedded shop; it raises ``OSError`` if the
    shop does not take the change. ``settings`` are the workload's own: ``Workload.adopt`` gets them back.
    """

    quantities: Sequence[SteeredQuantity]
    rate: float | None = None
    users: int | None = None
    payments: Mapping[str, float] | None = None
    think_scale: float | None = None
    change_shop: Callable[[Any], None] | None = None
    settings: Any = None


class UserSupply(Protocol):
    """The virtual users of this process."""

    def counts(self) -> Mapping[str, int]:
        """How many there are, by journey."""

    def raise_to(self, counts: Mapping[str, int]) -> None:
        """Start the users that are missing."""


class NoUsers:
    """A process without virtual users."""

    def counts(self) -> Mapping[str, int]:
        """None."""
        return {}

    def raise_to(self, counts: Mapping[str, int]) -> None:
        """Do nothing."""


def share_out(total: int, present: Mapping[Any, int]) -> dict[Any, int]:
    """Share out so many users in proportion to those that are present; the parts add up to ``total``."""
    everyone = sum(present.values())
    if not everyone:
        return dict.fromkeys(present, 0)
    parts, seen, given = {}, 0, 0
    for key, number in present.items():
        seen += number
        until = round(total * seen / everyone)
        parts[key] = until - given
        given = until
    return parts
