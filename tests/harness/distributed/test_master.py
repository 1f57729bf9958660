"""The master's side of a run, with fake workers: when they begin, and which of them wait."""

import contextlib

import pytest
from master_runs import MasterRun
from workloads import FakeWorkload

from harness.distributed.delta import DeltaEncoder
from harness.distributed.fleet_load import START_LEAD, USER_COUNT_TIMEOUT
from harness.distributed.messages import BEGIN, CLOCK_REQUEST, NEXT_RUN_ONLY, REPORT_RECEIVED, STEER, ForgedMessage
from harness.measurement.recorder import Recorder
from harness.measurement.sample import Window
from harness.results.orders_file import PlacedOrder
from harness.run.collaborators import TimeSource
from harness.run.lifecycle import EndCause, Ending
from harness.run.steering.change import LoadChange

WORKLOAD = {"name": "own", "arrival_rate": 1.0, "users": 2, "warm_up": 1.0, "steady": 9.0, "drain": 5.0}


class Hosts:
    """A master, and workers whose clocks are so many seconds ahead of its own (``None``: it never answers)."""

    def __init__(self, **ahead):
        self.now, self.ahead, self.sent = 100.0, ahead, []
        self.reported_at = {}
        self.master = MasterRun(
            FakeWorkload(**WORKLOAD),
            self.send,
            self.users_of,
            TimeSource(clock=lambda: self.now, sleep=self.sleep, wall_clock=lambda: 1_000_000 + self.now),
        )

    @property
    def run(self):
        return self.master.run

    def users_of(self):
        return {name: {"Guest": 2 if self.now >= self.reported_at.get(name, 0.0) else 0} for name in self.ahead}

    def sleep(self, seconds):
        self.now += seconds

    def send(self, what, message, name):
        self.sent.append((what, name, message))
        if what == CLOCK_REQUEST and self.ahead[name] is not None:
            self.now += 0.002
            there = 1_000_000 + self.now + self.ahead[name]
            self.now += 0.002
            self.master.inbox.receive_clock_reply(name, {**message, "received": there, "answered": there})

    def hear(self, name, message):
        """A report of a worker that knows its key."""
        self.master.inbox.receive_report(
            name, {"run": self.run.id, "key": self.received(BEGIN)[name]["key"], **message}
        )

    def received(self, what):
        return {name: message for kind, name, message in self.sent if kind == what}


class Orders:
    """A place for orders that remembers them."""

    def __init__(self):
        self.taken = []
        self.add = self.taken.append


def test_workers_begin_together_once_their_clocks_are_known():
    hosts = Hosts(vm_a=0.1, vm_b=-0.1)
    hosts.master.start(4)
    assert hosts.run.begun
    begin = hosts.received(BEGIN)
    assert begin.keys() == {"vm_a", "vm_b"}
    moment = 1_000_000 + 100.0 + START_LEAD
    assert begin["vm_a"]["begin_at"] == pytest.approx(moment + 0.1)
    assert begin["vm_b"]["begin_at"] == pytest.approx(moment - 0.1)
    assert hosts.run.recorder.window.start == 100.0 + START_LEAD
    assert hosts.master.fleet.workers["vm_a"].clock.seconds == pytest.approx(0.1)


@pytest.mark.parametrize(("ahead", "said"), [(2.0, "2 s ahead of"), (-3.0, "3 s behind")])
def test_no_load_starts_with_a_wrong_clock(ahead, said):
    hosts = Hosts(vm_a=0.0, vm_b=ahead)
    hosts.master.start(4)
    assert hosts.received(BEGIN) == {}
    assert hosts.run.over
    assert not hosts.run.begun
    assert hosts.run.lifecycle.interrupted_by == f"worker 1, whose clock is {said} the master's"
    assert hosts.master.fleet.done


