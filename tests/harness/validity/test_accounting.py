"""Every arrival and every guaranteed journey is accounted for."""

from checked_runs import conditions, problems, run_of

from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, Phase, Window
from harness.monitoring.worker import WorkerFacts
from harness.objectives.verdict import Severity


def test_every_arrival_is_accounted_for():
    lost = run_of()
    lost.offered(5.0)
    twice = run_of()
    twice.started(5.0, 0.0, 0.0)
    secret = run_of()
    secret.offered(5.0)
    secret.dropped(5.0)
    for recorder, offered, words in (
        (lost, 201, "201 arrivals were offered, but 200 were served and 0 dropped"),
        (twice, 200, "200 arrivals were offered, but 201 were served and 0 dropped; 201 journeys began, but 200 ended"),
        (secret, 201, "1 arrivals were dropped, but 0 are recorded"),
    ):
        assert words in problems(recorder, conditions(expected_offered=offered))["accounting"].message


def test_counts_that_a_lost_worker_took_with_it_are_no_bug():
    began = run_of()
    began.started(5.0, 0.0, 0.0)
    began.offered(5.0)
    lost = WorkerFacts(name="2", lost_at=12.0, lost_in=Phase.STEADY)
    finding = problems(began, conditions(expected_offered=201, workers=[lost]))["accounting"]
    assert finding.message == "the counts lack those of a lost worker: 201 journeys began, but 200 ended"
    assert "bug" not in finding.remedy


def test_a_closed_load_has_no_arrivals_to_account_for():
    closed = Recorder(Window(0, 0, 100))
    closed.journey(JourneySample("guest", "gpay", "ok", "nobody", 1, 1, 2, ordered=True))
    assert problems(closed, conditions(expected_offered=None)) == {}


def test_a_run_that_ended_early_may_miss_its_numbers():
    facts = conditions(
        stop_rule="the stop rule held", expected_offered=999, planned_minimum={"masterpass": 3}, load_duration=9.0
    )
    assert problems(facts=facts).keys() == {"end"}


def test_aborted_journeys_are_a_warning_and_no_bug():
    found = problems(run_of(outcome="aborted", blame="harness"))
    assert found.keys() == {"truncated"}
    assert found["truncated"].level is Severity.WARNING
    assert found["truncated"].message.startswith("200 journeys were still in progress")


def test_dropped_journeys_do_not_count_as_guaranteed_ones():
    recorder = run_of(10, dropped=5)
    facts = conditions(expected_offered=15, planned_minimum={"gpay": 12})
    assert "gpay 10 of 12" in problems(recorder, facts)["minimum"].message
