"""A worker's last report: sent until the master has it, and sent in full only if the master asks for it."""

from types import SimpleNamespace

import pytest
from workloads import FakeWorkload

from harness.distributed.delta import DeltaEncoder
from harness.distributed.messages import CLOCK_REPLY, REFUSE
from harness.distributed.worker import FINAL_REPORT_ATTEMPTS, Worker
from harness.results.orders_file import PlacedOrder
from harness.run.collaborators import REAL_TIME, TimeSource
from harness.run.driver import RunDriver
from harness.run.local_load import LocalLoad
from harness.run.run import Run
from harness.run.steering.change import LoadChange

WORKLOAD = FakeWorkload(name="own", drain=5.0)


def worker(send, time=REAL_TIME):
    run = Run(WORKLOAD, time)
    load = LocalLoad(run, None, time)
    return Worker(run, load, RunDriver(run, load, load.instrument, supervisor=None, time=time), send, time)


class Line:
    """A worker, and a master that answers each report in turn: it confirms, asks for all, or does not answer."""

    def __init__(self, *answers):
        self.answers, self.said, self.now = list(answers), [], 0.0
        self.worker = worker(self.send, TimeSource(clock=lambda: self.now, sleep=self.sleep))
        self.worker._run_id = "r"
        self.worker._encoder = DeltaEncoder(self.worker.run.recorder)

    def send(self, _kind, message):
        assert message["final"]
        self.said.append("all" if message["counts"]["whole"] else "rest")
        answer = self.answers.pop(0) if self.answers else "nothing"
        if answer != "nothing":
            self.worker.receive_acknowledgement({"run": "r", "whole": answer == "asks for all"})

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
    line.worker.send_final_report()
    line.worker.send_final_report()
    assert line.said == said
    assert line.now == pytest.approx(waited, abs=0.1)


def test_an_acknowledgement_of_another_run_is_ignored():
    line = Line()
    line.worker.receive_acknowledgement({"run": "another", "whole": False})
    line.worker.send_final_report()
    assert len(line.said) == FINAL_REPORT_ATTEMPTS


def test_a_worker_with_another_scenario_refuses_with_its_key():
    sent = []
    refusing = worker(lambda kind, message: sent.append((kind, message)))
    refusing.receive_clock_request({"run": "r", "sent": 1.0})
    refusing.receive_begin({"run": "r", "key": "k", "fingerprint": "another", "begin_at": 0.0})
    refusing.receive_clock_request({"run": "r", "sent": 2.0})
    assert [(kind, message["key"]) for kind, message in sent] == [(CLOCK_REPLY, ""), (REFUSE, "k"), (CLOCK_REPLY, "k")]


def test_a_worker_without_a_master_sends_no_final_report():
    line = Line()
    line.worker.stop_reporting()
    line.worker.send_final_report()
    assert line.said == []


def test_a_report_holds_the_orders_that_the_master_has_not_acknowledged():
    sent = []
    one = worker(lambda _kind, message: sent.append(message))
    one._run_id = "r"
    for number in ("ON1", "ON2"):
        one.run.orders.add(PlacedOrder(number, "gpay", "1.00", "", "a", "t"))
    one.receive_clock_request({"run": "r", "sent": 1.0, "orders": 1})
    one.receive_clock_request({"run": "another", "sent": 1.0, "orders": 2})
    one._send_report(DeltaEncoder(one.run.recorder), final=False)
    assert sent[-1]["placed"] == {"first": 1, "rows": [["ON2", "gpay", "1.00", "", "a", "t"]]}


def test_a_worker_takes_up_the_change_of_its_run_only_and_reports_it():
    sent = []
    one = worker(lambda _kind, message: sent.append(message))
    one._run_id = "r"
    taken = []
    one.load.change = taken.append
    change = LoadChange(number=2, at=7.5, rate=30.0, users={"guest": 4})
    one.receive_steer({"run": "another", "change": change.to_json()})
    one.receive_steer({"run": "r", "change": change.to_json()})
    assert taken == [change]
    one.load.changes_taken = 2
    one._send_report(DeltaEncoder(one.run.recorder), final=False)
    assert sent[-1]["changes_taken"] == 2


def test_a_change_is_reported_at_once_and_anything_else_once_a_second():
    moments = []

    def sleep(seconds):
        time.now += seconds
        one.load.changes_taken = int(time.now >= 3.2)
        if time.now >= 6.0:
            one.run.end()

    time = SimpleNamespace(now=0.0)
    one = worker(lambda *_: moments.append(time.now), TimeSource(clock=lambda: time.now, sleep=sleep))
    one._report_regularly(DeltaEncoder(one.run.recorder))
    assert moments == [1.0, 2.0, 3.0, 3.25, 4.25, 5.25]
