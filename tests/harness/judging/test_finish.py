"""A run that is over is judged and written; the facts for the verdict come from the run."""

import json

import pytest
from ended_runs import PASSWORD, a_run, finding, finished_of, load

from harness.exits import Exit
from harness.judging import finish as module
from harness.measurement.sample import JourneySample
from harness.objectives.verdict import Severity
from harness.reporting.report import RENDERINGS
from harness.results.orders_file import read_orders
from harness.run.driver import drive_alone
from harness.run.lifecycle import EndCause, Ending, interruption
from harness.run.workload import LedgerEntry
from harness.schedule.arrivals import TraceSchedule
from harness.versions import own_version


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


AGREED = LedgerEntry({"ThankYouPage": 300}, {"gpay": 300}, 30_000)


# -- the ledger -------------------------------------------------------------------------------------------------------


def test_equal_counts_in_the_ledger_let_the_run_pass():
    finished = finished_of(a_run(ledger=AGREED))
    assert finished.exit is Exit.PASSED, finished.headline
    assert finished.result.ledger.agrees
    assert finding(finished, "ledger") is None
    assert finished.result.asked.embedded


def test_orders_we_do_not_know_are_a_warning_if_as_many_journeys_failed():
    sold_more = LedgerEntry({"ThankYouPage": 320}, {"gpay": 310}, 31_000)
    finished = finished_of(a_run(failed=20, ledger=sold_more))
    assert finished.exit is Exit.PASSED
    reported = finding(finished, "ledger")
    assert reported.level is Severity.WARNING
    assert reported.message.endswith("because 10 orders were sold to shoppers who never saw their receipt")
    assert "gpay: checkload counted 300, the shop 310" in reported.message


def test_orders_we_do_not_know_make_the_run_invalid_if_fewer_journeys_failed():
    sold_more = LedgerEntry({"ThankYouPage": 305}, {"gpay": 310}, 31_000)
    finished = finished_of(a_run(failed=5, ledger=sold_more))
    assert finished.exit is Exit.INVALID
    assert finding(finished, "ledger").level is Severity.INVALID


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (OSError("the shop's ledger cannot be read: HTTP 500"), "HTTP 500"),
    ],
)
def test_a_shop_that_does_not_show_its_ledger_makes_the_run_invalid(error, said):
    finished = finished_of(a_run(ledger=error))
    assert finished.exit is Exit.INVALID
    assert said in finding(finished, "ledger").message
    assert finished.result.ledger is None


def test_a_dead_shop_is_not_asked_for_its_ledger():
    supervisor = a_run(ledger=AssertionError("asked"), ending=Ending(EndCause.TARGET_DIED, drains=False))
    finished = finished_of(supervisor)
    assert finished.exit is Exit.INVALID
    assert finished.result.ledger is None
    assert "The embedded shop ended" in finished.headline


def test_a_foreign_target_has_no_ledger():
    finished = finished_of(a_run())
    assert finished.exit is Exit.PASSED
    assert finished.result.ledger is None
    assert not finished.result.asked.embedded
    assert finished.result.asked.target == "http://127.0.0.1:4711"


# -- what the verdict must know ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"ending": interruption("Ctrl-C")}, Exit.INVALID, "interrupted"),
        ({"ending": Ending(EndCause.UNREACHABLE, "no server answers")}, Exit.INVALID, "could not be reached"),
        ({"ending": Ending(EndCause.STOP_RULE, "the rule held")}, Exit.FAILED, "The rule held"),
        ({"ending": Ending(EndCause.CRASHED, "it broke", crash="LookupError")}, Exit.CRASHED, "LookupError"),
        ({"ended_at": 104.0}, Exit.INVALID, "lasted only 4 s of 10 s"),
    ],
)
def test_how_a_run_ended_decides_its_verdict(changes, code, said):
    finished = finished_of(a_run(**changes))
    assert finished.exit is code, finished.headline
    assert said in finished.headline
    assert json.loads((finished.folder / "result.json").read_text())["exit_code"] == code


def test_journeys_still_under_way_at_the_end_are_reported():
    supervisor = a_run()
    supervisor.load.admission.under_way = 4
    finished = finished_of(supervisor)
    assert finished.exit is Exit.INVALID
    assert "The counts contradict each other" in finished.headline


def test_one_exception_outside_a_journey_makes_the_run_invalid():
    assert finished_of(a_run(), exceptions=1).exit is Exit.INVALID


