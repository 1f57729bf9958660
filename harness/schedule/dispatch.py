"""Arrivals meet free users: a free user takes the next arrival that is due, and nobody's lateness is hidden.

Pure: moments come in as arguments and assignments go out through ``VirtualUser.take``. A dozen lines in
``harness/run/driver.py`` drive it with a real clock; tests drive it with a list of numbers.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import chain
from typing import Protocol

from harness.measurement.recorder import Recorder


# Neither is frozen, though nobody changes one: both are made for every journey, and to freeze them takes as long again.
@dataclass(slots=True)
class Arrival:
    """One shopper at the door: her number, the kind of journey she is on, and when she was due (seconds)."""

    number: int
    kind: str
    due: float


@dataclass(slots=True)
class Assignment:
    """An arrival given to a user who had been free since ``free_since``."""

    arrival: Arrival
    free_since: float


class VirtualUser(Protocol):
    """A virtual user that waits for an arrival of its kind."""

    @property
    def kind(self) -> str:
        """Which journey she walks."""

    def take(self, assignment: Assignment) -> None:
        """Wake up and serve this arrival."""


@dataclass(slots=True)
class _KindQueue:
    """Those of one kind: users that are free (the last to come is the first to go), and arrivals that wait."""

    free: dict[VirtualUser, float] = field(default_factory=dict)  # and since when
    waiting: deque[Arrival] = field(default_factory=deque)


class ArrivalDispatcher:
    """Releases arrivals on their due moment to free users of their kind; those who find none wait, then are dropped.

    ``due_times`` yields ``(number, due)`` in order, in seconds of the run's clock; ``kind_of`` says which journey an
    arrival's number is on; ``longest_wait`` is how many seconds an arrival waits for a free user. ``on_drop`` is told of
    every arrival that waited in vain. The identity *offered = started + dropped + waiting* holds after each call.
    """

    def __init__(
        self,
        due_times: Iterable[tuple[int, float]],
        kind_of: Callable[[int], str],
        longest_wait: float,
        recorder: Recorder,
        on_drop: Callable[[Arrival], None],
    ) -> None:
        self._due_times = iter(due_times)
        self._kind_of = kind_of
        self._longest_wait = longest_wait
        self._recorder = recorder
        self._on_drop = on_drop
        self._lines: dict[str, _KindQueue] = {}
        self._next = next(self._due_times, None)
        self.under_way = 0

    @property
    def waiting(self) -> int:
        """Arrivals that were due and have found no user yet."""
        return sum(len(line.waiting) for line in self._lines.values())

    @property
    def released_all(self) -> bool:
        """Whether every arrival of the schedule has become due and none waits any more."""
        return self._next is None and not self.waiting

    def _line(self, kind: str) -> _KindQueue:
        return self._lines.setdefault(kind, _KindQueue())

    def advance(self, now: float) -> float:
        """Release what is due, drop who waited too long, and say at which moment to come back (``inf``: never)."""
        while self._next is not None and self._next[1] <= now:
            number, due = self._next
            self._next = next(self._due_times, None)
            self._recorder.offered(due)
            arrival = Arrival(number, self._kind_of(number), due)
            line = self._line(arrival.kind)
            if line.free and not line.waiting:
                virtual_user, since = line.free.popitem()
                self._assign(virtual_user, arrival, since)
            else:
                line.waiting.append(arrival)
        soonest = self._next[1] if self._next is not None else math.inf
        for line in self._lines.values():
            while line.waiting and line.waiting[0].due + self._longest_wait <= now:
                self._drop(line.waiting.popleft())
            if line.waiting:
                soonest = min(soonest, line.waiting[0].due + self._longest_wait)
        return soonest

    def wait_for_arrival(self, virtual_user: VirtualUser, now: float) -> None:
        """A user is free: she takes who has waited longest, or waits herself."""
        line = self._line(virtual_user.kind)
        if line.waiting:
            self._assign(virtual_user, line.waiting.popleft(), now)
        else:
            line.free[virtual_user] = now

    def withdraw(self, virtual_user: VirtualUser) -> None:
        """A free user leaves, because Locust stops her."""
        self._line(virtual_user.kind).free.pop(virtual_user, None)

    def begin(self, assignment: Assignment, now: float) -> None:
        """The user has woken up and sets out: what was late is split into waiting for a user and our own lag."""
        due = assignment.arrival.due
        ready = max(due, assignment.free_since)
        self._recorder.started(due, max(0.0, now - ready), ready - due)

    def end(self) -> None:
        """A journey that had been handed out is over, however it ended."""
        self.under_way -= 1

    def give_back(self, assignment: Assignment, now: float) -> None:
        """A user was stopped between being given an arrival and setting out: the arrival waits again."""
        self.under_way -= 1
        line = self._line(assignment.arrival.kind)
        if line.free:
            virtual_user, since = line.free.popitem()
            self._assign(virtual_user, assignment.arrival, since)
        else:
            line.waiting.appendleft(assignment.arrival)
        self.advance(now)

    def extend(self, due_times: Iterable[tuple[int, float]]) -> None:
        """More arrivals have become known, all of them later than those before."""
        self._due_times = chain(self._due_times, due_times)
        if self._next is None:
            self._next = next(self._due_times, None)

    def stop_arrivals(self) -> None:
        """Nobody becomes due any more; whoever waits goes on waiting."""
        self._next = None

    def close(self) -> None:
        """The run is over: nobody is let in any more, and whoever still waits is dropped."""
        self._next = None
        for line in self._lines.values():
            while line.waiting:
                self._drop(line.waiting.popleft())

    def _assign(self, virtual_user: VirtualUser, arrival: Arrival, free_since: float) -> None:
        self.under_way += 1
        virtual_user.take(Assignment(arrival, free_since))

    def _drop(self, arrival: Arrival) -> None:
        self._recorder.dropped(arrival.due)
        self._on_drop(arrival)
