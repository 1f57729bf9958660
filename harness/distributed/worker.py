"""Runs one worker's part of the arrivals, and reports its counts to the master."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from harness.distributed.delta import DeltaEncoder
from harness.distributed.fleet import REPORT_EVERY
from harness.distributed.messages import (
    CLOCK_REPLY,
    REFUSE,
    REPORT,
    Begin,
    ClockReply,
    ClockRequest,
    End,
    ExtendSchedule,
    Refusal,
    Report,
    ReportReceived,
    Steer,
)
from harness.distributed.order_outbox import OrderOutbox
from harness.run.collaborators import REAL_TIME, TimeSource
from harness.run.driver import RunDriver
from harness.run.lifecycle import EndCause, Ending
from harness.run.local_load import LocalLoad
from harness.run.run import Run
from harness.run.steering.change import LoadChange
from harness.schedule.partition import Partition

CHANGE_INTERVAL = REPORT_EVERY / 4
"""Seconds between two looks at whether a person's change was taken up: the person waits for the next report."""
FINAL_REPORT_INTERVAL = 1.0
"""Seconds after which the final report is sent again, unless it was acknowledged."""
FINAL_REPORT_ATTEMPTS = 10
"""How often the final report is sent at most."""


class Worker:
    """A worker's part in one run: begins when the master says so, reports, and ends when the master says so.

    ``send`` sends a custom message to the master.
    """

    def __init__(
        self,
        run: Run,
        load: LocalLoad[Any],
        driver: RunDriver,
        send: Callable[[str, Any], object],
        time: TimeSource = REAL_TIME,
    ) -> None:
        self.run = run
        self.load = load
        self._driver = driver
        self._send = send
        self._sleep = time.sleep
        self._run_id = self._key = ""
        self._encoder: DeltaEncoder | None = None
        run.orders = self._outbox = OrderOutbox()
        self._acknowledged = False
        self._full_report_requested = False
        self._final_report_sent = False

    # -- what the master says -------------------------------------------------------------------------------------

    def receive_begin(self, message: Begin) -> None:
        """Begin with the partition that the master gave; refuse if the master runs another scenario."""
        # All traces of a run name the run of the master.
        self.run.id = self._run_id = message["run"]
        self._key = message["key"]
        workload = self.run.workload
        if message["fingerprint"] != workload.fingerprint:
            reason = "it was started from another version, scenario file or accounts file than the master"
            refusal: Refusal = {
                "run": self._run_id,
                "key": self._key,
                "reason": reason,
                "version": version("checkload"),
                "fingerprint": workload.fingerprint,
            }
            self._send(REFUSE, refusal)
            return
        workload.population.restrict(message["kinds"])
        partition = Partition.from_json(message["share"])
        self.load.join(partition, workload.population.worker_context(partition.worker, partition.workers))
        self._driver.start_load(self.run.clock() + message["begin_at"] - self.run.wall_clock())
        self._encoder = encoder = DeltaEncoder(self.run.recorder)
        self._driver.start_task(lambda: self._report_regularly(encoder))

    def receive_extend_schedule(self, message: ExtendSchedule) -> None:
        """Add the level that the master has decided on."""
        if message["run"] == self._run_id:
            self.load.extend_schedule(message["rate"], message["seconds"])

    def receive_steer(self, message: Steer) -> None:
        """Change the load as the master says."""
        if message["run"] == self._run_id:
            self.load.change(LoadChange.from_json(message["change"]))

    def receive_clock_request(self, message: ClockRequest) -> None:
        """Answer with this worker's time."""
        received = self.run.wall_clock()
        if message["run"] == self._run_id:
            self._outbox.acknowledge(message.get("orders", 0))
        reply: ClockReply = {
            "run": message["run"],
            "sent": message["sent"],
            "key": self._key,
            "received": received,
            "answered": self.run.wall_clock(),
        }
        self._send(CLOCK_REPLY, reply)

    def receive_end(self, message: End) -> None:
        """End the run early; the planned end, at the end of the schedule, needs no message."""
        if message["run"] == self._run_id and message["reason"]:
            until = message["until"]
            cause = EndCause.MASTER_SAID_SO if until is None else EndCause.CERTAIN
            self.run.close(Ending(cause, message["reason"], judged_until=until, grace=message["grace"]))

    def receive_acknowledgement(self, message: ReportReceived) -> None:
        """Record that the master has the final report, or misses an earlier one."""
        if message["run"] == self._run_id:
            self._full_report_requested = message["whole"]
            self._acknowledged = self._acknowledged or not message["whole"]

    # -- what the worker reports ----------------------------------------------------------------------------------

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
            self._send_report(self._encoder, final=True, whole=whole)
            waited = 0.0
            while not self._acknowledged and not self._full_report_requested and waited < FINAL_REPORT_INTERVAL:
                self._sleep(0.05)
                waited += 0.05
            if self._acknowledged:
                return

    def _report_regularly(self, encoder: DeltaEncoder) -> None:
        while not self.run.over:
            self._wait_for_report()
            self._driver.settle_slices()
            if not self.run.over:
                self._send_report(encoder, final=False)

    def _wait_for_report(self) -> None:
        """Wait until the next report is due: for a second, or until a change was taken up."""
        waited, taken = 0.0, self.load.changes_taken
        while waited < REPORT_EVERY and self.load.changes_taken == taken:
            self._sleep(CHANGE_INTERVAL)
            waited += CHANGE_INTERVAL

    def _send_report(self, encoder: DeltaEncoder, *, final: bool, whole: bool = False) -> None:
        run, load = self.run, self.load
        report: Report = {
            "run": self._run_id,
            "key": self._key,
            "counts": encoder.encode(whole=whole),
            "under_way": load.under_way,
            "in_flight": dict(+load.in_flight),
            "requesting": dict(+load.requesting),
            "waiting": load.waiting if run.workload.judging.search is not None else [],
            "pools": dict(load.pools),
            "exemplars": run.exemplars.to_json(),
            "cell_traces": run.slowest_by_cell.changes(every=final),
            "spans": [0, 0] if run.tracer is None else [run.tracer.counts.sent, run.tracer.counts.dropped],
            "facts": {
                **load.instrument.to_json(str(load.partition.worker)),
                "version": version("checkload"),
                "fingerprint": run.workload.fingerprint,
                "pid": os.getpid(),
            },
            "orders": load.order_numbers.digests() if final else b"",
            "placed": self._outbox.message(),
            "changes_taken": load.changes_taken,
            "final": final,
        }
        self._send(REPORT, report)
