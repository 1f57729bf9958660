"""Workers measure as one only if none is lost, all run the same scenario, and their clocks agree."""

import pytest
from checked_runs import conditions, conditions_of, run_of

from harness.measurement.histogram import Histogram
from harness.measurement.recorder import Recorder
from harness.measurement.sample import Phase, Window
from harness.monitoring.clocks import ClockDrift, ClockOffset
from harness.monitoring.process import ProcessFacts
from harness.monitoring.worker import RunFingerprint, WorkerFacts
from harness.objectives.verdict import Severity
from harness.validity.checks import check
from harness.validity.evidence import Evidence
from harness.validity.workers import (
    clock_drift,
    clock_offsets,
    foreign_messages,
    no_worker_lost,
    report_gaps,
    same_version_and_scenario,
    worker_lag,
)

OK, WARNING, INVALID = Severity.OK, Severity.WARNING, Severity.INVALID
OURS = RunFingerprint("0.2.0", "a" * 64)


def found(one, *workers, **conditions):
    return list(one(Evidence(Recorder(Window(0, 0, 1)), conditions_of(workers=workers, **conditions))))


@pytest.mark.parametrize(
    "one",
    [same_version_and_scenario, no_worker_lost, report_gaps, foreign_messages, clock_drift, clock_offsets, worker_lag],
)
def test_without_readings_there_is_no_finding(one):
    assert found(one) == []


@pytest.mark.parametrize("one", [same_version_and_scenario, report_gaps, clock_offsets])
def test_an_unknown_worker_has_no_finding(one):
    assert [each for each in found(one, WorkerFacts(name="1"), run_fingerprint=OURS) if each.level is not OK] == []


# -- loss -------------------------------------------------------------------------------------------------------------


def test_workers_that_all_finished_are_ok():
    (finding,) = found(no_worker_lost, WorkerFacts(name="1", finished=True), WorkerFacts(name="2", finished=True))
    assert (finding.level, finding.message) == (OK, "2 workers made the load, and none was lost")


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (
            {"lost_at": 12.0, "lost_in": Phase.STEADY},
            "worker 2 was lost 12 s into the load, in the steady part: its share of the arrivals never came",
        ),
        ({"lost_at": 3.0, "lost_in": Phase.WARM_UP}, "worker 2 was lost 3 s into the load, in the warm-up"),
        (
            {"lost_at": 12.0, "lost_in": Phase.STEADY, "reassigned_after": 3.0},
            "the other workers took over its arrivals after 3 s, but its journeys are lost",
        ),
        ({"lost_at": 12.0}, "worker 2 was lost 12 s into the load"),
        ({"finished": False}, "worker 2 did not send its last counts"),
        ({"lost_at": 50.0, "lost_in": Phase.DRAIN}, "worker 2 did not send its last counts, and was lost after 50 s"),
    ],
)
def test_a_lost_worker_makes_the_run_invalid(facts, words):
    (finding,) = found(no_worker_lost, WorkerFacts(name="1", finished=True), WorkerFacts(name="2", **facts))
    assert finding.level is INVALID
    assert words in finding.message
    assert finding.remedy


def test_a_lost_worker_can_be_found_by_its_names():
    lost = WorkerFacts(name="1", locust_id="vm_ab", process_id=42, lost_at=12.0, lost_in=Phase.STEADY)
    (finding,) = found(no_worker_lost, lost)
    assert finding.remedy.startswith(
        "look at what this worker printed (vm_ab, process 42); if it was killed for memory"
    )


def test_what_follows_from_a_lost_worker_is_no_further_reason_and_has_no_remedy():
    recorder = run_of()
    recorder.offered(5.0)
    lost = WorkerFacts(name="1", lost_at=6.0, lost_in=Phase.STEADY)
    plan = {"load_duration": 6.0, "planned_duration": 100.0, "planned_by_second": [9] * 100}
    every = check(
        recorder, conditions(workers=[lost], ledger=["pages of Bank: checkload counted 27, the shop 28"], **plan)
    )
    assert [each.check for each in every if each.level is INVALID] == ["workers"]
    named = {each.check: each for each in every}
    for consequence in ("end", "ledger", "accounting"):
        assert (named[consequence].level, named[consequence].remedy) == (WARNING, "")
        assert "lost worker" in named[consequence].message or "because a worker was lost" in named[consequence].message
    assert not {"delivered", "presence"} & named.keys()
    whole = check(run_of(), conditions(workers=[lost], **plan))
    assert "accounting" not in {each.check for each in whole}  # what it did after its last report is not known


def test_the_loss_of_a_worker_is_the_first_reason_given():
    recorder = Recorder(Window(0, 0, 10))
    facts = conditions_of(workers=[WorkerFacts(name="2", lost_at=1.0, lost_in=Phase.STEADY)], interrupted="Ctrl-C")
    first = next(each for each in check(recorder, facts) if each.level is INVALID)
    assert first.check == "workers"


# -- skew -------------------------------------------------------------------------------------------------------------


