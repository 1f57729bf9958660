"""A run that ended early is judged by the time that it lasted."""

import json

import pytest
from ended_runs import a_run, finding, finished_of, load

from harness.exits import Exit
from harness.measurement.sample import Phase
from harness.monitoring.worker import FleetFacts, WorkerFacts
from harness.objectives.parser import parse
from harness.objectives.verdict import Severity
from harness.reporting.cause import what_to_do
from harness.run.lifecycle import EndCause, Ending, interruption


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def finished_early(ending, **changes):
    """A run of ten seconds in which all 200 arrivals came in the first half, and then it ended."""
    rate = load(objectives=[parse("orders rate > 30/s")])
    supervisor = a_run(bought=200, workload=rate, ended_at=105.0, ending=ending, came_for=5.0)
    for name, value in changes.items():
        setattr(supervisor.instrument, name, lambda value=value: value)
    return finished_of(supervisor)


def test_a_run_that_was_interrupted_divides_its_rates_by_the_time_that_it_lasted():
    finished = finished_early(interruption("Ctrl-C"))
    (rate,) = finished.result.judgement.objectives
    assert finished.exit is Exit.INVALID
    assert rate.measured == pytest.approx(40.0, rel=0.02)
    assert json.loads((finished.folder / "summary.json").read_text())["throughput"]["orders"] == pytest.approx(
        40, rel=0.02
    )
    assert "5 s of 10 s judged." in " ".join(finished.text.split())


def test_after_the_last_report_of_a_lost_worker_nothing_counts_for_a_rate():
    lost = WorkerFacts(name="1", lost_at=5.0, lost_in=Phase.STEADY, last_report_at=3.0)
    facts = FleetFacts(workers=[lost, WorkerFacts(name="0", finished=True, last_report_at=5.0)])
    finished = finished_early(Ending(EndCause.WORKER_LOST, "worker 1 was lost"), fleet_facts=facts)
    assert finished.result.recorder.window.steady_until == 103.0
    assert finished.result.judgement.objectives[0].measured == pytest.approx(40.0, rel=0.02)


STOP = Ending(EndCause.STOPPED, "a person stopped it in the web UI", judged_until=5.0)


def test_that_a_person_stopped_the_run_comes_first_and_what_to_do_is_said():
    rate = load(objectives=[parse("journey failures < 0.1%")])
    finished = finished_of(a_run(bought=200, workload=rate, ended_at=105.0, ending=STOP, came_for=5.0))
    assert finished.exit is Exit.INCONCLUSIVE
    start = "A person stopped the run in the web UI after 5 s of 10 s: the objective was left undecided: "
    assert finished.result.judgement.reason.startswith(start)
    assert what_to_do(finished.result) == "What to do: let the run finish."


def test_a_failure_comes_before_the_person_who_stopped_the_run():
    finished = finished_of(a_run(bought=0, failed=400, ended_at=105.0, ending=STOP, came_for=5.0))
    assert finished.exit is Exit.FAILED
    assert finished.result.judgement.reason.startswith("The objective was broken: ")
    assert finished.result.judgement.reason.endswith(" A person stopped the run in the web UI after 5 s of 10 s.")


# -- stalls that a short run does not meet -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("objective", "warned"),
    [("page response_time p95 < 5s", True), ("journey failures < 50%", False), ("page response_time p95 < 1ms", False)],
)
def test_a_run_that_passed_says_that_it_may_have_met_no_stall(objective, warned):
    finished = finished_of(a_run(workload=load(objectives=[parse(objective)])))
    warning = finding(finished, "stalls")
    assert (warning is not None) is warned
    assert finished.exit is (Exit.FAILED if "1ms" in objective else Exit.PASSED)
    if warning is not None:
        assert (warning.level, warning.remedy) == (Severity.WARNING, "let the judged part last 180 s")
        assert warning.message.startswith("a steady part of 10 s is too short to meet occasional stalls")
