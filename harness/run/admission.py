"""Lets arrivals in: three strategies behind one protocol.

``ArrivalDispatcher`` (``harness/schedule/dispatch.py``) lets arrivals in at the due times of a schedule. ``ClosedAdmission`` starts
a journey as soon as a user is free. ``NotYetOpen`` keeps the users that are free before the load starts.

Pure: moments are seconds of the run's clock and come in as arguments; ``harness/run/driver.py`` has the clock.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from harness.measurement.recorder import Recorder
from harness.measurement.sample import Phase
from harness.run.workload import Workload
from harness.schedule.arrivals import ProfileSchedule
from harness.schedule.dispatch import Arrival, ArrivalDispatcher, Assignment, VirtualUser
from harness.schedule.partition import Partition, PartitionStream
from harness.schedule.steerable import SteerableDueTimes
from harness.schedule.stepped import SteppedSchedule


class Admission(Protocol):
    """Gives arrivals to free users; ``under_way`` counts the journeys given and not yet over."""

    under_way: int

    def wait_for_arrival(self, virtual_user: VirtualUser, now: float) -> None:
        """Record that a user is free for an arrival of its kind."""

    def withdraw(self, virtual_user: VirtualUser) -> None:
        """Forget a free user that leaves."""

    def give_back(self, assignment: Assignment, now: float) -> None:
        """Take back an arrival whose user leaves before it begins."""

    def begin(self, assignment: Assignment, now: float) -> None:
        """Record that a journey begins; ``end`` must follow."""

    def end(self) -> None:
        """Record that a journey is over, however it ended."""

    def advance(self, now: float) -> float:
        """Let in what is due; returns the moment of the next call (``inf``: never)."""

    def stop_arrivals(self) -> None:
        """Make nothing due any more; arrivals that wait may still be served."""

    def close(self) -> None:
        """Let nothing in any more; arrivals that wait are dropped."""


class NotYetOpen:
    """The admission before the load starts: no user gets an arrival yet; ``users`` are those that are free."""

    def __init__(self) -> None:
        self.under_way = 0
        self.users: list[VirtualUser] = []

    def wait_for_arrival(self, virtual_user: VirtualUser, now: float) -> None:  # noqa: ARG002
        """Keep a free user until the load starts."""
        self.users.append(virtual_user)

    def withdraw(self, virtual_user: VirtualUser) -> None:
        """Forget a free user that leaves."""
        if virtual_user in self.users:
            self.users.remove(virtual_user)

    def give_back(self, assignment: Assignment, now: float) -> None:
        """Do nothing: nothing was given."""

    def begin(self, assignment: Assignment, now: float) -> None:
        """Do nothing: nothing was given."""

    def end(self) -> None:
        """Do nothing: nothing was given."""

    def advance(self, now: float) -> float:  # noqa: ARG002
        """Nothing is due."""
        return math.inf

    def stop_arrivals(self) -> None:
        """Do nothing: nothing comes."""

    def close(self) -> None:
        """Do nothing: nothing waits."""


class ClosedAdmission:
    """The admission of a closed load: a user that is free begins its next journey at once, until the load ends.

    Calls ``on_drop`` with each arrival that a leaving user gives back.
    """

    def __init__(self, partition: Partition, recorder: Recorder, on_drop: Callable[[Arrival], None]) -> None:
        self.under_way = 0
        self._partition = partition
        self._recorder = recorder
        self._on_drop = on_drop
        self._numbers: Counter[str] = Counter()
        self._stopped = False
        self._limits: Mapping[str, int] | None = None
        self._active: dict[str, set[VirtualUser]] = {}
        self._idle: dict[str, list[VirtualUser]] = {}

    def limit_users(self, limits: Mapping[str, int], now: float) -> None:
        """Let only so many users of each kind go on; the others stay idle after their journey, until a higher limit."""
        self._limits = limits
        for kind, idle in self._idle.items():
            waiting, self._idle[kind] = idle, []
            for virtual_user in waiting:
                self.wait_for_arrival(virtual_user, now)

    def wait_for_arrival(self, virtual_user: VirtualUser, now: float) -> None:
        """Give a free user its next journey, unless it has become one too many."""
        active = self._active.setdefault(virtual_user.kind, set())
        active.discard(virtual_user)
        if self._stopped or self._recorder.window.phase(now) is Phase.DRAIN:
            return
        if self._limits is not None and len(active) >= self._limits.get(virtual_user.kind, 0):
            self._idle.setdefault(virtual_user.kind, []).append(virtual_user)
            return
        active.add(virtual_user)
        number = self._partition.number(self._numbers[virtual_user.kind])
        self._numbers[virtual_user.kind] += 1
        self.under_way += 1
        self._recorder.offered(now)
        virtual_user.take(Assignment(Arrival(number, virtual_user.kind, now), now))

    def withdraw(self, virtual_user: VirtualUser) -> None:
        """Forget a user that leaves."""
        self._active.get(virtual_user.kind, set()).discard(virtual_user)
        if virtual_user in (idle := self._idle.get(virtual_user.kind, [])):
            idle.remove(virtual_user)

    def give_back(self, assignment: Assignment, now: float) -> None:  # noqa: ARG002
        """Drop an arrival whose user leaves: no other user takes it."""
        self.under_way -= 1
        self._on_drop(assignment.arrival)
        self._recorder.dropped(assignment.arrival.due)

    def begin(self, assignment: Assignment, now: float) -> None:
        """Record that a journey begins."""
        self._recorder.started(assignment.arrival.due, now - assignment.arrival.due, 0.0)

    def end(self) -> None:
        """Record that a journey is over, however it ended."""
        self.under_way -= 1

    def advance(self, now: float) -> float:  # noqa: ARG002
        """Nothing is due: free users do not wait."""
        return math.inf

    def stop_arrivals(self) -> None:
        """Begin no more journeys."""
        self._stopped = True

    def close(self) -> None:
        """Begin no more journeys."""
        self._stopped = True


class SteppedArrivals:
    """The arrivals of a search for capacity, which decides their rate level by level.

    ``rate`` is that of the level that is on. ``release_to`` connects a dispatcher; without one the arrivals are only counted, as
    in the master.
    """

    def __init__(self, schedule: SteppedSchedule) -> None:
        self.rate = 0.0
        self.due_between = schedule.due_between
        self._schedule = schedule
        self._start = 0.0
        self._dispatcher: ArrivalDispatcher | None = None
        self._partition_stream: PartitionStream | None = None

    def release_to(self, dispatcher: ArrivalDispatcher, stream: PartitionStream, start: float) -> None:
        """Give the arrivals of all later levels to a dispatcher; ``start`` is when the load starts."""
        self._dispatcher, self._partition_stream, self._start = dispatcher, stream, start

    def extend(self, rate: float, seconds: float) -> None:
        """Add a level: so many arrivals a second, for so many seconds."""
        self.rate = rate
        arrivals = self._schedule.extend(rate, seconds)
        if self._dispatcher is not None and self._partition_stream is not None:
            due_times = ((number, self._start + due) for number, due in arrivals)
            self._dispatcher.extend(list(self._partition_stream.select(due_times)))


def open_admission(
    workload: Workload[Any],
    partition: Partition,
    recorder: Recorder,
    on_drop: Callable[[Arrival], None],
    stepped: SteppedArrivals | None,
) -> Admission:
    """The strategy that fits the workload, for one process's share of the arrivals, from the start of the recorder's window on.

    ``on_drop`` is called with each arrival that found no user in time.
    """
    start, schedule, kind_of = recorder.window.start, workload.schedule.due_times(), workload.population.kind_of
    if isinstance(schedule, ProfileSchedule):
        steerable = SteerableDueTimes(schedule, partition.stream(kind_of), start)
        return ArrivalDispatcher(steerable, kind_of, workload.schedule.longest_wait, recorder, on_drop)
    if schedule is not None:
        due_times = ((number, start + due) for number, due in partition.of(schedule, kind_of))
        return ArrivalDispatcher(due_times, kind_of, workload.schedule.longest_wait, recorder, on_drop)
    if stepped is not None:
        dispatcher = ArrivalDispatcher((), kind_of, workload.schedule.longest_wait, recorder, on_drop)
        stepped.release_to(dispatcher, partition.stream(kind_of), start)
        return dispatcher
    return ClosedAdmission(partition, recorder, on_drop)
