"""A process measures itself, and its facts read back from JSON."""

import json
import time

import pytest

from harness.measurement.histogram import Histogram
from harness.measurement.series import ArrivalCounts
from harness.monitoring.clocks import ClockWatch
from harness.monitoring.garbage_collection import GcPauses
from harness.monitoring.machine import MachineWatch
from harness.monitoring.process import ProcessFacts, ProcessWatch
from harness.monitoring.procfs import MachineProbes


class Process:
    def __init__(self):
        self.now = 1000.0
        clock = lambda: self.now  # noqa: E731  the test's own clock
        nothing = dict.fromkeys(MachineProbes.__slots__, lambda: None)
        self.watch = ProcessWatch(
            clock,
            machine=MachineWatch(MachineProbes(**nothing | {"processor": lambda: self.now / 2}), clock),
            clocks=ClockWatch(lambda: self.now + 5, clock),
            collector=GcPauses(clock),
        )


def histogram(*seconds):
    of = Histogram()
    for each in seconds:
        of.record(each)
    return of


def test_a_process_measures_a_run():
    process = Process()
    watch = process.watch
    watch.start()
    for _ in range(4):
        watch.look(steady=True)
        watch.enter()
        process.now += 1
    watch.leave(1000.0)
    watch.resource_exhausted("EMFILE")
    for page in ("Basket", "Login", "Basket"):
        watch.mislabelled(page)
    watch.stop()
    process.now += 1
    arrivals = ArrivalCounts(lateness=histogram(0.001, 0.02), stalls=histogram(0.02))
    facts = watch.facts("3", arrivals=arrivals, loop_lag=histogram(0.002, 0.003), steady_lag=histogram(0.003))
    assert facts.name == "3"
    assert facts.machine.seconds == 3
    assert facts.machine.share(facts.machine.processor) == pytest.approx(0.5)
    assert facts.clock.watched == 4
    assert facts.collector_watched == 4
    assert facts.concurrency.finished == pytest.approx(4.0)
    assert facts.concurrency.present == 3
    assert facts.exhausted_resources == {"EMFILE": 1}
    assert facts.mislabelled == {"Basket": 2, "Login": 1}
    assert (facts.lateness.total, facts.stalls.total, facts.loop_lag.total, facts.steady_lag.total) == (2, 1, 2, 1)
    again = ProcessFacts.from_json(json.loads(json.dumps(facts.to_json())))
    assert again == facts


def test_garbage_collections_are_timed_in_the_steady_part_only():
    process = Process()
    process.watch.start()
    for steady in (False, False, True, True, True, False, False):
        process.watch.look(steady=steady)
        process.now += 1
    process.watch.stop()
    facts = process.watch.facts("", arrivals=ArrivalCounts(), loop_lag=Histogram(), steady_lag=Histogram())
    assert facts.collector_watched == 3


def test_empty_facts_read_back_from_json():
    assert ProcessFacts.from_json(json.loads(json.dumps(ProcessFacts(name="x").to_json()))) == ProcessFacts(name="x")


def test_a_real_process_can_be_watched():
    watch = ProcessWatch(time.perf_counter)
    watch.start()
    try:
        watch.look(steady=True)
        watch.look(steady=True)
    finally:
        watch.stop()
    facts = watch.facts("", arrivals=ArrivalCounts(), loop_lag=Histogram(), steady_lag=Histogram())
    assert facts.machine.processor is not None
    assert facts.machine.seconds > 0
    assert abs(facts.clock.drift) < 0.5
