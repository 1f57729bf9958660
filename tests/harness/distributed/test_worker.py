"""A worker's last report: sent until the master has it, and sent in full only if the master asks for it."""

import pytest
from workloads import FakeWorkload

from harness.distributed.delta import DeltaEncoder
from harness.distributed.messages import CLOCK_REPLY, REFUSE
from harness.distributed.worker import FINAL_REPORT_ATTEMPTS, WorkerRun
from harness.results.orders_file import PlacedOrder
from harness.run.collaborators import TimeSource

WORKLOAD = FakeWorkload(name="own", drain=5.0)


class Line:
    """A worker, and a master that answers each report in turn: it confirms, asks for all, or does not answer."""

    def __init__(self, *answers):
        self.answers, self.said, self.now = list(answers), [], 0.0
        self.run = WorkerRun(WORKLOAD, None, send=self.send, time=TimeSource(clock=lambda: self.now, sleep=self.sleep))
        self.run._run = "r"
        self.run._encoder = DeltaEncoder(self.run.recorder)

    def send(self, _kind, message):
        assert message["final"]
        self.said.append("all" if message["counts"]["whole"] else "rest")
        answer = self.answers.pop(0) if self.answers else "nothing"
        if answer != "nothing":
            self.run.receive_acknowledgement({"run": "r", "whole": answer == "asks for all"})

    def sleep(self, seconds):
        self.now += seconds


@pytest.mark.parametrize(
    ("answers", "said", "waited"),
    [
        (["thanks"], ["rest"], 0),
        (["nothing", "thanks"], ["rest", "rest"], 1),
        (["asks for all", "thanks"], ["rest", "all"], 0),
        (["asks for all", "nothing", "thanks"], ["rest", "all", "rest"], 1),
        (["nothing"] * FINAL_REPORT_ATTEMPTS, ["rest"] * FINAL_REPORT_ATTEMPTS, FINAL_REPORT_ATTEMPTS),
    ],
)
def test_the_final_report_is_repeated_until_it_is_acknowledged(answers, said, waited):
    line = Line(*answers)
    line.run.send_final_report()
    line.run.send_final_report()
    assert line.said == said
    assert line.now == pytest.approx(waited, abs=0.1)


def test_an_acknowledgement_of_another_run_is_ignored():
    line = Line()
    line.run.receive_acknowledgement({"run": "another", "whole": False})
    line.run.send_final_report()
    assert len(line.said) == FINAL_REPORT_ATTEMPTS


def test_a_worker_with_another_scenario_refuses_with_its_key():
    sent = []
    run = WorkerRun(WORKLOAD, None, send=lambda kind, message: sent.append((kind, message)))
    run.receive_clock_request({"run": "r", "sent": 1.0})
    run.receive_begin({"run": "r", "key": "k", "fingerprint": "another", "begin_at": 0.0})
    run.receive_clock_request({"run": "r", "sent": 2.0})
    assert [(kind, message["key"]) for kind, message in sent] == [(CLOCK_REPLY, ""), (REFUSE, "k"), (CLOCK_REPLY, "k")]


def test_a_worker_without_a_master_sends_no_final_report():
    line = Line()
    line.run.stop_reporting()
    line.run.send_final_report()
    assert line.said == []


def test_a_report_holds_the_orders_that_the_master_has_not_acknowledged():
    sent = []
    run = WorkerRun(WORKLOAD, None, send=lambda kind, message: sent.append(message))
    run._run, run._encoder = "r", DeltaEncoder(run.recorder)
    for number in ("ON1", "ON2"):
        run.orders.add(PlacedOrder(number, "gpay", "1.00", "", "a", "t"))
    run.receive_clock_request({"run": "r", "sent": 1.0, "orders": 1})
    run.receive_clock_request({"run": "another", "sent": 1.0, "orders": 2})
    run._send_report(final=False)
    assert sent[-1]["placed"] == {"first": 1, "rows": [["ON2", "gpay", "1.00", "", "a", "t"]]}
