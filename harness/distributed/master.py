"""Runs the master's side: deals out the arrivals to the workers, adds up their counts, and ends the run."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from harness.distributed.fleet import REPORT_EVERY, Fleet, Latecomers, WorkerState
from harness.distributed.hung_workers import kill_children
from harness.distributed.messages import (
    BEGIN,
    CLOCK_REQUEST,
    END,
    EXTEND_SCHEDULE,
    NEXT_RUN_ONLY,
    REPORT_RECEIVED,
    ForgedMessage,
    Send,
)
from harness.distributed.order_outbox import NO_ORDERS
from harness.measurement.pending import PendingAge
from harness.measurement.sample import Window
from harness.metrics.run_metrics import WorkerMetrics
from harness.monitoring.clocks import ClockExchange
from harness.monitoring.order_numbers import duplicates_across_workers
from harness.monitoring.process import ProcessFacts
from harness.monitoring.worker import RunFingerprint, WorkerFacts
from harness.run.collaborators import NO_HOOKS, REAL_TIME, RunHooks, TimeSource
from harness.run.driver import CHECK_INTERVAL, Run
from harness.run.lifecycle import EndCause, Ending, RunState, interruption
from harness.units import format_duration
from harness.validity.workers import CLOCK_OFFSET
from harness.versions import own_version

logger = logging.getLogger("checkload")

START_LEAD = 1.0
"""Seconds between the order to begin and the first arrival: time to compare clocks and to reach every worker."""
USER_COUNT_TIMEOUT = 15.0
"""Seconds to wait for the workers' user counts; Locust sends them every three."""
FINAL_REPORT_TIMEOUT = 10.0
"""Seconds after the drain to wait for the final reports."""

ContextT = TypeVar("ContextT")


