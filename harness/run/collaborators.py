"""What a run is given when it is made: clocks, and the code that it calls."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import gevent

from harness.results.orders_file import PlacedOrder
from harness.run.early_end import StopFile
from harness.run.journey_log import JourneyLog
from harness.run.steering.change import NoUsers, UserSupply


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSource:
    """The clocks of a run.

    ``clock`` and ``processor`` return seconds and processor seconds. ``sleep`` waits while other greenlets run. ``wall_clock``
    is the time of day, which may jump.
    """

    clock: Callable[[], float] = time.perf_counter
    processor: Callable[[], float] = time.process_time
    sleep: Callable[[float], object] = gevent.sleep
    wall_clock: Callable[[], float] = time.time


class OrderSink(Protocol):
    """Takes the placed orders of a run: the file of results, or in a worker the way to the master."""

    def add(self, order: PlacedOrder) -> None:
        """Take one order."""


class NoOrders:
    """Takes orders and keeps none: the results have no folder yet, or none can be written."""

    def add(self, order: PlacedOrder) -> None:
        """Drop one order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHooks:
    """The code that a run calls, and the files that it uses.

    ``on_drained`` is called once, when no journey is waited for any more; ``on_second`` once a second.
    ``spawn_rate`` replaces the workload's number of users spawned a second. ``users`` are the virtual users of this process.
    """

    on_drained: Callable[[], object] = lambda: None
    on_second: Callable[[], object] = lambda: None
    stop_file: StopFile | None = None
    journey_log: JourneyLog | None = None
    spawn_rate: float | None = None
    users: UserSupply = field(default_factory=NoUsers)


REAL_TIME = TimeSource()
NO_HOOKS = RunHooks()
