"""A machine that gives checkload too little makes a run invalid; a value that was not measured never counts as good."""

import pytest
from checked_runs import conditions_of

from harness.measurement.histogram import Histogram
from harness.measurement.outcomes import Blame
from harness.measurement.recorder import Recorder
from harness.measurement.sample import PageSample, Window
from harness.monitoring.machine import MachineUsage
from harness.monitoring.process import ProcessFacts
from harness.objectives.verdict import Severity
from harness.validity.evidence import Evidence
from harness.validity.host import (
    busy_seconds,
    cpu_contention,
    cpu_steal,
    descriptors_and_ports,
    gc_pauses,
    missing_readings,
    resource_exhaustion,
)

OK, WARNING, INVALID = Severity.OK, Severity.WARNING, Severity.INVALID


def machine(**known):
    """A quiet machine of four cores that was watched for 100 s."""
    quiet = {
        "seconds": 100.0,
        "processor": 20.0,
        "busiest": 0.4,
        "stolen": 0.1,
        "pressed": 1.0,
        "queued": 0.5,
        "descriptors": 50,
        "descriptor_limit": 1024,
        "ports": 60,
        "port_supply": 28232,
        "cores": 4,
    }
    return MachineUsage(**quiet | known)


def pauses(*seconds):
    of = Histogram()
    for each in seconds:
        of.record(each)
    return of


def process(name="", **known):
    facts = {
        key: known.pop(key)
        for key in ("pauses", "collector_watched", "exhausted_resources", "steady_lag")
        if key in known
    }
    return ProcessFacts(name=name, machine=machine(**known), **facts)


def found(check, *processes, **conditions):
    return list(check(Evidence(Recorder(Window(0, 0, 1)), conditions_of(processes=processes, **conditions))))


ALL = (resource_exhaustion, descriptors_and_ports, cpu_steal, cpu_contention, busy_seconds, gc_pauses, missing_readings)


@pytest.mark.parametrize("check", ALL)
def test_without_readings_there_is_no_finding(check):
    assert found(check) == []


@pytest.mark.parametrize("check", [descriptors_and_ports, cpu_steal, cpu_contention, busy_seconds, gc_pauses])
def test_a_value_that_was_not_measured_has_no_finding(check):
    blind = ProcessFacts(machine=MachineUsage(seconds=100.0))
    assert found(check, blind) == []


def test_missing_readings_are_named():
    (finding,) = found(missing_readings, ProcessFacts(machine=MachineUsage(seconds=100.0, processor=3.0)))
    assert finding.level is WARNING
    assert finding.message.endswith("not measured: open files, steal, waiting for a processor")
    # One of the two measures of waiting is enough.
    assert found(missing_readings, process(queued=None)) == []
    assert found(missing_readings, process(pressed=None)) == []
    assert len(found(missing_readings, process(pressed=None, queued=None))) == 1


@pytest.mark.parametrize("check", [descriptors_and_ports, cpu_steal, cpu_contention, busy_seconds])
def test_a_quiet_machine_is_ok(check):
    assert {finding.level for finding in found(check, process())} == {OK}


@pytest.mark.parametrize(
    ("check", "known", "level", "words"),
    [
        (cpu_steal, {"stolen": 0.9}, OK, "0.9 %"),
        (cpu_steal, {"stolen": 1.1}, WARNING, "1.1 %"),
        (
            cpu_steal,
            {"stolen": 5.1},
            INVALID,
            "took 5.1 % of the processor time from the machine of checkload; 5 %",
        ),
        (cpu_contention, {"queued": 9.0, "processor": 34.0}, OK, "for 9 % of the time, and had one for 34 %"),
        (cpu_contention, {"queued": 16.0, "processor": 30.0}, WARNING, "for 16 % of the time"),
        (cpu_contention, {"queued": 16.0, "processor": 60.0}, OK, "a processor for 16 %"),
        (
            cpu_contention,
            {"queued": 36.0, "processor": 24.0},
            INVALID,
            "waited for a processor for 36 % of the time, and had one for 24 %",
        ),
        (cpu_contention, {"queued": 19.0, "processor": 1.0}, WARNING, "19 %"),
        (busy_seconds, {"busy": 1.0}, OK, "40 % of a core in its busiest second"),
        (busy_seconds, {"busy": 6.0}, INVALID, "used more than 90 % of a core for 6 s of 100 s"),
        (busy_seconds, {"busy": 5.0}, OK, "in its busiest second"),
        (busy_seconds, {"warm_stretch": 5.0}, WARNING, "used more than 70 % of a core for 5 s without a break"),
        (busy_seconds, {"seconds": 10.0, "busy": 1.1}, OK, "in its busiest second"),
        (busy_seconds, {"seconds": 10.0, "busy": 2.0}, INVALID, "for 2 s of 10 s"),
        (descriptors_and_ports, {"descriptors": 600}, WARNING, "used up to 600 of 1,024 open files, more than 50 %"),
        (
            descriptors_and_ports,
            {"descriptors": 61, "descriptor_limit": 64},
            INVALID,
            "61 of 64 open files, almost all of them",
        ),
        (descriptors_and_ports, {"ports": 199, "port_supply": 200}, WARNING, "199 of 200 local ports"),
        (descriptors_and_ports, {"ports": 101, "port_supply": 200}, WARNING, "101 of 200 local ports"),
        (descriptors_and_ports, {"ports": 100, "port_supply": 200}, OK, "100 of 200 local ports"),
    ],
)
def test_each_limit(check, known, level, words):
    findings = found(check, process(**known))
    worst = [finding for finding in findings if words in finding.message]
    assert [finding.level for finding in worst] == [level], findings
    assert all(finding.remedy for finding in findings if finding.level is not OK)