def test_journeys_without_an_account_make_the_run_invalid():
    supervisor = a_run()
    recorder = supervisor.run.recorder
    recorder.offered(105.0)
    recorder.started(105.0, 0.0, 0.0)
    recorder.journey(JourneySample("returning", "gpay", "no_account", "harness", 105.0, 105.0, 105.0))
    finished = finished_of(supervisor)
    assert finished.exit is Exit.INVALID
    assert "1 journey found no free account" in finding(finished, "accounts").message


def test_arrivals_that_were_never_offered_make_the_run_invalid():
    finished = finished_of(a_run(workload=load(trace=TraceSchedule([float(due) for due in range(301)]))))
    assert finished.exit is Exit.INVALID
    assert "301 arrivals were planned, but 300 were offered" in finding(finished, "accounting").message


def test_too_few_journeys_of_a_minimum_make_the_run_invalid():
    supervisor = a_run()
    supervisor.run.workload.planned_minimum = {"masterpass": 1}
    finished = finished_of(supervisor)
    assert finished.exit is Exit.INVALID
    assert "masterpass 0 of 1" in finding(finished, "minimum").message


def test_loop_lag_and_cpu_of_the_load_generator_are_checked():
    supervisor = a_run()
    supervisor.instrument.steady_lag.record(2.0, 100)
    finished = finished_of(supervisor)
    assert finished.exit is Exit.INVALID
    assert finding(finished, "loop").level is Severity.INVALID
    supervisor.instrument.processor_share = 1.0
    assert finding(finished_of(supervisor), "cpu").level is not Severity.OK


def test_a_run_that_never_began_is_invalid_and_still_written():
    supervisor = drive_alone(load(), None).supervisor
    supervisor.run.close(Ending(EndCause.UNREACHABLE, "no server there"))
    supervisor.run.end()
    finished = finished_of(supervisor)
    assert finished.exit is Exit.INVALID
    document = json.loads((finished.folder / "result.json").read_text())
    assert (document["counts"]["pages"], document["stopped"]) == (0, "no server there")
    assert list(read_orders(finished.folder)) == []


# -- where it goes, and what stands in it -----------------------------------------------------------------------------


def test_results_without_a_named_folder_get_one_of_their_own(tmp_path):
    folder = finished_of(a_run()).folder
    assert folder.resolve() == tmp_path / "results" / "fake-20260102T030405Z"
    assert {path.name for path in folder.iterdir()} == {"result.json", *RENDERINGS}
    assert finished_of(a_run()).folder.name == "fake-20260102T030405Z-2"


def test_a_named_folder_gets_a_folder_for_each_run(tmp_path):
    first = finished_of(a_run(), tmp_path / "mine")
    before = (first.folder / "result.json").read_bytes()
    second = finished_of(a_run(bought=200), tmp_path / "mine")
    assert first.folder == tmp_path / "mine" / "fake-20260102T030405Z"
    assert second.folder == tmp_path / "mine" / "fake-20260102T030405Z-2"
    assert (first.folder / "result.json").read_bytes() == before
    assert json.loads((second.folder / "result.json").read_text())["counts"]["orders"] == 200


def test_the_headline_holds_the_verdict_and_the_results_folder():
    finished = finished_of(a_run())
    *_, verdict, _, results = finished.text.splitlines()
    assert verdict.startswith("PASSED")
    assert results == f"Results: {finished.folder}"
    assert finished.headline.startswith("PASSED: ")
    assert str(finished.folder) in finished.headline


def test_the_settings_are_written_without_secrets():
    finished = finished_of(a_run())
    for path in finished.folder.iterdir():
        assert PASSWORD not in path.read_text()
    assert PASSWORD not in finished.text + finished.headline
    asked = json.loads((finished.folder / "result.json").read_text())["asked"]
    assert asked["scenario"] == {"name": "fake", "note": "the password is [removed]"}
    assert asked["overrides"] == {"seed": "7", "journeys": ["guest"]}
    assert (asked["seed"], asked["users"], asked["model"], asked["steady"]) == (7, 3, "closed", 10.0)


def test_the_versions_of_all_packages_are_written(monkeypatch):
    monkeypatch.setattr(module, "PACKAGES", ("checkload", "locust", "no-such-package"))
    versions = finished_of(a_run()).result.versions
    assert versions.keys() == {"python", "platform", "machine", "build", "checkload", "locust", "no-such-package"}
    assert versions["locust"].startswith("2.47")
    assert versions["no-such-package"] == "not installed"
    assert versions["checkload"] == own_version()


def test_results_that_cannot_be_written_are_an_error(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OSError, match="file"):
        finished_of(a_run(), tmp_path / "file" / "below")
