"""Serves the arrivals of a run in workers: deals them out, watches the workers, and drains them at the end."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.distributed.fleet import REPORT_EVERY, Fleet, WorkerState
from harness.distributed.fleet_instrument import FleetInstrument
from harness.distributed.hung_workers import kill_children
from harness.distributed.latecomers import Latecomers
from harness.distributed.messages import (
    BEGIN,
    CLOCK_REQUEST,
    END,
    EXTEND_SCHEDULE,
    NEXT_RUN_ONLY,
    STEER,
    ClockRequest,
    End,
    ExtendSchedule,
    NextRunOnly,
    Send,
    Steer,
)
from harness.measurement.pending import PendingAge
from harness.run.collaborators import REAL_TIME, TimeSource
from harness.run.lifecycle import EndCause, Ending, RunState, interruption
from harness.run.load import CHECK_INTERVAL
from harness.run.run import Run
from harness.run.steering.change import LoadChange, share_out
from harness.units import format_duration
from harness.validity.workers import CLOCK_OFFSET

logger = logging.getLogger("checkload")

START_LEAD = 1.0
"""Seconds between the order to begin and the first arrival: time to compare clocks and to reach every worker."""
USER_COUNT_TIMEOUT = 15.0
"""Seconds to wait for the workers' user counts; Locust sends them every three."""
FINAL_REPORT_TIMEOUT = 10.0
"""Seconds after the drain to wait for the final reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLink:
    """How a master reaches its workers.

    ``users_of`` returns the users of each class in each worker, ``missing_workers`` the workers that Locust has given up.
    ``index_of`` returns the number of a worker in Locust's log. ``kinds`` maps user classes to journeys. ``refused`` returns how many messages the port has refused so far.
    """

    send: Send
    users_of: Callable[[], Mapping[str, Mapping[str, int]]]
    missing_workers: Callable[[], list[str]]
    index_of: Callable[[str], int]
    kinds: Mapping[str, str]
    refused: Callable[[], int] = lambda: 0


class FleetLoad:
    """The load of a master: its workers serve the arrivals, and it has no users of its own."""

    def __init__(self, run: Run, link: WorkerLink, time: TimeSource = REAL_TIME) -> None:
        self._run = run
        self._link = link
        self._send = link.send
        self._sleep = time.sleep
        self.fleet = Fleet(run.recorder)
        self.instrument = FleetInstrument(run, self.fleet, link.refused)
        self._latecomers = Latecomers()
        self._aggregated_at = -math.inf
        self._begin_at = 0.0

    # -- what the workers have reported ---------------------------------------------------------------------------

    @property
    def under_way(self) -> int:
        """Journeys under way in all workers, as last reported."""
        return self.fleet.under_way

    @property
    def in_flight(self) -> Counter[str]:
        """How many journeys of all workers are in progress, by payment option, as last added up."""
        return self.instrument.totals.in_flight

    @property
    def requesting(self) -> Counter[str]:
        """How many requests of all workers wait for their reply, by page, as last added up."""
        return self.instrument.totals.requesting

    @property
    def waiting(self) -> Sequence[PendingAge]:
        """Requests that wait for their reply in all workers, as last reported."""
        return self.fleet.waiting

    @property
    def pools(self) -> Mapping[str, int]:
        """The test data left in all workers that are not lost, as last reported."""
        return self.fleet.pools

    # -- the start ------------------------------------------------------------------------------------------------

    def find_start(self) -> float | None:
        """Deal out the arrivals to the workers and compare clocks; returns the moment to begin, or ``None`` if the run ends."""
        run = self._run
        if not self._wait_for_users():
            return None
        run.spawned = max(run.spawned, self._reported_users())
        now = run.clock()
        run.set_start(now + START_LEAD)
        counts = {
            name: {self._link.kinds[one]: n for one, n in of_class.items() if one in self._link.kinds}
            for name, of_class in self._link.users_of().items()
            if name not in self._latecomers
        }
        self.fleet.deal_out(counts, {name: self._link.index_of(name) for name in counts}, now)
        self._begin_at = run.wall_clock() + START_LEAD
        self._request_clocks()
        while not self.fleet.clocks_known and run.clock() < now + START_LEAD / 2:
            self._sleep(0.01)
        if self._check_clocks():
            self.fleet.dismiss()
            return None
        return now + START_LEAD

    def open(self) -> None:
        """Tell each worker its part of the arrivals, and when to begin."""
        workload = self._run.workload
        for worker in self.fleet.workers.values():
            begin = worker.begin_message(self._run.id, self._begin_at, workload.population.kinds, workload.fingerprint)
            self._send(BEGIN, begin, worker.name)

    def extend_schedule(self, rate: float, seconds: float) -> None:
        """Add the next level of a search, in all workers."""
        if self._run.stepped_arrivals is not None:
            self._run.stepped_arrivals.extend(rate, seconds)
        for worker in self.fleet.workers.values():
            level: ExtendSchedule = {"run": self._run.id, "rate": rate, "seconds": seconds}
            self._send(EXTEND_SCHEDULE, level, worker.name)

    def steer(self, change: LoadChange, users: int | None) -> None:
        """Change the load in all workers that are not lost."""
        run = self._run
        run.workload.change(change, run.recorder.window.start)
        if users is not None:
            run.spawned = max(run.spawned, users)
            self._share_out(users)
        for worker in self.fleet.workers.values():
            if worker.lost_at is None:
                own = change if users is None else replace(change, users=worker.users)
                steer: Steer = {"run": run.id, "change": own.to_json()}
                self._send(STEER, steer, worker.name)

    def _share_out(self, users: int) -> None:
        """Share out so many virtual users among the workers, in proportion to those that they have of each journey."""
        workers = self.fleet.workers
        shared = share_out(users, {(name, kind): n for name, one in workers.items() for kind, n in one.users.items()})
        for name, worker in workers.items():
            worker.users = {kind: shared[name, kind] for kind in worker.users}

    @property
    def changes_taken(self) -> int:
        """The number of the last change that all workers have taken up, as last reported."""
        return self.fleet.changes_taken

    def _reported_users(self) -> int:
        """How many users the workers report."""
        return sum(sum(of_class.values()) for of_class in self._link.users_of().values())

    def _wait_for_users(self) -> bool:
        """Wait until the workers have reported all users; returns False if the run ended meanwhile.

        Locust calls the users complete a second after it asked for them. On a busy machine not all reports are there by then,
        and a worker with unknown users would get no arrivals, or the wrong ones.
        """
        run = self._run
        deadline = run.clock() + USER_COUNT_TIMEOUT
        while self._reported_users() < run.workload.population.users and run.clock() < deadline and not run.closing:
            self._sleep(0.05)
        return not run.closing

    # -- the load -------------------------------------------------------------------------------------------------

    @property
    def tasks(self) -> Sequence[Callable[[], None]]:
        """The work to do in the background while the load is on."""
        return (self._serve,)

    def _serve(self) -> None:
        run = self._run
        window = run.recorder.window
        while run.clock() < window.steady_until and not run.closing:
            self._sleep(min(CHECK_INTERVAL, max(0.0, window.steady_until - run.clock())))
            self.check_workers()
        self._drain()

    def _drain(self) -> None:
        """Make every worker drain, and wait for the final reports."""
        run = self._run
        if run.lifecycle.state is RunState.LOADING:
            run.lifecycle.close(Ending())
        grace = run.grace
        window = run.recorder.window
        until = None if run.ending.judged_until is None else window.steady_until - window.start
        end: End = {"run": run.id, "grace": grace, "reason": run.ending.reason, "until": until}
        self._send(END, end, None)
        longest_wait = run.workload.schedule.longest_wait if run.workload.schedule.is_open else 0.0
        deadline = run.clock() + longest_wait + grace + FINAL_REPORT_TIMEOUT
        while not self.fleet.done and run.clock() < deadline and not run.over:
            self._sleep(0.1)
            self.check_workers()
        self._aggregate()
        run.lifecycle.drained(timed_out=not self.fleet.done or bool(self.fleet.under_way))

    # -- the workers ----------------------------------------------------------------------------------------------

    def check_workers(self) -> None:
        """Find lost workers and wrong clocks, answer latecomers, and add up what the workers have reported."""
        now = self._run.clock()
        for worker in self.fleet.find_lost(now, self._link.missing_workers()):
            self._mark_lost(worker)
        self._check_clocks()
        self._request_clocks()
        for name in self._latecomers.due(self._run.clock()):
            wait: NextRunOnly = {"run": self._run.id}
            self._send(NEXT_RUN_ONLY, wait, name)
        # Reports do not come more often.
        if self._run.clock() >= self._aggregated_at + REPORT_EVERY:
            self._aggregate()

    def worker_joined_late(self, name: str) -> None:
        """Record a worker that joined after the users were dealt out: it has no part in this run."""
        if self._run.over or name in self.fleet.workers:
            return
        self._latecomers.add(name, self._run.clock())
        logger.warning("A worker joined during a run (%s); it takes part in the next one", name)

    def kill_lost_workers(self) -> None:
        """Kill the lost workers that still run, if this process has started them."""
        for pid in kill_children([worker.facts["pid"] for worker in self.fleet.lost_workers if "pid" in worker.facts]):
            logger.warning("Killed the worker with process id %d, which no longer answers", pid)

    def _request_clocks(self) -> None:
        """Ask all workers for their time, and tell them which orders have arrived."""
        for worker in self.fleet.workers.values():
            if worker.lost_at is None:
                request: ClockRequest = {
                    "run": self._run.id,
                    "sent": self._run.wall_clock(),
                    "orders": worker.orders_taken,
                }
                self._send(CLOCK_REQUEST, request, worker.name)

    def _check_clocks(self) -> bool:
        """End the run if a worker's clock is wrong, as workers begin by their own clocks; returns whether the run ends."""
        run = self._run
        for worker in self.fleet.workers.values():
            if not run.closing and (clock := worker.clock) is not None and clock.min_seconds > CLOCK_OFFSET:
                which = "ahead of" if clock.seconds > 0 else "behind"
                offset = format_duration(abs(clock.seconds))
                run.close(
                    interruption(f"worker {self.fleet.label(worker)}, whose clock is {offset} {which} the master's")
                )
        return run.closing

    def _mark_lost(self, worker: WorkerState) -> None:
        at = max(0.0, self._run.clock() - self._run.recorder.window.start)
        called = self.fleet.label(worker)
        logger.error("worker %s (%s) was lost %.0f s into the run", called, worker.name, at)
        # Its counts since its last report are lost, and so are its shoppers: the run can prove nothing any more.
        self._run.close(Ending(EndCause.WORKER_LOST, f"worker {called} was lost {at:.0f} s into the run"))

    def _aggregate(self) -> None:
        self._aggregated_at = self._run.clock()
        self.instrument.aggregate()