@pytest.mark.parametrize(
    ("known", "embedded", "levels", "why"),
    [
        ({"pressed": 50.0}, False, [OK, WARNING], "we were never kept waiting ourselves"),
        ({"pressed": 50.0, "queued": None}, False, [INVALID], "nothing else is known"),
        ({"pressed": 50.0, "queued": None}, True, [WARNING], "it may have been our own shop"),
        ({"pressed": 12.0, "queued": None}, False, [WARNING], "over 10 %"),
        ({"pressed": 9.0, "queued": None}, False, [OK], "under 10 %"),
        ({"pressed": 20.0}, False, [OK], "not worth a word beside the better measure"),
    ],
)
def test_pressure_decides_only_where_the_waiting_of_checkload_is_unknown(known, embedded, levels, why):
    assert [finding.level for finding in found(cpu_contention, process(**known), embedded=embedded)] == levels, why


@pytest.mark.parametrize(
    ("times", "watched", "level", "words"),
    [
        ([], 100.0, OK, "no garbage collection took longer than 0 ms"),
        ([0.019], 100.0, OK, "longer than 19 ms"),
        ([0.03], 100.0, WARNING, "paused checkload for 30 ms"),
        ([0.11], 100.0, INVALID, "paused checkload for 110 ms; 100 ms is allowed"),
        ([0.01] * 60, 100.0, INVALID, "for 0.6 % of the time; 0.5 % is allowed"),
        ([0.01] * 49, 100.0, OK, "longer than 10 ms"),
    ],
)
def test_garbage_collections(times, watched, level, words):
    (finding,) = found(gc_pauses, process(pauses=pauses(*times), collector_watched=watched))
    assert finding.level is level
    assert words in finding.message


def test_the_worst_process_is_named():
    quiet, bad = process("1"), process("2", stolen=6.0, busy=9.0, queued=40.0, descriptors=900)
    for check in (cpu_steal, busy_seconds, cpu_contention, descriptors_and_ports):
        first = found(check, quiet, bad)[0]
        assert "worker 2" in first.message, check


def test_exhausted_resources_are_named_with_numbers_and_remedy():
    (finding,) = found(
        resource_exhaustion, process("1"), process("2", exhausted_resources={"EMFILE": 1200, "ENOBUFS": 3})
    )
    assert finding.level is INVALID
    assert finding.message == (
        "worker 2 could not open connections because it ran out of open files (EMFILE 1,200 times) and network buffers (ENOBUFS 3 times)"
    )
    assert "ulimit -n" in finding.remedy


def test_a_connection_that_could_not_be_opened_makes_the_run_invalid():
    recorder = Recorder(Window(0, 0, 1))
    recorder.page(PageSample("Basket", "gpay", "no_socket", Blame.HARNESS, 0.1, 0.1, 0.2))
    (finding,) = resource_exhaustion(Evidence(recorder, conditions_of(processes=[process()])))
    assert (finding.check, finding.level) == ("sockets", INVALID)
    assert finding.message.startswith("1 connection could not be opened")


# -- what to do -------------------------------------------------------------------------------------------------------


def remedy(*processes, **conditions):
    return found(busy_seconds, *processes, **conditions)[0].remedy


def test_the_remedy_names_the_number_of_workers_needed():
    lag = pauses(*[0.001] * 90, *[0.041] * 10)
    hot = [process(str(number), processor=93.0, busy=50.0, steady_lag=lag) for number in range(3)]
    assert remedy(*hot).startswith("add 2 workers on another machine (lag p99 was 41 ms at 93 % CPU)")
    assert remedy(hot[0]).startswith("add 1 worker (lag p99 was 41 ms at 93 % CPU)")
    assert remedy(process(processor=61.0, busy=50.0)).startswith("add 1 worker (61 % CPU)")


def test_an_idle_checkload_needs_no_more_workers():
    assert "add" not in remedy(process(processor=10.0, busy=50.0))


def test_the_remedy_moves_an_embedded_shop():
    assert "run the shop on another machine" in remedy(process(processor=93.0, busy=50.0), embedded=True)
