"""Runs one worker's part of the arrivals, and reports its counts to the master."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any, TypeVar

import gevent

from harness.distributed.delta import DeltaEncoder
from harness.distributed.fleet import REPORT_EVERY
from harness.distributed.messages import CLOCK_REPLY, REFUSE, REPORT
from harness.distributed.order_outbox import OrderOutbox
from harness.monitoring.process import ProcessFacts
from harness.run.collaborators import NO_HOOKS, REAL_TIME, RunHooks, TimeSource
from harness.run.driver import Run
from harness.run.lifecycle import EndCause, Ending
from harness.schedule.partition import Partition

ContextT = TypeVar("ContextT")

FINAL_REPORT_INTERVAL = 1.0
"""Seconds after which the final report is sent again, unless it was acknowledged."""
FINAL_REPORT_ATTEMPTS = 10
"""How often the final report is sent at most."""


class WorkerRun(Run[ContextT]):
    """The run of one worker; ``send`` sends a custom message to the master."""

    def __init__(
        self,
        workload: Any,
        worker_context: ContextT,
        *,
        send: Callable[[str, Any], None],
        time: TimeSource = REAL_TIME,
        hooks: RunHooks = NO_HOOKS,
    ) -> None:
        super().__init__(workload, worker_context, time, hooks)
        self._send = send
        self._run = self._key = ""
        self._encoder: DeltaEncoder | None = None
        self.orders = self._outbox = OrderOutbox()
        self._acknowledged = False
        self._full_report_requested = False
        self._final_report_sent = False

    @property
    def judges(self) -> bool:
        """False: the master judges the run."""
        return False

    def start(self, users: int) -> None:
        """Record that all users are spawned; the worker begins when the master says so."""
        self.spawned = users

    def receive_begin(self, message: Mapping[str, Any]) -> None:
        """Begin with the partition that the master gave; refuse if the master runs another scenario."""
        self._run, self._key = message["run"], message["key"]
        if message["fingerprint"] != self.workload.fingerprint:
            reason = "it was started from another version, scenario file or accounts file than the master"
            self._send(REFUSE, {"run": self._run, "key": self._key, "reason": reason, **self._origin()})
            return
        self.workload.population.restrict(message["kinds"])
        self.partition = Partition.from_json(message["share"])
        self.worker_context = self.workload.population.worker_context(self.partition.worker, self.partition.workers)
        self._gc_tuning.freeze()
        self.start_load(self.clock() + message["begin_at"] - self.wall_clock())
        self._encoder = DeltaEncoder(self.recorder)
        self._greenlets.append(gevent.spawn(self._guarded, self._report_regularly))

    def _check_for_early_end(self) -> None:
        """Do nothing: a worker sees only a part of the load; the master checks all of it."""

    def receive_extend_schedule(self, message: Mapping[str, Any]) -> None:
        """Add the level that the master has decided on."""
        if message["run"] == self._run:
            self.extend_schedule(message["rate"], message["seconds"])

    def receive_clock_request(self, message: Mapping[str, Any]) -> None:
        """Answer with this worker's time."""
        received = self.wall_clock()
        if message["run"] == self._run:
            self._outbox.acknowledge(message.get("orders", 0))
        self._send(CLOCK_REPLY, {**message, "key": self._key, "received": received, "answered": self.wall_clock()})

    def receive_end(self, message: Mapping[str, Any]) -> None:
        """End the run early; the planned end, at the end of the schedule, needs no message."""
        if message["run"] == self._run and message["reason"]:
            until = message["until"]
            cause = EndCause.MASTER_SAID_SO if until is None else EndCause.CERTAIN
            self.close(Ending(cause, message["reason"], judged_until=until, grace=message["grace"]))

    def receive_acknowledgement(self, message: Mapping[str, Any]) -> None:
        """Record that the master has the final report, or misses an earlier one."""
        if message["run"] == self._run:
            self._full_report_requested = message["whole"]
            self._acknowledged = self._acknowledged or not message["whole"]

    def _report_regularly(self) -> None:
        while not self.over:
            self._sleep(REPORT_EVERY)
            if not self.over:
                self._send_report(final=False)

    def stop_reporting(self) -> None:
        """Send no more reports: the master is gone."""
        self._final_report_sent = True

    def send_final_report(self) -> None:
        """Send the final report until the master has acknowledged it; send everything if the master misses a report."""
        if self._encoder is None or self._final_report_sent:
            return
        self._final_report_sent = True
        for _ in range(FINAL_REPORT_ATTEMPTS):
            whole, self._full_report_requested = self._full_report_requested, False
            self._send_report(final=True, whole=whole)
            waited = 0.0
            while not self._acknowledged and not self._full_report_requested and waited < FINAL_REPORT_INTERVAL:
                self._sleep(0.05)
                waited += 0.05
            if self._acknowledged:
                return

    def _send_report(self, *, final: bool, whole: bool = False) -> None:
        assert self._encoder is not None  # noqa: S101 - called only after the run has begun
        message = {
            "run": self._run,
            "key": self._key,
            "counts": self._encoder.encode(whole=whole),
            "under_way": self.under_way,
            "in_flight": dict(+self.in_flight),
            "requesting": dict(+self.requesting),
            "waiting": self.waiting if self.workload.judging.search is not None else [],
            "pools": dict(self.pools),
            "exemplars": self.exemplars.to_json(),
            "facts": {**self.facts(), **self._origin(), "pid": os.getpid()},
            "orders": self.order_numbers.digests() if final else b"",
            "placed": self._outbox.message(),
            "final": final,
        }
        self._send(REPORT, message)

    def _origin(self) -> dict[str, str]:
        return {"version": version("checkload"), "fingerprint": self.workload.fingerprint}

    def process_facts(self, name: str) -> ProcessFacts:
        """The facts about this worker's process and machine, named by its number."""
        return super().process_facts(name or str(self.partition.worker))
