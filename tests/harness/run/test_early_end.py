from types import SimpleNamespace

import pytest
from workloads import FakeWorkload

from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, Window
from harness.objectives.parser import parse
from harness.objectives.stop_rule import parse as parse_rule
from harness.run.early_end import EarlyEndChecks, StopFile
from harness.run.lifecycle import EndCause
from harness.yield_to_load import NEVER


def ends(*, rules=(), certain=False):
    workload = FakeWorkload(
        arrival_rate=1.0,
        steady=40.0,
        objectives=[parse("journey failures < 1%")],
        stop_rules=[parse_rule(rule) for rule in rules],
        stop_when_certain=certain,
    )
    return EarlyEndChecks(workload.judging, workload.schedule)


def shop(*, alive):
    return SimpleNamespace(alive=lambda: alive)


@pytest.fixture
def recorder():
    return Recorder(Window(0.0, 0.0, 40.0))


def walk(recorder, since, until, outcome, blame):
    for moment in range(since * 10, until * 10):
        due = moment / 10
        recorder.offered(due)
        recorder.started(due, 0.0, 0.0)
        recorder.journey(JourneySample("guest", "gpay", outcome, blame, due, due, due + 0.01))


def test_a_run_without_a_reason_to_end_goes_on(recorder, tmp_path):
    stop = StopFile(str(tmp_path / "stop"))
    assert ends(rules=["failures > 50% for 5s"]).forced_end(shop(alive=True), stop, recorder, 1.0) is None


def test_a_run_with_a_dead_shop_does_not_drain(recorder):
    end = ends().forced_end(shop(alive=False), None, recorder, 1.0)
    assert (end.cause, end.drains) == (EndCause.TARGET_DIED, False)


def test_a_stop_file_names_who_interrupted_the_run(recorder, tmp_path):
    (tmp_path / "stop").touch()
    end = ends().forced_end(None, StopFile(str(tmp_path / "stop")), recorder, 1.0)
    assert (end.cause, end.drains, end.interrupted_by) == (EndCause.STOP_FILE, True, "the stop file")


def test_a_stop_rule_ends_the_run_when_its_condition_has_lasted(recorder):
    watched, found = ends(rules=["failures > 50% for 5s"]), []
    for second in range(8):
        walk(recorder, second, second + 1, "http_5xx", "shop")
        found.append(watched.forced_end(None, None, recorder, second + 1.0))
    assert found[0] is None
    assert found[-1].cause is EndCause.STOP_RULE


@pytest.mark.parametrize(("certain", "cause"), [(True, EndCause.CERTAIN), (False, None)])
def test_a_certain_verdict_ends_the_run_only_if_the_scenario_says_so(recorder, certain, cause):
    watched = ends(certain=certain)
    walk(recorder, 0, 10, "http_5xx", "shop")

    assert watched.certain_end(recorder, 9.0, NEVER) is None
    end = watched.certain_end(recorder, 10.0, NEVER)

    assert (end and end.cause) is cause
    assert (end and end.judged_until) == (10.0 if certain else None)
    assert watched.alpha_left < 1.0 if certain else watched.alpha_left == 1.0
