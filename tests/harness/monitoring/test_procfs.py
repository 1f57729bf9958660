"""The files of /proc are parsed by their documentation; missing values are None."""

import time

import pytest

from harness.monitoring import procfs
from harness.monitoring.procfs import (
    cpu_pressure,
    idle_ticks,
    machine_probes,
    ports_in_use,
    resident_bytes,
    run_queue_wait,
    stolen_ticks,
)

STAT = "cpu  100 2 30 400 5 6 7 50 20 1\ncpu0 50 1 15 200 2 3 3 25 10 0\nintr 1\n"
PRESSURE = "some avg10=0.05 avg60=0.12 avg300=3.21 total=118950991\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n"
SOCKSTAT = "sockets: used 99\nTCP: inuse 40 orphan 1 tw 300 alloc 50 mem 3\nUDP: inuse 5 mem 0\n"
SOCKSTAT6 = "TCP6: inuse 8\nUDP6: inuse 2\n"


def test_steal_is_the_eighth_number_and_guests_are_not_counted_twice():
    assert stolen_ticks(STAT) == (50.0, 600.0)


def test_idle_time_includes_waiting_for_disks():
    assert idle_ticks(STAT) == (405.0, 600.0)


def test_pressure_is_the_time_in_which_some_program_waited():
    assert cpu_pressure(PRESSURE) == pytest.approx(118.950991)


def test_the_run_queue_wait_is_the_second_number():
    assert run_queue_wait("5000000000 250000000 17\n") == 0.25


def test_resident_memory_is_in_pages(monkeypatch):
    monkeypatch.setattr("resource.getpagesize", lambda: 4096)
    assert resident_bytes("9000 1000 300 1 0 500 0") == 4_096_000


def test_the_number_of_ports_includes_both_ends():
    assert procfs.port_range("32768\t60999\n") == (32768, 60999)


@pytest.mark.parametrize(
    ("descriptors", "ports", "why"),
    [
        (1000, 348, "48 open, as few as there are in all, and 300 that wait for their end"),
        (20, 320, "this process cannot hold more than it has descriptors"),
        (None, 348, "not known how many descriptors"),
    ],
)
def test_connections_in_time_wait_keep_their_ports(descriptors, ports, why):
    assert ports_in_use(SOCKSTAT + SOCKSTAT6, descriptors) == ports, why


@pytest.mark.parametrize("text", [None, "", "nonsense", "cpu", "cpu a b c d e f g h i"])
def test_an_unexpected_text_is_not_measured(text):
    assert stolen_ticks(text) is None
    assert idle_ticks(text) is None
    assert cpu_pressure(text) is None
    assert run_queue_wait(text) is None
    assert resident_bytes(text) is None
    assert ports_in_use(text, 5) is None
    assert procfs.port_range(text) is None


def test_all_readings_come_from_proc(tmp_path):
    for name, text in {
        "stat": STAT,
        "pressure/cpu": PRESSURE,
        "self/schedstat": "1 2000000000 3",
        "self/statm": "2 1 1",
        "net/sockstat": SOCKSTAT,
        "net/sockstat6": SOCKSTAT6,
        "sys/net/ipv4/ip_local_port_range": "1000 1199",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    of = machine_probes(tmp_path)
    assert of.steal() == (50.0, 600.0)
    assert of.pressure() == pytest.approx(118.950991)
    assert of.queued() == 2.0
    assert of.ports() == 348
    assert of.port_supply() == 200
    assert of.memory() > 0
    assert of.descriptors() is None


def test_without_proc_only_the_process_itself_is_measured(tmp_path):
    of = machine_probes(tmp_path / "missing")
    assert [of.steal(), of.pressure(), of.queued(), of.descriptors(), of.ports(), of.port_supply(), of.memory()] == [
        None
    ] * 7
    assert of.processor() > 0


def test_an_open_file_adds_one_descriptor(tmp_path):
    count = machine_probes().descriptors
    if count() is None:
        pytest.skip("there is no /proc here")
    before = count()
    with (tmp_path / "file").open("w"):
        assert count() == before + 1


def test_all_readings_together_are_fast():
    of = machine_probes()
    taken = []
    for _ in range(20):
        began = time.perf_counter()
        for name in of.__slots__:
            getattr(of, name)()
        taken.append(time.perf_counter() - began)
    assert sorted(taken)[10] < 0.002