class MasterRun(Run[ContextT]):
    """The master's side of a run; it has no users of its own.

    ``users_of`` returns the users of each class in each worker, ``missing_workers`` the workers that Locust has given up.
    ``kinds`` maps user classes to journeys. ``refused`` returns how many messages the port has refused.
    """

    def __init__(
        self,
        workload: Any,
        worker_context: ContextT,
        *,
        send: Send,
        users_of: Callable[[], Mapping[str, Mapping[str, int]]],
        missing_workers: Callable[[], list[str]],
        kinds: Mapping[str, str],
        refused: Callable[[], int] = lambda: 0,
        time: TimeSource = REAL_TIME,
        hooks: RunHooks = NO_HOOKS,
    ) -> None:
        super().__init__(workload, worker_context, time, hooks)
        self._send = send
        self._users_of = users_of
        self._missing_workers = missing_workers
        self._kinds = kinds
        self._refused = refused
        self._refused_before = refused()
        self.fleet = Fleet({}, self.recorder.window, self.clock(), most_slices=self.recorder.most_slices)
        self._latecomers = Latecomers()
        self._aggregated_at = -math.inf
        self._requesting = Counter[str]()

    @property
    def waiting(self) -> Sequence[PendingAge]:
        """Requests that wait for their reply in all workers, as last reported."""
        return self.fleet.waiting

    @property
    def requesting(self) -> Counter[str]:
        """How many requests of all workers wait for their reply, by page, as last reported."""
        return self._requesting

    @property
    def under_way(self) -> int:
        """Journeys under way in all workers, as last reported."""
        return self.fleet.under_way

    @property
    def pools(self) -> Mapping[str, int]:
        """The test data left in all workers that are not lost, as last reported."""
        return self.fleet.pools

    @property
    def refused(self) -> int:
        """How many messages on the master's port were refused during this run."""
        return self._refused() - self._refused_before

    @property
    def sold_twice(self) -> int:
        """How many order numbers more than one worker received."""
        return duplicates_across_workers(worker.orders for worker in self.fleet.workers.values())

    @property
    def run_fingerprint(self) -> RunFingerprint:
        """What the master runs: each worker must run the same."""
        return RunFingerprint(own_version(), self.workload.fingerprint)

    def process_facts_of_all(self) -> list[ProcessFacts]:
        """The facts about each worker's process, as last reported."""
        return self.fleet.process_facts()

    def worker_facts_of_all(self) -> list[WorkerFacts]:
        """The facts about each worker."""
        return self.fleet.worker_facts()

    def worker_metrics(self) -> list[WorkerMetrics]:
        """The metrics of each worker."""
        return [worker.metrics(self.clock()) for worker in self.fleet.workers.values()]

    def start(self, users: int) -> None:
        """Deal out the arrivals to the workers, and fix the moment to begin; all users are spawned."""
        if self.begun or self.over:
            return
        if not self._wait_for_users():
            return
        self.spawned = max(users, self._reported_users())
        now = self.clock()
        start = now + START_LEAD
        window = Window(start, start + self.workload.schedule.warm_up, start + self.length)
        counts = {
            name: {self._kinds[one]: n for one, n in of_class.items() if one in self._kinds}
            for name, of_class in self._users_of().items()
            if name not in self._latecomers
        }
        self.fleet = Fleet(counts, window, now, most_slices=self.recorder.most_slices, bounds=self.recorder.bounds)
        self.recorder = self.fleet.total
        begin_at = self.wall_clock() + START_LEAD
        self._request_clocks()
        while not self.fleet.clocks_known and self.clock() < now + START_LEAD / 2:
            self._sleep(0.01)
        if self._check_clocks():
            self.fleet.dismiss()
            return
        self.lifecycle.begin()
        for worker in self.fleet.workers.values():
            message = worker.begin_message(self.id, begin_at, self.workload.population.kinds, self.workload.fingerprint)
            self._send(BEGIN, message, worker.name)
        self._start_search()
        self.start_background_tasks()

    def extend_schedule(self, rate: float, seconds: float) -> None:
        """Add the next level of a search, in all workers."""
        super().extend_schedule(rate, seconds)
        for worker in self.fleet.workers.values():
            self._send(EXTEND_SCHEDULE, {"run": self.id, "rate": rate, "seconds": seconds}, worker.name)

    def _reported_users(self) -> int:
        """How many users the workers report."""
        return sum(sum(of_class.values()) for of_class in self._users_of().values())

    def _wait_for_users(self) -> bool:
        """Wait until the workers have reported all users; returns False if the run ended meanwhile.

        Locust calls the users complete a second after it asked for them. On a busy machine not all reports are there by then,
        and a worker with unknown users would get no arrivals, or the wrong ones.
        """
        deadline = self.clock() + USER_COUNT_TIMEOUT
        while self._reported_users() < self.workload.population.users and self.clock() < deadline and not self.closing:
            self._sleep(0.05)
        return not self.closing

    def receive_report(self, name: str, message: Mapping[str, Any]) -> None:
        """Add a worker's report; acknowledge a final report, or ask for everything if an earlier report is missing."""
        if not self._is_authentic(name, message):
            return
        if not self.ended:  # the counts must not change while they are judged
            self.fleet.report(name, message, self.clock())
            for order in self.fleet.take_orders(name, message.get("placed", NO_ORDERS)):
                self.orders.add(order)
            self.exemplars.merge(message.get("exemplars", ()))
        if message["final"]:
            worker = self.fleet.workers.get(name)
            missing = not self.ended and worker is not None and not worker.final
            self._send(REPORT_RECEIVED, {"run": self.id, "whole": missing}, name)

    def _is_authentic(self, name: str, message: Mapping[str, Any]) -> bool:
        """Whether a message belongs to this run and holds its worker's key; before the start no key is needed."""
        if not self.fleet.workers or message["run"] != self.id:
            return False
        worker = self.fleet.workers.get(name)
        if worker is None or (self.begun and not worker.has_key(message)):
            # The answer to a question from before the start may arrive after it.
            if worker is None or message.get("key"):
                raise ForgedMessage
            return False
        return True

    def receive_refusal(self, name: str, message: Mapping[str, Any]) -> None:
        """End the run: a worker cannot take part."""
        if self._is_authentic(name, message):
            number = self.fleet.mark_refused(name, message)
            self.close(interruption(f"worker {number}, which cannot take part ({message['reason']})", drains=False))

    def kill_lost_workers(self) -> None:
        """Kill the lost workers that still run, if this process has started them."""
        for pid in kill_children([worker.facts["pid"] for worker in self.fleet.lost_workers if "pid" in worker.facts]):
            logger.warning("Killed the worker with process id %d, which no longer answers", pid)

    def worker_joined_late(self, name: str) -> None:
        """Record a worker that joined after the users were dealt out: it has no part in this run."""
        if self.over or name in self.fleet.workers:
            return
        self._latecomers.add(name, self.clock())
        logger.warning("A worker joined during a run (%s); it takes part in the next one", name)

    def receive_clock_reply(self, name: str, message: Mapping[str, Any]) -> None:
        """Add a worker's answer to a clock request."""
        if self._is_authentic(name, message):
            back = self.wall_clock()
            self.fleet.add_clock_exchange(
                name, ClockExchange(message["sent"], message["received"], message["answered"], back)
            )

    def _request_clocks(self) -> None:
        """Ask all workers for their time, and tell them which orders have arrived."""
        for worker in self.fleet.workers.values():
            if worker.lost_at is None:
                message = {"run": self.id, "sent": self.wall_clock(), "orders": worker.orders_taken}
                self._send(CLOCK_REQUEST, message, worker.name)

    def _check_clocks(self) -> bool:
        """End the run if a worker's clock is wrong, as workers begin by their own clocks; returns whether the run ends."""
        for worker in self.fleet.workers.values():
            if not self.closing and (clock := worker.clock) is not None and clock.min_seconds > CLOCK_OFFSET:
                which = "ahead of" if clock.seconds > 0 else "behind"
                offset = format_duration(abs(clock.seconds))
                self.close(
                    interruption(f"worker {self.fleet.label(worker)}, whose clock is {offset} {which} the master's")
                )
        return self.closing

    def _drive(self) -> None:
        window = self.recorder.window
        while self.clock() < window.steady_until and not self.closing:
            self._sleep(min(CHECK_INTERVAL, max(0.0, window.steady_until - self.clock())))
            self._check_workers()
        self._drain_shoppers()

    def _drain_shoppers(self) -> None:
        """Make every worker drain, and wait for the final reports."""
        if self.lifecycle.state is RunState.LOADING:
            self.lifecycle.close(Ending())
        grace = self.grace
        window = self.recorder.window
        until = window.steady_until - window.start if self.ending.cause is EndCause.CERTAIN else None
        self._send(END, {"run": self.id, "grace": grace, "reason": self.ending.reason, "until": until}, None)
        longest_wait = self.workload.schedule.longest_wait if self.workload.schedule.is_open else 0.0
        deadline = self.clock() + longest_wait + grace + FINAL_REPORT_TIMEOUT
        while not self.fleet.done and self.clock() < deadline and not self.over:
            self._sleep(0.1)
            self._check_workers()
        self._aggregate()
        self.lifecycle.drained(timed_out=not self.fleet.done or bool(self.fleet.under_way))

    def _check_workers(self) -> None:
        for worker in self.fleet.find_lost(self.clock(), self._missing_workers()):
            self._mark_lost(worker)
        self._check_clocks()
        self._request_clocks()
        for name in self._latecomers.due(self.clock()):
            self._send(NEXT_RUN_ONLY, {"run": self.id}, name)
        # Reports do not come more often.
        if self.clock() >= self._aggregated_at + REPORT_EVERY:
            self._aggregate()

    def _mark_lost(self, worker: WorkerState) -> None:
        at = max(0.0, self.clock() - self.recorder.window.start)
        called = self.fleet.label(worker)
        logger.error("worker %s (%s) was lost %.0f s into the run", called, worker.name, at)
        # Its counts since its last report are lost, and so are its shoppers: the run can prove nothing any more.
        self.close(Ending(EndCause.WORKER_LOST, f"worker {called} was lost {at:.0f} s into the run"))

    def _aggregate(self) -> None:
        self._aggregated_at = self.clock()
        totals = self.fleet.totals()
        self.loop_lag, self.steady_lag = totals.loop_lag, totals.steady_lag
        self.in_flight, self._requesting = totals.in_flight, totals.requesting
        self.processor_share = totals.processor_share

    def _probe_lag(self) -> None:
        """Do nothing: the master serves no shopper, so its event loop delays no request."""
