"""A run may end when its verdict is certain: by tests at a few fixed moments, or because no sample can change it."""

import math

import pytest

from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.measurement.totals import RunTotals
from harness.objectives.evaluate import evaluate_objective
from harness.objectives.parser import parse
from harness.objectives.verdict import Verdict
from harness.run.early_stopping import (
    ALPHA_PER_ANALYSIS,
    ANALYSIS_POINTS,
    InterimAnalyses,
    early_verdict,
    first_unsettled_slice,
)

PASSED, FAILED, OPEN = Verdict.PASSED, Verdict.FAILED, Verdict.INCONCLUSIVE


def seen(until, *, rate=50, took=0.1, fails=lambda _number: False, dropped=lambda _number: False, steady=100.0):
    """The recordings of a run until this moment: ten seconds of warm-up, then so many steady seconds."""
    recorder = Recorder(Window(0.0, 10.0, 10.0 + steady))
    for number in range(int(until * rate)):
        due = number / rate
        recorder.offered(due)
        how = ("http_5xx", "shop") if fails(number) else ("ok", "nobody")
        if dropped(number):
            recorder.journey(JourneySample("guest", "gpay", "dropped", "shop", due, math.inf, math.inf))
            continue
        if due + took <= until:
            recorder.page(PageSample("P", "gpay", *how, due, due, due + took))
            recorder.journey(
                JourneySample("guest", "gpay", *how, due, due, due + took, ordered=how[0] == "ok", amount=100)
            )
    return recorder


def analyse(*objectives, until=35.0, guaranteed=None, **load):
    checks = InterimAnalyses([parse(text) for text in objectives], warm_up=10.0, steady=100.0, guaranteed=guaranteed)
    return checks, checks.analyse(seen(until, **load), until)


def test_three_interim_checks_are_due_at_fixed_moments():
    checks = InterimAnalyses([parse("journey failures < 1%")], warm_up=10.0, steady=100.0)
    moments = []
    for tenth in range(1200):
        if checks.due(tenth / 10):
            moments.append(tenth / 10)
            checks.analyse(Recorder(Window(0.0, 10.0, 110.0)), tenth / 10)
    assert moments == [35.0, 60.0, 85.0]


def test_all_checks_together_spend_no_more_than_alpha():
    checks, reason = analyse("journey failures < 1%", until=11.0)
    assert reason == ""
    assert checks.alpha_left + ALPHA_PER_ANALYSIS * len(ANALYSIS_POINTS) == pytest.approx(1.0)


def test_an_objective_that_passes_with_certainty_ends_the_run():
    checks, reason = analyse("journey response_time p95 < 2s", "journey failures < 1%")
    assert reason == "the verdict was certain after 25 s of the 100 s to be judged (check 1 of 3)"
    assert checks.alpha_left == ALPHA_PER_ANALYSIS
    assert evaluate_objective(seen(35.0), parse("journey failures < 1%"), checks.alpha_left).verdict is PASSED


def test_one_inconclusive_objective_keeps_the_run_going_and_one_failed_objective_ends_it():
    kept, far = "journey response_time p95 < 2s", "orders count >= 100000"
    assert analyse(kept, far)[1] == ""
    assert analyse(kept, far, "journey failures < 1%", fails=lambda number: number % 20 == 0)[1]


def test_an_interim_check_is_stricter_than_the_final_one():
    # 1 % at 95 %: 299 clean ones would be enough, were they not looked at so often.
    assert evaluate_objective(seen(16.5), parse("journey failures < 1%")).verdict is PASSED
    assert analyse("journey failures < 1%", until=16.5)[1] == ""


def test_slices_with_journeys_under_way_are_left_out():
    # Each of these takes 20 s; of those due in the last 20 s only the failed ones have ended.
    recorder = seen(35.0, took=20.0)
    assert first_unsettled_slice(recorder, 35.0) == pytest.approx(15.0, rel=0.01)
    late = parse("journey response_time p95 < 2s")
    assert early_verdict(recorder, late, first_unsettled_slice(recorder, 35.0), 100.0) is FAILED


@pytest.mark.parametrize(
    ("objective", "load", "verdict"),
    [
        ("orders count >= 1000", {}, PASSED),
        ("orders count >= 2000", {}, OPEN),
        ("journey count <= 1000", {}, FAILED),
        ("journey count <= 2000", {}, OPEN),
        ("orders rate > 10/s", {}, PASSED),
        ("orders rate > 40/s", {}, OPEN),
        ("journey rate < 10/s", {}, FAILED),
        ("journey rate < 60/s", {}, OPEN),
        ("journey response_time max < 50ms", {}, FAILED),
        ("journey response_time max < 1s", {}, OPEN),
        ("journey response_time mean < 50ms", {}, OPEN),
        ("journey response_time mean < 1s", {"dropped": lambda number: number == 900}, FAILED),
        ("journey failures <= 0%", {}, OPEN),
        ("journey failures <= 0%", {"fails": lambda number: number == 900}, FAILED),
        ("dropped < 1%", {}, PASSED),
        ("dropped < 1%", {"dropped": lambda number: number % 20 == 0}, FAILED),
    ],
)
def test_counts_and_maxima_decide_only_when_they_cannot_change(objective, load, verdict):
    recorder = seen(35.0, **load)
    assert early_verdict(recorder, parse(objective), first_unsettled_slice(recorder, 35.0), 100.0) is verdict


def test_no_early_pass_before_each_option_has_its_minimum_of_journeys():
    objective = "journey failures < 1%"
    assert analyse(objective, guaranteed={"gpay": 100})[1]
    assert analyse(objective, guaranteed={"gpay": 100, "masterpass": 1})[1] == ""
    # A failed objective stays failed whatever comes.
    assert analyse(objective, guaranteed={"masterpass": 1}, fails=lambda number: number % 10 == 0)[1]


def test_no_early_pass_while_the_backlog_grows():
    recorder = Recorder(Window(0.0, 10.0, 110.0))
    for number in range(1750):
        due = number / 50
        done = max(due, number / 25)
        if done <= 35.0:
            recorder.journey(JourneySample("guest", "gpay", "ok", "nobody", due, due, done, ordered=True))
        else:
            recorder.journey(JourneySample("guest", "gpay", "ok", "nobody", due, due, 90.0, ordered=True))
    checks = InterimAnalyses([parse("orders count >= 10")], warm_up=10.0, steady=100.0, constant_rate=True)
    assert checks.analyse(recorder, 35.0) == ""
    unlevel = InterimAnalyses([parse("orders count >= 10")], warm_up=10.0, steady=100.0, constant_rate=False)
    assert unlevel.analyse(recorder, 35.0)


def test_a_run_without_objectives_never_ends_as_certain():
    assert analyse()[1] == ""


def test_an_interim_check_during_the_load_counts_each_page_once():
    recorder, came = seen(35.0), []

    def meanwhile():
        for _ in range(3):
            came.append(35.0)
            recorder.page(PageSample("P", "gpay", "ok", "nobody", 34.9, 34.9, 35.0))

    before = RunTotals.of(recorder).pages
    checks = InterimAnalyses([parse("journey failures < 1%")], warm_up=10.0, steady=100.0)
    assert checks.analyse(recorder, 35.0, meanwhile).startswith("the verdict was certain")
    assert came
    assert RunTotals.of(recorder).pages == before + len(came)
