"""The delivered load is compared with the plan, and the journeys in progress with their samples."""

import math

import pytest
from checked_runs import conditions_of

from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, Window
from harness.monitoring.littles_law import ConcurrencyIntegral
from harness.monitoring.process import ProcessFacts
from harness.monitoring.worker import WorkerFacts
from harness.objectives.verdict import Severity
from harness.validity.delivery import arrivals_delivered, littles_law_holds
from harness.validity.evidence import Evidence

OK, WARNING, INVALID = Severity.OK, Severity.WARNING, Severity.INVALID
START = 5000.0


def load(seconds, lacking=lambda _moment: False, *, rate=20, dropped=False, took=0.5):
    """A load of ``rate`` arrivals a second, without the ``lacking`` ones."""
    recorder = Recorder(Window(START, START + 10, START + seconds))
    for number in range(seconds * rate):
        moment = (number + 0.5) / rate
        if not lacking(moment):
            due = START + moment
            end = math.inf if dropped else due + took
            recorder.journey(JourneySample("guest", "card", "ok", "nobody", due, due, end))
    return recorder


def found(recorder, seconds=60, rate=20, **conditions):
    facts = {"planned_by_second": [rate] * seconds, "load_duration": float(seconds)} | conditions
    return list(arrivals_delivered(Evidence(recorder, conditions_of(**facts))))


def test_all_planned_arrivals_came():
    (finding,) = found(load(60))
    assert (finding.level, finding.message) == (OK, "1,200 of 1,200 planned arrivals came")


def test_without_a_plan_there_is_no_finding():
    assert found(load(60), planned_by_second=()) == []


def test_dropped_arrivals_count_as_delivered():
    assert found(load(60, dropped=True))[0].level is OK


@pytest.mark.parametrize(
    ("lacking", "level", "words"),
    [
        (lambda moment: 20 <= moment < 20.5, WARNING, "1,190 of 1,200 planned arrivals came"),
        (lambda moment: 20 <= moment < 20.2, OK, "1,196 of 1,200"),
        (lambda moment: 20 <= moment < 20.6, INVALID, "in the 10 s after 20 s, their number was 6 % off"),
        (lambda moment: int(moment * 20) % 50 == 0, INVALID, "1,176 of 1,200"),
    ],
)
def test_missing_arrivals_are_found(lacking, level, words):
    (finding,) = found(load(60, lacking))
    assert finding.level is level
    assert words in finding.message
    assert bool(finding.remedy) is (level is not OK)


def test_doubled_arrivals_are_found():
    recorder = load(60)
    recorder.add(load(60, lambda moment: not 30 <= moment < 31))
    (finding,) = found(recorder)
    assert finding.level is INVALID
    assert "1,220 of 1,200" in finding.message
    assert "in the 10 s after 30 s, their number was 10 % off" in finding.message


def test_truncated_journeys_may_be_missing():
    recorder = load(60, lambda moment: moment >= 59)
    assert found(recorder)[0].level is INVALID
    assert found(recorder, truncated_journeys=20)[0].level is OK


def test_one_arrival_on_the_edge_of_two_windows_is_no_error():
    recorder = load(60, lambda moment: 19.5 <= moment < 20, rate=1)
    recorder.journey(JourneySample("guest", "card", "ok", "nobody", START + 20.0, START + 20.0, START + 21.0))
    assert found(recorder, rate=1)[0].level is OK


def test_a_run_that_ended_early_is_compared_with_its_plan_until_then():
    recorder = load(60, lambda moment: moment >= 34)
    assert found(recorder)[0].level is INVALID
    (finding,) = found(recorder, load_duration=34.0, stop_rule="it held")
    assert (finding.level, finding.message) == (OK, "600 of 600 planned arrivals came")


def test_windows_of_long_runs_hold_whole_slices():
    recorder = load(1100, lambda moment: 500 <= moment < 505, rate=2)
    assert recorder.slice_length == 16
    (finding,) = found(recorder, 1100, 2)
    assert finding.level is INVALID
    assert "in the 16 s after 496 s, their number was 31 % off" in finding.message
    assert found(load(1100, rate=2), 1100, 2)[0].level is OK


# -- Little's law -----------------------------------------------------------------------------------------------------


def watched(recorder, lose=0):
    """The journeys of the recorder as two processes saw them; ``lose`` of them are lost."""
    seen = [ConcurrencyIntegral(), ConcurrencyIntegral()]
    for number in range(sum(cell.response.total for cell in recorder.journeys.values()) - lose):
        one = seen[number % 2]
        one.enter(float(number))
        one.leave(number + 0.5, float(number))
    return [ProcessFacts(name=str(index), concurrency=one) for index, one in enumerate(seen)]


def law(recorder, processes, **conditions):
    return list(littles_law_holds(Evidence(recorder, conditions_of(processes=processes, **conditions))))


def test_journeys_in_progress_agree_with_their_samples():
    recorder = load(60)
    (finding,) = law(recorder, watched(recorder))
    assert finding.level is OK
    assert "in progress for 600 s in total, and their samples add up to 600 s" in finding.message


@pytest.mark.parametrize(("lose", "level"), [(5, OK), (7, INVALID), (600, INVALID)])
def test_lost_journeys_are_found(lose, level):
    recorder = load(60)
    assert law(recorder, watched(recorder, lose))[0].level is level


def test_without_every_process_the_sums_are_not_compared():
    recorder = load(60)
    both = watched(recorder)
    assert law(recorder, []) == []
    assert law(recorder, [both[0], ProcessFacts(name="1")]) == []
    assert law(recorder, both[:1], workers=[WorkerFacts(name="0"), WorkerFacts(name="1")]) == []