def test_another_version_or_scenario_is_named():
    same, older = (
        WorkerFacts(name="1", run_fingerprint=OURS),
        WorkerFacts(name="2", run_fingerprint=RunFingerprint("0.1.0", "a" * 64)),
    )
    other = WorkerFacts(name="3", run_fingerprint=RunFingerprint("0.2.0", "b" * 64))
    assert found(same_version_and_scenario, same, run_fingerprint=OURS) == []
    version, scenario = found(same_version_and_scenario, same, older, other, run_fingerprint=OURS)
    assert version.message == "worker 2 runs checkload 0.1.0, and the master runs 0.2.0"
    assert scenario.message == "worker 3 read another scenario (bbbbbbbbbbbb) than the master (aaaaaaaaaaaa)"
    assert {version.level, scenario.level} == {INVALID}


# -- silence ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("gap", "said"), [(1.9, False), (2.0, False), (2.5, True)])
def test_a_silent_worker_is_a_warning(gap, said):
    findings = found(report_gaps, WorkerFacts(name="1", interval=1.0, longest_gap=gap))
    assert [(each.level, "silent for 2.5 s" in each.message) for each in findings] == (
        [(WARNING, True)] if said else []
    )


# -- clocks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("drift", "level", "words"),
    [
        (ClockDrift(100.0, 0.0, 0.001), OK, "no clock was set"),
        (ClockDrift(100.0, 0.05, 0.001), OK, "half of what a warning takes"),
        (ClockDrift(100.0, 0.2, 0.002), WARNING, "drifted by +200 ms in 100 s, 0.2 % of the time"),
        (ClockDrift(100.0, -2.0, 0.002), INVALID, "drifted by -2 s in 100 s, 2 % of the time"),
        (ClockDrift(100.0, 0.5, 0.5, 30.0), WARNING, "was set by +500 ms after 30 s"),
        (ClockDrift(3600.0, -3.0, -3.0, 30.0), INVALID, "was set by -3 s after 30 s"),
        (ClockDrift(3600.0, 0.0, 30.0, 7.0), INVALID, "was set by +30 s after 7 s"),
        (ClockDrift(1.0, 0.015, 0.015), OK, "too little to tell from how clocks are read"),
    ],
)
def test_clocks_that_drift_or_were_set(drift, level, words):
    (finding,) = found(clock_drift, processes=[ProcessFacts(clock=drift)])
    assert finding.level is level, words
    assert level is OK or words in finding.message


def test_the_worker_whose_clock_was_set_is_named():
    (finding,) = found(
        clock_drift,
        processes=[
            ProcessFacts(name="1", clock=ClockDrift(10.0)),
            ProcessFacts(name="2", clock=ClockDrift(10, 5, 5, 1)),
        ],
    )
    assert "wall clock of worker 2" in finding.message


@pytest.mark.parametrize(
    ("offset", "level", "words"),
    [
        (ClockOffset(0.01, 0.001), OK, "10 ms ahead of the master's"),
        (ClockOffset(-0.5, 0.01), WARNING, "500 ms behind the master's"),
        (ClockOffset(1.2, 0.1), INVALID, "1.2 s ahead of"),
        (ClockOffset(1.2, 0.5), WARNING, "may be 0.7 s only"),
        (ClockOffset(0.3, 0.3), OK, "may be none at all"),
    ],
)
def test_clocks_of_two_hosts(offset, level, words):
    (finding,) = found(
        clock_offsets, WorkerFacts(name="1", clock=ClockOffset(0.0, 0.001)), WorkerFacts(name="2", clock=offset)
    )
    assert finding.level is level, words
    assert "worker 2" in finding.message


# -- single workers ---------------------------------------------------------------------------------------------------


def histogram(*seconds):
    of = Histogram()
    for value, number in seconds:
        of.record(value, number)
    return of


def test_one_late_worker_among_many_is_found():
    good = [
        ProcessFacts(name=str(n), lateness=histogram((0.001, 1000)), steady_lag=histogram((0.001, 1000)))
        for n in range(9)
    ]
    late = ProcessFacts(name="late", lateness=histogram((0.001, 900), (0.2, 100)))
    stuck = ProcessFacts(name="stuck", steady_lag=histogram((0.001, 9999), (4.0, 1)))
    assert found(worker_lag, processes=good) == []
    first, second = found(worker_lag, processes=[*good, late, stuck])
    assert (first.level, first.message) == (INVALID, "worker late started arrivals late (p99 200 ms)")
    assert second.message == "worker stuck woke up late (p99 1 ms, at worst 4 s)"


def test_a_single_process_has_no_worker_lag():
    assert found(worker_lag, processes=[ProcessFacts(steady_lag=histogram((9.0, 10)))]) == []


@pytest.mark.parametrize(("number", "said"), [(1, "1 message was refused"), (3000, "3,000 messages were refused")])
def test_refused_messages_are_a_warning_with_a_remedy(number, said):
    (finding,) = found(foreign_messages, refused_messages=number)
    assert finding.level is WARNING
    assert finding.message.startswith(said)
    assert "firewall" in finding.remedy
