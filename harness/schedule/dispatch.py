"""Gives each arrival to a free virtual user at its due moment, and records how late that was.

Pure: moments come in as arguments, assignments go out through ``VirtualUser.take``. ``harness/run/driver.py`` drives it with a
real clock, tests with a list of numbers.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import chain
from typing import Protocol

from harness.measurement.recorder import Recorder


# Arrival and Assignment never change, yet they are not frozen: each journey makes both, and a frozen one takes twice as long to make.
@dataclass(slots=True)
class Arrival:
    """One arrival: its number, the kind of its journey, and when it is due (seconds)."""

    number: int
    kind: str
    due: float


@dataclass(slots=True)
class Assignment:
    """An arrival and when the user that takes it became free (seconds)."""

    arrival: Arrival
    free_since: float


class VirtualUser(Protocol):
    """A virtual user that serves arrivals of one kind."""

    @property
    def kind(self) -> str:
        """The journey that this user makes."""

    def take(self, assignment: Assignment) -> None:
        """Wake up and serve this arrival."""


@dataclass(slots=True)
class _KindQueue:
    """The free users (last in, first out) and the waiting arrivals of one kind."""

    free: dict[VirtualUser, float] = field(default_factory=dict)  # each user with the moment when it became free
    waiting: deque[Arrival] = field(default_factory=deque)


class ArrivalDispatcher:
    """Gives arrivals at their due moment to free users of their kind; without a free user they wait, then are dropped.

    ``due_times`` yields ``(number, due)`` in order, in seconds of the run's clock. ``kind_of`` gives the kind of the journey for
    the number of an arrival. ``longest_wait`` is for how many seconds an arrival waits for a free user. ``on_drop`` is called
    with every dropped arrival. ``source`` are the due times as they were given. *offered = started + dropped + waiting* holds after each call.
    """

    def __init__(
        self,
        due_times: Iterable[tuple[int, float]],
        kind_of: Callable[[int], str],
        longest_wait: float,
        recorder: Recorder,
        on_drop: Callable[[Arrival], None],
    ) -> None:
        self.source = due_times
        self._due_times = iter(due_times)
        self._kind_of = kind_of
        self._longest_wait = longest_wait
        self._recorder = recorder
        self._on_drop = on_drop
        self._queues: dict[str, _KindQueue] = {}
        self._next = next(self._due_times, None)
        self._stopped = False
        self.under_way = 0

    @property
    def waiting(self) -> int:
        """How many arrivals are due and have no user yet."""
        return sum(len(queue.waiting) for queue in self._queues.values())

    def _queue(self, kind: str) -> _KindQueue:
        return self._queues.setdefault(kind, _KindQueue())

    def advance(self, now: float) -> float:
        """Release what is due, drop what waited too long, and return the next moment to call again (``inf``: never)."""
        while self._next is not None and self._next[1] <= now:
            number, due = self._next
            self._next = next(self._due_times, None)
            self._recorder.offered(due)
            arrival = Arrival(number, self._kind_of(number), due)
            queue = self._queue(arrival.kind)
            if queue.free and not queue.waiting:
                virtual_user, since = queue.free.popitem()
                self._assign(virtual_user, arrival, since)
            else:
                queue.waiting.append(arrival)
        soonest = self._next[1] if self._next is not None else math.inf
        for queue in self._queues.values():
            while queue.waiting and queue.waiting[0].due + self._longest_wait <= now:
                self._drop(queue.waiting.popleft())
            if queue.waiting:
                soonest = min(soonest, queue.waiting[0].due + self._longest_wait)
        return soonest

    def wait_for_arrival(self, virtual_user: VirtualUser, now: float) -> None:
        """Give a user that became free the arrival that has waited longest; without one, let the user wait."""
        queue = self._queue(virtual_user.kind)
        if queue.waiting:
            self._assign(virtual_user, queue.waiting.popleft(), now)
        else:
            queue.free[virtual_user] = now

    def withdraw(self, virtual_user: VirtualUser) -> None:
        """Remove a free user that Locust stops."""
        self._queue(virtual_user.kind).free.pop(virtual_user, None)

    def begin(self, assignment: Assignment, now: float) -> None:
        """Record that the user starts the journey: split the delay into waiting for a user and our own lateness."""
        due = assignment.arrival.due
        ready = max(due, assignment.free_since)
        self._recorder.started(due, max(0.0, now - ready), ready - due)

    def end(self) -> None:
        """Record that an assigned journey is over, however it ended."""
        self.under_way -= 1

    def give_back(self, assignment: Assignment, now: float) -> None:
        """Put an arrival back at the head of its queue, because its user was stopped before it started the journey."""
        self.under_way -= 1
        queue = self._queue(assignment.arrival.kind)
        if queue.free:
            virtual_user, since = queue.free.popitem()
            self._assign(virtual_user, assignment.arrival, since)
        else:
            queue.waiting.appendleft(assignment.arrival)
        self.advance(now)

    def extend(self, due_times: Iterable[tuple[int, float]]) -> None:
        """Add arrivals that have become known; all of them are due later than those before."""
        self._due_times = chain(self._due_times, due_times)
        if self._next is None:
            self._next = next(self._due_times, None)

    def renew(self) -> None:
        """Ask again for the next due time: the due times have changed. After the end of the arrivals, do nothing."""
        if not self._stopped:
            self._next = next(self._due_times, None)

    def stop_arrivals(self) -> None:
        """Release no more arrivals; those that wait keep waiting."""
        self._next, self._stopped = None, True

    def close(self) -> None:
        """End the run: release no more arrivals and drop those that wait."""
        self.stop_arrivals()
        for queue in self._queues.values():
            while queue.waiting:
                self._drop(queue.waiting.popleft())

    def _assign(self, virtual_user: VirtualUser, arrival: Arrival, free_since: float) -> None:
        self.under_way += 1
        virtual_user.take(Assignment(arrival, free_since))

    def _drop(self, arrival: Arrival) -> None:
        self._recorder.dropped(arrival.due)
        self._on_drop(arrival)
