import pytest

from harness.distributed.delta import DeltaEncoder
from harness.distributed.fleet import CLOCK_EXCHANGES_KEPT, LOST_AFTER, Fleet
from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, Window
from harness.measurement.totals import RunTotals
from harness.monitoring.clocks import ClockExchange

WINDOW = Window(0.0, 1.0, 60.0)


class Worker:
    """A worker's side, with a clock of its own."""

    def __init__(self, fleet, name, start=1000.0):
        self.fleet, self.name, self.start = fleet, name, start
        self.recorder = Recorder(Window(start, start + 1, start + 60))
        self.encoder = DeltaEncoder(self.recorder)

    def walk(self, n, at=5.0):
        for _ in range(n):
            due = self.start + at
            self.recorder.offered(due)
            self.recorder.started(due, 0.001, 0.0)
            self.recorder.journey(JourneySample("guest", "gpay", "ok", "nobody", due, due, due + 1, ordered=True))

    def report(self, now, under_way=0, *, final=False, whole=False, lost=False):
        message = {
            "counts": self.encoder.encode(whole=whole),
            "under_way": under_way,
            "in_flight": {"gpay": under_way},
            "facts": {"processor_share": 0.5},
            "orders": b"",
            "final": final,
        }
        return False if lost else self.fleet.report(self.name, message, now)


def dealt_out(users, indexes=None):
    fleet = Fleet(Recorder(WINDOW))
    fleet.deal_out(users, indexes or {name: number for number, name in enumerate(sorted(users))}, 0.0)
    return fleet


@pytest.fixture
def fleet():
    return dealt_out({"a": {"guest": 2}, "b": {"guest": 2}})


def test_the_total_is_the_sum_of_all_workers(fleet):
    a, b = Worker(fleet, "a"), Worker(fleet, "b", start=5.0)
    a.walk(3)
    b.walk(4)
    a.report(1.0, under_way=2)
    b.report(1.0, under_way=1)
    counts = RunTotals.of(fleet.total)
    assert (counts.journeys, counts.orders_by_option) == (7, {"gpay": 7})
    assert fleet.under_way == 3


def test_the_run_is_done_when_every_worker_has_sent_its_final_report(fleet):
    a, b = Worker(fleet, "a"), Worker(fleet, "b")
    a.report(1.0, final=True)
    assert not fleet.done
    b.walk(1)
    b.report(1.0, final=True)
    assert fleet.done
    assert RunTotals.of(fleet.total).journeys == 1


def test_a_final_report_counts_only_if_no_earlier_report_is_missing(fleet):
    a = Worker(fleet, "a")
    Worker(fleet, "b").report(1.0, final=True)
    for turn in range(3):
        a.walk(1)
        a.report(1.0 + turn, lost=turn == 1)
    a.report(4.0, final=True)
    assert not fleet.workers["a"].final
    a.report(4.5, final=True)
    assert not fleet.done
    a.report(5.0, final=True, whole=True)
    assert fleet.done
    assert RunTotals.of(fleet.total).journeys == 3


def test_a_silent_worker_is_lost_once_and_keeps_its_counts(fleet):
    a, b = Worker(fleet, "a"), Worker(fleet, "b")
    a.walk(3)
    a.report(1.0)
    b.report(1.0)
    b.report(LOST_AFTER)
    assert fleet.find_lost(1.0 + LOST_AFTER) == []
    (lost,) = fleet.find_lost(1.1 + LOST_AFTER)
    assert lost.name == "a"
    assert fleet.find_lost(2.0 + LOST_AFTER) == []
    assert [worker.name for worker in fleet.lost_workers] == ["a"]
    assert RunTotals.of(fleet.total).journeys == 3
    b.report(6.0, final=True)
    assert fleet.done


def test_a_worker_that_locust_has_given_up_is_lost_at_once(fleet):
    assert [worker.name for worker in fleet.find_lost(0.1, missing_workers=["b"])] == ["b"]


def test_a_worker_that_is_done_is_never_lost(fleet):
    Worker(fleet, "a").report(1.0, final=True)
    assert [worker.name for worker in fleet.find_lost(100.0)] == ["b"]


def test_a_report_of_an_unknown_worker_is_ignored(fleet):
    stranger = Worker(fleet, "c")
    stranger.walk(5)
    assert not stranger.report(1.0)
    assert RunTotals.of(fleet.total).journeys == 0


def test_the_longest_silence_of_each_worker_is_recorded(fleet):
    a = Worker(fleet, "a")
    for now in (1.0, 1.5, 4.0, 4.2):
        a.report(now)
    assert fleet.workers["a"].longest_silence == 2.5


def test_each_worker_has_its_own_partition(fleet):
    assert [worker.partition.worker for worker in fleet.workers.values()] == [0, 1]
    assert {worker.partition.workers for worker in fleet.workers.values()} == {2}


def test_the_quickest_clock_exchange_gives_the_clock_offset(fleet):
    assert fleet.workers["a"].clock is None
    fleet.add_clock_exchange("a", ClockExchange(10.0, 12.4, 12.4, 10.8))  # 0.8 s under way
    fleet.add_clock_exchange("a", ClockExchange(11.0, 13.01, 13.02, 11.03))
    fleet.add_clock_exchange("stranger", ClockExchange(11.0, 99.0, 99.0, 11.0))
    assert fleet.workers["a"].clock.seconds == pytest.approx(2.0)
    assert fleet.workers["a"].clock.min_seconds == pytest.approx(1.99)
    assert fleet.workers["b"].clock is None


def test_only_the_latest_clock_exchanges_count(fleet):
    fleet.add_clock_exchange("a", ClockExchange(0.0, 5.0, 5.0, 0.0))  # exact, and long ago
    for second in range(1, CLOCK_EXCHANGES_KEPT + 1):
        fleet.add_clock_exchange("a", ClockExchange(second, second + 0.1, second + 0.1, second + 0.2))
    assert fleet.workers["a"].clock.seconds == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("names", "called"),
    [(["vm_1a", "vm_2b"], ["0", "1"]), (["load-1_9f", "load_2_1a"], ["0 on load-1", "1 on load_2"])],
)
def test_a_label_names_the_host_if_there_are_several(names, called):
    fleet = dealt_out({name: {"guest": 1} for name in names})
    assert [fleet.label(fleet.workers[name]) for name in names] == called


def test_people_read_the_number_that_locust_gives_a_worker():
    fleet = dealt_out({"vm_a": {"guest": 1}, "vm_b": {"guest": 1}}, {"vm_a": 3, "vm_b": 1})
    lost = fleet.workers["vm_a"]
    assert (fleet.label(lost), lost.metrics(0.0).name, fleet.mark_refused("vm_a", {"pid": 42})) == ("3", "3", 3)
    assert [one.partition.worker for one in (fleet.workers["vm_b"], lost)] == [0, 1]
    facts = next(each for each in fleet.worker_facts() if each.name == "3")
    assert (facts.locust_id, facts.process_id) == ("vm_a", 42)