def test_a_worker_that_does_not_answer_clock_requests_delays_the_start_only_briefly():
    hosts = Hosts(vm_a=0.0, vm_b=None)
    hosts.master.start(4)
    assert hosts.received(BEGIN).keys() == {"vm_a", "vm_b"}
    assert hosts.now < 100.0 + START_LEAD


def test_a_late_worker_has_no_partition_and_is_told_to_wait():
    hosts = Hosts(vm_a=0.0, vm_b=0.0)
    hosts.master.load.worker_joined_late("vm_b")
    hosts.master.start(4)
    assert hosts.received(BEGIN).keys() == {"vm_a"}
    assert hosts.received(NEXT_RUN_ONLY) == {}
    hosts.now += 2
    hosts.master.load.check_workers()
    hosts.master.load.check_workers()
    assert [name for what, name, _ in hosts.sent if what == NEXT_RUN_ONLY] == ["vm_b"]
    hosts.master.load.worker_joined_late("vm_a")  # one that takes part and only says again that it is there
    hosts.now += 2
    hosts.master.load.check_workers()
    assert hosts.received(NEXT_RUN_ONLY).keys() == {"vm_b"}


def test_arrivals_are_dealt_out_when_every_worker_has_reported_its_users(monkeypatch):
    monkeypatch.setitem(WORKLOAD, "users", 4)
    hosts = Hosts(vm_a=0.0, vm_b=0.0)
    hosts.reported_at = {"vm_b": 103.0}
    hosts.master.start(2)
    assert hosts.run.begun
    assert hosts.run.spawned == 4
    (begin_at,) = {message["begin_at"] for message in hosts.received(BEGIN).values()}
    assert begin_at == pytest.approx(1_000_103.0 + START_LEAD, abs=0.1)
    assert {one.partition.slots["guest"] for one in hosts.master.fleet.workers.values()} == {(0, 1, 0, 1)}


def test_the_wait_for_reported_users_ends(monkeypatch):
    monkeypatch.setitem(WORKLOAD, "users", 5)
    hosts = Hosts(vm_a=0.0, vm_b=0.0)
    hosts.master.start(4)
    assert hosts.run.begun
    assert hosts.now < 100.0 + USER_COUNT_TIMEOUT + 1


def counts_of(n, number=1, *, whole=False):
    recorder = Recorder(Window(0.0, 1.0, 10.0))
    for _ in range(n):
        recorder.offered(5.0)
    counts = DeltaEncoder(recorder).encode()
    return {
        "counts": {**counts, "number": number, "whole": whole},
        "under_way": 0,
        "in_flight": {},
        "facts": {},
        "orders": b"",
        "final": False,
    }


def test_a_report_counts_at_once_and_no_more_after_the_end():
    hosts = Hosts(vm_a=0.0, vm_b=0.0)
    hosts.master.start(4)
    hosts.hear("vm_a", counts_of(3))
    hosts.hear("vm_b", counts_of(4))
    hosts.hear("vm_b", {**counts_of(9, number=2), "run": "another"})
    assert hosts.run.recorder.arrivals["steady"].offered == 7
    hosts.run.end()
    hosts.hear("vm_a", {**counts_of(5, number=2), "final": True})
    assert hosts.run.recorder.arrivals["steady"].offered == 7
    assert hosts.received(REPORT_RECEIVED) == {"vm_a": {"run": hosts.run.id, "whole": False}}


def test_a_report_without_the_workers_key_is_refused():
    hosts = Hosts(vm_a=0.0, vm_b=0.0)
    hosts.master.start(4)
    keys = [message["key"] for message in hosts.received(BEGIN).values()]
    assert len(set(keys)) == 2
    forged = {"run": hosts.run.id, **counts_of(900), "reason": "no", "sent": 1.0, "received": 9.0, "answered": 9.0}
    for say in (
        hosts.master.inbox.receive_report,
        hosts.master.inbox.receive_refusal,
        hosts.master.inbox.receive_clock_reply,
    ):
        for key in ("", "0" * 32, keys[1], None, 7, b"x"):
            with contextlib.suppress(ForgedMessage):
                say("vm_a", {**forged, "key": key})
        with pytest.raises(ForgedMessage):
            say("vm_stranger", {**forged, "key": keys[0]})
    assert hosts.run.recorder.arrivals["steady"].offered == 0
    assert not hosts.run.lifecycle.interrupted_by
    assert not hosts.run.closing
    assert hosts.master.fleet.workers["vm_a"].clock.seconds == pytest.approx(0.0)


