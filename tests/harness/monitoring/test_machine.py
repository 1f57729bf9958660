"""The machine is watched second by second, and its times count in the steady part only."""

import json
from dataclasses import replace

import pytest

from harness.monitoring.machine import MachineUsage, MachineWatch
from harness.monitoring.procfs import MachineProbes

NOTHING = MachineProbes(**dict.fromkeys(MachineProbes.__slots__, lambda: None))


class Bench:
    """A machine whose readings a test sets."""

    def __init__(self, **known):
        self.now = 100.0
        self.readings = {
            "processor": 5.0,
            "steal": (10.0, 1000.0),
            "pressure": 1.0,
            "queued": 2.0,
            "descriptors": 50,
            "descriptor_limit": 64,
            "ports": 30,
            "port_supply": 200,
            "memory": 1_000_000,
            "cores": 2,
        } | known
        of = MachineProbes(**{name: lambda name=name: self.readings[name] for name in self.readings})
        self.watch = MachineWatch(of, lambda: self.now)

    def second(self, *, cpu=0.0, stolen=0.0, pressed=0.0, queued=0.0, steady=True, length=1.0, **most):
        self.now += length
        self.readings["processor"] += cpu * length
        taken, ticks = self.readings["steal"]
        self.readings["steal"] = (taken + 200 * stolen * length, ticks + 200 * length)
        self.readings["pressure"] += pressed * length
        self.readings["queued"] += queued * length
        self.readings |= most
        self.watch.look(steady=steady)

    @property
    def machine(self):
        return self.watch.machine


def test_shares_refer_to_the_watched_time():
    bench = Bench()
    bench.second()
    bench.second(cpu=0.95, stolen=0.1, pressed=0.4, queued=0.2)
    bench.second(cpu=0.25, length=3.0)
    machine = bench.machine
    assert machine.seconds == 4.0
    assert machine.share(machine.processor) == pytest.approx((0.95 + 0.75) / 4)
    assert machine.share(machine.stolen) == pytest.approx(0.025)
    assert machine.share(machine.pressed) == pytest.approx(0.1)
    assert machine.share(machine.queued) == pytest.approx(0.05)
    assert machine.busiest == pytest.approx(0.95)


def test_busy_seconds_and_the_longest_warm_stretch_are_counted():
    bench = Bench()
    bench.second()
    for cpu in (0.95, 0.8, 0.91, 0.5, 0.75, 0.8, 0.2):
        bench.second(cpu=cpu)
    assert bench.machine.busy == 2.0
    assert bench.machine.warm_stretch == 3.0


def test_times_count_in_the_steady_part_and_maxima_in_every_phase():
    bench = Bench()
    bench.second(steady=False, cpu=1.0, descriptors=60)
    bench.second(cpu=1.0, descriptors=40)  # the warm-up reached into this one
    bench.second(cpu=0.5, ports=77)
    bench.second(cpu=1.0, steady=False, ports=20, memory=5_000_000)
    machine = bench.machine
    assert (machine.seconds, machine.processor) == (1.0, 0.5)
    assert (machine.descriptors, machine.ports, machine.memory) == (60, 77, 5_000_000)
    assert (machine.descriptor_limit, machine.port_supply, machine.cores) == (64, 200, 2)


def test_a_value_that_is_not_measured_is_none():
    now = iter(range(10))
    watch = MachineWatch(replace(NOTHING, processor=lambda: 1.0), lambda: next(now))
    for _ in range(3):
        watch.look(steady=True)
    machine = watch.machine
    assert machine.seconds == 2
    assert machine.share(machine.processor) == 0.0
    assert [machine.stolen, machine.pressed, machine.queued, machine.descriptors, machine.memory] == [None] * 5
    assert machine.share(machine.stolen) is None


def test_without_watched_time_there_is_no_share():
    assert MachineUsage(processor=0.0).share(0.0) is None


def test_a_reading_that_fails_once_is_left_out():
    bench = Bench()
    bench.second()
    bench.second(queued=0.5)
    kept, bench.readings["steal"] = bench.readings["steal"], None
    bench.now += 1
    bench.watch.look(steady=True)
    bench.readings["steal"] = kept
    bench.second(stolen=1.0)
    assert bench.machine.seconds == 3.0
    assert bench.machine.stolen == 0.0


def test_usage_reads_back_from_json():
    bench = Bench()
    bench.second()
    bench.second(cpu=0.3)
    assert MachineUsage.from_json(json.loads(json.dumps(bench.machine.to_json()))) == bench.machine
