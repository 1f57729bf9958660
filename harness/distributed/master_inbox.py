"""Receives the messages of the workers in the master, and trusts only those that hold their worker's key."""

from __future__ import annotations

from harness.distributed.fleet import Fleet
from harness.distributed.messages import (
    REPORT_RECEIVED,
    ClockReply,
    ForgedMessage,
    FromWorker,
    Refusal,
    Report,
    ReportReceived,
    Send,
)
from harness.monitoring.clocks import ClockExchange
from harness.results.result import SpanCounts
from harness.run.lifecycle import interruption
from harness.run.run import Run


class MasterInbox:
    """Receives the messages of one run; ``name`` is always the worker's id in Locust."""

    def __init__(self, run: Run, fleet: Fleet, send: Send) -> None:
        self._run = run
        self._fleet = fleet
        self._send = send

    def receive_report(self, name: str, message: Report) -> None:
        """Add a worker's report; acknowledge a final report, or ask for everything if an earlier report is missing."""
        if not self._is_authentic(name, message):
            return
        ended = self._run.ended
        if not ended:  # the counts must not change while they are judged
            self._fleet.report(name, message, self._run.clock())
            for order in self._fleet.take_orders(name, message):
                self._run.orders.add(order)
            self._run.exemplars.merge(message.get("exemplars", ()))
            self._run.slowest_by_cell.merge(message.get("cell_traces", ()))
            sent, dropped = message.get("spans", (0, 0))
            self._run.spans_of_workers[name] = SpanCounts(int(sent), int(dropped))
        if message["final"]:
            worker = self._fleet.workers.get(name)
            missing = not ended and worker is not None and not worker.final
            received: ReportReceived = {"run": self._run.id, "whole": missing}
            self._send(REPORT_RECEIVED, received, name)

    def receive_refusal(self, name: str, message: Refusal) -> None:
        """End the run: a worker cannot take part."""
        if self._is_authentic(name, message):
            number = self._fleet.mark_refused(name, message)
            self._run.close(
                interruption(f"worker {number}, which cannot take part ({message['reason']})", drains=False)
            )

    def receive_clock_reply(self, name: str, message: ClockReply) -> None:
        """Add a worker's answer to a clock request."""
        if self._is_authentic(name, message):
            back = self._run.wall_clock()
            self._fleet.add_clock_exchange(
                name, ClockExchange(message["sent"], message["received"], message["answered"], back)
            )

    def _is_authentic(self, name: str, message: FromWorker) -> bool:
        """Whether a message belongs to this run and holds its worker's key; before the start no key is needed."""
        if not self._fleet.workers or message["run"] != self._run.id:
            return False
        worker = self._fleet.workers.get(name)
        if worker is None or (self._run.begun and not worker.has_key(message)):
            # The answer to a question from before the start may arrive after it.
            if worker is None or message.get("key"):
                raise ForgedMessage
            return False
        return True