def test_the_master_asks_for_everything_if_a_report_is_missing():
    hosts = Hosts(vm_a=0.0)
    hosts.master.start(4)
    for number, whole in ((1, False), (3, False), (4, True)):
        hosts.hear("vm_a", {**counts_of(number, number, whole=whole), "final": number > 1})
        asked = hosts.received(REPORT_RECEIVED).get("vm_a")
        assert (
            asked
            == {1: None, 3: {"run": hosts.run.id, "whole": True}, 4: {"run": hosts.run.id, "whole": False}}[number]
        )
        assert hosts.master.fleet.done is whole
    assert hosts.run.recorder.arrivals["steady"].offered == 4


def test_a_certain_verdict_shortens_the_window_of_the_fleets_counts():
    hosts = Hosts(vm_a=0.0)
    hosts.master.start(4)
    hosts.run.close(Ending(EndCause.CERTAIN, "sure", judged_until=4.0))
    assert hosts.run.recorder is hosts.master.fleet.total
    assert hosts.run.recorder.window.steady_until == hosts.run.recorder.window.start + 4.0


def test_orders_of_the_workers_arrive_once_and_are_acknowledged():
    hosts = Hosts(vm_a=0.0, vm_b=0.0)
    hosts.run.orders = orders = Orders()
    hosts.master.start(4)
    row = ["ON1", "gpay", "1.00", "", "a", "t"]
    for number in (1, 2):  # the first acknowledgement was lost
        hosts.hear("vm_a", {**counts_of(1, number), "placed": {"first": 0, "rows": [row] * number}})
    hosts.hear("vm_b", {**counts_of(1), "placed": {"first": 0, "rows": [row]}})
    hosts.master.load.check_workers()
    assert orders.taken == [PlacedOrder(*row)] * 3
    assert {name: asked["orders"] for name, asked in hosts.received(CLOCK_REQUEST).items()} == {"vm_a": 2, "vm_b": 1}


def test_a_change_goes_to_every_worker_that_is_there_with_its_own_users():
    hosts = Hosts(vm_a=0.0, vm_b=0.0, vm_c=0.0)
    hosts.master.start(6)
    lost = hosts.master.fleet.workers["vm_b"]
    hosts.master.load.worker_joined_late("vm_d")
    hosts.master.load.steer(LoadChange(number=1, at=3.0, rate=4.0), 15)
    received = hosts.received(STEER)
    assert received.keys() == {"vm_a", "vm_b", "vm_c"}
    assert sum(message["change"]["users"]["guest"] for message in received.values()) == 15
    assert hosts.run.spawned == 15
    assert hosts.run.workload.rate(3.0) == 4.0
    hosts.sent.clear()
    lost.lost_at = hosts.now
    hosts.master.load.steer(LoadChange(number=2, at=5.0, rate=2.0), None)
    received = hosts.received(STEER)
    assert received.keys() == {"vm_a", "vm_c"}
    assert {message["change"]["users"] for message in received.values()} == {None}


def test_a_change_is_taken_up_once_every_worker_that_is_left_has_said_so():
    hosts = Hosts(vm_a=0.0, vm_b=0.0)
    hosts.master.start(4)
    workers = hosts.master.fleet.workers
    assert hosts.master.load.changes_taken == 0
    workers["vm_a"].changes_taken = 1
    assert hosts.master.load.changes_taken == 0
    workers["vm_b"].lost_at = hosts.now
    assert hosts.master.load.changes_taken == 1
