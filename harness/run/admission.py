"""The door of a run: who comes is let in through it, at due moments, on a schedule that is still being made, or as users get free.

Pure: moments are seconds of the run's clock and come in as arguments; ``harness/run/driver.py`` holds it open with a real clock.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from harness.measurement.recorder import Recorder
from harness.measurement.sample import Phase, Window
from harness.run.workload import Workload
from harness.schedule.dispatch import Arrival, ArrivalDispatcher, Assignment, VirtualUser
from harness.schedule.partition import Partition, PartitionStream
from harness.schedule.stepped import SteppedSchedule


class Admission:
    """Lets in the arrivals of one process; users may ``wait_for_arrival`` at it before it is open.

    ``on_drop`` is told of every arrival that waited in vain. A workload that searches for a rate is let in by stretches (``let_in``),
    an open one by its schedule, and in a closed one every free user sets out at once.
    """

    def __init__(self, workload: Workload[Any], recorder: Recorder, on_drop: Callable[[Arrival], None]) -> None:
        self.stepped_schedule: SteppedSchedule | None = (
            workload.stepped_schedule() if workload.search is not None else None
        )
        self._workload = workload
        self._recorder = recorder
        self._on_drop = on_drop
        self._partition = Partition()
        self._open = False
        self._early_users: list[VirtualUser] = []
        self._dispatcher: ArrivalDispatcher | None = None
        self._partition_stream: PartitionStream | None = None
        self._level_rate = 0.0
        self._numbers: Counter[str] = Counter()
        self._under_way = 0

    @property
    def under_way(self) -> int:
        """Journeys handed out and not yet over."""
        return self._dispatcher.under_way if self._dispatcher is not None else self._under_way

    def rate(self, elapsed: float) -> float:
        """Arrivals a second that an open load asks for, so many seconds after its start."""
        return self._workload.rate(elapsed) if self.stepped_schedule is None else self._level_rate

    def open(self, window: Window, partition: Partition) -> list[VirtualUser]:
        """Let this share of the arrivals in from the start of the window on; returns the users who have been waiting for it."""
        self._recorder.window = window
        self._partition, self._open = partition, True
        schedule = self._workload.schedule()
        kind_of = self._workload.kind_of
        if schedule is not None:
            self._start_dispatch((number, window.start + due) for number, due in partition.of(schedule, kind_of))
        elif self.stepped_schedule is not None:
            self._partition_stream = partition.stream(kind_of)
            self._start_dispatch(())
        early, self._early_users = self._early_users, []
        return early

    def _start_dispatch(self, due_times: Iterable[tuple[int, float]]) -> None:
        self._dispatcher = ArrivalDispatcher(
            due_times, self._workload.kind_of, self._workload.longest_wait, self._recorder, self._on_drop
        )

    def extend_schedule(self, rate: float, seconds: float) -> None:
        """The next stretch of a load whose rate is searched for: so many arrivals a second, for so many seconds."""
        if self.stepped_schedule is None:
            return
        self._level_rate = rate
        start = self._recorder.window.start
        arrivals = ((number, start + due) for number, due in self.stepped_schedule.extend(rate, seconds))
        if self._dispatcher is not None and self._partition_stream is not None:
            self._dispatcher.extend(list(self._partition_stream.select(arrivals)))

    def wait_for_arrival(self, virtual_user: VirtualUser, now: float, *, closing: bool = False) -> None:
        """A user is free for the next arrival of her kind; in a closed load that is ``closing`` there is none."""
        if not self._open:
            self._early_users.append(virtual_user)
        elif self._dispatcher is not None:
            self._dispatcher.wait_for_arrival(virtual_user, now)
        elif not closing and self._recorder.window.phase(now) is not Phase.DRAIN:
            self._assign_next(virtual_user, now)

    def _assign_next(self, virtual_user: VirtualUser, now: float) -> None:
        number = self._partition.number(self._numbers[virtual_user.kind])
        self._numbers[virtual_user.kind] += 1
        self._under_way += 1
        self._recorder.offered(now)
        virtual_user.take(Assignment(Arrival(number, virtual_user.kind, now), now))

    def withdraw(self, virtual_user: VirtualUser) -> None:
        """A user leaves."""
        if virtual_user in self._early_users:
            self._early_users.remove(virtual_user)
        if self._dispatcher is not None:
            self._dispatcher.withdraw(virtual_user)

    def give_back(self, assignment: Assignment, now: float) -> None:
        """A user leaves with an arrival she has not begun: in an open load, somebody else takes it."""
        if self._dispatcher is not None:
            self._dispatcher.give_back(assignment, now)
        else:
            self._under_way -= 1
            self._on_drop(assignment.arrival)
            self._recorder.dropped(assignment.arrival.due)

    def begin(self, assignment: Assignment, now: float) -> None:
        """A user sets out; ``end`` must follow."""
        if self._dispatcher is not None:
            self._dispatcher.begin(assignment, now)
        else:
            self._recorder.started(assignment.arrival.due, now - assignment.arrival.due, 0.0)

    def end(self) -> None:
        """A journey is over, however it ended."""
        if self._dispatcher is not None:
            self._dispatcher.end()
        else:
            self._under_way -= 1

    def advance(self, now: float) -> float:
        """Let in who is due; returns the moment at which to come back (``inf``: never)."""
        return math.inf if self._dispatcher is None else self._dispatcher.advance(now)

    def stop_arrivals(self) -> None:
        """Nobody comes any more; who is waiting may still be served."""
        if self._dispatcher is not None:
            self._dispatcher.stop_arrivals()

    def close(self) -> None:
        """Nobody is let in any more, and who is waiting has waited in vain."""
        if self._dispatcher is not None:
            self._dispatcher.close()
